#include "rpc/nonce_waiters.hpp"

#include "rpc/call_setup.hpp"
#include "rpc/methods.hpp"

#include <algorithm>

namespace mega::rpc {
namespace {

using nlohmann::json;

constexpr uint32_t default_timeout_ms = 3000;
constexpr uint32_t max_timeout_ms = 60'000;

struct Condition {
    Address account;
    uint64_t nonce = 0;
    uint32_t timeout_ms = default_timeout_ms;
};

Read<Condition> read_condition(const json& value) {
    if (!value.is_object()) {
        return fail(invalid_params, "invalid argument 1: missing or not an object");
    }
    auto account = read_address(value.value("account", json()), "account");
    if (!account) {
        return Err{account.error()};
    }
    auto nonce = read_u64(value.value("nonce", json()), "nonce");
    if (!nonce) {
        return Err{nonce.error()};
    }
    Condition condition{.account = *account, .nonce = *nonce};
    const json timeout = value.value("timeout", json());
    if (!timeout.is_null()) {
        auto timeout_ms = read_u64(timeout, "timeout");
        if (!timeout_ms) {
            return Err{timeout_ms.error()};
        }
        if (*timeout_ms > max_timeout_ms) {
            return fail(
                invalid_params,
                "invalid argument timeout: at most " + std::to_string(max_timeout_ms) + " ms"
            );
        }
        condition.timeout_ms = static_cast<uint32_t>(*timeout_ms);
    }
    return condition;
}

}  // namespace

void NonceWaiters::on_executed(
    const sequencer::OpenBlock&, std::span<const sequencer::ExecutedPtr> executed
) {
    if (count() == 0) {
        return;
    }
    for (const auto& tx : executed) {
        nonce_reached(tx->tx->sender, tx->tx->tx.nonce + 1);
    }
}

void NonceWaiters::on_mini_block(const sequencer::MiniBlockPtr& mini_block) {
    if (mini_block->diff == nullptr || count() == 0) {
        return;
    }
    for (const auto& change : mini_block->diff->accounts) {
        if (change.after) {
            nonce_reached(change.address, change.after->nonce);
        }
    }
}

void NonceWaiters::wait(
    const Address& address,
    uint64_t nonce,
    uint32_t timeout_ms,
    std::function<void(bool is_reached)> done
) {
    std::unique_lock lock(mutex_);
    if (waiters_.size() >= backend_->limits.max_sync_waiters) {
        lock.unlock();
        done(false);
        return;
    }
    const uint64_t id = next_id_++;
    const auto deadline =
        backend_->timer.after(timeout_ms, [this, address, id] { expire(address, id); });
    waiters_.emplace(address, Waiter{id, nonce, deadline, std::move(done)});
    lock.unlock();
    // Registered first, looked at after: what happens in between is noticed one way or the other.
    nonce_reached(
        address, backend_->reader.latest_state()->account(address).value_or(Account{}).nonce
    );
}

size_t NonceWaiters::count() const {
    const std::lock_guard lock(mutex_);
    return waiters_.size();
}

std::vector<NonceWaiters::Waiter> NonceWaiters::take_reached(
    const Address& address, uint64_t nonce
) {
    std::vector<Waiter> reached;
    const std::lock_guard lock(mutex_);
    auto [at, end] = waiters_.equal_range(address);
    while (at != end) {
        if (at->second.nonce <= nonce) {
            reached.push_back(std::move(at->second));
            at = waiters_.erase(at);
        } else {
            ++at;
        }
    }
    return reached;
}

void NonceWaiters::nonce_reached(const Address& address, uint64_t nonce) {
    for (const Waiter& waiter : take_reached(address, nonce)) {
        backend_->timer.cancel(waiter.deadline);
        if (!workers_->try_post([done = waiter.done] { done(true); })) {
            waiter.done(false);
        }
    }
}

void NonceWaiters::expire(const Address& address, uint64_t id) {
    std::function<void(bool)> done;
    {
        const std::lock_guard lock(mutex_);
        auto [at, end] = waiters_.equal_range(address);
        at = std::find_if(at, end, [&](const auto& entry) { return entry.second.id == id; });
        if (at == end) {
            return;
        }
        done = std::move(at->second.done);
        waiters_.erase(at);
    }
    done(false);
}

void add_wait_methods(Dispatcher& dispatcher, const Backend& backend, NonceWaiters& waiters) {
    dispatcher.add_deferred(
        "eth_callAfter",
        [&](const Caller&, const json& params, const Reply& reply) {
            auto condition = read_condition(param(params, 1));
            if (!condition) {
                reply(Err{condition.error()});
                return;
            }
            const json call =
                json::array({param(params, 0), "latest", param(params, 2), param(params, 3)});
            waiters.wait(
                condition->account,
                condition->nonce,
                condition->timeout_ms,
                [&backend, call, reply, wanted = condition->nonce](bool is_reached) {
                    reply(
                        is_reached ? eth_call(backend, call)
                                   : fail(
                                         server_error,
                                         "the account did not reach nonce " +
                                             std::to_string(wanted) + " in time"
                                     )
                    );
                }
            );
        }
    );
}

}  // namespace mega::rpc
