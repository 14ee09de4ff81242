#include "replica/forwarder.hpp"

#include "base/hex.hpp"
#include "net/http_client.hpp"
#include "sequencer/sequencer.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <unordered_set>

namespace mega::replica {
namespace {

using nlohmann::json;
using sequencer::SubmitCallback;
using sequencer::SubmitMode;
using sequencer::SubmitOutcome;

constexpr int sync_timeout = 4;    // EIP-7966: taken, not executed in time
constexpr int sync_nonce_gap = 6;  // EIP-7966: data is the expected nonce
constexpr size_t max_answer_bytes = 64u << 20;
constexpr size_t max_shown = 300;
constexpr uint32_t retry_pause_ms = 10;

uint64_t now_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(now).count()
    );
}

SubmitOutcome outcome_of(SubmitOutcome::Kind kind, std::string message = {}) {
    SubmitOutcome outcome;
    outcome.kind = kind;
    outcome.message = std::move(message);
    return outcome;
}

std::string request_text(const SignedTransaction& tx, SubmitMode mode, uint32_t hold_ms) {
    std::string text = R"({"jsonrpc":"2.0","id":1,"method":)";
    text += mode == SubmitMode::executed ? R"("eth_sendRawTransactionSync","params":[")"
                                         : R"("eth_sendRawTransaction","params":[")";
    text += to_hex(tx.raw) + '"';
    if (mode == SubmitMode::executed) {
        text += ',' + std::to_string(hold_ms);
    }
    return text + "]}";
}

bool is_known(const SubmitOutcome& refusal) { return refusal.message == "already known"; }

std::string shown(const json& words) {
    std::string text = words.is_string() ? words.get<std::string>() : "an error without words";
    text.resize(std::min(text.size(), max_shown));
    return text;
}

}  // namespace

/// One thread's connection.
class Forwarder::LeaderCall {
  public:
    [[nodiscard]] Result<net::Response> post(std::string body) {
        return client_->post(std::move(body));
    }
    /// To be called before post, under the forwarder's mutex.
    void point_to(const ForwarderOptions& options, uint64_t destination) {
        if (client_ && destination == destination_) {
            return;
        }
        net::Url url = *options.leader;
        url.scheme = "http";
        client_.emplace(
            url,
            net::HttpClientOptions{
                .timeout_ms = options.timeout_ms, .max_response_bytes = max_answer_bytes
            }
        );
        destination_ = destination;
    }
    [[nodiscard]] uint64_t destination() const { return destination_; }

  private:
    std::optional<net::HttpClient> client_;
    uint64_t destination_ = 0;
};

Forwarder::Forwarder(const ForwarderOptions& options, sequencer::Publisher& publisher)
    : options_(options), publisher_(&publisher) {
    for (size_t i = 0; i < options_.threads; ++i) {
        threads_.emplace_back([this] { work(); });
    }
}

Forwarder::~Forwarder() { stop(); }

void Forwarder::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
    std::deque<Job> jobs;
    std::unordered_map<Hash256, Sent> sent;
    {
        const std::lock_guard lock(mutex_);
        jobs.swap(jobs_);
        sent.swap(sent_);
        by_sender_.clear();
    }
    for (const Job& job : jobs) {
        job.done(outcome_of(SubmitOutcome::Kind::refused, "the node is stopping"));
    }
    for (const auto& [hash, entry] : sent) {
        for (const Waiter& waiter : entry.waiters) {
            waiter.done(outcome_of(SubmitOutcome::Kind::pooled));
        }
    }
}

void Forwarder::lead_to(std::optional<net::Url> leader) {
    {
        const std::lock_guard lock(mutex_);
        options_.leader = std::move(leader);
        home_ = nullptr;
        ++destination_;
        take_back_sent();
    }
    wake_.notify_all();
}

void Forwarder::lead_home(sequencer::Intake& intake) {
    {
        const std::lock_guard lock(mutex_);
        options_.leader.reset();
        home_ = &intake;
        ++destination_;
        take_back_sent();
    }
    wake_.notify_all();
}

