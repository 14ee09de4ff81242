#pragma once

// What validators say of blocks that do not validate, signed (attestation/mismatch_notice.hpp):
// mega_sendMismatchNotice, mega_getMismatchNotices. Kept, shown, and told to whoever follows this
// node, so that everybody hears of it; nobody stops for a word. The evidence goes to
// mega_reportMismatch (mismatch_reports.hpp), which checks it.
//
// Where a committee is in charge of the block, its members' word counts alone; where there is none,
// anybody's, at the pace of a bucket of tokens. All that is checked before the signature is looked
// at, which takes a millisecond. The newest are kept, a few of each key. What has been taken before
// costs nothing and goes no further as long as it could be taken at all, kept or not, and a key has
// only so many to say meanwhile: so what is passed on never goes round.

#include "attestation/committee.hpp"
#include "attestation/mismatch_notice.hpp"
#include "rpc/dispatcher.hpp"
#include "sequencer/chain_reader.hpp"

#include <atomic>
#include <chrono>
#include <deque>
#include <mutex>

namespace mega::rpc {

/// As mega_getMismatchNotices shows it, without its place in that list.
[[nodiscard]] std::string to_json(const attestation::MismatchNotice& notice);

class MismatchNotices {
  public:
    struct Options {
        uint64_t chain_id = 0;
        /// Null: everybody's word is as good.
        const attestation::CommitteeBoard* committees = nullptr;
        size_t max_kept = 32;
        size_t max_of_one_key = 4;
        /// Taken of one key, and of all, while their blocks are within max_distance.
        size_t max_taken_of_one_key = 16;
        size_t max_taken = 4096;
        /// How far from the last sealed block a notice may be: validators and followers are a
        /// little ahead or behind.
        uint64_t max_distance = 256;
        uint32_t burst = 16;         // of strangers, at once
        uint32_t refill_ms = 1'000;  // for one more
        /// Told of each that is taken, not of what was known; on the thread that brought it.
        std::function<void(const attestation::MismatchNotice&)> on_taken;
        std::function<std::chrono::milliseconds()> now;  // any steady clock, for tests
    };
    /// `reader` must outlive this.
    MismatchNotices(const sequencer::ChainReader& reader, Options options);

    // Any thread.
    [[nodiscard]] Answer send(const nlohmann::json& params);
    [[nodiscard]] Answer list(const nlohmann::json& params) const;
    /// False when it was known; an error says why it is refused.
    [[nodiscard]] Result<bool, RpcError> take(BytesView encoded);
    /// How many keys have named this very block.
    [[nodiscard]] size_t count(uint64_t block_number, const Hash256& block_hash) const;

    struct Counters {
        std::atomic<uint64_t> taken{0};
        std::atomic<uint64_t> refused{0};
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    struct Kept {
        uint64_t sequence = 0;
        uint64_t received_at = 0;  // seconds
        attestation::MismatchNotice notice;
    };

    struct Taken {
        uint64_t block_number = 0;
        Hash256 block_hash;
        crypto::bls::PublicKey key;
        Hash256 digest;  // of all of it

        [[nodiscard]] bool is_of(const attestation::MismatchNotice& notice) const {
            return key == notice.key && block_number == notice.block_number &&
                   block_hash == notice.block_hash;
        }
    };

    [[nodiscard]] Result<bool, RpcError> judge(BytesView encoded);
    void forget_taken(uint64_t sealed);
    /// Nothing when it may be verified: it is of this chain and near, and its key counts.
    [[nodiscard]] std::optional<RpcError> objection_to(const attestation::MismatchNotice& given);
    [[nodiscard]] std::optional<RpcError> objection_to_number(
        const attestation::MismatchNotice& given
    );
    [[nodiscard]] bool take_token();
    [[nodiscard]] bool is_known(const attestation::MismatchNotice& given) const;
    /// False when another thread was first.
    [[nodiscard]] bool keep(const attestation::MismatchNotice& given);

    const sequencer::ChainReader* reader_;
    Options options_;
    Counters counters_;
    mutable std::mutex mutex_;
    std::deque<Kept> kept_;    // guarded by mutex_, as all below; the newest last
    std::deque<Taken> taken_;  // whose blocks are near
    uint64_t last_sequence_ = 0;
    uint32_t tokens_;
    std::chrono::milliseconds refilled_at_;
};

/// `notices` must outlive the dispatcher.
void add_mismatch_notice_methods(Dispatcher& dispatcher, MismatchNotices& notices);

}  // namespace mega::rpc
