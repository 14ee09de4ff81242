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

std::optional<Account>& TransferShard::account_of(
    uint64_t hash, const Address& address, bool& is_first
) {
    const uint32_t index =
        table_.find(hash, [&](uint32_t i) { return holdings_[i].address == address; });
    is_first = index == state::IndexTable::none;
    if (!is_first) {
        return holdings_[index].account;
    }
    table_.insert(hash, static_cast<uint32_t>(holdings_.size()));
    return holdings_.emplace_back(address, view_->account(address)).account;
}

bool TransferShard::settle(const Movement& movement, bool& is_first) {
    std::optional<Account>& account = account_of(movement.hash, movement.address, is_first);
    return movement.is_credit ? credit(account, movement) : debit(account, movement);
}

}  // namespace mega::parallel
