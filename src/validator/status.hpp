#pragma once

// What a validator has done so far, for its status server and its last words. Written by the
// following thread, read by any.

#include "validator/signer.hpp"

#include <deque>
#include <mutex>
#include <vector>

namespace mega::validator {

struct Progress {
    std::string state = "connecting";  // connecting, following, stopped
    std::string endpoint;
    uint64_t chain_id = 0;
    uint64_t first_number = 0;  // the trusted block
    uint64_t number = 0;        // the last block that was taken
    Hash256 hash;
    Hash256 state_root;
    uint64_t head_number = 0;  // as the endpoint says
    uint64_t verified = 0;     // blocks
    uint64_t left_to_others = 0;
    uint64_t attestations_sent = 0;  // taken by the endpoint
    uint64_t transactions = 0;
    uint64_t gas = 0;
    uint64_t headers_received = 0;  // alone, without their blocks
    uint64_t block_bytes = 0;       // of verified blocks, as is witness_bytes
    uint64_t witness_bytes = 0;
    uint64_t validation_us = 0;
    uint64_t connections = 0;
    uint64_t reorganisations = 0;
    uint64_t notices_heard = 0;  // of others: that a block does not validate
    size_t code_cache_bytes = 0;
};

class Status {
  public:
    /// The last so many attestations are kept.
    static constexpr size_t max_attestations = 256;

    template <class Change>
    void update(Change&& change) {
        const std::lock_guard lock(mutex_);
        change(progress_);
    }
    void attested(const attestation::Attestation& attestation);

    [[nodiscard]] Progress progress() const;
    [[nodiscard]] std::vector<attestation::Attestation> attestations() const;  // oldest first

  private:
    mutable std::mutex mutex_;
    Progress progress_;                                  // guarded by mutex_
    std::deque<attestation::Attestation> attestations_;  // guarded by mutex_
};

/// Of this process, from /proc; 0 where there is none.
[[nodiscard]] uint64_t resident_bytes();
[[nodiscard]] std::string status_json(const Status& status, const Signer& signer);
[[nodiscard]] std::string metrics_text(const Status& status);

}  // namespace mega::validator
