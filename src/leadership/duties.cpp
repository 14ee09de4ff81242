#include "leadership/duties.hpp"

#include "settlement/abi.hpp"

#include <algorithm>
#include <chrono>

namespace mega::leadership {
namespace {

using settlement::abi::Decoder;
using settlement::abi::Encoder;

constexpr size_t max_ranks = 8;  // of LeaderSchedule

uint64_t system_now_s() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(now).count());
}

Err<Error> malformed(std::string_view what) {
    return Err{Error{"L1: " + std::string(what) + " answers nonsense"}};
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
      ) {
    if (!options_.now_s) {
        options_.now_s = system_now_s;
    }
}

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

Result<Bytes> Duties::ask(const Address& contract, Bytes question) {
    return client_->call({.to = contract, .data = std::move(question)});
}

Result<void> Duties::refresh() {
    const uint64_t now = options_.now_s();
    auto present = ask_for(now);
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
    const Address& schedule = options_.contracts.leader_schedule;
    if (slot_length_ == 0) {
        const auto length = ask(schedule, Encoder().call("slotLength()"));
        if (!length) {
            return Err{length.error()};
        }
        slot_length_ = Decoder(*length).u64();
        if (slot_length_ == 0) {
            return malformed("LeaderSchedule.slotLength");
        }
    }
    const auto start = ask(schedule, Encoder().word(u256{time_s}).call("slotStartOf(uint256)"));
    if (!start) {
        return Err{start.error()};
    }
    SlotDuties duties;
    Decoder in(*start);
    duties.start = in.u64();
    duties.end = duties.start + slot_length_;
    const auto leader = ask(schedule, Encoder().word(u256{duties.start}).call("leaderOf(uint256)"));
    const auto listed =
        ask(schedule, Encoder().word(u256{duties.start}).call("candidatesOf(uint256)"));
    if (!leader || !listed) {
        return Err{leader ? listed.error() : leader.error()};
    }
    Decoder leader_in(*leader);
    const Address in_charge = leader_in.address();
    Decoder listed_in(*listed);
    const auto ids = listed_in.words();
    if (!in.is_good() || !leader_in.is_good() || !listed_in.is_good() || ids.size() > max_ranks) {
        return malformed("LeaderSchedule");
    }
    std::vector<Address> operators;
    for (const Hash256& id : ids) {
        const auto one = operator_of(u256::from_be(id.view()).low64());
        if (!one) {
            return Err{one.error()};
        }
        operators.push_back(*one);
    }
    const auto first = std::ranges::find(operators, in_charge);
    if (first == operators.end()) {
        // Nobody has staked yet, or all who have are barred.
        operators = {in_charge};
    } else {
        std::rotate(operators.begin(), first, operators.end());
    }
    duties.ranks = std::move(operators);
    return duties;
}

Result<Address> Duties::operator_of(uint64_t id) {
    if (const auto known = operators_.find(id); known != operators_.end()) {
        return known->second;
    }
    const Address& staking = options_.contracts.staking;
    const auto who = ask(staking, Encoder().word(u256{id}).call("operatorOf(uint32)"));
    const auto signer = ask(staking, Encoder().word(u256{id}).call("signerOf(uint32)"));
    if (!who || !signer) {
        return Err{who ? signer.error() : who.error()};
    }
    const Address address = Decoder(*who).address();
    operators_[id] = address;
    const std::lock_guard lock(mutex_);
    signers_[address] = Decoder(*signer).address();
    return address;
}

void Duties::take_over() {
    const auto sent = transactions_.send(
        {.to = options_.contracts.leader_schedule,
         .data = Encoder().call("takeOver()"),
         .value = {},
         .gas_limit = 0,
         .sidecar = {}}
    );
    // Until the one in charge has been silent for long enough it reverts.
    if (sent && sent->status) {
        ++takeovers_;
        options_.log("took over on L1, block " + std::to_string(sent->block.number));
    }
}

std::optional<SlotDuties> Duties::at(uint64_t time_s) const {
    const std::lock_guard lock(mutex_);
    if (slots_.empty()) {
        return std::nullopt;
    }
    for (const SlotDuties& slot : slots_) {
        if (time_s < slot.end) {
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
