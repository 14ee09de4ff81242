#pragma once

// Gets transactions of one key into L1, one after the other. Which nonce is next is L1's word, so
// nothing is kept between runs: after a restart the next transaction takes the place of one that
// still waits in the pool, by outbidding it. What waits too long is replaced with higher fees (by
// an eighth; twofold for blobs, which is what pools demand). What a reorganisation dropped is sent
// again.
//
// Another process may have the same key. Of two transactions with one nonce L1 takes one, so a
// caller that names the nonce under which its transaction makes sense has nothing to pay for when
// it was not the first.
//
// What it cannot do: have two transactions under way at once, or know whether its transaction still
// makes sense. Callers read L1 again after every failure.
//
// One thread.

#include "settlement/blob.hpp"
#include "settlement/l1_client.hpp"
#include "settlement/stop_signal.hpp"

#include <atomic>
#include <functional>

namespace mega::settlement {

struct TxManagerOptions {
    uint64_t confirmations = 1;  // 1: in the newest block
    uint32_t poll_ms = 250;
    /// So many L1 blocks without it, and it is replaced; one more without what comes before it, and
    /// it is given up.
    uint64_t blocks_before_bump = 3;
    u256 max_fee_per_gas = 500'000'000'000ULL;       // 500 gwei
    u256 max_fee_per_blob_gas = 200'000'000'000ULL;  // 200 gwei
    uint64_t gas_limit_cap = 16'777'216;             // EIP-7825
    /// An L1 that is away so long makes the sending fail.
    uint64_t patience_ms = 600'000;
    /// Milliseconds that only grow; the system's steady clock when empty.
    std::function<uint64_t()> now_ms{};
};

struct TxRequest {
    std::optional<Address> to;  // none creates a contract
    Bytes data;
    u256 value{};
    uint64_t gas_limit = 0;  // 0: estimated, and a quarter more
    SidecarPtr sidecar;      // of a blob transaction; needs gas_limit
    /// The one nonce that it may have; none: L1's next.
    std::optional<uint64_t> nonce{};
    /// What waits in the pool under its nonce and was not sent here stays: it is not outbid.
    bool yields = false;
};

/// Why a transaction did not get in.
struct TxFailure {
    enum class Kind : uint8_t {
        reverts,      // an estimate said so; nothing was sent
        nonce_taken,  // another transaction of this key came first, or is about to
        taken_back,   // L1 took back one of this key that came before it: it has no place now
        too_dear,     // fees beyond the maximum
        not_taken,    // the node would not take it into its pool, in its first form
        refused,      // the node would not answer, or take a later form
        lost,         // L1 was away for too long
        stopped,
    };
    Kind kind = Kind::refused;
    std::string message;
};

/// For metrics; any thread reads.
struct TxCounters {
    std::atomic<uint64_t> sent{0};
    std::atomic<uint64_t> replaced{0};
    std::atomic<uint64_t> included{0};
    std::atomic<uint64_t> gas_used{0};
    std::atomic<uint64_t> blob_gas_used{0};
};

class TxManager {
  public:
    TxManager(
        L1Client& client,
        const crypto::SecretKey& key,
        uint64_t chain_id,
        const TxManagerOptions& options,
        const StopSignal& stop
    );

    /// Returns when it is in a block under `confirmations` blocks, whatever its status there.
    [[nodiscard]] Result<L1Receipt, TxFailure> send(const TxRequest& request);

    [[nodiscard]] const Address& address() const { return address_; }
    [[nodiscard]] const TxCounters& counters() const { return counters_; }

  private:
    struct Fees {
        u256 max_fee;
        u256 priority_fee;
        u256 blob_fee;
    };
    /// One nonce's transaction with all the forms in which it was sent.
    struct Attempt {
        const TxRequest* request = nullptr;
        uint64_t nonce = 0;
        uint64_t gas_limit = 0;
        Fees fees;
        Bytes raw;  // the newest form
        std::vector<Hash256> hashes;
        uint64_t sent_at_block = 0;
        /// L1's head when it began to count fewer than `nonce`; none while it does not.
        std::optional<uint64_t> gap_since_block;
    };

    [[nodiscard]] Result<uint64_t, TxFailure> gas_limit_for(const TxRequest& request);
    [[nodiscard]] Result<Fees, TxFailure> market_fees();
    [[nodiscard]] Result<void, TxFailure> sign_and_send(Attempt& attempt);
    [[nodiscard]] Result<void, TxFailure> hand_over(Attempt& attempt);
    [[nodiscard]] Result<void, TxFailure> raise(Attempt& attempt);
    /// Any of its forms is in the pool or in a block.
    [[nodiscard]] Result<bool, TxFailure> is_known(const Attempt& attempt);
    /// Fails when it yields and what holds its place in the pool is none of its forms.
    [[nodiscard]] Result<void, TxFailure> check_place(const Attempt& attempt);
    [[nodiscard]] Result<std::optional<L1Receipt>, TxFailure> find(const Attempt& attempt);
    [[nodiscard]] Result<bool, TxFailure> is_settled(const L1Receipt& receipt);
    [[nodiscard]] Result<void, TxFailure> urge(Attempt& attempt);

    /// Asks until L1 answers, `patience_ms` long.
    template <class Ask>
    auto persistently(Ask ask) -> Result<typename std::invoke_result_t<Ask>::value_type, TxFailure>;

    L1Client* client_;
    crypto::SecretKey key_;
    Address address_;
    uint64_t chain_id_;
    TxManagerOptions options_;
    const StopSignal* stop_;
    TxCounters counters_;
};

/// A call of a contract that has to succeed: its receipt, or `what` and why not. `sender` is null
/// where no key was given.
[[nodiscard]] Result<L1Receipt> send_call(
    TxManager* sender,
    const std::string& what,
    const Address& to,
    Bytes data,
    const u256& value = {}
);

}  // namespace mega::settlement
