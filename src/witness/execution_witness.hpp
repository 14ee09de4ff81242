#pragma once

// The form of debug_executionWitness, as reth and geth serve it: four lists of byte strings, which
// JSON writes as hex.
//
//   state     RLP of trie nodes, ascending by hash here, any order from others
//   codes     contract codes, ascending by hash here
//   keys      an address, then the slots of it that were looked at, then the next address
//   headers   RLP of the ancestors that BLOCKHASH needs and of the parent, oldest first
//
// Others put in more than is needed (whole proofs, nodes nobody asks for). That is tolerated: a
// node counts only where a hash leads to it. What is missing shows when the block is executed.

#include "witness/codec.hpp"
#include "witness/witness.hpp"

namespace mega::witness {

struct ExecutionWitness {
    std::vector<Bytes> state;
    std::vector<Bytes> codes;
    std::vector<Bytes> keys;
    std::vector<Bytes> headers;
    friend bool operator==(const ExecutionWitness&, const ExecutionWitness&) = default;
};

[[nodiscard]] ExecutionWitness to_execution_witness(
    const Witness& witness, const BlockHeader& parent
);

/// A witness for the block after `parent`; not taken for minimal. `parent` itself and repeats are
/// dropped.
[[nodiscard]] Result<Witness, CodecError> from_execution_witness(
    const ExecutionWitness& encoded, const BlockHeader& parent, const Limits& limits = {}
);

}  // namespace mega::witness