/// In the order in which they came, before what has not been sent yet.
void Forwarder::take_back_sent() {
    std::vector<Job> again;
    for (auto& [hash, sent] : sent_) {
        const mempool::Entry& entry = sent.entry;
        if (sent.waiters.empty()) {
            again.push_back(
                {entry.arrival,
                 entry.tx,
                 SubmitMode::accepted,
                 [](const SubmitOutcome&) {},
                 entry.arrived_ms}
            );
        }
        for (Waiter& waiter : sent.waiters) {
            again.push_back(
                {waiter.id, entry.tx, SubmitMode::executed, std::move(waiter.done), entry.arrived_ms
                }
            );
        }
    }
    sent_.clear();
    by_sender_.clear();
    std::ranges::sort(again, {}, &Job::id);
    jobs_.insert(
        jobs_.begin(), std::make_move_iterator(again.begin()), std::make_move_iterator(again.end())
    );
}

void Forwarder::hand_home(const Job& job, sequencer::Intake& home) {
    home.submit(job.tx, job.mode, [this, job](const SubmitOutcome& outcome) {
        came_home(job, outcome);
    });
}

void Forwarder::came_home(const Job& job, const SubmitOutcome& outcome) {
    const bool is_refused = outcome.kind == SubmitOutcome::Kind::refused;
    if (is_refused && outcome.message == sequencer::no_leader_words) {
        wait_for_leader(job);
    } else if (job.mode == SubmitMode::accepted) {
        forget_accepted(job);
        job.done(
            is_refused && is_known(outcome) ? outcome_of(SubmitOutcome::Kind::pooled) : outcome
        );
    } else if (!(is_refused && is_known(outcome))) {
        answer(job, outcome);
    }
    // Else it came there another way while the lead changed, and is answered once it is executed.
}

/// This node does not lead any more, of which lead_to is yet to tell.
void Forwarder::wait_for_leader(const Job& job) {
    const std::lock_guard lock(mutex_);
    if (job.destination == destination_) {
        home_ = nullptr;
        ++destination_;
        take_back_sent();
    }
    if (job.mode == SubmitMode::accepted) {
        // Whoever handed it in is yet to be told; what was taken back in its stead is not.
        std::erase_if(jobs_, [&](const Job& other) { return other.id == job.id; });
        jobs_.push_back(job);
    }
}

void Forwarder::forget_accepted(const Job& job) {
    const std::lock_guard lock(mutex_);
    const auto sent = sent_.find(job.tx->hash);
    // After a change of leader what is noted there is of another sending.
    const bool is_current = job.destination == destination_;
    if (is_current && sent != sent_.end() && sent->second.waiters.empty()) {
        remove(sent);
    }
}

bool Forwarder::try_again(const Job& job) {
    {
        const std::lock_guard lock(mutex_);
        const bool may_wait =
            options_.is_patient && !stopping_ && now_ms() - job.arrived_ms < options_.patience_ms;
        if (!may_wait) {
            return false;
        }
        if (const auto sent = sent_.find(job.tx->hash); sent != sent_.end()) {
            std::erase_if(sent->second.waiters, [&](const Waiter& waiter) {
                return waiter.id == job.id;
            });
            if (sent->second.waiters.empty()) {
                remove(sent);
            }
        } else if (job.mode == SubmitMode::executed) {
            return true;  // it came back
        }
        jobs_.push_front(job);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(retry_pause_ms));
    wake_.notify_one();
    return true;
}

void Forwarder::submit(mempool::TxPtr tx, SubmitMode mode, SubmitCallback done) {
    std::unique_lock lock(mutex_);
    if (stopping_ || jobs_.size() + sent_.size() >= options_.max_waiting) {
        const char* words = stopping_ ? "the node is stopping" : "txpool is full";
        lock.unlock();
        done(outcome_of(SubmitOutcome::Kind::refused, words));
        return;
    }
    jobs_.push_back({++submissions_, std::move(tx), mode, std::move(done), now_ms()});
    lock.unlock();
    wake_.notify_one();
}

void Forwarder::work() {
    LeaderCall leader;
    while (true) {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, std::chrono::seconds(1), [this] {
            return stopping_ || (!jobs_.empty() && has_destination());
        });
        if (stopping_) {
            return;
        }
        if (jobs_.empty() || !has_destination()) {
            lock.unlock();
            drop_overdue();
            continue;
        }
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        job.destination = destination_;
        note_sent(job);
        if (sequencer::Intake* const home = home_) {
            lock.unlock();
            hand_home(job, *home);
            continue;
        }
        leader.point_to(options_, destination_);
        lock.unlock();
        forward(job, leader);
    }
}

