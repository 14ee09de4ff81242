#include "rpc/call_args.hpp"

#include <algorithm>

namespace mega::rpc {
namespace {

using nlohmann::json;

Err<RpcError> invalid(std::string message) { return fail(invalid_params, std::move(message)); }

const json* member(const json& object, const char* name) {
    const auto at = object.find(name);
    return at == object.end() || at->is_null() ? nullptr : &*at;
}

/// Reads members of one object; the first error sticks and is asked for once at the end.
class MemberReader {
  public:
    explicit MemberReader(const json& object) : object_(&object) {}

    template <class T, class Into, class Reader>
    void read(const char* name, Into& into, Reader reader) {
        const json* value = error_ ? nullptr : member(*object_, name);
        if (value == nullptr) {
            return;
        }
        Read<T> read = reader(*value, name);
        if (read) {
            into = std::move(*read);
        } else {
            error_ = read.error();
        }
    }
    void u64(const char* name, std::optional<uint64_t>& into) {
        read<uint64_t>(name, into, read_u64);
    }
    void u64(const char* name, uint64_t& into) { read<uint64_t>(name, into, read_u64); }
    void word(const char* name, std::optional<u256>& into) { read<u256>(name, into, read_u256); }
    void word(const char* name, u256& into) { read<u256>(name, into, read_u256); }
    void address(const char* name, Address& into) { read<Address>(name, into, read_address); }
    void address(const char* name, std::optional<Address>& into) {
        read<Address>(name, into, read_address);
    }
    void data(const char* name, std::optional<Bytes>& into) { read<Bytes>(name, into, read_data); }

    [[nodiscard]] const std::optional<RpcError>& error() const { return error_; }

