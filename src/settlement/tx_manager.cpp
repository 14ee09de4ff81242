#include "settlement/tx_manager.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace mega::settlement {
namespace {

constexpr int looks_before_nonce_is_lost = 20;

using Kind = TxFailure::Kind;

/// Forms of one transaction: each raises fees by an eighth at least, so the maximum comes first.
constexpr size_t max_forms = 64;
constexpr uint64_t blobless_gas = 21'000;

Err<TxFailure> failed(Kind kind, std::string message) {
    return Err{TxFailure{kind, std::move(message)}};
}

bool says(const std::string& message, std::string_view words) {
    return message.find(words) != std::string::npos;
}

/// Pools demand a tenth more; an eighth, and one wei for the smallest.
u256 raised(const u256& fee, bool twofold) {
    return twofold ? fee + fee + u256{1} : fee + fee / u256{8} + u256{1};
}

uint64_t steady_ms() {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::steady_clock::now().time_since_epoch()
    )
                                     .count());
}

}  // namespace

TxManager::TxManager(
    L1Client& client,
    const crypto::SecretKey& key,
    uint64_t chain_id,
    const TxManagerOptions& options,
    const StopSignal& stop
)
    : client_(&client), key_(key), chain_id_(chain_id), options_(options), stop_(&stop) {
    const auto address = crypto::address_of(key);
    MEGA_ASSERT(address.has_value());
    address_ = *address;
    if (!options_.now_ms) {
        options_.now_ms = steady_ms;
    }
}

template <class Ask>
auto TxManager::persistently(Ask ask)
    -> Result<typename std::invoke_result_t<Ask>::value_type, TxFailure> {
    const uint64_t deadline = options_.now_ms() + options_.patience_ms;
    while (true) {
        if (stop_->is_stopped()) {
            return failed(Kind::stopped, "stopped");
        }
        auto answer = ask();
        if (answer) {
            return *std::move(answer);
        }
        if (!client_->is_lost()) {
            return failed(Kind::refused, answer.error().message);
        }
        if (options_.now_ms() >= deadline) {
            return failed(Kind::lost, answer.error().message);
        }
        if (!stop_->wait_ms(options_.poll_ms)) {
            return failed(Kind::stopped, "stopped");
        }
    }
}

Result<L1Receipt, TxFailure> TxManager::send(const TxRequest& request) {
    Attempt attempt;
    attempt.request = &request;
    const auto gas_limit = gas_limit_for(request);
    if (!gas_limit) {
        return Err{gas_limit.error()};
    }
    attempt.gas_limit = *gas_limit;
    const auto nonce = persistently([&]() -> Result<uint64_t> {
        return request.nonce ? *request.nonce : client_->nonce(address_, /*is_pending=*/false);
    });
    if (!nonce) {
        return Err{nonce.error()};
    }
    attempt.nonce = *nonce;
    const auto fees = market_fees();
    if (!fees) {
        return Err{fees.error()};
    }
    attempt.fees = *fees;
    if (auto sent = sign_and_send(attempt); !sent) {
        return Err{sent.error()};
    }
    while (true) {
        auto found = find(attempt);
        if (!found) {
            return Err{found.error()};
        }
        if (*found) {
            const auto settled = is_settled(**found);
            if (!settled) {
                return Err{settled.error()};
            }
            if (*settled) {
                ++counters_.included;
                counters_.gas_used += (*found)->gas_used;
                counters_.blob_gas_used += (*found)->blob_gas_used;
                return **std::move(found);
            }
        } else if (auto urged = urge(attempt); !urged) {
            return Err{urged.error()};
        }
        if (!stop_->wait_ms(options_.poll_ms)) {
            return failed(Kind::stopped, "stopped");
        }
    }
}

Result<uint64_t, TxFailure> TxManager::gas_limit_for(const TxRequest& request) {
    if (request.gas_limit != 0) {
        return request.gas_limit;
    }
    MEGA_ASSERT(request.to.has_value() && request.sidecar == nullptr);
    const auto estimate = persistently([&] {
        return client_->estimate_gas(
            {.to = *request.to, .data = request.data, .from = address_, .value = request.value}
        );
    });
    if (!estimate) {
        return estimate.error().kind == Kind::refused
                   ? failed(Kind::reverts, estimate.error().message)
                   : Err{estimate.error()};
    }
    return std::min(*estimate + *estimate / 4 + blobless_gas, options_.gas_limit_cap);
}

