#pragma once

// The transaction pool: what has been accepted and not yet executed.
//
// Per sender a queue by nonce; the part that continues the account's nonce without a gap is
// *pending*, the rest *queued* (txpool_* uses the same words). Ready transactions are handed out by
// tip, then arrival, nonces in order. Bounded in count per sender and in bytes in total: when full,
// the cheapest transaction makes room for a dearer one. Time is an argument. Not thread-safe: the
// sequencer owns it.

#include "base/result.hpp"
#include "execution/errors.hpp"
#include "types/account.hpp"
#include "types/transaction.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

namespace mega::mempool {

/// Shared between pool, executor and RPC answers: a transaction is decoded once.
using TxPtr = std::shared_ptr<const SignedTransaction>;

struct PoolLimits {
    size_t max_per_sender = 4096;
    size_t max_transactions = 200'000;
    size_t max_bytes = 256u << 20;
    size_t max_transaction_bytes = 128u << 10;  // geth's limit for one transaction
    uint32_t price_bump_percent = 10;
    uint64_t lifetime_ms = 3 * 3600 * 1000ULL;
    u256 min_tip = 0;
};

enum class PoolErrorCode : uint8_t {
    already_known,
    nonce_too_low,
    replacement_underpriced,
    underpriced,
    pool_full,
    sender_limit,
    insufficient_funds,
    fee_cap_too_low,
    gas_limit,
    oversized,
};

struct PoolError {
    PoolErrorCode code;
    std::string message;  // geth's text
};

struct Entry {
    TxPtr tx;
    uint64_t arrival = 0;  // sequence number, ties of equal tips
    uint64_t arrived_ms = 0;
};

struct AddOutcome {
    /// True when the sender's nonces continue up to this transaction: it can execute now.
    bool is_pending = false;
    TxPtr replaced;
    std::vector<TxPtr> evicted;
};

struct PoolStatus {
    size_t pending = 0;
    size_t queued = 0;
    size_t bytes = 0;
};

class Pool {
  public:
    explicit Pool(const PoolLimits& limits) : limits_(limits) {}

    /// `account` is the sender's present state, `base_fee` that of the block being built.
    [[nodiscard]] Result<AddOutcome, PoolError> add(
        TxPtr tx, const Account& account, const u256& base_fee, uint64_t now_ms
    );

    /// Up to `max_count` executable transactions whose gas limits fit in `gas_left`, best tip
    /// first, each sender's in nonce order. They leave the pool. A transaction whose fee cap is
    /// below the base fee, or whose tip is below `min_tip`, blocks its sender only.
    [[nodiscard]] std::vector<TxPtr> take_ready(
        size_t max_count, uint64_t gas_left, const u256& base_fee, const u256& min_tip = 0
    );

    /// The sender's account has moved on: drops what is below `nonce` and re-judges what is
    /// pending.
    void account_changed(const Address& sender, uint64_t nonce);
    /// Takes one out by hash (executed elsewhere, or cancelled by an operator).
    TxPtr remove(const Hash256& hash);
    /// Drops what has waited longer than the lifetime; returns it.
    std::vector<TxPtr> expire(uint64_t now_ms);
    void clear();

    [[nodiscard]] TxPtr find(const Hash256& hash) const;
    /// The nonce after the last pending transaction of `sender`, when it has any.
    [[nodiscard]] std::optional<uint64_t> next_nonce(const Address& sender) const;
    [[nodiscard]] PoolStatus status() const;
    /// In order of sender and nonce; the flag tells pending from queued.
    void visit(const std::function<void(const Entry&, bool is_pending)>& visitor) const;

  private:
    struct Sender {
        uint64_t state_nonce = 0;
        std::map<uint64_t, Entry> by_nonce;
        /// First nonce that is not pending.
        [[nodiscard]] uint64_t pending_end() const;
    };
    /// Ready heads and eviction candidates, ordered by price.
    struct PriceKey {
        u256 price;
        uint64_t arrival = 0;
        Hash256 hash;
        friend auto operator<=>(const PriceKey&, const PriceKey&) = default;
    };

    [[nodiscard]] Result<void, PoolError> check(const SignedTransaction& tx, const Account& account)
        const;
    [[nodiscard]] Result<TxPtr, PoolError> check_replacement(
        const Sender& sender, const SignedTransaction& tx
    ) const;
    [[nodiscard]] Result<std::vector<TxPtr>, PoolError> make_room(const SignedTransaction& tx);
    void insert(Sender& sender, Entry entry);
    Entry erase(const Address& address, uint64_t nonce);
    [[nodiscard]] static PriceKey price_key(const Entry& entry);

    PoolLimits limits_;
    uint64_t next_arrival_ = 1;
    size_t bytes_ = 0;
    std::unordered_map<Address, Sender> senders_;
    std::unordered_map<Hash256, std::pair<Address, uint64_t>> by_hash_;
    std::set<PriceKey> by_price_;  // cheapest first
    std::set<std::pair<uint64_t, Hash256>> by_age_;
    std::set<Address> maybe_ready_;  // senders whose first transaction continues their state nonce
};

}  // namespace mega::mempool
