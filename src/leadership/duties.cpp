#include "leadership/duties.hpp"

#include <algorithm>
#include <chrono>

namespace mega::leadership {
namespace {

uint64_t now_s() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

}  // namespace

Result<std::unique_ptr<Duties>> Duties::start(const Options& options) {
    auto client = settlement::L1Client::open(options.l1);
    if (!client) {
        return Err{client.error()};
    }
    std::unique_ptr<Duties> duties(new Duties(options, *std::move(client)));
    duties->thread_ = std::thread([made = duties.get()] { made->run(); });
    return duties;
}

Duties::Duties(const Options& options, std::unique_ptr<settlement::L1Client> client)
    : options_(options),
      client_(std::move(client)),
      transactions_(
          *client_,
          options.operator_key,
          options.l1_chain_id,
          {.poll_ms = 50, .patience_ms = 5'000},
          stop_
      ) {}

Duties::~Duties() {
    stop_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
}

void Duties::run() {
    do {
        const auto refreshed = refresh();
        const std::string words = refreshed ? "" : refreshed.error().message;
        if (!words.empty() && words != last_words_) {
            options_.log("duties: " + words);
        }
        last_words_ = words;
        if (wants_to_take_over_) {
            take_over();
        }
    } while (stop_.wait_ms(options_.poll_ms));
}

Result<void> Duties::refresh() {
    if (!staking_) {
        auto opened = staking::L1Staking::open(*client_, options_.contracts);
        if (!opened) {
            return Err{opened.error()};
        }
        staking_ = *std::move(opened);
    }
    auto present = ask_for(now_s());
    if (!present) {
        return Err{present.error()};
    }
    auto next = ask_for(present->end);
    if (!next) {
        return Err{next.error()};
    }
    const std::lock_guard lock(mutex_);
    slots_ = {*std::move(present), *std::move(next)};
    return {};
}

Result<SlotDuties> Duties::ask_for(uint64_t time_s) {
    SlotDuties duties;
    duties.start = staking_->slot_start_of(time_s);
    duties.end = duties.start + staking_->slot_length();
    const auto in_charge = staking_->leader_at(duties.start);
    const auto ids = staking_->candidates_of(duties.start);
    if (!in_charge || !ids) {
        return Err{in_charge ? ids.error() : in_charge.error()};
    }
    for (const uint32_t id : *ids) {
        const auto one = operator_of(id);
        if (!one) {
            return Err{one.error()};
        }
        duties.ranks.push_back(*one);
    }
    const auto first = std::ranges::find(duties.ranks, *in_charge);
    if (first == duties.ranks.end()) {
        // Nobody has staked yet, or all who have are barred.
        duties.ranks = {*in_charge};
    } else {
        std::rotate(duties.ranks.begin(), first, duties.ranks.end());
    }
    return duties;
}

Result<Address> Duties::operator_of(uint32_t id) {
    if (const auto known = operators_.find(id); known != operators_.end()) {
        return known->second;
    }
    const auto who = staking_->operator_of(id);
    const auto signer = staking_->signer_of(id);
    if (!who || !signer) {
        return Err{who ? signer.error() : who.error()};
    }
    operators_[id] = *who;
    const std::lock_guard lock(mutex_);
    signers_[*who] = *signer;
    return *who;
}

void Duties::take_over() {
    if (!staking_) {
        return;
    }
    const auto sent = transactions_.send(staking_->take_over_call());
    // Until the one in charge has been silent for long enough it reverts.
    if (sent && sent->status) {
        ++takeovers_;
        options_.log("took over on L1, block " + std::to_string(sent->block.number));
    }
}

std::optional<SlotDuties> Duties::present() const {
    const uint64_t now = now_s();
    const std::lock_guard lock(mutex_);
    if (slots_.empty()) {
        return std::nullopt;
    }
    for (const SlotDuties& slot : slots_) {
        if (now < slot.end) {
            return slot;
        }
    }
    return slots_.back();
}

std::optional<Address> Duties::signer_of(const Address& operator_address) const {
    const std::lock_guard lock(mutex_);
    const auto found = signers_.find(operator_address);
    return found == signers_.end() ? std::nullopt : std::optional{found->second};
}

}  // namespace mega::leadership