  private:
    const json* object_;
    std::optional<RpcError> error_;
};

Read<Authorization> read_authorization(const json& value) {
    if (!value.is_object()) {
        return invalid("invalid argument authorizationList: entry is not an object");
    }
    Authorization authorization;
    MemberReader reader(value);
    reader.word("chainId", authorization.chain_id);
    reader.address("address", authorization.address);
    reader.u64("nonce", authorization.nonce);
    reader.word("yParity", authorization.y_parity);
    reader.word("r", authorization.r);
    reader.word("s", authorization.s);
    if (reader.error()) {
        return Err{*reader.error()};
    }
    return authorization;
}

Read<std::vector<Authorization>> read_authorizations(const json& value, std::string_view) {
    if (!value.is_array()) {
        return invalid("invalid argument authorizationList: not an array");
    }
    std::vector<Authorization> list;
    for (const json& entry : value) {
        auto authorization = read_authorization(entry);
        if (!authorization) {
            return Err{authorization.error()};
        }
        list.push_back(*authorization);
    }
    return list;
}

Read<AccessListEntry> read_access_list_entry(const json& value) {
    if (!value.is_object()) {
        return invalid("invalid argument accessList: entry is not an object");
    }
    auto address = read_address(value.value("address", json()), "accessList.address");
    if (!address) {
        return Err{address.error()};
    }
    AccessListEntry entry{.address = *address, .storage_keys = {}};
    const json* keys = member(value, "storageKeys");
    if (keys == nullptr) {
        return entry;
    }
    if (!keys->is_array()) {
        return invalid("invalid argument accessList.storageKeys: not an array");
    }
    for (const json& key : *keys) {
        auto slot = read_hash(key, "accessList.storageKeys");
        if (!slot) {
            return Err{slot.error()};
        }
        entry.storage_keys.push_back(*slot);
    }
    return entry;
}

Read<void> check_fees(const CallArgs& args) {
    if (args.gas_price && (args.max_fee_per_gas || args.max_priority_fee_per_gas)) {
        return invalid("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
    }
    if (args.max_fee_per_gas && args.max_priority_fee_per_gas &&
        *args.max_fee_per_gas < *args.max_priority_fee_per_gas) {
        return invalid(
            "maxFeePerGas (" + to_hex_quantity(*args.max_fee_per_gas) +
            ") < maxPriorityFeePerGas (" + to_hex_quantity(*args.max_priority_fee_per_gas) + ")"
        );
    }
    return {};
}

TxType type_of(const CallArgs& args) {
    if (!args.authorization_list.empty()) {
        return TxType::set_code;
    }
    if (args.max_fee_per_gas || args.max_priority_fee_per_gas) {
        return TxType::dynamic_fee;
    }
    return args.access_list ? TxType::access_list : TxType::legacy;
}

Read<void> override_slots(
    const json& slots, const char* name, const Address& address, state::Overlay& overlay
) {
    if (!slots.is_object()) {
        return invalid("invalid argument " + std::string(name) + ": not an object");
    }
    for (const auto& [key, value] : slots.items()) {
        auto slot = read_slot(json(key), name);
        if (!slot) {
            return Err{slot.error()};
        }
        auto word = read_slot(value, name);
        if (!word) {
            return Err{word.error()};
        }
        overlay.set_storage(address, *slot, *word);
    }
    return {};
}

Read<void> override_storage(const json& change, const Address& address, state::Overlay& overlay) {
    const json* whole = member(change, "state");
    const json* diff = member(change, "stateDiff");
    if (whole != nullptr && diff != nullptr) {
        return invalid("account " + to_hex(address) + " has both 'state' and 'stateDiff'");
    }
    if (whole != nullptr) {
        overlay.clear_storage(address);
        return override_slots(*whole, "state", address, overlay);
    }
    return diff != nullptr ? override_slots(*diff, "stateDiff", address, overlay) : Read<void>{};
}

Read<void> override_account(const json& change, const Address& address, state::Overlay& overlay) {
    if (!change.is_object()) {
        return invalid("invalid argument state override of " + to_hex(address) + ": not an object");
    }
    if (member(change, "movePrecompileToAddress") != nullptr) {
        return invalid("movePrecompileToAddress is not supported");
    }
    std::optional<uint64_t> nonce;
    std::optional<u256> balance;
    std::optional<Bytes> code;
    MemberReader reader(change);
    reader.u64("nonce", nonce);
    reader.word("balance", balance);
    reader.data("code", code);
    if (reader.error()) {
        return Err{*reader.error()};
    }
    if (nonce) {
        overlay.set_nonce(address, *nonce);
    }
    if (balance) {
        overlay.set_balance(address, *balance);
    }
    if (code) {
        overlay.set_code(address, *code);
    }
    return override_storage(change, address, overlay);
}

}  // namespace

Read<AccessList> read_access_list(const json& value) {
    if (!value.is_array()) {
        return invalid("invalid argument accessList: not an array");
    }
    AccessList list;
    for (const json& item : value) {
        auto entry = read_access_list_entry(item);
        if (!entry) {
            return Err{entry.error()};
        }
        list.push_back(std::move(*entry));
    }
    return list;
}

Read<CallArgs> read_call_args(const json& value) {
    if (!value.is_object()) {
        return invalid("invalid argument: the transaction is missing or not an object");
    }
    CallArgs args;
    std::optional<Bytes> data;
    std::optional<Bytes> input;
    MemberReader reader(value);
    reader.address("from", args.from);
    reader.address("to", args.to);
    reader.u64("gas", args.gas);
    reader.word("gasPrice", args.gas_price);
    reader.word("maxFeePerGas", args.max_fee_per_gas);
    reader.word("maxPriorityFeePerGas", args.max_priority_fee_per_gas);
    reader.word("value", args.value);
    reader.u64("nonce", args.nonce);
    reader.data("data", data);
    reader.data("input", input);
    reader.u64("chainId", args.chain_id);
    reader.read<AccessList>("accessList", args.access_list, [](const json& list, const char*) {
        return read_access_list(list);
    });
    reader.read<std::vector<Authorization>>(
        "authorizationList", args.authorization_list, read_authorizations
    );
    if (reader.error()) {
        return Err{*reader.error()};
    }
    if (data && input && *data != *input) {
        return invalid(
            "both \"data\" and \"input\" are set and not equal. Please use \"input\" to pass "
            "transaction call data"
        );
    }
    args.data = input ? std::move(*input) : std::move(data).value_or(Bytes{});
    if (auto checked = check_fees(args); !checked) {
        return Err{checked.error()};
    }
    return args;
}

SignedTransaction to_call(
    const CallArgs& args, const state::StateView& view, uint64_t chain_id, uint64_t gas_cap
) {
    SignedTransaction call;
    call.sender = args.from;
    Transaction& tx = call.tx;
    tx.type = type_of(args);
    tx.chain_id = chain_id;
    tx.nonce = args.nonce ? *args.nonce : view.account(args.from).value_or(Account{}).nonce;
    tx.gas_limit = std::min(args.gas.value_or(gas_cap), gas_cap);
    const u256 tip = args.max_priority_fee_per_gas.value_or(u256{});
    tx.max_fee_per_gas = args.gas_price ? *args.gas_price : args.max_fee_per_gas.value_or(tip);
    tx.max_priority_fee_per_gas = args.gas_price ? *args.gas_price : tip;
    tx.to = args.to;
    tx.value = args.value;
    tx.data = args.data;
    tx.access_list = args.access_list.value_or(AccessList{});
    tx.authorization_list = args.authorization_list;
    return call;
}

Read<void> apply_state_overrides(const json& value, state::Overlay& overlay) {
    if (value.is_null()) {
        return {};
    }
    if (!value.is_object()) {
        return invalid("invalid argument state overrides: not an object");
    }
    for (const auto& [key, change] : value.items()) {
        auto address = read_address(json(key), "state overrides");
        if (!address) {
            return Err{address.error()};
        }
        if (auto done = override_account(change, *address, overlay); !done) {
            return done;
        }
    }
    return {};
}

Read<void> apply_block_overrides(const json& value, execution::BlockEnv& env) {
    if (value.is_null()) {
        return {};
    }
    if (!value.is_object()) {
        return invalid("invalid argument block overrides: not an object");
    }
    evm::BlockContext context = env.context;
    MemberReader reader(value);
    reader.u64("number", context.number);
    reader.u64("time", context.timestamp);
    reader.u64("gasLimit", context.gas_limit);
    reader.address("coinbase", context.beneficiary);
    reader.address("feeRecipient", context.beneficiary);
    reader.read<Hash256>("random", context.prev_randao, read_hash);
    reader.read<Hash256>("prevRandao", context.prev_randao, read_hash);
    reader.word("baseFee", context.base_fee_per_gas);
    reader.word("baseFeePerGas", context.base_fee_per_gas);
    reader.word("blobBaseFee", context.blob_base_fee);
    if (reader.error()) {
        return Err{*reader.error()};
    }
    env.context = context;
    return {};
}

}  // namespace mega::rpc