bool Forwarder::is_overtaken(const Job& job) const {
    const std::lock_guard lock(mutex_);
    return job.mode == SubmitMode::executed && job.destination != destination_;
}

bool Forwarder::has_transaction(const Hash256& hash, LeaderCall& leader) {
    const auto response = leader.post(
        R"({"jsonrpc":"2.0","id":1,"method":"eth_getTransactionByHash","params":[")" +
        to_hex(hash) + R"("]})"
    );
    const json parsed = response ? json::parse(response->body, nullptr, false) : json{};
    return parsed.is_object() && parsed.value("result", json{}).is_object();
}

/// Before it is sent: it may come back sooner than the answer. Under mutex_.
void Forwarder::note_sent(const Job& job) {
    Sent& sent = sent_[job.tx->hash];
    if (!sent.entry.tx) {
        sent.entry = {job.tx, job.id, job.arrived_ms};
        by_sender_[job.tx->sender][job.tx->tx.nonce] = job.tx->hash;
    }
    if (job.mode == SubmitMode::executed) {
        sent.waiters.push_back({job.id, job.done});
    }
}

void Forwarder::forward(const Job& job, LeaderCall& leader) {
    using Kind = SubmitOutcome::Kind;
    const auto response = leader.post(request_text(*job.tx, job.mode, options_.hold_ms));
    if (is_overtaken(job)) {
        return;
    }
    if (!response) {
        if (try_again(job)) {
            return;
        }
        answer(
            job,
            outcome_of(
                Kind::refused,
                "the node that this one follows cannot be reached: " + response.error().message
            )
        );
        return;
    }
    const json parsed = json::parse(response->body, nullptr, false);
    if (!parsed.is_object()) {
        answer(job, outcome_of(Kind::refused, "the node that this one follows speaks no JSON-RPC"));
        return;
    }
    const json error = parsed.value("error", json{});
    const json code = error.is_object() ? error.value("code", json{}) : json{};
    if (!error.is_object() || code == sync_timeout) {
        taken(job);
        return;
    }
    SubmitOutcome refusal = outcome_of(Kind::refused, shown(error.value("message", json{})));
    // It may have come there another way, while the lead changed.
    const bool may_be_there =
        options_.is_patient && (is_known(refusal) || refusal.message.starts_with("nonce too low"));
    if (may_be_there && has_transaction(job.tx->hash, leader)) {
        taken(job);
        return;
    }
    // What is known and not to be seen is between the pool and the chain.
    const bool has_no_place = refusal.message == sequencer::no_leader_words || is_known(refusal);
    if (has_no_place && try_again(job)) {
        return;
    }
    const json data = error.value("data", json{});
    if (code == sync_nonce_gap && data.is_string()) {
        refusal.kind = Kind::nonce_gap;
        const std::string text = data.get<std::string>().substr(0, 18);
        refusal.expected_nonce = std::strtoull(text.c_str(), nullptr, 16);
    }
    answer(job, refusal);
}

void Forwarder::taken(const Job& job) {
    {
        const std::lock_guard lock(mutex_);
        if (const auto sent = sent_.find(job.tx->hash); sent != sent_.end()) {
            sent->second.is_taken = true;
        }
    }
    publisher_->post([publisher = publisher_, tx = job.tx] {
        publisher->tell([&](sequencer::Listener& listener) { listener.on_accepted(tx); });
    });
    if (job.mode == SubmitMode::accepted) {
        job.done(outcome_of(SubmitOutcome::Kind::pooled));
    }
}

void Forwarder::answer(const Job& job, const SubmitOutcome& outcome) {
    bool is_answered = false;  // it came back in spite of the refusal
    {
        const std::lock_guard lock(mutex_);
        const auto sent = sent_.find(job.tx->hash);
        is_answered = sent == sent_.end() && job.mode == SubmitMode::executed;
        if (sent != sent_.end()) {
            std::erase_if(sent->second.waiters, [&](const Waiter& waiter) {
                return waiter.id == job.id;
            });
            if (!sent->second.is_taken && sent->second.waiters.empty()) {
                remove(sent);
            }
        }
    }
    if (!is_answered) {
        job.done(outcome);
    }
}

