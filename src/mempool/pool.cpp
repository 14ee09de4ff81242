#include "mempool/pool.hpp"

#include <queue>

namespace mega::mempool {
namespace {

u256 tip_at(const Transaction& tx, const u256& base_fee) {
    if (tx.max_fee_per_gas < base_fee) {
        return 0;
    }
    return effective_gas_price(tx, base_fee) - base_fee;
}

/// The whole cost of `tx` at its fee cap; nothing when it exceeds 2^256.
std::optional<u256> max_cost(const Transaction& tx) {
    if (multiply_overflows(tx.max_fee_per_gas, tx.gas_limit)) {
        return std::nullopt;
    }
    const auto total = add_with_carry(tx.max_fee_per_gas * u256{tx.gas_limit}, tx.value);
    return total.carry ? std::nullopt : std::optional{total.value};
}

/// geth: a replacement must raise both caps by the bump.
bool is_price_bumped(const u256& old_price, const u256& new_price, uint32_t percent) {
    const u256 threshold = old_price * u256{100 + percent} / u256{100};
    return new_price >= threshold && new_price > old_price;
}

PoolError error(PoolErrorCode code, std::string message) { return {code, std::move(message)}; }

}  // namespace

uint64_t Pool::Sender::pending_end() const {
    uint64_t nonce = state_nonce;
    for (auto at = by_nonce.find(nonce); at != by_nonce.end() && at->first == nonce; ++at) {
        ++nonce;
    }
    return nonce;
}

Pool::PriceKey Pool::price_key(const Entry& entry) {
    return {entry.tx->tx.max_fee_per_gas, ~entry.arrival, entry.tx->hash};
}

Result<void, PoolError> Pool::check(const SignedTransaction& tx, const Account& account) const {
    if (tx.raw.size() > limits_.max_transaction_bytes) {
        return Err{error(
            PoolErrorCode::oversized,
            "oversized data: transaction size " + std::to_string(tx.raw.size()) + ", limit " +
                std::to_string(limits_.max_transaction_bytes)
        )};
    }
    if (by_hash_.contains(tx.hash)) {
        return Err{error(PoolErrorCode::already_known, "already known")};
    }
    if (tx.tx.nonce < account.nonce) {
        return Err{error(
            PoolErrorCode::nonce_too_low,
            "nonce too low: next nonce " + std::to_string(account.nonce) + ", tx nonce " +
                std::to_string(tx.tx.nonce)
        )};
    }
    if (tx.tx.max_priority_fee_per_gas < limits_.min_tip) {
        return Err{error(
            PoolErrorCode::underpriced,
            "transaction underpriced: gas tip cap " + to_decimal(tx.tx.max_priority_fee_per_gas) +
                ", minimum needed " + to_decimal(limits_.min_tip)
        )};
    }
    const auto cost = max_cost(tx.tx);
    if (!cost || *cost > account.balance) {
        const std::string needed = cost ? to_decimal(*cost) : "more than 2^256";
        return Err{error(
            PoolErrorCode::insufficient_funds,
            "insufficient funds for gas * price + value: balance " + to_decimal(account.balance) +
                ", tx cost " + needed
        )};
    }
    return {};
}

Result<TxPtr, PoolError> Pool::check_replacement(const Sender& sender, const SignedTransaction& tx)
    const {
    const auto old = sender.by_nonce.find(tx.tx.nonce);
    if (old == sender.by_nonce.end()) {
        if (sender.by_nonce.size() >= limits_.max_per_sender) {
            return Err{error(
                PoolErrorCode::sender_limit,
                "account limit exceeded: pooled " + std::to_string(sender.by_nonce.size()) + " txs"
            )};
        }
        return TxPtr{};
    }
    const Transaction& before = old->second.tx->tx;
    const uint32_t bump = limits_.price_bump_percent;
    if (!is_price_bumped(before.max_fee_per_gas, tx.tx.max_fee_per_gas, bump) ||
        !is_price_bumped(before.max_priority_fee_per_gas, tx.tx.max_priority_fee_per_gas, bump)) {
        return Err{
            error(PoolErrorCode::replacement_underpriced, "replacement transaction underpriced")
        };
    }
    return old->second.tx;
}

Result<std::vector<TxPtr>, PoolError> Pool::make_room(const SignedTransaction& tx) {
    std::vector<TxPtr> evicted;
    while (by_hash_.size() >= limits_.max_transactions || bytes_ + tx.raw.size() > limits_.max_bytes
    ) {
        if (by_price_.empty() || by_price_.begin()->price >= tx.tx.max_fee_per_gas) {
            return Err{error(PoolErrorCode::pool_full, "txpool is full")};
        }
        const auto [address, nonce] = by_hash_.at(by_price_.begin()->hash);
        evicted.push_back(erase(address, nonce).tx);
    }
    return evicted;
}

Result<AddOutcome, PoolError> Pool::add(
    TxPtr tx, const Account& account, const u256& base_fee, uint64_t now_ms
) {
    if (auto checked = check(*tx, account); !checked) {
        return Err{checked.error()};
    }
    (void)base_fee;  // a fee cap below the base fee waits in the pool, as geth lets it
    AddOutcome outcome;
    if (const auto known = senders_.find(tx->sender); known != senders_.end()) {
        auto replaced = check_replacement(known->second, *tx);
        if (!replaced) {
            return Err{replaced.error()};
        }
        outcome.replaced = *replaced;
    }
    if (outcome.replaced) {
        erase(tx->sender, tx->tx.nonce);
    } else {
        auto evicted = make_room(*tx);
        if (!evicted) {
            return Err{evicted.error()};
        }
        outcome.evicted = std::move(*evicted);
    }
    Sender& sender = senders_[tx->sender];
    sender.state_nonce = std::max(sender.state_nonce, account.nonce);
    const uint64_t nonce = tx->tx.nonce;
    insert(sender, {std::move(tx), next_arrival_++, now_ms});
    outcome.is_pending = nonce < sender.pending_end();
    return outcome;
}

void Pool::insert(Sender& sender, Entry entry) {
    const SignedTransaction& tx = *entry.tx;
    by_hash_.emplace(tx.hash, std::pair{tx.sender, tx.tx.nonce});
    by_price_.insert(price_key(entry));
    by_age_.emplace(entry.arrived_ms, tx.hash);
    bytes_ += tx.raw.size();
    if (tx.tx.nonce == sender.state_nonce) {
        maybe_ready_.insert(tx.sender);
    }
    sender.by_nonce.emplace(tx.tx.nonce, std::move(entry));
}

Entry Pool::erase(const Address& address, uint64_t nonce) {
    const auto sender = senders_.find(address);
    MEGA_ASSERT(sender != senders_.end());
    auto node = sender->second.by_nonce.extract(nonce);
    MEGA_ASSERT(!node.empty());
    Entry entry = std::move(node.mapped());
    by_hash_.erase(entry.tx->hash);
    by_price_.erase(price_key(entry));
    by_age_.erase({entry.arrived_ms, entry.tx->hash});
    bytes_ -= entry.tx->raw.size();
    if (nonce == sender->second.state_nonce) {
        maybe_ready_.erase(address);
    }
    if (sender->second.by_nonce.empty()) {
        senders_.erase(sender);
    }
    return entry;
}

std::vector<TxPtr> Pool::take_ready(
    size_t max_count, uint64_t gas_left, const u256& base_fee, const u256& min_tip
) {
    struct Candidate {
        u256 tip;
        uint64_t arrival;
        Address sender;
        uint64_t nonce;
        // The greatest goes first: highest tip, then earliest arrival.
        bool operator<(const Candidate& other) const {
            return tip != other.tip ? tip < other.tip : arrival > other.arrival;
        }
    };
    std::priority_queue<Candidate> candidates;
    const auto offer = [&](const Address& address, uint64_t nonce) {
        const auto sender = senders_.find(address);
        if (sender == senders_.end()) {
            return;
        }
        const auto at = sender->second.by_nonce.find(nonce);
        if (at == sender->second.by_nonce.end() || at->second.tx->tx.max_fee_per_gas < base_fee) {
            return;
        }
        const u256 tip = tip_at(at->second.tx->tx, base_fee);
        if (tip >= min_tip) {
            candidates.push({tip, at->second.arrival, address, nonce});
        }
    };
    for (const Address& address : maybe_ready_) {
        offer(address, senders_.at(address).state_nonce);
    }
    std::vector<TxPtr> taken;
    while (!candidates.empty() && taken.size() < max_count) {
        const Candidate best = candidates.top();
        candidates.pop();
        const TxPtr& tx = senders_.at(best.sender).by_nonce.at(best.nonce).tx;
        if (tx->tx.gas_limit > gas_left) {
            continue;
        }
        gas_left -= tx->tx.gas_limit;
        taken.push_back(erase(best.sender, best.nonce).tx);
        if (const auto sender = senders_.find(best.sender); sender != senders_.end()) {
            sender->second.state_nonce = best.nonce + 1;
            if (sender->second.by_nonce.contains(best.nonce + 1)) {
                maybe_ready_.insert(best.sender);
                offer(best.sender, best.nonce + 1);
            }
        }
    }
    return taken;
}

void Pool::account_changed(const Address& address, uint64_t nonce) {
    while (true) {
        const auto sender = senders_.find(address);
        if (sender == senders_.end()) {
            return;
        }
        const auto first = sender->second.by_nonce.begin();
        if (first->first >= nonce) {
            sender->second.state_nonce = nonce;
            if (first->first == nonce) {
                maybe_ready_.insert(address);
            } else {
                maybe_ready_.erase(address);
            }
            return;
        }
        erase(address, first->first);
    }
}

TxPtr Pool::remove(const Hash256& hash) {
    const auto at = by_hash_.find(hash);
    if (at == by_hash_.end()) {
        return nullptr;
    }
    const auto [address, nonce] = at->second;
    return erase(address, nonce).tx;
}

std::vector<TxPtr> Pool::expire(uint64_t now_ms) {
    std::vector<TxPtr> expired;
    while (!by_age_.empty() && by_age_.begin()->first + limits_.lifetime_ms <= now_ms) {
        const Hash256 hash = by_age_.begin()->second;
        expired.push_back(remove(hash));
    }
    return expired;
}

void Pool::clear() {
    senders_.clear();
    by_hash_.clear();
    by_price_.clear();
    by_age_.clear();
    maybe_ready_.clear();
    bytes_ = 0;
}

TxPtr Pool::find(const Hash256& hash) const {
    const auto at = by_hash_.find(hash);
    if (at == by_hash_.end()) {
        return nullptr;
    }
    return senders_.at(at->second.first).by_nonce.at(at->second.second).tx;
}

std::optional<uint64_t> Pool::next_nonce(const Address& address) const {
    const auto sender = senders_.find(address);
    if (sender == senders_.end()) {
        return std::nullopt;
    }
    return sender->second.pending_end();
}

PoolStatus Pool::status() const {
    PoolStatus status{.bytes = bytes_};
    for (const auto& [address, sender] : senders_) {
        const size_t pending = sender.pending_end() - sender.state_nonce;
        status.pending += pending;
        status.queued += sender.by_nonce.size() - pending;
    }
    return status;
}

void Pool::visit(const std::function<void(const Entry&, bool is_pending)>& visitor) const {
    std::map<Address, const Sender*> ordered;
    for (const auto& [address, sender] : senders_) {
        ordered.emplace(address, &sender);
    }
    for (const auto& [address, sender] : ordered) {
        const uint64_t end = sender->pending_end();
        for (const auto& [nonce, entry] : sender->by_nonce) {
            visitor(entry, nonce < end);
        }
    }
}

}  // namespace mega::mempool
