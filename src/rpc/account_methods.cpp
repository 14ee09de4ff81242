#include "rpc/accounts.hpp"
#include "rpc/call_setup.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"
#include "rpc/methods.hpp"
#include "rpc/submit.hpp"

#include "crypto/keccak.hpp"

#include <algorithm>
#include <chrono>
#include <future>

namespace mega::rpc {
namespace {

using nlohmann::json;

/// How long eth_sendTransaction holds a worker at most; the sequencer answers in milliseconds.
constexpr std::chrono::seconds patience{30};

Err<RpcError> unknown_account() { return fail(server_error, "unknown account"); }

Read<crypto::SecretKey> key_of(const Backend& backend, const json& value) {
    auto address = read_address(value, "address");
    if (!address) {
        return Err{address.error()};
    }
    const auto key = backend.accounts.key_of(*address);
    return key ? Read<crypto::SecretKey>(*key) : unknown_account();
}

/// r ‖ s ‖ v, v being 27 or 28 (EIP-191's users expect it so).
Answer sign_digest(const Hash256& digest, const crypto::SecretKey& key) {
    const auto signature = crypto::sign(digest, key);
    if (!signature) {
        return fail(internal_error, "the account's key cannot sign");
    }
    Bytes bytes = to_bytes(signature->r);
    append(bytes, signature->s);
    bytes.push_back(static_cast<uint8_t>(27 + signature->y_parity));
    return quoted_hex(bytes);
}

/// EIP-191 version 0x45: what wallets sign when asked to sign a message.
Hash256 message_digest(BytesView message) {
    const std::string prefix =
        "\x19"
        "Ethereum Signed Message:\n" +
        std::to_string(message.size());
    Bytes bytes = to_bytes(as_bytes(prefix));
    append(bytes, message);
    return crypto::keccak256(bytes);
}

Answer sign_message(const Backend& backend, const json& address, const json& data) {
    auto key = key_of(backend, address);
    if (!key) {
        return Err{key.error()};
    }
    auto message = read_data(data, "data");
    if (!message) {
        return Err{message.error()};
    }
    return sign_digest(message_digest(*message), *key);
}

Read<uint64_t> estimate(
    const Backend& backend, const state::StateView& view, SignedTransaction call
) {
    auto env = backend.reader.env_at(backend.reader.open_block()->header.number);
    if (!env) {
        return Err{to_rpc_error(env.error())};
    }
    call.tx.gas_limit = 0;
    auto gas = execution::estimate_gas(thread_vm(), view, *env, call, backend.limits.call_gas);
    if (gas) {
        return *gas;
    }
    return gas.error().kind == execution::EstimateError::Kind::reverted
               ? Err{revert_error(gas.error().revert_data)}
               : fail(server_error, gas.error().message);
}

/// Fees that are not named: twice the base fee, so that it may rise, and the usual tip.
void fill_fees(const Backend& backend, const CallArgs& args, Transaction& tx) {
    if (args.gas_price) {
        return;
    }
    const u256 base_fee = backend.reader.open_block()->header.base_fee_per_gas.value_or(u256{});
    if (tx.type == TxType::legacy) {
        tx.type = TxType::dynamic_fee;
    }
    if (tx.type == TxType::access_list) {
        tx.max_fee_per_gas = base_fee * u256{2} + backend.suggested_tip;
        tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
        return;
    }
    const u256 tip = args.max_priority_fee_per_gas.value_or(backend.suggested_tip);
    tx.max_fee_per_gas = args.max_fee_per_gas.value_or(base_fee * u256{2} + tip);
    tx.max_priority_fee_per_gas = std::min(tip, tx.max_fee_per_gas);
}

/// The transaction object made whole: sender, nonce, fees, gas.
Read<SignedTransaction> complete(const Backend& backend, const json& value) {
    auto args = read_call_args(value);
    if (!args) {
        return Err{args.error()};
    }
    if (value.value("from", json()).is_null()) {
        if (backend.accounts.addresses().empty()) {
            return unknown_account();
        }
        args->from = backend.accounts.addresses().front();
    }
    if (args->chain_id && *args->chain_id != backend.chain_id) {
        return fail(invalid_params, "chainId does not match node's");
    }
    const storage::Snapshot state = backend.reader.latest_state();
    auto tx = to_call(*args, *state, backend.chain_id, UINT64_MAX);
    if (!args->nonce) {
        tx.tx.nonce =
            std::max(tx.tx.nonce, backend.intake.next_pooled_nonce(args->from).value_or(0));
    }
    if (args->gas) {
        tx.tx.gas_limit = *args->gas;
    } else {
        auto gas = estimate(backend, *state, tx);
        if (!gas) {
            return Err{gas.error()};
        }
        tx.tx.gas_limit = *gas;
    }
    fill_fees(backend, *args, tx.tx);
    return tx;
}

/// Signs with the sender's key. An impersonated account has none: the place of r tells its
/// transactions from those of others, since the sender is no part of the envelope.
Read<void> sign(const Backend& backend, SignedTransaction& tx) {
    if (const auto key = backend.accounts.key_of(tx.sender)) {
        sign_transaction(tx.tx, *key);
    } else if (backend.accounts.is_impersonated(tx.sender)) {
        tx.tx.signature.r = to_u256(tx.sender).to_hash();
        tx.tx.signature.s = u256{1}.to_hash();
    } else {
        return unknown_account();
    }
    tx.raw = encode(tx.tx);
    tx.hash = transaction_hash(tx.raw);
    return {};
}

Read<mempool::TxPtr> complete_and_sign(const Backend& backend, const json& value) {
    auto tx = complete(backend, value);
    if (!tx) {
        return Err{tx.error()};
    }
    if (auto is_signed = sign(backend, *tx); !is_signed) {
        return Err{is_signed.error()};
    }
    if (auto checked = check_submission(backend, tx->tx); !checked) {
        return Err{checked.error()};
    }
    return mempool::TxPtr(std::make_shared<const SignedTransaction>(std::move(*tx)));
}

/// On a worker, which waits for the sequencer.
Answer send_transaction(const Backend& backend, const json& params) {
    auto tx = complete_and_sign(backend, param(params, 0));
    if (!tx) {
        return Err{tx.error()};
    }
    const Hash256 hash = (*tx)->hash;
    const auto answered = std::make_shared<std::promise<Answer>>();
    auto answer = answered->get_future();
    backend.intake.submit(
        std::move(*tx),
        sequencer::SubmitMode::accepted,
        [hash, answered](const sequencer::SubmitOutcome& outcome) {
            answered->set_value(hash_answer(hash, outcome));
        }
    );
    if (answer.wait_for(patience) != std::future_status::ready) {
        return fail(server_error, "the sequencer does not answer");
    }
    return answer.get();
}

Answer sign_transaction_only(const Backend& backend, const json& params) {
    auto tx = complete_and_sign(backend, param(params, 0));
    if (!tx) {
        return Err{tx.error()};
    }
    JsonWriter out;
    out.begin_object().field("raw", (*tx)->raw).key("tx");
    write_pending_transaction(out, **tx);
    return out.end_object().take();
}

}  // namespace

void add_account_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add("eth_sign", [&](const json& params) {
        return sign_message(backend, param(params, 0), param(params, 1));
    });
    dispatcher.add("personal_sign", [&](const json& params) {
        return sign_message(backend, param(params, 1), param(params, 0));
    });
    dispatcher.add_slow("eth_signTransaction", [&](const json& params) {
        return sign_transaction_only(backend, params);
    });
    for (const char* name : {"eth_sendTransaction", "eth_sendUnsignedTransaction"}) {
        dispatcher.add_slow(name, [&](const json& params) {
            return send_transaction(backend, params);
        });
    }
}

}  // namespace mega::rpc
