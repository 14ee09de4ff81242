#pragma once

// Follows L1's chain at a distance and tells what is new, and what was taken back. Where it stands
// is the last block it told; a reorganisation that reaches below is told as a rewind to the last
// block that both chains have, never skipped over.
//
// No thread of its own: whoever owns it asks.

#include "settlement/l1_source.hpp"

#include <deque>

namespace mega::settlement {

struct L1FollowerOptions {
    Address deposit_queue{};
    /// Blocks that must stand on top of one before it is told.
    uint64_t depth = 0;
    uint64_t first_block = 0;  // the first to be told, when nothing is known yet
    /// How many blocks are remembered; a reorganisation that goes deeper is told as one of
    /// everything.
    size_t window = 4096;
    uint64_t max_blocks_a_step = 256;
};

struct L1Step {
    /// L1 has taken back its blocks after this one.
    std::optional<uint64_t> rewound_to;
    /// Consecutive blocks, which follow what was told before.
    std::vector<rollup::L1Block> blocks;
    uint64_t head = 0;  // of L1, whatever the depth
    /// More can be had at once.
    bool is_behind = false;
};

class L1Follower {
  public:
    L1Follower(L1Client& client, const L1FollowerOptions& options)
        : client_(&client), options_(options) {}

    /// Goes on after blocks that were told in an earlier life: ascending, not necessarily all. The
    /// newest that L1 still has is where it stands.
    void resume_after(std::vector<L1BlockId> blocks) { told_.assign(blocks.begin(), blocks.end()); }

    [[nodiscard]] Result<L1Step> step();
    /// The last that was told.
    [[nodiscard]] std::optional<L1BlockId> position() const {
        return told_.empty() ? std::nullopt : std::optional(told_.back());
    }

  private:
    /// Drops from told_ what L1 does not have any more; true when something went.
    [[nodiscard]] Result<bool> drop_orphans();
    [[nodiscard]] Result<bool> is_on_chain(const L1BlockId& block);

    L1Client* client_;
    L1FollowerOptions options_;
    std::deque<L1BlockId> told_;  // ascending
};

}  // namespace mega::settlement
