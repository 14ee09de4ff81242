#include "rpc/block_id.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/methods.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;

/// An address and the state of the block that params[block_index] names.
struct AccountAt {
    Address address;
    BlockId block;
    storage::Snapshot state;

    [[nodiscard]] Account account() const { return state->account(address).value_or(Account{}); }
};

Read<AccountAt> read_account_at(const Backend& backend, const json& params, size_t block_index) {
    auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    auto block = read_block_id(param(params, block_index), "block");
    if (!block) {
        return Err{block.error()};
    }
    auto state = find_state(backend.reader, *block);
    if (!state) {
        return Err{state.error()};
    }
    return AccountAt{*address, *block, std::move(*state)};
}

Answer get_balance(const Backend& backend, const json& params) {
    auto at = read_account_at(backend, params, 1);
    return at ? Answer(quoted_quantity(at->account().balance)) : Err{at.error()};
}

Answer get_code(const Backend& backend, const json& params) {
    auto at = read_account_at(backend, params, 1);
    if (!at) {
        return Err{at.error()};
    }
    const Account account = at->account();
    return account.has_code() ? quoted_hex(at->state->code(account.code_hash)->bytes())
                              : quoted_hex({});
}

Answer get_storage_at(const Backend& backend, const json& params) {
    auto slot = read_slot(param(params, 1), "storage key");
    if (!slot) {
        return Err{slot.error()};
    }
    auto at = read_account_at(backend, params, 2);
    return at ? Answer(quoted_hex(at->state->storage(at->address, *slot).to_hash()))
              : Err{at.error()};
}

/// Pending counts what waits in the pool behind the account's own nonce.
Answer get_transaction_count(const Backend& backend, const json& params) {
    auto at = read_account_at(backend, params, 1);
    if (!at) {
        return Err{at.error()};
    }
    uint64_t nonce = at->account().nonce;
    if (at->block.is(BlockTag::pending)) {
        nonce = std::max(nonce, backend.intake.next_pooled_nonce(at->address).value_or(0));
    }
    return quoted_quantity(nonce);
}

Read<std::vector<u256>> read_slots(const json& value, size_t max_slots) {
    std::vector<u256> slots;
    if (!value.is_array()) {
        return fail(invalid_params, "invalid argument storage keys: missing or not an array");
    }
    if (value.size() > max_slots) {
        return fail(invalid_params, "too many storage keys: at most " + std::to_string(max_slots));
    }
    for (const json& item : value) {
        auto slot = read_slot(item, "storage key");
        if (!slot) {
            return Err{slot.error()};
        }
        slots.push_back(*slot);
    }
    return slots;
}

/// {address: [values of the slots asked for]}
Answer get_storage_values(const Backend& backend, const json& params) {
    const json& request = param(params, 0);
    if (!request.is_object() || request.empty()) {
        return fail(invalid_params, "empty request");
    }
    auto block = read_block_id(param(params, 1), "block");
    if (!block) {
        return Err{block.error()};
    }
    auto state = find_state(backend.reader, *block);
    if (!state) {
        return Err{state.error()};
    }
    size_t left = backend.limits.max_proof_slots;
    JsonWriter out;
    out.begin_object();
    for (const auto& [key, keys] : request.items()) {
        auto address = read_address(json(key), "address");
        auto slots = read_slots(keys, left);
        if (!address || !slots) {
            return Err{!address ? address.error() : slots.error()};
        }
        left -= slots->size();
        out.key(to_hex(*address)).begin_array();
        for (const u256& slot : *slots) {
            out.data((*state)->storage(*address, slot).to_hash());
        }
        out.end_array();
    }
    return out.end_object().take();
}

void write_nodes(JsonWriter& out, std::string_view name, std::span<const Bytes> nodes) {
    out.key(name).begin_array();
    for (const Bytes& node : nodes) {
        out.data(node);
    }
    out.end_array();
}

std::string proof_json(
    const Address& address,
    const json& keys,
    std::span<const u256> slots,
    const trie::AccountProof& proof
) {
    JsonWriter out;
    out.begin_object().field("address", address);
    write_nodes(out, "accountProof", proof.account_proof);
    out.field_quantity("balance", proof.leaf.account.balance)
        .field("codeHash", proof.leaf.account.code_hash)
        .field_quantity("nonce", proof.leaf.account.nonce)
        .field("storageHash", proof.leaf.storage_root)
        .key("storageProof")
        .begin_array();
    for (size_t i = 0; i < slots.size() && i < proof.slots.size(); ++i) {
        // The key comes back as it was asked for: a whole word, or a number.
        const bool is_word =
            keys[i].is_string() && keys[i].get_ref<const std::string&>().size() == 66;
        out.begin_object();
        is_word ? out.field("key", slots[i].to_hash()) : out.field_quantity("key", slots[i]);
        out.field_quantity("value", proof.slots[i].value);
        write_nodes(out, "proof", proof.slots[i].proof);
        out.end_object();
    }
    return out.end_array().end_object().take();
}

/// Proofs are against the state root of a sealed block; the open one has none, so that latest and
/// pending mean the last sealed block.
Answer get_proof(const Backend& backend, const json& params) {
    auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    const json no_keys = json::array();
    const json& keys = param(params, 1).is_null() ? no_keys : params[1];
    auto slots = read_slots(keys, backend.limits.max_proof_slots);
    if (!slots) {
        return Err{slots.error()};
    }
    auto block = read_block_id(param(params, 2), "block");
    if (!block) {
        return Err{block.error()};
    }
    auto number = number_of(backend.reader, *block);
    if (!number) {
        return Err{number.error()};
    }
    if (*number > backend.reader.open_block()->header.number) {
        return fail(server_error, "header not found");
    }
    auto proof =
        backend.reader.prove(*address, *slots, std::min(*number, backend.reader.sealed_number()));
    if (!proof) {
        return Err{to_rpc_error(proof.error())};
    }
    return proof_json(*address, keys, *slots, proof->proof);
}

}  // namespace

void add_state_methods(Dispatcher& dispatcher, const Backend& backend) {
    const auto with_backend = [&](auto method) {
        return [&backend, method](const json& params) { return method(backend, params); };
    };
    dispatcher.add("eth_getBalance", with_backend(get_balance));
    dispatcher.add("eth_getCode", with_backend(get_code));
    dispatcher.add("eth_getStorageAt", with_backend(get_storage_at));
    dispatcher.add("eth_getTransactionCount", with_backend(get_transaction_count));
    dispatcher.add_slow("eth_getStorageValues", with_backend(get_storage_values));
    dispatcher.add_slow("eth_getProof", with_backend(get_proof));
}

}  // namespace mega::rpc
