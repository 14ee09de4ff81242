#pragma once

// From an envelope to the sequencer: what every way of sending a transaction shares.

#include "rpc/backend.hpp"
#include "rpc/error.hpp"

namespace mega::rpc {

/// Decodes, recovers the sender, and refuses what can be refused without state.
[[nodiscard]] Result<mempool::TxPtr, RpcError> decode_submission(
    const Backend& backend, BytesView envelope
);
/// The part without the decoding.
[[nodiscard]] Result<void, RpcError> check_submission(
    const Backend& backend, const Transaction& tx
);
/// What eth_sendRawTransaction says to an outcome: the hash, or the refusal.
[[nodiscard]] Answer hash_answer(const Hash256& hash, const sequencer::SubmitOutcome& outcome);
/// Of an executed outcome.
[[nodiscard]] std::string receipt_json(const sequencer::SubmitOutcome& outcome);

}  // namespace mega::rpc
