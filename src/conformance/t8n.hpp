#pragma once

// The transition tool ("t8n", as geth's `evm t8n` defines it): a state, an environment and
// transactions in, the state after them, its roots and receipts out. Transactions that cannot be
// part of the block are listed and passed over. There is no parent block: what a header would take
// from it comes with the environment.
//
// A fault of the input is a T8nError with geth's exit code.

#include "conformance/json_fields.hpp"
#include "ethereum/chain_config.hpp"

#include <functional>
#include <memory>
#include <ostream>

namespace mega::conformance {

/// geth's exit codes.
enum class T8nFault : uint8_t {
    evm = 2,
    config = 3,
    missing_block_hash = 4,
    json = 10,
    io = 11,
    rlp = 12,
};

struct T8nError : std::runtime_error {
    T8nError(T8nFault what, const std::string& message)
        : std::runtime_error(message), fault(what) {}
    T8nFault fault;
};

struct Ommer {
    uint64_t delta = 0;  // how many blocks before the current one
    Address beneficiary;
};

/// What surrounds the transactions. What the input leaves to be computed is computed already.
struct T8nEnv {
    ethereum::ChainConfig config;
    Fork fork = current_fork;
    BlockHeader header;
    std::map<uint64_t, Hash256> block_hashes;
    std::vector<Ommer> ommers;
    std::vector<Withdrawal> withdrawals;
};

/// `network`: as config_of_network reads it. `blob_params`: {"target", "max",
/// "baseFeeUpdateFraction"} in the place of that fork's own; null for none.
[[nodiscard]] T8nEnv read_t8n_env(
    const json& env, std::string_view network, uint64_t chain_id, const json& blob_params = nullptr
);

/// One transaction, or why it is none.
using T8nTransaction = Result<SignedTransaction>;

/// A list of objects, signed by `secretKey` or with v, r, s; or one hex string, the RLP of a
/// block's list of transactions.
[[nodiscard]] std::vector<T8nTransaction> read_t8n_transactions(const json& txs, const T8nEnv& env);

struct T8nOptions {
    /// In wei, to the beneficiary; nothing is touched when absent.
    std::optional<u256> reward;
    /// Where the EIP-3155 trace of the transaction goes; empty for none.
    std::function<std::unique_ptr<std::ostream>(size_t index, const Hash256& hash)> open_trace{};
};

/// In the shapes of geth's files.
struct T8nOutput {
    json alloc;
    json result;
    json body;  // hex of the RLP of the transactions that went in
};
[[nodiscard]] T8nOutput run_t8n(
    const json& alloc,
    const T8nEnv& env,
    const std::vector<T8nTransaction>& txs,
    const T8nOptions& options
);

/// The state that holds `alloc` alone, as an "alloc" object.
[[nodiscard]] json write_alloc(const state::StateDiff& alloc);

}  // namespace mega::conformance
