#pragma once

// The leader's feed into this node's sequencer: each mini-block is executed here as it comes and
// has to come out as the leader says; its signature has to be the leader's. Where the leader's
// chain parts from this one, this one goes back to the last block that both have.
//
// One thread.

#include "replica/leader.hpp"
#include "sequencer/chain_reader.hpp"
#include "sequencer/sequencer.hpp"

#include <atomic>

namespace mega::leadership {

struct FollowerCounters {
    std::atomic<uint64_t> mini_blocks{0};
    std::atomic<uint64_t> blocks{0};
    std::atomic<uint64_t> branches_left{0};
    std::atomic<uint64_t> refused{0};  // what a leader said and what did not come out so
};

class Follower {
  public:
    struct Parts {
        sequencer::Sequencer& sequencer;
        const sequencer::ChainReader& reader;
        /// Transactions of a branch that was left: to be sent to the leader.
        std::function<void(std::vector<mempool::TxPtr>)> on_lost;
        std::function<void(const std::string&)> log;
    };
    struct Options {
        uint64_t chain_id = 0;
        Hash256 genesis_hash;
        uint32_t timeout_ms = 1'000;
    };
    Follower(const Options& options, Parts parts);

    enum class Outcome : uint8_t {
        followed,    // something was taken, or there was nothing
        lost,        // the leader cannot be reached, or speaks nonsense
        contradicts  // it says what is not so: not to be followed
    };
    /// Takes what the leader at `url` tells, for about `wait_ms`. `signer`: whose mini-blocks are
    /// taken; nothing: not known yet, anybody's.
    [[nodiscard]] Outcome pump(
        const std::string& url, const std::optional<Address>& signer, uint32_t wait_ms
    );
    /// Forgets the connection.
    void leave();

    [[nodiscard]] const FollowerCounters& counters() const { return counters_; }

  private:
    enum class Step : uint8_t { taken, nothing, gap, fork, lie };

    [[nodiscard]] Outcome connect(const std::string& url);
    [[nodiscard]] Outcome fetch();
    [[nodiscard]] Outcome take_pushed(uint32_t wait_ms);
    [[nodiscard]] Outcome settle(Step step);
    [[nodiscard]] Step take(const Bytes& encoded);
    [[nodiscard]] Step take(const feed::OpenRecord& record);
    [[nodiscard]] Step take(const feed::MiniBlockRecord& record);
    [[nodiscard]] Step take(const feed::SealRecord& record);
    [[nodiscard]] Step take(const feed::BlockRecord& record);
    [[nodiscard]] Step take(const feed::RevertRecord& record);
    [[nodiscard]] Step take(const feed::NoticeRecord&) { return Step::nothing; }
    [[nodiscard]] Step take_mini_block(
        const MiniBlockHeader& header, std::span<const feed::FeedTransaction> transactions
    );
    [[nodiscard]] Step take_seal(const BlockHeader& header);
    [[nodiscard]] Step lie(const std::string& words);
    /// To the last block in common.
    [[nodiscard]] Outcome leave_branch();
    [[nodiscard]] Result<void> back_to(uint64_t number);
    [[nodiscard]] uint64_t open_number() const;

    Options options_;
    Parts parts_;
    FollowerCounters counters_;
    std::unique_ptr<replica::Leader> leader_;
    std::string url_;
    std::optional<Address> signer_;
    bool must_fetch_ = true;
    uint64_t opened_ = 0;         // the number of the block whose opening was told
    uint64_t leader_sealed_ = 0;  // what the leader has sealed, as far as it said
};

}  // namespace mega::leadership
