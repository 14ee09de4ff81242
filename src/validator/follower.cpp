#include "validator/follower.hpp"

#include "base/hex.hpp"
#include "validator/memory.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <thread>

namespace mega::validator {
namespace {

using attestation::Attestation;
using attestation::Delivery;
using attestation::Evidence;
using attestation::Verified;
using nlohmann::json;

constexpr uint32_t first_pause_ms = 100;
constexpr uint32_t longest_pause_ms = 5'000;
constexpr uint32_t refusal_patience_ms = 2'000;
constexpr uint32_t wait_ms = 200;
constexpr uint64_t root_search_depth = 256;
constexpr size_t max_kept_headers = 1024;
/// Nodes make witnesses of so many blocks at least.
constexpr uint64_t witness_window = 200;
/// How long one of several endpoints may have no new block.
constexpr uint32_t still_patience_ms = 10'000;
/// So often what cannot be is taken for a branch that the endpoint has left, if it says so.
constexpr int max_doubts = 5;

json quantity(uint64_t number) { return to_hex_quantity(number); }

double milliseconds(std::chrono::steady_clock::duration time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

std::string block_line(
    const Verified& verified, double time_ms, const std::optional<Attestation>& attestation
) {
    return fmt::format(
        "block {}  {} txs  {} gas  witness {} bytes  {:.1f} ms  {}{}",
        verified.header.number,
        verified.transactions,
        verified.gas_used,
        verified.witness_bytes,
        time_ms,
        to_hex(verified.hash),
        attestation ? "" : "  not attested"
    );
}

std::string block_json(
    const Verified& verified, double time_ms, const std::optional<Attestation>& attestation
) {
    return fmt::format(
        R"({{"number":{},"transactions":{},"gasUsed":{},"witnessBytes":{},"milliseconds":{:.3f},"attestation":{}}})",
        verified.header.number,
        verified.transactions,
        verified.gas_used,
        verified.witness_bytes,
        time_ms,
        attestation ? to_json(*attestation) : "null"
    );
}

}  // namespace

Follower::Follower(FollowOptions options, const Parts& parts)
    : options_(std::move(options)),
      signer_(&parts.signer),
      attested_(&parts.attested),
      status_(&parts.status),
      stop_(parts.stop),
      codes_(options_.code_cache_bytes),
      pause_ms_(first_pause_ms) {}

void Follower::say(const std::string& words) const {
    std::FILE* const out = options_.as_json ? stderr : stdout;
    std::fprintf(out, "%s\n", words.c_str());
    std::fflush(out);
}

int Follower::run() {
    while (!is_done()) {
        const Step step = follow();
        if (step) {
            continue;
        }
        const Interruption& why = step.error();
        if (why.reason == Reason::mismatch) {
            std::fprintf(stderr, "mega validate: %s\n", why.words.c_str());
            return exit_mismatch;
        }
        if (why.reason == Reason::still) {
            // No failure of the endpoint: the chain itself may stand still.
            std::fprintf(stderr, "mega validate: %s\n", why.words.c_str());
            ++turn_;
            continue;
        }
        if (why.reason == Reason::fatal || !may_try_again(why)) {
            std::fprintf(stderr, "mega validate: %s\n", why.words.c_str());
            return exit_failed;
        }
    }
    const Progress now = status_->progress();
    say(fmt::format(
        "stopped: {} blocks verified, the last is {}; {:.1f} MiB resident",
        now.verified,
        now.number,
        static_cast<double>(resident_bytes()) / (1 << 20)
    ));
    return exit_done;
}

bool Follower::may_try_again(const Interruption& why) {
    const auto silent =
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - last_good_);
    const uint32_t patience = why.reason == Reason::refused
                                  ? std::min(options_.retry_ms, refusal_patience_ms)
                                  : options_.retry_ms;
    if (silent.count() >= patience) {
        return false;
    }
    std::fprintf(stderr, "mega validate: %s; again in %u ms\n", why.words.c_str(), pause_ms_);
    status_->update([](Progress& now) { now.state = "connecting"; });
    const auto until = Clock::now() + std::chrono::milliseconds(pause_ms_);
    while (!stop_ && Clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    if (++turn_ % options_.urls.size() == 0) {
        pause_ms_ = std::min(2 * pause_ms_, longest_pause_ms);
    }
    return true;
}

namespace {

/// What an endpoint's failure means for following it.
template <class Interruption, class Reason>
Err<Interruption> interrupted(const jsonrpc::EndpointError& error, Reason lost, Reason refused) {
    return Err{Interruption{
        error.kind == jsonrpc::EndpointError::Kind::refused ? refused : lost, error.message
    }};
}

}  // namespace

Follower::Step Follower::follow() {
    options_.endpoint.url = options_.urls[turn_ % options_.urls.size()];
    auto endpoint = jsonrpc::Endpoint::connect(options_.endpoint);
    if (!endpoint) {
        return interrupted<Interruption>(endpoint.error(), Reason::lost, Reason::refused);
    }
    if (auto greeted = greet(**endpoint); !greeted) {
        return greeted;
    }
    const std::chrono::milliseconds patience{
        std::clamp(options_.retry_ms, first_pause_ms, still_patience_ms)
    };
    auto last_block = Clock::now();
    while (!is_done()) {
        const uint64_t number_before = last_->number;
        const auto head = header_of(**endpoint, "sealed");
        if (!head) {
            return interrupted<Interruption>(head.error(), Reason::lost, Reason::refused);
        }
        status_->update([&](Progress& now) { now.head_number = head->number; });
        if (auto caught_up = catch_up(**endpoint, *head); !caught_up) {
            return caught_up;
        }
        last_good_ = Clock::now();
        pause_ms_ = first_pause_ms;
        if (is_done()) {
            break;
        }
        if (auto heard = hear_others(**endpoint); !heard) {
            return heard;
        }
        if (last_->number > number_before) {
            last_block = last_good_;
        } else if (options_.urls.size() > 1 && last_good_ - last_block >= patience) {
            return Err{Interruption{
                Reason::still,
                fmt::format(
                    "{} has had no block after {} for {:.1f} s: turning to the next",
                    origin_,
                    last_->number,
                    milliseconds(last_good_ - last_block) / 1000
                )
            }};
        }
        if (auto waited = (*endpoint)->wait_for_notification(wait_ms); !waited) {
            return interrupted<Interruption>(waited.error(), Reason::lost, Reason::refused);
        }
    }
    return {};
}

jsonrpc::Asked<BlockHeader> Follower::header_of(jsonrpc::Endpoint& endpoint, const json& which) {
    const auto raw = endpoint.call_for_data("debug_getRawHeader", json::array({which}));
    if (!raw) {
        return Err{raw.error()};
    }
    status_->update([](Progress& now) { ++now.headers_received; });
    auto header = decode_header(*raw);
    return header ? jsonrpc::Asked<BlockHeader>{*std::move(header)}
                  : Err{jsonrpc::EndpointError{
                        jsonrpc::EndpointError::Kind::garbage,
                        "debug_getRawHeader: the result is no header: " +
                            std::string{to_string(header.error())}
                    }};
}

Follower::Step Follower::greet(jsonrpc::Endpoint& endpoint) {
    const auto chain_id = endpoint.call_for_number("eth_chainId");
    if (!chain_id) {
        return interrupted<Interruption>(chain_id.error(), Reason::lost, Reason::refused);
    }
    if (options_.rules.chain_id == 0) {
        options_.rules.chain_id = *chain_id;
    }
    if (options_.rules.chain_id != *chain_id) {
        return Err{Interruption{
            Reason::fatal,
            fmt::format("the endpoint's chain id is {}, not {}", *chain_id, options_.rules.chain_id)
        }};
    }
    if (!last_) {
        auto start = choose_start(endpoint);
        if (!start) {
            return Err{start.error()};
        }
        last_ = *std::move(start);
        if (options_.trust.anchor && options_.trust.anchor->block_number > last_->number) {
            anchor_ = options_.trust.anchor;
        }
        status_->update([&](Progress& now) { now.first_number = last_->number; });
    }
    origin_ = endpoint.origin();
    heard_ = 0;
    endpoint_is_mute_ = false;
    status_->update([&](Progress& now) {
        now.state = "following";
        now.endpoint = origin_;
        now.chain_id = options_.rules.chain_id;
        ++now.connections;
    });
    advance_to(*last_, hash_of(*last_));
    return {};
}

Result<BlockHeader, Follower::Interruption> Follower::choose_start(jsonrpc::Endpoint& endpoint) {
    const Trust& trust = options_.trust;
    if (trust.state_root) {
        return find_root(endpoint, *trust.state_root);
    }
    json which = "sealed";
    if (trust.block_hash) {
        which = to_hex(*trust.block_hash);
    } else if (trust.block_number) {
        which = quantity(*trust.block_number);
    }
    auto header = header_of(endpoint, which);
    const bool is_free = !trust.block_hash && !trust.block_number;
    if (header && is_free && header->number > 0) {
        // The last sealed block itself is verified: that shows at once that everything works.
        header = header_of(endpoint, quantity(header->number - 1));
    }
    if (!header) {
        return interrupted<Interruption>(header.error(), Reason::lost, Reason::refused);
    }
    const Hash256 hash = hash_of(*header);
    if (trust.block_hash && hash != *trust.block_hash) {
        return Err{Interruption{
            Reason::fatal,
            "the endpoint gives another header for the trusted block " + to_hex(*trust.block_hash)
        }};
    }
    say(fmt::format(
        "trusting block {} {} {}",
        header->number,
        to_hex(hash),
        trust.block_hash ? trust.reason : "because the endpoint says so (--trusted-block)"
    ));
    return *std::move(header);
}

Result<BlockHeader, Follower::Interruption> Follower::find_root(
    jsonrpc::Endpoint& endpoint, const Hash256& state_root
) {
    auto header = header_of(endpoint, "sealed");
    for (uint64_t depth = 0; header && header->state_root != state_root; ++depth) {
        if (header->number == 0 || depth == root_search_depth) {
            return Err{Interruption{
                Reason::fatal,
                fmt::format(
                    "none of the last {} blocks has the trusted state root {}",
                    depth + 1,
                    to_hex(state_root)
                )
            }};
        }
        header = header_of(endpoint, quantity(header->number - 1));
    }
    if (!header) {
        return interrupted<Interruption>(header.error(), Reason::lost, Reason::refused);
    }
    say(fmt::format(
        "trusting block {} {}, because its state root is the trusted one",
        header->number,
        to_hex(hash_of(*header))
    ));
    return *std::move(header);
}

Follower::Step Follower::catch_up(jsonrpc::Endpoint& endpoint, const BlockHeader& head) {
    const uint64_t head_number = head.number;
    const auto own = std::ranges::find(kept_, head_number, &BlockHeader::number);
    if (own != kept_.end() && hash_of(*own) != hash_of(head)) {
        if (auto gone = go_back(endpoint); !gone) {
            return gone;
        }
    }
    if (first_head_ == 0) {
        first_head_ = head_number;
        if (anchor_ && head_number > witness_window) {
            oldest_witness_ = std::min(head_number - witness_window, anchor_->block_number + 1);
        }
    }
    while (!is_done() && last_->number < head_number) {
        if (auto taken = take_next(endpoint); !taken) {
            return taken;
        }
        last_good_ = Clock::now();
        if (auto sent = send_attestations(endpoint); !sent) {
            return sent;
        }
    }
    if (!was_at_tip_ && last_->number == head_number) {
        was_at_tip_ = true;
        say(fmt::format(
            "at the tip after {:.0f} ms: block {}",
            milliseconds(Clock::now() - started_),
            head_number
        ));
    }
    return {};
}

Follower::Step Follower::take_next(jsonrpc::Endpoint& endpoint) {
    const uint64_t number = last_->number + 1;
    if (number % options_.shard_count == options_.shard_index && number >= oldest_witness_) {
        return verify_next(endpoint);
    }
    if (number < oldest_witness_ && !std::exchange(linking_is_told_, true)) {
        say(fmt::format(
            "from block {} on, what is too old for a witness is linked by its hashes alone", number
        ));
    }
    const auto header = header_of(endpoint, quantity(number));
    if (!header) {
        return interrupted<Interruption>(header.error(), Reason::lost, Reason::refused);
    }
    if (header->number != number || header->parent_hash != hash_of(*last_)) {
        return verify_next(endpoint);  // which says what is wrong, and keeps the evidence
    }
    if (auto checked = check_anchor(number, hash_of(*header)); !checked) {
        return checked;
    }
    ++taken_;
    status_->update([](Progress& now) { ++now.left_to_others; });
    advance_to(*header, hash_of(*header));
    return {};
}

Follower::Step Follower::verify_next(jsonrpc::Endpoint& endpoint) {
    BlockMemory memory;
    Delivery delivery;
    delivery.parent = *last_;
    delivery.number = last_->number + 1;
    json known = json::array();
    for (const Hash256& hash : codes_.hashes()) {
        known.push_back(to_hex(hash));
    }
    auto block =
        endpoint.call_for_data("debug_getRawBlock", json::array({quantity(delivery.number)}));
    auto witness =
        block ? endpoint.call_for_data(
                    "mega_getBlockWitness",
                    json::array({quantity(delivery.number), {{"knownCodes", std::move(known)}}})
                )
              : jsonrpc::Asked<Bytes>{Err{block.error()}};
    if (!witness) {
        if (witness.error().kind == jsonrpc::EndpointError::Kind::refused) {
            const auto left = has_left(endpoint, last_->number, hash_of(*last_));
            if (!left) {
                return Err{left.error()};
            }
            if (*left) {
                return go_back(endpoint);
            }
            if (anchor_ && delivery.number <= std::min(first_head_, anchor_->block_number)) {
                oldest_witness_ = delivery.number + 1;
                return {};
            }
        }
        return interrupted<Interruption>(witness.error(), Reason::lost, Reason::refused);
    }
    delivery.block = *std::move(block);
    delivery.witness = *std::move(witness);
    memory.is_for(delivery.block.size() + delivery.witness.size());
    std::vector<witness::WitnessCode> used;
    const auto began = Clock::now();
    const auto verified = check_and_let_go(delivery, options_.rules, codes_, used);
    if (!verified) {
        // What belongs to another branch does not fit here either.
        const auto served = decode_block(delivery.block);
        const auto left =
            has_left(endpoint, delivery.number, served ? hash_of(served->header) : Hash256{});
        if (!left) {
            return Err{left.error()};
        }
        if (*left) {
            return go_back(endpoint);
        }
        Evidence evidence{
            origin_,
            static_cast<uint64_t>(std::time(nullptr)),
            options_.rules,
            std::move(delivery),
            {},
            verified.error()
        };
        for (const auto& code : used) {
            evidence.codes.push_back(to_bytes(code.code->bytes()));
        }
        return Err{accuse(evidence)};
    }
    return accept(*verified, Clock::now() - began);
}

Follower::Step Follower::check_anchor(uint64_t number, const Hash256& hash) {
    if (!anchor_) {
        return {};
    }
    switch (passage(*anchor_, number, hash)) {
        case Passage::ahead:
            return {};
        case Passage::missed:
            return Err{Interruption{
                Reason::fatal,
                fmt::format(
                    "the endpoint's chain is not the one on L1: its block {} is {}, and the newest "
                    "batch ends with block {} {}",
                    number,
                    to_hex(hash),
                    anchor_->block_number,
                    to_hex(anchor_->block_hash)
                )
            }};
        case Passage::reached:
            break;
    }
    anchor_.reset();
    // Without an anchor ahead no header is believed, also when the chain goes back.
    oldest_witness_ = 0;
    say(fmt::format("the chain is the one on L1: block {} ends its newest batch", number));
    return {};
}

Result<bool, Follower::Interruption> Follower::has_left(
    jsonrpc::Endpoint& endpoint, uint64_t number, const Hash256& hash
) {
    const auto is_other = [&](uint64_t of, const Hash256& known) -> Result<bool, Interruption> {
        const auto header = header_of(endpoint, quantity(of));
        if (!header && header.error().kind != jsonrpc::EndpointError::Kind::refused) {
            return interrupted<Interruption>(header.error(), Reason::lost, Reason::refused);
        }
        return !header || hash_of(*header) != known;
    };
    auto left = is_other(last_->number, hash_of(*last_));
    if (left && !*left && hash != Hash256{}) {
        left = is_other(number, hash);
    }
    return left ? Result<bool, Interruption>{*left && doubts_++ < max_doubts} : Err{left.error()};
}

Follower::Step Follower::go_back(jsonrpc::Endpoint& endpoint) {
    size_t common = 0;  // how many of those kept
    size_t other = kept_.size() + 1;
    while (other - common > 1) {
        const size_t middle = common + (other - common) / 2;
        const BlockHeader& own = kept_[middle - 1];
        const auto theirs = header_of(endpoint, quantity(own.number));
        if (!theirs && theirs.error().kind != jsonrpc::EndpointError::Kind::refused) {
            return interrupted<Interruption>(theirs.error(), Reason::lost, Reason::refused);
        }
        (theirs && hash_of(*theirs) == hash_of(own) ? common : other) = middle;
    }
    if (common == 0) {
        return Err{Interruption{
            options_.urls.size() > 1 ? Reason::refused : Reason::fatal,
            fmt::format(
                "{} has none of the blocks {} to {} that were verified: it is on another branch "
                "of the chain, and what is trusted is not in it",
                endpoint.origin(),
                kept_.front().number,
                kept_.back().number
            )
        }};
    }
    if (common == kept_.size()) {
        return {};
    }
    const uint64_t before = last_->number;
    kept_.resize(common);
    const BlockHeader header = kept_.back();
    kept_.pop_back();
    std::erase_if(unsent_, [&](const Attestation& one) {
        return one.block_number > header.number;
    });
    advance_to(header, hash_of(header));
    status_->update([](Progress& now) { ++now.reorganisations; });
    say(fmt::format(
        "the chain went another way after block {}: going back to it from block {}",
        header.number,
        before
    ));
    return {};
}

void Follower::keep_for_sending(const Attestation& attestation) {
    if (!options_.is_silent) {
        unsent_.push_back(attestation);
        if (unsent_.size() > Status::max_attestations) {
            unsent_.pop_front();
        }
    }
}

Result<std::optional<Attestation>, Follower::Interruption> Follower::attest(
    const attestation::Statement& statement
) {
    if (anchor_) {
        return std::optional<Attestation>{};
    }
    const auto verdict = attested_->grant(statement);
    if (!verdict) {
        return Err{Interruption{Reason::fatal, verdict.error().message}};
    }
    if (*verdict == Attested::Verdict::refused) {
        if (!restraint_is_told_) {
            restraint_is_told_ = true;
            say(fmt::format(
                "not attesting block {}: this key has attested that number, or a later one",
                statement.block_number
            ));
        }
        return std::optional<Attestation>{};
    }
    const Attestation attestation = signer_->sign(
        options_.fault != nullptr ? options_.fault->first_word(statement) : statement
    );
    status_->attested(attestation);
    keep_for_sending(attestation);
    if (options_.fault != nullptr) {
        if (const auto second = options_.fault->second_word(statement)) {
            keep_for_sending(signer_->sign(*second));
        }
    }
    return std::optional{attestation};
}

Follower::Step Follower::accept(const Verified& verified, Clock::duration time) {
    if (auto checked = check_anchor(verified.header.number, verified.hash); !checked) {
        return checked;
    }
    codes_.keep(verified.witness);
    doubts_ = 0;
    const auto attestation = attest(
        {options_.rules.chain_id, verified.header.number, verified.hash, verified.header.state_root}
    );
    if (!attestation) {
        return Err{attestation.error()};
    }
    ++taken_;
    status_->update([&](Progress& now) {
        ++now.verified;
        now.transactions += verified.transactions;
        now.gas += verified.gas_used;
        now.block_bytes += verified.block_bytes;
        now.witness_bytes += verified.witness_bytes;
        now.validation_us += static_cast<uint64_t>(milliseconds(time) * 1000);
        now.code_cache_bytes = codes_.size_bytes();
    });
    advance_to(verified.header, verified.hash);
    const auto line = options_.as_json ? block_json : block_line;
    std::printf("%s\n", line(verified, milliseconds(time), *attestation).c_str());
    std::fflush(stdout);
    return {};
}

Follower::Step Follower::send_attestations(jsonrpc::Endpoint& endpoint) {
    while (!unsent_.empty()) {
        const auto taken = endpoint.call(
            "mega_sendAttestation",
            json::array({json::parse(to_json(unsent_.front()), nullptr, /*allow_exceptions=*/false)}
            )
        );
        if (!taken && taken.error().kind == jsonrpc::EndpointError::Kind::lost) {
            return interrupted<Interruption>(taken.error(), Reason::lost, Reason::refused);
        }
        unsent_.pop_front();
        if (taken) {
            status_->update([](Progress& now) { ++now.attestations_sent; });
        } else if (!refusal_is_told_) {
            refusal_is_told_ = true;
            std::fprintf(stderr, "mega validate: %s\n", taken.error().message.c_str());
        }
    }
    return {};
}

void Follower::advance_to(const BlockHeader& header, const Hash256& hash) {
    last_ = BlockHeader{header};
    if (kept_.empty() || kept_.back().number < header.number) {
        kept_.push_back(header);
        if (kept_.size() > max_kept_headers) {
            kept_.pop_front();
        }
    }
    status_->update([&](Progress& now) {
        now.number = header.number;
        now.hash = hash;
        now.state_root = header.state_root;
    });
}

}  // namespace mega::validator