/// Twice the base fee: enough for six full blocks in a row.
Result<TxManager::Fees, TxFailure> TxManager::market_fees() {
    const auto market = persistently([&] { return client_->fees(); });
    if (!market) {
        return Err{market.error()};
    }
    Fees fees{
        .max_fee = market->base_fee + market->base_fee + market->priority_fee,
        .priority_fee = market->priority_fee,
        .blob_fee = market->blob_base_fee + market->blob_base_fee,
    };
    if (fees.max_fee > options_.max_fee_per_gas) {
        return failed(
            Kind::too_dear, "L1's base fee is " + to_decimal(market->base_fee) + " wei per gas"
        );
    }
    fees.blob_fee = std::max(fees.blob_fee, u256{1});
    return fees;
}

Result<void, TxFailure> TxManager::sign_and_send(Attempt& attempt) {
    const TxRequest& request = *attempt.request;
    if (attempt.fees.max_fee > options_.max_fee_per_gas ||
        (request.sidecar && attempt.fees.blob_fee > options_.max_fee_per_blob_gas)) {
        return failed(Kind::too_dear, "fees would pass their maximum");
    }
    if (attempt.hashes.size() >= max_forms) {
        return failed(Kind::refused, "replaced too often");
    }
    Transaction tx;
    tx.type = request.sidecar ? TxType::blob : TxType::dynamic_fee;
    tx.chain_id = chain_id_;
    tx.nonce = attempt.nonce;
    tx.gas_limit = attempt.gas_limit;
    tx.max_fee_per_gas = attempt.fees.max_fee;
    tx.max_priority_fee_per_gas = attempt.fees.priority_fee;
    tx.to = request.to;
    tx.value = request.value;
    tx.data = request.data;
    if (request.sidecar) {
        tx.max_fee_per_blob_gas = attempt.fees.blob_fee;
        tx.blob_versioned_hashes = request.sidecar->versioned_hashes;
    }
    sign_transaction(tx, key_);
    attempt.raw = request.sidecar ? network_form(tx, *request.sidecar) : encode(tx);
    attempt.hashes.push_back(transaction_hash(encode(tx)));
    return hand_over(attempt);
}

Result<void, TxFailure> TxManager::hand_over(Attempt& attempt) {
    const auto head = persistently([&] { return client_->head_number(); });
    if (!head) {
        return Err{head.error()};
    }
    attempt.sent_at_block = *head;
    const auto sent = persistently([&] { return client_->send_raw(attempt.raw); });
    if (sent) {
        ++counters_.sent;
        return {};
    }
    const std::string& words = sent.error().message;
    if (sent.error().kind != Kind::refused || says(words, "already known") ||
        says(words, "already imported")) {
        return sent.error().kind == Kind::refused ? Result<void, TxFailure>{} : Err{sent.error()};
    }
    if (says(words, "nonce too low")) {
        // Ours may be the one that is in: then its receipt is there.
        const auto found = find(attempt);
        if (found && *found) {
            return {};
        }
        return failed(Kind::nonce_taken, words);
    }
    // The latter when L1 has become dearer and its pool has let the transaction go meanwhile.
    if (says(words, "underpriced") || says(words, "less than block base fee")) {
        if (says(words, "eplacement")) {
            if (auto place = check_place(attempt); !place) {
                return place;
            }
        }
        return raise(attempt);
    }
    if (says(words, "already reserved")) {
        // The key has a transaction of the other kind in the pool: it must go in first.
        return check_place(attempt);
    }
    return attempt.hashes.size() == 1 ? failed(Kind::not_taken, words) : Err{sent.error()};
}

Result<void, TxFailure> TxManager::check_place(const Attempt& attempt) {
    if (!attempt.request->yields) {
        return {};
    }
    const auto known = is_known(attempt);
    if (!known) {
        return Err{known.error()};
    }
    return *known ? Result<void, TxFailure>{}
                  : failed(Kind::nonce_taken, "another transaction waits with its nonce");
}

Result<bool, TxFailure> TxManager::is_known(const Attempt& attempt) {
    for (auto hash = attempt.hashes.rbegin(); hash != attempt.hashes.rend(); ++hash) {
        const auto known = persistently([&] { return client_->transaction(*hash); });
        if (!known) {
            return Err{known.error()};
        }
        if (*known) {
            return true;
        }
    }
    return false;
}

