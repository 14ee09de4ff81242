#include "conformance/json_fields.hpp"

namespace mega::conformance {

namespace {

constexpr size_t shown_characters = 80;

[[noreturn]] void refuse(std::string_view wanted, const json& field) {
    // Only what cannot nest: dump() recurses.
    std::string shown = field.is_structured()
                            ? "an " + std::string(field.type_name())
                            : field.dump(-1, ' ', false, json::error_handler_t::replace);
    if (shown.size() > shown_characters) {
        shown.resize(shown_characters);
        shown += "...";
    }
    throw Malformed("wanted " + std::string(wanted) + ", found " + shown);
}

const std::string& text_of(std::string_view wanted, const json& field) {
    const auto* text = field.get_ptr<const std::string*>();
    if (text == nullptr) {
        refuse(wanted, field);
    }
    return *text;
}

state::AccountChange read_account(const Address& address, const json& fields, const Bytes& code) {
    Account account;
    account.nonce = fields.contains("nonce") ? read_u64(fields["nonce"]) : 0;
    account.balance = read_word(fields.at("balance"));
    account.code_hash = crypto::keccak256(code);
    return {address, std::nullopt, account, false};
}

void read_storage(state::StateDiff& diff, const Address& address, const json& storage) {
    for (const auto& [slot, value] : storage.items()) {
        if (const u256 word = read_word(value)) {
            diff.slots.push_back({address, read_word(slot), {}, word});
        }
    }
}

/// Two spellings of one key.
void refuse_repeats(const state::StateDiff& diff) {
    for (size_t i = 1; i < diff.accounts.size(); ++i) {
        if (diff.accounts[i].address == diff.accounts[i - 1].address) {
            throw Malformed("account " + to_hex(diff.accounts[i].address) + " is listed twice");
        }
    }
    for (size_t i = 1; i < diff.slots.size(); ++i) {
        if (diff.slots[i].address == diff.slots[i - 1].address &&
            diff.slots[i].slot == diff.slots[i - 1].slot) {
            throw Malformed(
                "slot " + to_hex_quantity(diff.slots[i].slot) + " of account " +
                to_hex(diff.slots[i].address) + " is listed twice"
            );
        }
    }
}

}  // namespace

u256 read_word(const json& text) {
    if (text.is_number_unsigned()) {
        return text.get<uint64_t>();
    }
    const auto value = u256_from_text(text_of("a number of 256 bits", text));
    if (!value) {
        refuse("a number of 256 bits", text);
    }
    return *value;
}

uint64_t read_u64(const json& text) {
    const u256 value = read_word(text);
    if (!value.fits_u64()) {
        refuse("a number of 64 bits", text);
    }
    return value.low64();
}

Bytes read_data(const json& text) {
    auto bytes = from_hex(text_of("hex", text), false);
    if (!bytes) {
        refuse("hex", text);
    }
    return std::move(*bytes);
}

Address read_address(const json& text) {
    const auto bytes = from_hex(text_of("an address", text), false);
    if (!bytes || bytes->size() != Address::size_bytes) {
        refuse("an address", text);
    }
    return Address::from(*bytes);
}

Hash256 read_hash(const json& text) {
    const auto bytes = from_hex(text_of("32 bytes", text), false);
    if (!bytes || bytes->size() != Hash256::size_bytes) {
        refuse("32 bytes", text);
    }
    return Hash256::from(*bytes);
}

AccessList read_access_list(const json& entries) {
    AccessList list;
    for (const json& entry : entries) {
        AccessListEntry& parsed = list.emplace_back();
        parsed.address = read_address(entry.at("address"));
        for (const json& key : entry.at("storageKeys")) {
            parsed.storage_keys.push_back(read_word(key).to_hash());
        }
    }
    return list;
}

execution::BlobSchedule read_blob_schedule(const json& fields, const std::string& fork) {
    const execution::BlobSchedule schedule{
        read_u64(fields.at("target")),
        read_u64(fields.at("max")),
        read_u64(fields.at("baseFeeUpdateFraction"))
    };
    if (schedule.target > schedule.max || schedule.base_fee_update_fraction == 0) {
        throw Malformed("impossible blob schedule of " + fork);
    }
    return schedule;
}

state::StateDiff read_alloc(const json& alloc) {
    if (!alloc.is_object()) {
        refuse("an object of accounts", alloc);
    }
    state::StateDiff diff;
    for (const auto& [address_text, fields] : alloc.items()) {
        const Address address = read_address(address_text);
        const Bytes code = fields.contains("code") ? read_data(fields["code"]) : Bytes{};
        diff.accounts.push_back(read_account(address, fields, code));
        if (!code.empty()) {
            diff.codes.push_back(
                {diff.accounts.back().after->code_hash, std::make_shared<const evm::Code>(code)}
            );
        }
        if (fields.contains("storage")) {
            read_storage(diff, address, fields["storage"]);
        }
    }
    state::sort_canonically(diff);
    refuse_repeats(diff);
    return diff;
}

}  // namespace mega::conformance
