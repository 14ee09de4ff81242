#include "rpc/json_writer.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"
#include "rpc/submit.hpp"
#include "rpc/timer.hpp"

#include <algorithm>
#include <atomic>

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::SubmitMode;
using sequencer::SubmitOutcome;

Result<mempool::TxPtr, RpcError> read_submission(const Backend& backend, const json& params) {
    auto envelope = read_data(param(params, 0), "0");
    if (!envelope) {
        return Err{envelope.error()};
    }
    return decode_submission(backend, *envelope);
}

void send_raw(const Backend& backend, const json& params, const Reply& reply) {
    auto tx = read_submission(backend, params);
    if (!tx) {
        reply(Err{tx.error()});
        return;
    }
    const Hash256 hash = (*tx)->hash;
    backend.intake.submit(
        std::move(*tx),
        SubmitMode::accepted,
        [hash, reply](const SubmitOutcome& outcome) { reply(hash_answer(hash, outcome)); }
    );
}

/// EIP-7966: milliseconds as a number or in hex; what cannot be read means the default.
uint32_t read_timeout(const json& value, const MethodLimits& limits) {
    const auto timeout_ms = read_u64(value, "timeout");
    if (!timeout_ms || *timeout_ms == 0) {
        return limits.default_sync_timeout_ms;
    }
    return static_cast<uint32_t>(std::min<uint64_t>(*timeout_ms, limits.max_sync_timeout_ms));
}

Answer sync_answer(const Hash256& hash, const SubmitOutcome& outcome) {
    switch (outcome.kind) {
        case SubmitOutcome::Kind::executed:
            return receipt_json(outcome);
        case SubmitOutcome::Kind::nonce_gap:
            return fail(
                sync_nonce_gap,
                "nonce gap: the account's next nonce is " + std::to_string(outcome.expected_nonce),
                quoted_quantity(outcome.expected_nonce)
            );
        case SubmitOutcome::Kind::pooled:
            return fail(sync_timeout, "the transaction waits in the pool", quoted_hex(hash));
        case SubmitOutcome::Kind::refused:
            break;
    }
    return fail(server_error, outcome.message);
}

/// One request that waits for its receipt: answered by the sequencer or by the timer, whichever
/// comes first. The sequencer may keep it long after: nothing but the answer reaches back from
/// here.
class SyncWaiter {
  public:
    SyncWaiter(Reply reply, std::atomic<size_t>& waiting)
        : reply_(std::move(reply)), waiting_(&waiting) {
        ++*waiting_;
    }
    SyncWaiter(const SyncWaiter&) = delete;
    SyncWaiter& operator=(const SyncWaiter&) = delete;

    template <class MakeAnswer>
    void answer(const MakeAnswer& make_answer) {
        if (is_answered_.exchange(true)) {
            return;
        }
        --*waiting_;
        const Reply reply = std::move(reply_);
        reply(make_answer());
    }

  private:
    Reply reply_;
    std::atomic<bool> is_answered_{false};
    std::atomic<size_t>* waiting_;
};

/// The methods of EIP-7966; `expired` are the words of a timeout.
class SyncSender {
  public:
    SyncSender(const Backend& backend, std::string expired)
        : backend_(&backend), expired_(std::move(expired)) {}

    void send(const json& params, const Reply& reply) {
        auto tx = read_submission(*backend_, params);
        if (!tx) {
            reply(Err{tx.error()});
            return;
        }
        const Hash256 hash = (*tx)->hash;
        if (const auto failure = backend_->intake.failure()) {
            reply(fail(sync_not_ready, "the node is not ready: " + *failure, quoted_hex(hash)));
            return;
        }
        if (waiting_ >= backend_->limits.max_sync_waiters) {
            reply(fail(limit_exceeded, "the node is busy: too many requests wait, try again"));
            return;
        }
        const auto waiter = std::make_shared<SyncWaiter>(reply, waiting_);
        const uint32_t timeout_ms = read_timeout(param(params, 1), backend_->limits);
        const Timer::Key key = backend_->timer.after(timeout_ms, [this, waiter, hash] {
            waiter->answer([&] { return Answer(fail(sync_timeout, expired_, quoted_hex(hash))); });
        });
        backend_->intake.submit(
            std::move(*tx),
            SubmitMode::executed,
            [this, waiter, hash, key](const SubmitOutcome& outcome) {
                backend_->timer.cancel(key);
                waiter->answer([&] { return sync_answer(hash, outcome); });
            }
        );
    }

  private:
    const Backend* backend_;
    std::string expired_;
    std::atomic<size_t> waiting_{0};
};

}  // namespace

void add_send_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add_deferred(
        "eth_sendRawTransaction",
        [&](const Caller&, const json& params, const Reply& reply) {
            send_raw(backend, params, reply);
        }
    );
    const auto add_sync = [&](const char* name, const char* expired) {
        const auto sender = std::make_shared<SyncSender>(backend, expired);
        dispatcher.add_deferred(
            name,
            [sender](const Caller&, const json& params, const Reply& reply) {
                sender->send(params, reply);
            }
        );
    };
    add_sync(
        "eth_sendRawTransactionSync",
        "the transaction was added to the pool but was not executed within the timeout"
    );
    add_sync("realtime_sendRawTransaction", "realtime transaction expired");
}

}  // namespace mega::rpc
