#pragma once

// A block to be replayed, with everything its execution reads and everything that is known about
// how it came out; and where such blocks come from.

#include "replay/chain_rules.hpp"
#include "replay/recorded_state.hpp"
#include "types/receipt.hpp"

#include <nlohmann/json.hpp>

#include <memory>

namespace mega::replay {

/// A receipt as an endpoint gives it. What was not given is not checked.
struct RecordedReceipt {
    std::optional<bool> status;
    uint64_t gas_used = 0;
    uint64_t cumulative_gas_used = 0;
    std::vector<Log> logs;
    std::optional<Bloom> bloom;
    std::optional<Address> contract_address;
    std::optional<u256> effective_gas_price;
};

/// What the block's JSON says about a transaction that its signed fields also tell.
struct ClaimedTransaction {
    std::optional<Hash256> hash;
    std::optional<Address> sender;
};

/// Answers of debug_traceBlock, one element a transaction: {"result": ...}. Null when not recorded.
struct RecordedTraces {
    nlohmann::json calls;  // callTracer
    nlohmann::json diffs;  // prestateTracer in diff mode
};

struct ReplayBlock {
    std::optional<Hash256> claimed_hash;
    BlockHeader header;
    std::vector<SignedTransaction> transactions;
    std::vector<ClaimedTransaction> claimed;  // as many
    size_t ommer_count = 0;
    /// Fewer than ommer_count when the source does not know them: then the state root cannot be
    /// right, which is all that they matter for.
    std::vector<BlockHeader> ommers;
    std::vector<Withdrawal> withdrawals;
    std::optional<std::vector<RecordedReceipt>> receipts;
    RecordedTraces traces;
    /// Before the block.
    std::shared_ptr<ReplayState> state;  // shared with the source, which may keep it for its cache
};

class BlockSource {
  public:
    virtual ~BlockSource() = default;

    [[nodiscard]] virtual size_t size() const = 0;
    /// What is loaded next, for progress and errors: "block 46147", or a path.
    [[nodiscard]] virtual std::string name(size_t index) const = 0;
    [[nodiscard]] virtual const ChainRules& rules() const = 0;
    [[nodiscard]] virtual Result<ReplayBlock> load(size_t index) = 0;
    /// Called once the block has been executed and agreed with what was known about it.
    [[nodiscard]] virtual Result<void> keep(size_t /*index*/, const ReplayBlock&) { return {}; }

    /// Where the blocks come from has gone silent or cannot be believed: no use asking for more.
    [[nodiscard]] virtual bool is_lost() const { return false; }

    BlockSource() = default;
    BlockSource(const BlockSource&) = delete;
    BlockSource& operator=(const BlockSource&) = delete;
};

}  // namespace mega::replay