/// The next form: what the market asks, and at least what a pool demands of a replacement.
Result<void, TxFailure> TxManager::raise(Attempt& attempt) {
    const auto market = market_fees();
    if (!market) {
        return Err{market.error()};
    }
    const bool twofold = attempt.request->sidecar != nullptr;
    attempt.fees.max_fee = std::max(raised(attempt.fees.max_fee, twofold), market->max_fee);
    attempt.fees.priority_fee =
        std::max(raised(attempt.fees.priority_fee, twofold), market->priority_fee);
    attempt.fees.blob_fee = std::max(raised(attempt.fees.blob_fee, twofold), market->blob_fee);
    ++counters_.replaced;
    return sign_and_send(attempt);
}

/// The receipt of whichever form got in.
Result<std::optional<L1Receipt>, TxFailure> TxManager::find(const Attempt& attempt) {
    for (auto hash = attempt.hashes.rbegin(); hash != attempt.hashes.rend(); ++hash) {
        auto receipt = persistently([&] { return client_->receipt(*hash); });
        if (!receipt || *receipt) {
            return receipt;
        }
    }
    return std::optional<L1Receipt>{};
}

Result<bool, TxFailure> TxManager::is_settled(const L1Receipt& receipt) {
    const auto head = persistently([&] { return client_->head_number(); });
    if (!head) {
        return Err{head.error()};
    }
    return *head + 1 >= receipt.block.number + options_.confirmations;
}

/// Sends again what the pool has forgotten and outbids what it holds on to for too long.
Result<void, TxFailure> TxManager::urge(Attempt& attempt) {
    const auto nonce = persistently([&] { return client_->nonce(address_, /*is_pending=*/false); });
    const auto head = persistently([&] { return client_->head_number(); });
    if (!nonce || !head) {
        return Err{!nonce ? nonce.error() : head.error()};
    }
    if (*nonce > attempt.nonce) {
        // Either ours came in since the last look, or another's.
        // A node may count the nonce some moments before it shows the receipt.
        auto found = find(attempt);
        for (int look = 0; found && !*found && look < looks_before_nonce_is_lost; ++look) {
            if (!stop_->wait_ms(options_.poll_ms)) {
                break;
            }
            found = find(attempt);
        }
        if (!found) {
            return Err{found.error()};
        }
        return *found ? Result<void, TxFailure>{}
                      : failed(Kind::nonce_taken, "another transaction took the nonce");
    }
    // A node behind another one may count fewer for a moment, and L1's next blocks may take in
    // again what a reorganisation took back. No pool sends what has a gap before it.
    if (*nonce == attempt.nonce) {
        attempt.gap_since_block.reset();
    } else if (!attempt.gap_since_block) {
        attempt.gap_since_block = *head;
    } else if (*head > *attempt.gap_since_block + options_.blocks_before_bump) {
        return failed(Kind::taken_back, "L1 took back the transaction before it");
    }
    const bool is_due = *head >= attempt.sent_at_block + options_.blocks_before_bump;
    if (!is_due || attempt.request->yields) {
        const auto known =
            persistently([&] { return client_->transaction(attempt.hashes.back()); });
        if (!known) {
            return Err{known.error()};
        }
        if (!is_due && *known) {
            return {};
        }
        if (!*known) {
            const size_t forms = attempt.hashes.size();
            const auto handed = hand_over(attempt);
            if (!handed || !is_due || attempt.hashes.size() != forms) {
                return handed;
            }
        }
    }
    if (auto raise_result = raise(attempt); !raise_result) {
        // At the maximum it stays as it is and waits for L1 to become cheaper.
        if (raise_result.error().kind != Kind::too_dear) {
            return raise_result;
        }
        attempt.sent_at_block = *head;
    }
    return {};
}

Result<L1Receipt> send_call(
    TxManager* sender, const std::string& what, const Address& to, Bytes data, const u256& value
) {
    if (sender == nullptr) {
        return Err{Error{what + ": no key was given"}};
    }
    auto receipt = sender->send(
        {.to = to, .data = std::move(data), .value = value, .gas_limit = 0, .sidecar = {}}
    );
    if (!receipt) {
        return Err{Error{what + ": " + receipt.error().message}};
    }
    if (!receipt->status) {
        return Err{Error{what + ": reverted in " + to_hex(receipt->tx_hash)}};
    }
    return *std::move(receipt);
}

}  // namespace mega::settlement