/// Under mutex_.
void Forwarder::remove(std::unordered_map<Hash256, Sent>::iterator sent) {
    const SignedTransaction& tx = *sent->second.entry.tx;
    const auto of_sender = by_sender_.find(tx.sender);
    if (of_sender != by_sender_.end()) {
        const auto place = of_sender->second.find(tx.tx.nonce);
        if (place != of_sender->second.end() && place->second == tx.hash) {
            of_sender->second.erase(place);
        }
        if (of_sender->second.empty()) {
            by_sender_.erase(of_sender);
        }
    }
    sent_.erase(sent);
}

std::vector<Forwarder::Waiter> Forwarder::take(const Hash256& hash) {
    const std::lock_guard lock(mutex_);
    const auto sent = sent_.find(hash);
    if (sent == sent_.end()) {
        return {};
    }
    std::vector<Waiter> waiters = std::move(sent->second.waiters);
    remove(sent);
    return waiters;
}

void Forwarder::drop_overdue() {
    const uint64_t now = now_ms();
    std::vector<Hash256> overdue;
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [hash, sent] : sent_) {
            if (now - sent.entry.arrived_ms > options_.patience_ms) {
                overdue.push_back(hash);
            }
        }
    }
    for (const Hash256& hash : overdue) {
        for (const Waiter& waiter : take(hash)) {
            waiter.done(outcome_of(SubmitOutcome::Kind::pooled));
        }
    }
}

void Forwarder::on_opened(const sequencer::OpenBlockPtr& block) { open_ = block; }

void Forwarder::on_executed(
    const sequencer::OpenBlock& block, std::span<const sequencer::ExecutedPtr> executed
) {
    const auto outcome_with = [&](const sequencer::ExecutedPtr& tx) {
        SubmitOutcome outcome = outcome_of(SubmitOutcome::Kind::executed);
        outcome.executed = tx;
        outcome.block = open_;
        MEGA_ASSERT(open_ != nullptr && open_->name() == block.name());
        return outcome;
    };
    const std::vector<Job> jobs = take_jobs(executed);
    for (const sequencer::ExecutedPtr& tx : executed) {
        for (const Waiter& waiter : take(tx->tx->hash)) {
            waiter.done(outcome_with(tx));
        }
        for (const Job& job : jobs) {
            if (job.tx->hash == tx->tx->hash) {
                job.done(outcome_with(tx));
            }
        }
    }
}

std::vector<Forwarder::Job> Forwarder::take_jobs(std::span<const sequencer::ExecutedPtr> executed) {
    const std::lock_guard lock(mutex_);
    if (jobs_.empty()) {
        return {};
    }
    std::unordered_set<Hash256> hashes;
    for (const sequencer::ExecutedPtr& tx : executed) {
        hashes.insert(tx->tx->hash);
    }
    std::vector<Job> taken;
    std::erase_if(jobs_, [&](const Job& job) {
        if (!hashes.contains(job.tx->hash)) {
            return false;
        }
        taken.push_back(job);
        return true;
    });
    return taken;
}

mempool::TxPtr Forwarder::find_pooled(const Hash256& hash) const {
    const std::lock_guard lock(mutex_);
    const auto sent = sent_.find(hash);
    return sent == sent_.end() ? nullptr : sent->second.entry.tx;
}

std::optional<uint64_t> Forwarder::next_pooled_nonce(const Address& sender) const {
    const std::lock_guard lock(mutex_);
    const auto of_sender = by_sender_.find(sender);
    if (of_sender == by_sender_.end()) {
        return std::nullopt;
    }
    uint64_t next = of_sender->second.begin()->first;
    for (const auto& [nonce, hash] : of_sender->second) {
        if (nonce != next) {
            break;
        }
        ++next;
    }
    return next;
}

mempool::PoolStatus Forwarder::pool_status() const {
    const std::lock_guard lock(mutex_);
    mempool::PoolStatus status;
    status.pending = sent_.size();
    for (const auto& [hash, sent] : sent_) {
        status.bytes += sent.entry.tx->raw.size();
    }
    return status;
}

void Forwarder::visit_pool(
    const std::function<void(const mempool::Entry&, bool is_pending)>& visitor
) const {
    const std::lock_guard lock(mutex_);
    for (const auto& [sender, by_nonce] : by_sender_) {
        for (const auto& [nonce, hash] : by_nonce) {
            if (const auto sent = sent_.find(hash); sent != sent_.end()) {
                visitor(sent->second.entry, true);
            }
        }
    }
}

}  // namespace mega::replica
