#pragma once

// The block that is being built, as readers see it. The sequencer makes it and publishes
// transactions to it once they are durable; readers see a growing prefix.
//
// An open block has no hash yet, but receipts of its transactions are final and tools want a block
// hash in them. Its name is the hash of its opening header: all that is fixed when it opens, with
// empty roots. The name answers wherever a block hash does, while the block is open and ever after.

#include "execution/transaction.hpp"
#include "sequencer/chain_types.hpp"

#include <mutex>
#include <shared_mutex>
#include <unordered_map>

namespace mega::sequencer {

class OpenBlock {
  public:
    OpenBlock(
        BlockHeader opening_header,
        const execution::BlockEnv& env,
        std::optional<rollup::L1Position> l1 = {}
    )
        : header_(std::move(opening_header)), name_(hash_of(header_)), env_(env), l1_(l1) {}

    [[nodiscard]] const BlockHeader& opening_header() const { return header_; }
    [[nodiscard]] const Hash256& name() const { return name_; }
    [[nodiscard]] const execution::BlockEnv& env() const { return env_; }
    [[nodiscard]] const std::optional<rollup::L1Position>& l1() const { return l1_; }

    void publish(std::span<const ExecutedPtr> executed) {
        const std::unique_lock lock(mutex_);
        for (const ExecutedPtr& tx : executed) {
            by_hash_.emplace(tx->tx->hash, tx);
            transactions_.push_back(tx);
        }
    }
    void publish(MiniBlockPtr mini_block) {
        const std::unique_lock lock(mutex_);
        mini_blocks_.push_back(std::move(mini_block));
    }

    [[nodiscard]] bool is_empty() const {
        const std::shared_lock lock(mutex_);
        return transactions_.empty();
    }
    [[nodiscard]] std::vector<ExecutedPtr> transactions() const {
        const std::shared_lock lock(mutex_);
        return transactions_;
    }
    [[nodiscard]] ExecutedPtr find(const Hash256& tx_hash) const {
        const std::shared_lock lock(mutex_);
        const auto at = by_hash_.find(tx_hash);
        return at == by_hash_.end() ? nullptr : at->second;
    }
    [[nodiscard]] std::vector<MiniBlockPtr> mini_blocks() const {
        const std::shared_lock lock(mutex_);
        return mini_blocks_;
    }

  private:
    const BlockHeader header_;
    const Hash256 name_;
    const execution::BlockEnv env_;
    const std::optional<rollup::L1Position> l1_;
    mutable std::shared_mutex mutex_;
    std::vector<ExecutedPtr> transactions_;             // guarded by mutex_
    std::unordered_map<Hash256, ExecutedPtr> by_hash_;  // guarded by mutex_
    std::vector<MiniBlockPtr> mini_blocks_;             // guarded by mutex_
};
using OpenBlockPtr = std::shared_ptr<OpenBlock>;

}  // namespace mega::sequencer
