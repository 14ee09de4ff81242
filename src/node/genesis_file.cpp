#include "node/genesis_file.hpp"

#include "base/hex.hpp"

#include <nlohmann/json.hpp>

namespace mega::node {
namespace {

using nlohmann::json;

/// Reads fields; the first failure sticks and names the field.
class Reader {
  public:
    [[nodiscard]] const std::optional<std::string>& failure() const { return failure_; }

    u256 number(const json& object, const char* name) {
        const auto at = object.find(name);
        return at == object.end() ? u256{} : number_value(*at, name);
    }
    uint64_t u64(const json& object, const char* name) {
        const u256 value = number(object, name);
        if (!value.fits_u64()) {
            fail(name, "is larger than 64 bits");
        }
        return value.low64();
    }
    u256 number_value(const json& value, std::string_view name) {
        if (value.is_number_unsigned()) {
            return value.get<uint64_t>();
        }
        if (value.is_string()) {
            if (const auto parsed = u256_from_text(value.get_ref<const std::string&>())) {
                return *parsed;
            }
        }
        fail(name, "is not a number");
        return {};
    }
    Bytes bytes(const json& object, const char* name) {
        const auto at = object.find(name);
        if (at == object.end()) {
            return {};
        }
        if (at->is_string()) {
            if (auto parsed = from_hex(at->get_ref<const std::string&>())) {
                return std::move(*parsed);
            }
        }
        fail(name, "is not a hex string");
        return {};
    }
    template <size_t N>
    FixedBytes<N> fixed(const json& object, const char* name) {
        const Bytes value = bytes(object, name);
        if (value.empty()) {
            return {};
        }
        if (value.size() != N) {
            fail(name, "has the wrong length");
            return {};
        }
        return FixedBytes<N>::from(value);
    }
    void fail(std::string_view name, std::string_view what) {
        if (!failure_) {
            failure_ = "genesis: \"" + std::string(name) + "\" " + std::string(what);
        }
    }

  private:
    std::optional<std::string> failure_;
};

execution::GenesisAccount read_account(Reader& in, const json& object, const std::string& address) {
    execution::GenesisAccount account;
    if (!object.is_object()) {
        in.fail(address, "is not an object");
        return account;
    }
    account.nonce = in.u64(object, "nonce");
    account.balance = in.number(object, "balance");
    account.code = in.bytes(object, "code");
    const auto storage = object.find("storage");
    if (storage == object.end()) {
        return account;
    }
    if (!storage->is_object()) {
        in.fail("storage", "is not an object");
        return account;
    }
    for (const auto& [slot, value] : storage->items()) {
        account.storage[in.number_value(json(slot), "storage key")] =
            in.number_value(value, "storage value");
    }
    return account;
}

void read_alloc(Reader& in, const json& root, execution::GenesisSpec& spec) {
    const auto alloc = root.find("alloc");
    if (alloc == root.end() || !alloc->is_object()) {
        in.fail("alloc", "is missing or not an object");
        return;
    }
    for (const auto& [text, object] : alloc->items()) {
        const auto address = from_hex(text, /*prefix_required=*/false);
        if (!address || address->size() != 20) {
            in.fail(text, "is not an address");
            return;
        }
        const auto [at, is_new] =
            spec.alloc.emplace(Address::from(*address), read_account(in, object, text));
        if (!is_new) {
            in.fail(text, "is there twice, once with 0x before it and once without");
        }
    }
}

}  // namespace

Result<GenesisFile> parse_genesis(std::string_view text) {
    const json root = json::parse(text, nullptr, false);
    if (root.is_discarded() || !root.is_object()) {
        return Err{Error{"genesis: the file is not a JSON object"}};
    }
    Reader in;
    GenesisFile file;
    const auto config = root.find("config");
    if (config == root.end() || !config->is_object() || !config->contains("chainId")) {
        return Err{Error{"genesis: \"config.chainId\" is missing"}};
    }
    file.chain_id = in.u64(*config, "chainId");
    execution::GenesisSpec& spec = file.spec;
    read_alloc(in, root, spec);
    spec.number = in.u64(root, "number");
    spec.timestamp = in.u64(root, "timestamp");
    if (root.contains("gasLimit")) {
        spec.gas_limit = in.u64(root, "gasLimit");
    }
    spec.gas_used = in.u64(root, "gasUsed");
    spec.parent_hash = in.fixed<32>(root, "parentHash");
    spec.beneficiary = in.fixed<20>(root, "coinbase");
    spec.difficulty = in.number(root, "difficulty");
    spec.prev_randao = in.fixed<32>(root, "mixHash");
    const Hash256 nonce = u256{in.u64(root, "nonce")}.to_hash();
    spec.nonce = FixedBytes<8>::from(nonce.view().last(8));
    spec.extra_data = in.bytes(root, "extraData");
    if (root.contains("baseFeePerGas")) {
        spec.base_fee_per_gas = in.number(root, "baseFeePerGas");
    }
    if (file.chain_id == 0) {
        in.fail("config.chainId", "must not be 0");
    }
    if (in.failure()) {
        return Err{Error{*in.failure()}};
    }
    return file;
}

}  // namespace mega::node
