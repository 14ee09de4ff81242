#pragma once

// Follows a chain from a trusted block: fetches each sealed block with its witness, verifies it,
// attests to it, and keeps nothing of it but the header. Connects anew when the endpoint is lost,
// to the next one where there are several. When the chain goes another way it goes back to the last
// header that is still in it, verifies what comes now, and attests to no number twice.
//
//   trusted header ──> next block + witness ──> check ──> attestation
//         ^                                       │ │
//         └──────── its header is trusted now ────┘ └──> finding: evidence file, the end

#include "attestation/evidence.hpp"
#include "jsonrpc/endpoint.hpp"
#include "validator/anchor.hpp"
#include "validator/attest_fault.hpp"
#include "validator/attested.hpp"
#include "validator/status.hpp"

#include <atomic>
#include <chrono>

namespace mega::validator {

/// Which block is believed without proof. None of them: the one before the last sealed block, or
/// the genesis, as the endpoint gives it.
struct Trust {
    std::optional<Hash256> block_hash;
    std::optional<Hash256> state_root;     // of one of the last 256 sealed blocks
    std::optional<uint64_t> block_number;  // as the endpoint gives it
    std::string reason = "because you do";
    /// The chain must come to it, and nothing is attested before it does. Blocks up to it that were
    /// there at the start, and for which there are no witnesses any more, are linked by hash alone.
    std::optional<Anchor> anchor;
};

struct FollowOptions {
    jsonrpc::EndpointOptions endpoint;  // its URL is one of these:
    std::vector<std::string> urls;
    Trust trust;
    /// A chain id of 0 is asked for.
    stateless::MegaRules rules;
    /// Verifies the blocks whose number is `shard_index` modulo `shard_count`, and believes the
    /// headers of the others as far as their hashes link them.
    uint64_t shard_index = 0;
    uint64_t shard_count = 1;
    uint64_t max_blocks = 0;     // to take, then the end; 0: no end
    uint32_t retry_ms = 60'000;  // how long an endpoint may give nothing good
    size_t code_cache_bytes = 8u << 20;
    std::string evidence_directory = ".";
    bool as_json = false;
    bool is_silent = false;              // sends neither attestations nor reports
    std::vector<std::string> report_to;  // URLs of others that learn of a mismatch
    AttestFault* fault = nullptr;        // of test programs alone
};

enum ExitStatus : int { exit_done = 0, exit_failed = 1, exit_usage = 2, exit_mismatch = 3 };

class Follower {
  public:
    struct Parts {
        const Signer& signer;
        Attested& attested;
        Status& status;
        const std::atomic<bool>& stop;
    };
    Follower(FollowOptions options, const Parts& parts);

    /// Until it is told to stop, is done, finds a mismatch, or gives the endpoint up; writes its
    /// own words. An ExitStatus.
    int run();

  private:
    enum class Reason : uint8_t { lost, refused, still, fatal, mismatch };
    struct Interruption {
        Reason reason;
        std::string words;
    };
    using Step = Result<void, Interruption>;
    using Clock = std::chrono::steady_clock;

    [[nodiscard]] Step follow();
    [[nodiscard]] Step greet(jsonrpc::Endpoint& endpoint);
    [[nodiscard]] jsonrpc::Asked<BlockHeader> header_of(
        jsonrpc::Endpoint& endpoint, const nlohmann::json& which
    );
    [[nodiscard]] Result<BlockHeader, Interruption> choose_start(jsonrpc::Endpoint& endpoint);
    [[nodiscard]] Result<BlockHeader, Interruption> find_root(
        jsonrpc::Endpoint& endpoint, const Hash256& state_root
    );
    [[nodiscard]] Step catch_up(jsonrpc::Endpoint& endpoint, const BlockHeader& head);
    [[nodiscard]] Step take_next(jsonrpc::Endpoint& endpoint);
    [[nodiscard]] Step verify_next(jsonrpc::Endpoint& endpoint);
    /// Before a block is taken: whether the chain may still be the one on L1.
    [[nodiscard]] Step check_anchor(uint64_t number, const Hash256& hash);
    /// To the last header that the endpoint has as well.
    [[nodiscard]] Step go_back(jsonrpc::Endpoint& endpoint);
    /// The endpoint has another block of `number`, or another parent of it, by now.
    [[nodiscard]] Result<bool, Interruption> has_left(
        jsonrpc::Endpoint& endpoint, uint64_t number, const Hash256& hash
    );
    [[nodiscard]] Step accept(const attestation::Verified& verified, Clock::duration time);
    /// Nothing when the number has been attested already, or the anchor is still ahead.
    [[nodiscard]] Result<std::optional<attestation::Attestation>, Interruption> attest(
        const attestation::Statement& statement
    );
    void keep_for_sending(const attestation::Attestation& attestation);
    /// Sends what the endpoint has not been told yet.
    [[nodiscard]] Step send_attestations(jsonrpc::Endpoint& endpoint);
    // mismatches.cpp
    [[nodiscard]] Interruption accuse(const attestation::Evidence& evidence);
    void report(const attestation::Evidence& evidence) const;
    /// One endpoint: a signed word, which travels far, and the evidence.
    void report_to(const std::string& url, const std::string& notice, const std::string& evidence)
        const;
    /// What others say of blocks that do not validate: told to the operator, no more.
    [[nodiscard]] Step hear_others(jsonrpc::Endpoint& endpoint);
    void tell(const attestation::MismatchNotice& notice);
    // follower.cpp
    /// Waits before the next connection; false when it is time to give up.
    [[nodiscard]] bool may_try_again(const Interruption& why);
    void say(const std::string& words) const;
    void advance_to(const BlockHeader& header, const Hash256& hash);
    [[nodiscard]] bool is_done() const {
        return stop_ || (options_.max_blocks != 0 && taken_ >= options_.max_blocks);
    }

    FollowOptions options_;
    const Signer* signer_;
    Attested* attested_;
    Status* status_;
    const std::atomic<bool>& stop_;
    attestation::CodeCache codes_;
    std::deque<attestation::Attestation> unsent_;  // the newest Status::max_attestations
    bool refusal_is_told_ = false;                 // that the endpoint takes no attestations
    bool restraint_is_told_ = false;               // that a number has been attested before
    std::string origin_;                           // of the endpoint
    std::optional<BlockHeader> last_;
    std::optional<Anchor> anchor_;  // as long as it is ahead
    std::deque<BlockHeader> kept_;  // the newest headers that were taken, up to last_
    uint64_t oldest_witness_ = 0;   // blocks before it have none, and are linked alone
    uint64_t first_head_ = 0;       // of the endpoint, when it was first asked
    bool linking_is_told_ = false;
    uint64_t heard_ = 0;                            // of the endpoint's list of notices
    bool endpoint_is_mute_ = false;                 // it has no such list
    std::deque<attestation::MismatchNotice> told_;  // the newest ones
    int doubts_ = 0;   // contradictions taken for another branch, since the last good block
    size_t turn_ = 0;  // of the URLs
    uint64_t taken_ = 0;
    bool was_at_tip_ = false;
    Clock::time_point started_ = Clock::now();
    Clock::time_point last_good_ = Clock::now();
    uint32_t pause_ms_;
};

}  // namespace mega::validator
