#include "leadership/candidate.hpp"

#include "base/hex.hpp"

#include <algorithm>
#include <chrono>

namespace mega::leadership {
namespace {

constexpr uint32_t look_ms = 10;
constexpr uint32_t heartbeat_ms = 25;
constexpr std::chrono::seconds refusal_time{10};

}  // namespace

Result<std::unique_ptr<Candidate>> Candidate::start(
    const CandidateOptions& options, const Parts& parts
) {
    auto duties = Duties::start(options.duties);
    if (!duties) {
        return Err{duties.error()};
    }
    std::unique_ptr<Candidate> candidate(new Candidate(options, parts, *std::move(duties)));
    candidate->thread_ = std::thread([made = candidate.get()] { made->run(); });
    return candidate;
}

Candidate::Candidate(
    const CandidateOptions& options, const Parts& parts, std::unique_ptr<Duties> duties
)
    : options_(options),
      parts_(parts),
      self_(*crypto::address_of(options.duties.operator_key)),
      duties_(std::move(duties)),
      peers_(options.peers, heartbeat_ms, options.silent_mini_blocks * options.mini_block_ms),
      follower_(
          options.following,
          Follower::Parts{
              parts.sequencer,
              parts.reader,
              [this](std::vector<mempool::TxPtr> lost) {
                  parts_.intake.send_again(std::move(lost));
              },
              options.log
          }
      ) {}

Candidate::~Candidate() {
    stop_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Candidate::run() {
    parts_.intake.lead_to(std::nullopt, parts_.sequencer.step_down());
    while (stop_.wait_ms(parts_.sequencer.is_leading() || !pointed_to_ ? look_ms : 0)) {
        const View view = look();
        const Decision decision = decide(view);
        const bool is_in_charge = !view.ranks.empty() && view.ranks.front() == self_;
        switch (decision.act) {
            case Act::lead:
                lead(view);
                break;
            case Act::step_down:
                step_down();
                break;
            case Act::stay:
                if (!view.is_leading) {
                    follow(view, decision.follow);
                }
                break;
        }
        may_post_ = is_in_charge && parts_.sequencer.is_leading();
        duties_->want_to_take_over(!is_in_charge && parts_.sequencer.is_leading());
    }
    may_post_ = false;
}

View Candidate::look() const {
    View view;
    view.self = self_;
    view.is_leading = parts_.sequencer.is_leading();
    if (auto slot = duties_->present()) {
        view.ranks = std::move(slot->ranks);
    }
    view.peers = peers_.views();
    for (PeerView& peer : view.peers) {
        // Who lies is as good as silent.
        peer.was_heard = peer.was_heard && !is_refused(peer.operator_address);
        if (!peer.was_heard && is_refused(peer.operator_address)) {
            peer.silent_ms = UINT64_MAX;
        }
    }
    view.last_leader = last_leader_;
    view.sealed_number = parts_.reader.sealed_number();
    view.silence_ms = uint64_t{options_.silent_mini_blocks} * options_.mini_block_ms;
    return view;
}

bool Candidate::is_refused(const Address& leader) const {
    const auto at = refused_.find(leader);
    return at != refused_.end() && std::chrono::steady_clock::now() < at->second;
}

void Candidate::lead(const View& view) {
    follower_.leave();
    leads_ = true;
    parts_.sequencer.lead();
    parts_.intake.lead_home();
    pointed_to_ = self_;
    ++counters_.led;
    const bool is_failover = view.ranks.front() != self_;
    counters_.failovers += is_failover ? 1 : 0;
    {
        const std::lock_guard lock(mutex_);
        leader_ = self_;
    }
    options_.log(
        "leads from block " + std::to_string(view.sealed_number + 1) + " on" +
        (is_failover ? ", because " + to_hex(view.ranks.front()) + " is silent" : "")
    );
}

void Candidate::step_down() {
    may_post_ = false;
    auto waiting = parts_.sequencer.step_down();
    leads_ = false;
    parts_.intake.lead_to(std::nullopt, std::move(waiting));
    pointed_to_.reset();
    last_leader_.reset();
    ++counters_.stepped_down;
    {
        const std::lock_guard lock(mutex_);
        leader_.reset();
    }
    options_.log("has handed over after block " + std::to_string(parts_.reader.sealed_number()));
}

/// Submissions go to whom this one follows, and wait while that is nobody.
void Candidate::point_to(const std::optional<Address>& leader) {
    if (leader == pointed_to_) {
        return;
    }
    std::optional<net::Url> url;
    if (const Peer* peer = leader ? peers_.find(*leader) : nullptr) {
        if (const auto parsed = net::parse_url(peer->url)) {
            url = *parsed;
        }
    }
    parts_.intake.lead_to(url, {});
    pointed_to_ = leader;
    const std::lock_guard lock(mutex_);
    leader_ = leader;
}

void Candidate::follow(const View& view, const std::optional<Address>& whom) {
    const Peer* const peer = whom ? peers_.find(*whom) : nullptr;
    if (peer == nullptr) {
        point_to(std::nullopt);
        return;
    }
    const bool leads = std::ranges::any_of(view.peers, [&](const PeerView& one) {
        return one.operator_address == *whom && one.is_leading;
    });
    point_to(leads ? whom : std::nullopt);
    if (leads && whom != last_leader_) {
        options_.log("follows " + to_hex(*whom));
        last_leader_ = whom;
    }
    switch (follower_.pump(peer->url, duties_->signer_of(*whom), look_ms)) {
        case Follower::Outcome::followed:
            break;
        case Follower::Outcome::lost:
            static_cast<void>(stop_.wait_ms(look_ms));
            break;
        case Follower::Outcome::contradicts:
            refused_[*whom] = std::chrono::steady_clock::now() + refusal_time;
            break;
    }
}

Standing Candidate::standing() const {
    Standing standing;
    standing.operator_address = self_;
    standing.is_leading = leads_;
    const auto sealed = parts_.reader.position().sealed;
    standing.sealed_number = sealed->header.number;
    standing.sealed_hash = sealed->hash;
    const std::lock_guard lock(mutex_);
    standing.leader = leader_;
    return standing;
}

}  // namespace mega::leadership
