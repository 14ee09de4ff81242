#pragma once

// What a transition has come to, and how geth's `evm t8n` writes it.

#include "conformance/t8n.hpp"
#include "ethereum/block_transition.hpp"

namespace mega::conformance {

struct T8nRejected {
    size_t index = 0;
    std::string why;
};

struct T8nBlock {
    std::vector<SignedTransaction> included;
    std::vector<execution::TxResult> results;  // without their diffs
    std::vector<Receipt> receipts;
    std::vector<T8nRejected> rejected;
    std::vector<Bytes> requests;
    Bloom bloom;
    uint64_t gas_used = 0;
    uint64_t blobs = 0;
    Hash256 state_root;
};

[[nodiscard]] json write_result(
    const T8nEnv& env, const execution::BlockEnv& block_env, const T8nBlock& block
);
[[nodiscard]] json write_body(const T8nBlock& block);

}  // namespace mega::conformance
