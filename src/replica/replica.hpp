#pragma once

// Follows a node: connects, fetches what is missing, takes what is pushed, applies it, shows it,
// and keeps it. Connects anew when the node is lost, for as long as it takes.
//
//   leader ──record──> decode ──> (validate) ──> Mirror ──> log ──> publisher: OpenBlock, Head,
//      ^                                           │ │              listeners
//      ├── gap: fetch ─────────────────────────────┤ └──> mismatch: evidence, the end
//      └── fork: back to the last common block ────┘
//
// Where several leaders are named, the next one is followed when one is lost or refuses.
//
// One thread does all of it. What it has taken is in its own log of feed records, from which a
// restart goes on; what the log has lost is fetched again.

#include "attestation/code_cache.hpp"
#include "replica/evidence.hpp"
#include "replica/feed_replay.hpp"
#include "replica/leader.hpp"
#include "sequencer/chain_reader.hpp"
#include "sequencer/head.hpp"
#include "sequencer/publisher.hpp"
#include "stateless/validate.hpp"
#include "storage/write_ahead_log.hpp"

#include <atomic>
#include <condition_variable>
#include <thread>

namespace mega::replica {

/// What is checked beyond signatures, roots and hashes (mirror.hpp).
enum class Verify : uint8_t {
    none,
    stateless,  // each sealed block from the leader's witness and the parent's state root
    full,       // everything is executed again
};

/// The exit status of a replica that has caught its leader contradicting itself or the past.
inline constexpr int exit_mismatch = 3;

struct ReplicaOptions {
    LeaderOptions leader;  // its URL is one of these:
    std::vector<std::string> leader_urls;
    Verify verify = Verify::none;
    stateless::MegaRules rules;  // of Verify::stateless
    Hash256 genesis_hash;
    uint64_t chain_id = 0;
    uint32_t checkpoint_interval_blocks = 10;
    std::filesystem::path evidence_directory = ".";
    /// For the operator: what happens, and what should worry.
    std::function<void(const std::string&)> inform;
    std::function<void(const std::string&)> warn;
    /// Another one of `leader_urls` is followed from now on.
    std::function<void(const std::string& url)> on_leader;
    /// What the leader told that is no part of the chain.
    std::function<void(const feed::NoticeRecord&)> on_notice;
};

struct ReplicaFailure {
    std::string words;
    int exit_status = 1;
};

/// For metrics and /health.
struct ReplicaStatus {
    std::atomic<bool> is_connected{false};
    std::atomic<uint64_t> leader_block{0};
    std::atomic<uint64_t> records{0};
    std::atomic<uint64_t> blocks{0};
    std::atomic<uint64_t> mini_blocks{0};
    std::atomic<uint64_t> transactions{0};
    std::atomic<uint64_t> fetches{0};
    std::atomic<uint64_t> connections{0};
    std::atomic<uint64_t> validated_blocks{0};
    std::atomic<uint64_t> reorganisations{0};
};

/// Blocks that were taken back, until it can be said what became of what was sent in them.
struct Withdrawn {
    sequencer::Reorganisation report;
    std::vector<sequencer::ExecutedPtr> sent;
    bool is_due = false;  // the leader was caught up with since
};

class Replica {
  public:
    struct Parts {
        Mirror& mirror;
        storage::Database& database;
        storage::WriteAheadLog& log;
        sequencer::Head& head;
        sequencer::Publisher& publisher;
        sequencer::Checkpointer& checkpointer;
        const sequencer::ChainReader& reader;
        std::optional<rollup::L1Position> l1_genesis;
    };

    Replica(ReplicaOptions options, const Parts& parts);
    /// Stops, when still running.
    ~Replica();
    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;

    void start(Resumption resumption);
    void stop();

    [[nodiscard]] std::optional<ReplicaFailure> failure() const;
    [[nodiscard]] const ReplicaStatus& status() const { return status_; }

  private:
    enum class Progress : uint8_t { taken, nothing, gap, went_back };
    /// Why following a connection ended, in words; the failure is elsewhere.
    struct Interruption {
        std::string words;
    };
    template <class T>
    using Step = Result<T, Interruption>;

    void loop();
    [[nodiscard]] Step<void> follow(Leader& leader);
    [[nodiscard]] Step<bool> catch_up(Leader& leader);
    [[nodiscard]] Step<void> take_pushed(Leader& leader);
    [[nodiscard]] Step<Progress> check_position(Leader& leader, const Delivery& delivery);
    [[nodiscard]] Step<Progress> take(Leader& leader, const Bytes& encoded);
    [[nodiscard]] Step<Progress> settle(
        Leader& leader, const Refusal& refusal, const Bytes& encoded
    );
    /// What became of validating a block.
    enum class Validity : uint8_t { valid, unknown, doubtful };
    [[nodiscard]] Step<Validity> validate(Leader& leader, const feed::Record& record);
    void keep(const Bytes& encoded, const Applied& applied);
    void publish(const Applied& applied);
    void learn_sequencer();
    void checkpoint();
    [[nodiscard]] Interruption accuse(
        const Leader& leader, const Refusal& refusal, const Bytes& refused
    );
    // branches.cpp
    [[nodiscard]] Hash256 own_hash(uint64_t number) const;
    [[nodiscard]] bool contradicts(const feed::Record& record) const;
    /// Nothing when not even what is final is common.
    [[nodiscard]] Step<std::optional<uint64_t>> find_common(Leader& leader);
    /// To the last common block. Nothing happens where that is the head, unless it is the open
    /// block that differs: that one is given up in any case, whatever the leader answers.
    [[nodiscard]] Step<Progress> leave_branch(
        Leader& leader, const std::string& why, bool concerns_open
    );
    [[nodiscard]] Step<Progress> take_return(Leader& leader, const feed::RevertRecord& record);
    [[nodiscard]] Interruption refuse_branch(const std::string& words);
    [[nodiscard]] Step<void> go_back_to(uint64_t number, const std::string& why);
    void note_withdrawn(std::span<const sequencer::ExecutedPtr> executed);
    void report_withdrawn();
    Interruption fail(std::string words, int exit_status);
    [[nodiscard]] bool wait_ms(uint32_t ms);

    ReplicaOptions options_;
    Parts parts_;
    ReplicaStatus status_;
    // Touched by the thread alone.
    std::vector<sequencer::SealedPtr> unsaved_;
    std::vector<Bytes> records_;  // of the open block
    size_t records_bytes_ = 0;
    size_t told_ = 0;  // transactions of the open block that listeners know; a refusal may add more
    storage::WriteAheadLog::Sequence last_sequence_ = 0;
    storage::WriteAheadLog::Sequence seal_sequence_ = 0;  // of the last sealed block
    int doubts_ = 0;  // contradictions that were not held against the leader, since the last seal
    std::optional<Withdrawn> withdrawn_;
    std::vector<sequencer::ExecutedPtr> taken_back_;
    bool knew_sequencer_ = false;
    bool said_behind_ = false;
    attestation::CodeCache codes_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;                  // guarded by mutex_
    std::optional<ReplicaFailure> failure_;  // guarded by mutex_
    std::thread thread_;
};

/// Whom the database says to follow; nobody when it was never learned.
[[nodiscard]] Result<std::vector<Address>> known_sequencers(const storage::Database& database);

}  // namespace mega::replica
