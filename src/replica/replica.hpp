#pragma once

// Follows a node: connects, fetches what is missing, takes what is pushed, applies it, shows it,
// and keeps it. Connects anew when the node is lost, for as long as it takes.
//
//   leader ──record──> decode ──> (validate) ──> Mirror ──> log ──> publisher: OpenBlock, Head,
//      ^                                           │ │              listeners
//      └── gap: fetch ─────────────────────────────┘ └──> mismatch, fork: evidence, the end
//
// One thread does all of it. What it has taken is in its own log of feed records, from which a
// restart goes on; what the log has lost is fetched again.

#include "attestation/code_cache.hpp"
#include "replica/evidence.hpp"
#include "replica/leader.hpp"
#include "replica/mirror.hpp"
#include "sequencer/chain_reader.hpp"
#include "sequencer/checkpointer.hpp"
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
    LeaderOptions leader;
    Verify verify = Verify::none;
    stateless::MegaRules rules;  // of Verify::stateless
    Hash256 genesis_hash;
    uint64_t chain_id = 0;
    uint32_t checkpoint_interval_blocks = 10;
    std::filesystem::path evidence_directory = ".";
    /// For the operator: what happens, and what should worry.
    std::function<void(const std::string&)> inform;
    std::function<void(const std::string&)> warn;
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
        sequencer::Commitment& commitment;
        const sequencer::ChainReader& reader;
    };

    Replica(ReplicaOptions options, const Parts& parts);
    /// Stops, when still running.
    ~Replica();
    Replica(const Replica&) = delete;
    Replica& operator=(const Replica&) = delete;

    /// `unsaved`: sealed blocks that are in no checkpoint.
    void start(std::vector<sequencer::SealedPtr> unsaved);
    void stop();

    [[nodiscard]] std::optional<ReplicaFailure> failure() const;
    [[nodiscard]] const ReplicaStatus& status() const { return status_; }

  private:
    enum class Progress : uint8_t { taken, nothing, gap };
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
    [[nodiscard]] Step<void> check_position(Leader& leader, const Delivery& delivery);
    [[nodiscard]] Step<Progress> take(Leader& leader, const Bytes& encoded);
    [[nodiscard]] Step<bool> validate(Leader& leader, const feed::Record& record, const Bytes& raw);
    void keep(const Bytes& encoded, const Applied& applied);
    void publish(const Applied& applied);
    void learn_sequencer();
    void checkpoint();
    [[nodiscard]] Interruption accuse(
        const Leader& leader, const Refusal& refusal, const Bytes& refused
    );
    [[nodiscard]] Interruption fork(Leader& leader, uint64_t number, const std::string& words);
    Interruption fail(std::string words, int exit_status);
    [[nodiscard]] bool wait_ms(uint32_t ms);
    [[nodiscard]] Hash256 own_hash(uint64_t number) const;

    ReplicaOptions options_;
    Parts parts_;
    ReplicaStatus status_;
    // Touched by the thread alone.
    std::vector<sequencer::SealedPtr> unsaved_;
    std::vector<Bytes> records_;  // of the open block
    size_t records_bytes_ = 0;
    storage::WriteAheadLog::Sequence last_sequence_ = 0;
    bool knew_sequencer_ = false;
    bool said_behind_ = false;
    attestation::CodeCache codes_;

    mutable std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;                  // guarded by mutex_
    std::optional<ReplicaFailure> failure_;  // guarded by mutex_
    std::thread thread_;
};

/// Plays the log of feed records into a mirror.
class FeedReplay {
  public:
    FeedReplay(
        Mirror& mirror, sequencer::Checkpointer& checkpointer, const storage::Checkpoint& checkpoint
    )
        : mirror_(&mirror), checkpointer_(&checkpointer), checkpoint_(checkpoint) {}

    /// False (see `failure`) when the record does not fit.
    [[nodiscard]] bool accept(storage::WriteAheadLog::Sequence sequence, BytesView payload);
    [[nodiscard]] const std::string& failure() const { return failure_; }
    [[nodiscard]] std::vector<sequencer::SealedPtr> take_unsaved() { return std::move(unsaved_); }
    [[nodiscard]] uint64_t replayed_transactions() const { return replayed_transactions_; }

  private:
    Mirror* mirror_;
    sequencer::Checkpointer* checkpointer_;
    storage::Checkpoint checkpoint_;
    std::string failure_;
    std::vector<sequencer::SealedPtr> unsaved_;
    uint64_t replayed_transactions_ = 0;
};

/// Whom the database says to follow, if it was ever learned.
[[nodiscard]] Result<std::optional<Address>> known_sequencer(const storage::Database& database);

}  // namespace mega::replica
