#pragma once

// Which of its blocks L1 took back while this process looked. A sequencer that builds on L1 blocks
// that are taken back has to make its own anew, and signs other mini-blocks in the places of those
// that it signed before: that is no lie, but no contract can tell.

#include "settlement/l1_client.hpp"

#include <deque>

namespace mega::staking {

class L1History {
  public:
    static constexpr size_t max_blocks = 128;   // as deep as a reorganisation is seen
    static constexpr size_t max_returns = 64;   // the newest
    static constexpr uint64_t clock_slack = 2;  // seconds, to whoever stamps mini-blocks

    /// Reads what has come since. One thread, that of the client.
    [[nodiscard]] Result<void> look(settlement::L1Client& client);

    /// The next block, or one in the place of one that is known: what is known from its number on
    /// was taken back then. When its parent was too: the number of the block to give before it.
    /// `now`: Unix time.
    std::optional<uint64_t> add(const settlement::L1Header& header, uint64_t now);

    /// That what was made in an L2 block of that time, at that moment, may have been built on an L1
    /// block that was taken back afterwards.
    [[nodiscard]] bool may_be_void(uint64_t block_timestamp, uint64_t timestamp_us) const;

  private:
    struct Return {
        uint64_t from = 0;   // time of the first L1 block that went
        uint64_t until = 0;  // when it was seen
    };
    void take_back_from(uint64_t number, uint64_t now);

    std::deque<settlement::L1Header> blocks_;  // consecutive, the newest last
    std::deque<Return> returns_;
};

}  // namespace mega::staking
