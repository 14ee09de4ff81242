#include "parallel/transfer_shard.hpp"

namespace mega::parallel {

namespace {

[[nodiscard]] bool debit(std::optional<Account>& sender, const Movement& movement) {
    if (!sender || !execution::can_make_transfer(*sender, movement.nonce, movement.needed)) {
        return false;
    }
    movement.change->before = sender;
    sender->nonce += 1;
    sender->balance -= movement.amount;
    movement.change->after = sender;
    return true;
}

[[nodiscard]] bool credit(std::optional<Account>& recipient, const Movement& movement) {
    if (recipient && recipient->has_code()) {
        return false;  // it is called
    }
    if (movement.change == nullptr) {
        // An empty one would be swept (EIP-161).
        return !recipient || (!recipient->is_empty() && recipient->balance < state::high_balance);
    }
    movement.change->before = recipient;
    if (!recipient) {
        recipient.emplace();
    }
    const bool fits = execution::credit(*recipient, movement.amount);
    movement.change->after = recipient;
    return fits;
}

}  // namespace

void TransferShard::approach(std::span<const Movement* const> movements) const {
    for (const Movement* movement : movements) {
        table_.expect(movement->hash);
    }
    for (const Movement* movement : movements) {
        const uint32_t index = table_.likely_index(movement->hash);
        if (index != state::IndexTable::none) {
            __builtin_prefetch(&holdings_[index]);
        }
    }
}

void TransferShard::meet(std::span<const Movement* const> movements) {
    approach(movements);
    met_.clear();
    const size_t known = holdings_.size();
    for (const Movement* movement : movements) {
        uint32_t index = table_.find(movement->hash, [&](uint32_t i) {
            return holdings_[i].address == movement->address;
        });
        const bool is_first = index == state::IndexTable::none;
        if (is_first) {
            index = static_cast<uint32_t>(holdings_.size());
            table_.insert(movement->hash, index);
            holdings_.push_back({movement->address, std::nullopt});
        }
        met_.push_back({index, is_first});
    }
    load_from(known);
}

void TransferShard::load_from(size_t first_holding) {
    const size_t count = holdings_.size() - first_holding;
    asked_.resize(count);
    found_.resize(count);
    for (size_t i = 0; i < count; ++i) {
        asked_[i] = holdings_[first_holding + i].address;
    }
    view_->load_accounts(asked_, found_);
    for (size_t i = 0; i < count; ++i) {
        holdings_[first_holding + i].account = found_[i];
    }
}

bool TransferShard::settle(const Movement& movement, size_t index) {
    std::optional<Account>& account = holdings_[met_[index].holding].account;
    return movement.is_credit ? credit(account, movement) : debit(account, movement);
}

}  // namespace mega::parallel
