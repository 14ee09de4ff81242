#include "rpc/submit.hpp"

#include "rpc/execution_error.hpp"
#include "rpc/format.hpp"

namespace mega::rpc {

using sequencer::SubmitOutcome;

Result<void, RpcError> check_submission(const Backend& backend, const Transaction& tx) {
    if (auto accepted = execution::check_l2_accepts(tx); !accepted) {
        return Err{to_rpc_error(accepted.error())};
    }
    auto checked = execution::check_stateless(backend.fork, backend.chain_id, tx);
    if (!checked) {
        return Err{to_rpc_error(checked.error())};
    }
    if (tx.gas_limit > backend.reader.position().open->opening_header().gas_limit) {
        return fail(server_error, "exceeds block gas limit");
    }
    return {};
}

Result<mempool::TxPtr, RpcError> decode_submission(const Backend& backend, BytesView envelope) {
    constexpr size_t max_bytes = mempool::PoolLimits{}.max_transaction_bytes;
    if (envelope.size() > max_bytes) {
        return fail(
            server_error,
            "oversized data: transaction size " + std::to_string(envelope.size()) + ", limit " +
                std::to_string(max_bytes)
        );
    }
    auto decoded = decode_transaction(envelope);
    if (!decoded) {
        return fail(server_error, std::string(to_string(decoded.error())));
    }
    // Before the signature, whose recovery costs more than all the rest.
    if (auto checked = check_submission(backend, *decoded); !checked) {
        return Err{checked.error()};
    }
    auto sender = recover_sender(*decoded);
    if (!sender) {
        return fail(server_error, std::string(to_string(sender.error())));
    }
    auto tx = std::make_shared<SignedTransaction>();
    tx->tx = std::move(*decoded);
    tx->sender = *sender;
    tx->hash = transaction_hash(envelope);
    tx->raw = to_bytes(envelope);
    return mempool::TxPtr(std::move(tx));
}

Answer hash_answer(const Hash256& hash, const SubmitOutcome& outcome) {
    switch (outcome.kind) {
        case SubmitOutcome::Kind::executed:
        case SubmitOutcome::Kind::pooled:
            return quoted_hex(hash);
        case SubmitOutcome::Kind::nonce_gap:
            return fail(server_error, "nonce too high");
        case SubmitOutcome::Kind::refused:
            break;
    }
    return fail(server_error, outcome.message);
}

std::string receipt_json(const SubmitOutcome& outcome) {
    JsonWriter out;
    write_receipt(out, *outcome.executed, inclusion_of(*outcome.block));
    return out.take();
}

}  // namespace mega::rpc
