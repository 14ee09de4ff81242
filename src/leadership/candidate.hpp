#pragma once

// A sequencer among several: decides whether this node leads (election.hpp), follows whoever does,
// and changes over.
//
//   duties on L1 ─┐
//   heartbeats ───┼─> decide ──lead──────> Sequencer::lead, submissions come home
//   own head ─────┘      │  └─step down──> Sequencer::step_down, what waits goes to the next leader
//                        └────follow─────> Follower: the leader's feed into the sequencer

#include "leadership/duties.hpp"
#include "leadership/follower.hpp"
#include "leadership/leader_intake.hpp"
#include "leadership/peers.hpp"

namespace mega::leadership {

struct CandidateOptions {
    Duties::Options duties;
    std::vector<Peer> peers;
    Follower::Options following;
    /// Mini-blocks of silence after which a leader counts as gone.
    uint32_t silent_mini_blocks = 50;
    uint32_t mini_block_ms = 10;
    std::function<void(const std::string&)> log;
};

struct CandidateCounters {
    std::atomic<uint64_t> led{0};           // times that it took the lead
    std::atomic<uint64_t> stepped_down{0};  // times that it handed over
    std::atomic<uint64_t> failovers{0};     // of `led`: because another one was silent
};

class Candidate {
  public:
    struct Parts {
        sequencer::Sequencer& sequencer;
        const sequencer::ChainReader& reader;
        LeaderIntake& intake;
    };
    /// `parts` must outlive it. The sequencer follows until the candidate lets it lead.
    [[nodiscard]] static Result<std::unique_ptr<Candidate>> start(
        const CandidateOptions& options, const Parts& parts
    );
    ~Candidate();
    Candidate(const Candidate&) = delete;
    Candidate& operator=(const Candidate&) = delete;

    // Any thread.
    [[nodiscard]] Standing standing() const;
    /// L1 takes batches from this node: it leads, and it is in charge.
    [[nodiscard]] bool may_post() const { return may_post_; }
    [[nodiscard]] const CandidateCounters& counters() const { return counters_; }
    [[nodiscard]] const FollowerCounters& followed() const { return follower_.counters(); }
    [[nodiscard]] uint64_t takeovers() const { return duties_->takeovers(); }

  private:
    Candidate(const CandidateOptions& options, const Parts& parts, std::unique_ptr<Duties> duties);
    void run();
    [[nodiscard]] View look() const;
    void lead(const View& view);
    void step_down();
    void follow(const View& view, const std::optional<Address>& whom);
    void point_to(const std::optional<Address>& leader);
    [[nodiscard]] bool is_refused(const Address& leader) const;

    CandidateOptions options_;
    Parts parts_;
    Address self_;
    std::unique_ptr<Duties> duties_;
    Peers peers_;
    Follower follower_;
    CandidateCounters counters_;
    settlement::StopSignal stop_;
    std::optional<Address> pointed_to_;   // where submissions go
    std::optional<Address> last_leader_;  // whom this one has followed
    /// Who has said what was not so, and until when it is not followed.
    std::map<Address, std::chrono::steady_clock::time_point> refused_;
    std::atomic<bool> may_post_{false};
    /// Until all that it did as a leader is there for the others to see.
    std::atomic<bool> leads_{false};
    mutable std::mutex mutex_;
    std::optional<Address> leader_;  // guarded by mutex_
    std::thread thread_;
};

}  // namespace mega::leadership
