#include "staking/reporter.hpp"

#include "base/hex.hpp"
#include "settlement/inbox.hpp"
#include "staking/refusal.hpp"

#include <algorithm>

namespace mega::staking {
namespace {

constexpr auto batch_pause = std::chrono::seconds(5);  // until its batch is looked for again
constexpr auto longest_pause = std::chrono::hours(1);
constexpr uint32_t max_refusals = 200;  // about a week

Result<uint32_t> id_of(L1Staking& staking, const Contradiction& found) {
    if (const auto* two = std::get_if<TwoAttestations>(&found)) {
        return staking.id_of_attester(two->first.key);
    }
    if (const auto* one = std::get_if<FalseAttestation>(&found)) {
        return staking.id_of_attester(one->attestation.key);
    }
    return staking.id_of_signer(Address::from(who_of(found)));
}

}  // namespace

Reporter::Reporter(
    Parts parts,
    settlement::RollupFile rollup,
    EvidenceFolder folder,
    std::function<void(const std::string&)> log
)
    : parts_(parts), rollup_(std::move(rollup)), folder_(std::move(folder)), log_(std::move(log)) {}

void Reporter::read_folder() {
    for (Contradiction& found : folder_.read_open(log_)) {
        log_("watch: goes on with " + folder_.path_of(found).string());
        open(std::move(found));
    }
}

void Reporter::take(Contradiction found) {
    const auto path = folder_.path_of(found);
    const bool is_open = std::ranges::any_of(cases_, [&](const Case& each) {
        return folder_.path_of(each.evidence) == path;
    });
    if (is_open || folder_.is_done(found)) {
        return;
    }
    log_(
        "watch: a validator contradicts itself at block " + std::to_string(block_of(found)) +
        (folder_.keep(found) ? "; the evidence is in " + path.string()
                             : "; the evidence could not be written to " + path.string())
    );
    open(std::move(found));
}

void Reporter::open(Contradiction found) {
    cases_.push_back({std::move(found)});
    if (cases_.size() > max_cases) {
        log_("watch: too many open cases, the oldest stays in its file alone");
        cases_.pop_front();
    }
}

Result<void> Reporter::step(L1Staking& staking) {
    // Each is tried, whatever becomes of the one before.
    std::optional<Error> first_error;
    for (auto open_case = cases_.begin(); open_case != cases_.end();) {
        if (Clock::now() < open_case->next_try) {
            ++open_case;
            continue;
        }
        const auto brought = bring(*open_case, staking);
        if (!brought && !first_error) {
            first_error = brought.error();
        }
        const bool is_closed = brought && *brought;
        open_case = is_closed ? cases_.erase(open_case) : std::next(open_case);
    }
    return first_error ? Result<void>{Err{*first_error}} : Result<void>{};
}

Result<bool> Reporter::bring(Case& open_case, L1Staking& staking) {
    const uint64_t block = block_of(open_case.evidence);
    if (may_be_void(open_case.evidence)) {
        return close(
            open_case,
            "what was signed for block " + std::to_string(block) +
                " may have been built on blocks that L1 took back: it is not brought"
        );
    }
    if (open_case.id == 0) {
        const auto id = id_of(staking, open_case.evidence);
        if (!id) {
            return Err{id.error()};
        }
        if (*id == 0) {
            return close(open_case, "nobody is registered with the key: it is not brought");
        }
        open_case.id = *id;
    }
    const auto head = parts_.client.head_number();
    if (!head) {
        return Err{head.error()};
    }
    const auto batch = settlement::find_batch_of_block(
        parts_.client, rollup_.config.batch_inbox, block, rollup_.config.l1_start_block, *head
    );
    if (!batch) {
        return Err{batch.error()};
    }
    if (!*batch) {
        open_case.next_try = Clock::now() + batch_pause;
        return false;  // its block is not on L1 yet
    }
    const auto is_out = staking.is_out(open_case.id);
    if (!is_out) {
        return Err{is_out.error()};
    }
    if (*is_out) {
        return close(
            open_case, "validator " + std::to_string(open_case.id) + " has been slashed already"
        );
    }
    return send(open_case, (*batch)->posted);
}

Result<bool> Reporter::send(Case& open_case, const rollup::PostedBatch& batch) {
    const std::string who = "validator " + std::to_string(open_case.id);
    auto data = call_input(open_case.id, open_case.evidence, batch);
    if (!data) {
        return close(open_case, "the evidence against " + who + " has a signature that is none");
    }
    const auto receipt = parts_.sender.send(
        {.to = rollup_.contracts.mega.slasher,
         .data = *std::move(data),
         .value = {},
         .gas_limit = 0,
         .sidecar = {}}
    );
    if (receipt && receipt->status) {
        return close(open_case, who + " is slashed: " + to_hex(receipt->tx_hash));
    }
    const std::string what = "the evidence against " + who;
    if (!receipt && receipt.error().kind != settlement::TxFailure::Kind::reverts) {
        return Err{Error{what + ": " + receipt.error().message}};
    }
    const std::string why = receipt ? std::string("reverted") : receipt.error().message;
    if (const auto lasting = lasting_refusal(why)) {
        return close(open_case, "L1 will never take " + what + ": " + *lasting);
    }
    // L1 does not take any now: a pause, a node that is behind.
    return put_off(open_case, "L1 does not take " + what + ": " + why);
}

bool Reporter::close(const Case& open_case, const std::string& outcome) {
    log_("watch: " + outcome);
    if (!folder_.mark_done(open_case.evidence, outcome)) {
        log_("watch: " + folder_.path_of(open_case.evidence).string() + " could not be marked");
    }
    return true;
}

/// True when it has been tried for long enough.
bool Reporter::put_off(Case& open_case, const std::string& words) {
    if (words != open_case.last_words) {
        log_("watch: " + words);
        open_case.last_words = words;
    }
    open_case.next_try = Clock::now() + open_case.pause;
    open_case.pause = std::min<std::chrono::seconds>(2 * open_case.pause, longest_pause);
    return ++open_case.refusals > max_refusals && close(open_case, "given up: " + words);
}

bool Reporter::may_be_void(const Contradiction& found) const {
    // Of two, the one that was signed first is what L1 may have made void.
    const MiniBlockHeader* early = nullptr;
    if (const auto* two = std::get_if<TwoMiniBlocks>(&found)) {
        early = two->first.timestamp_us <= two->second.timestamp_us ? &two->first : &two->second;
    } else if (const auto* one = std::get_if<LeftOut>(&found)) {
        early = &one->promised;
    }
    return early != nullptr &&
           parts_.history.may_be_void(early->block_timestamp, early->timestamp_us);
}

}  // namespace mega::staking
