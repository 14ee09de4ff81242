#include "leadership/follower.hpp"

#include "base/hex.hpp"
#include "rollup/deposits.hpp"
#include "sequencer/opening.hpp"

#include <algorithm>

namespace mega::leadership {
namespace {

using sequencer::OpenBlockPtr;

/// Senders are recovered here, but for those of deposits, which nobody signs.
Result<std::vector<mempool::TxPtr>> to_transactions(std::span<const feed::FeedTransaction> told) {
    std::vector<mempool::TxPtr> transactions;
    transactions.reserve(told.size());
    for (const feed::FeedTransaction& one : told) {
        auto tx = decode_transaction(one.raw);
        if (!tx) {
            return Err{Error{"a transaction that does not decode"}};
        }
        Address sender = one.sender;
        if (tx->type != TxType::deposit) {
            const auto recovered = recover_sender(*tx);
            if (!recovered) {
                return Err{Error{"a transaction that nobody signed"}};
            }
            sender = *recovered;
        }
        transactions.push_back(std::make_shared<const SignedTransaction>(
            SignedTransaction{std::move(*tx), sender, transaction_hash(one.raw), one.raw}
        ));
    }
    return transactions;
}

/// A sealed block tells its place in L1 by its first transaction, if it has moved.
void add_position(
    sequencer::OpenBlockRecord& opening,
    const feed::BlockRecord& record,
    const std::optional<rollup::L1Position>& before
) {
    if (opening.l1) {
        return;
    }
    opening.l1 = before;
    if (!before || record.transactions.empty()) {
        return;
    }
    if (const auto tx = decode_transaction(record.transactions.front().raw)) {
        if (auto position = rollup::read_l1_attributes(*tx)) {
            opening.l1 = *position;
        }
    }
}

}  // namespace

Follower::Follower(const Options& options, Parts parts)
    : options_(options), parts_(std::move(parts)) {
    const auto open = parts_.reader.position().open;
    if (open && !open->mini_blocks().empty()) {
        opened_ = open->opening_header().number;
    }
}

uint64_t Follower::open_number() const { return parts_.reader.sealed_number() + 1; }

void Follower::leave() {
    leader_.reset();
    url_.clear();
    must_fetch_ = true;
    const auto open = parts_.reader.position().open;
    opened_ = open && !open->mini_blocks().empty() ? open->opening_header().number : 0;
}

Follower::Outcome Follower::pump(
    const std::string& url, const std::optional<Address>& signer, uint32_t wait_ms
) {
    signer_ = signer;
    Outcome outcome = Outcome::followed;
    if (!leader_ || url != url_) {
        outcome = connect(url);
    }
    if (outcome == Outcome::followed) {
        outcome = must_fetch_ ? fetch() : take_pushed(wait_ms);
    }
    if (outcome != Outcome::followed) {
        leave();
    }
    return outcome;
}

Follower::Outcome Follower::connect(const std::string& url) {
    leave();
    replica::LeaderOptions options;
    options.url = url;
    options.timeout_ms = options_.timeout_ms;
    auto connected = replica::Leader::connect(options);
    if (!connected) {
        return Outcome::lost;
    }
    leader_ = *std::move(connected);
    url_ = url;
    return Outcome::followed;
}

Follower::Outcome Follower::fetch() {
    const auto [sealed, open] = parts_.reader.position();
    const auto mini_blocks = open->mini_blocks();
    const feed::Place place{
        sealed->header.number + 1,
        mini_blocks.empty() ? 0 : mini_blocks.back()->header.mini_block_number + 1
    };
    const auto delivery = leader_->fetch(place);
    if (!delivery || delivery->genesis_hash != options_.genesis_hash ||
        delivery->chain_id != options_.chain_id) {
        return Outcome::lost;
    }
    leader_sealed_ = delivery->sealed_number;
    if (delivery->sealed_number <= sealed->header.number) {
        const auto own = delivery->sealed_number == sealed->header.number
                             ? Result<std::optional<BlockHeader>>(std::optional{sealed->header})
                             : parts_.reader.header(delivery->sealed_number);
        if (!own || !*own) {
            return Outcome::lost;
        }
        if (hash_of(**own) != delivery->sealed_hash ||
            delivery->sealed_number < sealed->header.number) {
            return leave_branch();
        }
    }
    for (const Bytes& record : delivery->records) {
        const Step step = take(record);
        if (step == Step::gap) {
            return Outcome::followed;
        }
        if (step == Step::fork || step == Step::lie) {
            return settle(step);
        }
    }
    must_fetch_ = !delivery->is_whole;
    return Outcome::followed;
}

Follower::Outcome Follower::take_pushed(uint32_t wait_ms) {
    auto record = leader_->next(wait_ms);
    while (record && *record) {
        if (const Outcome outcome = settle(take(**record)); outcome != Outcome::followed) {
            return outcome;
        }
        if (must_fetch_) {
            return Outcome::followed;
        }
        record = leader_->next(0);
    }
    if (!record) {
        return Outcome::lost;
    }
    must_fetch_ = !leader_->pushes();
    return Outcome::followed;
}

Follower::Outcome Follower::settle(Step step) {
    switch (step) {
        case Step::taken:
        case Step::nothing:
            return Outcome::followed;
        case Step::gap:
            must_fetch_ = true;
            return Outcome::followed;
        case Step::fork:
            return leave_branch();
        case Step::lie:
            break;
    }
    return Outcome::contradicts;
}

Follower::Step Follower::lie(const std::string& words) {
    ++counters_.refused;
    parts_.log(leader_->origin() + " leads, and says what is not so: " + words);
    return Step::lie;
}

Result<void> Follower::back_to(uint64_t number) {
    auto lost = parts_.sequencer.follow_back_to(number);
    if (!lost) {
        return Err{lost.error()};
    }
    opened_ = 0;
    if (!lost->empty()) {
        parts_.on_lost(*std::move(lost));
    }
    return {};
}

/// Halves the distance until the last block in common is found; what L1 holds for good is common.
Follower::Outcome Follower::leave_branch() {
    must_fetch_ = true;
    ++counters_.branches_left;
    const uint64_t own = parts_.reader.sealed_number();
    const uint64_t settled = parts_.reader.settled().finalized;
    // Until L1 has told, everything sealed shows as final.
    uint64_t same = settled == own ? 0 : settled;
    uint64_t other = std::min(own, leader_sealed_) + 1;
    if (other <= same) {
        parts_.log(leader_->origin() + " has less than what is final on L1");
        return Outcome::lost;
    }
    while (other - same > 1) {
        const uint64_t middle = same + (other - same) / 2;
        const auto theirs = leader_->block_hash(middle);
        const auto ours = parts_.reader.header(middle);
        if (!theirs || !ours) {
            return Outcome::lost;
        }
        const bool is_same = *theirs && *ours && **theirs == hash_of(**ours);
        (is_same ? same : other) = middle;
    }
    parts_.log(
        "the chain of " + leader_->origin() + " is another one after block " +
        std::to_string(same) + ": blocks up to " + std::to_string(own) + " are left"
    );
    if (auto back = back_to(same); !back) {
        parts_.log("cannot go back to block " + std::to_string(same) + ": " + back.error().message);
        return Outcome::lost;
    }
    return Outcome::followed;
}

Follower::Step Follower::take(const Bytes& encoded) {
    const auto record = feed::decode_record(encoded);
    if (!record) {
        return lie(record.error().message);
    }
    return std::visit([&](const auto& fields) { return take(fields); }, *record);
}

Follower::Step Follower::take(const feed::OpenRecord& record) {
    const uint64_t number = record.opening.number;
    if (number != open_number()) {
        return number < open_number() ? Step::nothing : Step::gap;
    }
    const OpenBlockPtr open = parts_.reader.position().open;
    if (!open->mini_blocks().empty() && sequencer::inputs_of(*open) != record.opening) {
        return Step::fork;
    }
    if (auto followed = parts_.sequencer.follow_opening(record.opening); !followed) {
        return lie(followed.error().message);
    }
    opened_ = number;
    return Step::taken;
}

Follower::Step Follower::take(const feed::MiniBlockRecord& record) {
    const MiniBlockHeader& header = record.header;
    if (header.block_number != open_number()) {
        return header.block_number < open_number() ? Step::nothing : Step::gap;
    }
    const auto own = parts_.reader.position().open->mini_blocks();
    if (header.index < own.size()) {
        return own[header.index]->header == header ? Step::nothing : Step::fork;
    }
    if (header.index > own.size() || opened_ != header.block_number) {
        return Step::gap;
    }
    return take_mini_block(header, record.transactions);
}

Follower::Step Follower::take_mini_block(
    const MiniBlockHeader& header, std::span<const feed::FeedTransaction> transactions
) {
    const std::string name = "mini-block " + std::to_string(header.mini_block_number);
    // What is fetched may be of the leaders before.
    if (!must_fetch_ && signer_ && recover_signer(header) != signer_) {
        return lie(name + " is not signed by it");
    }
    const auto decoded = to_transactions(transactions);
    if (!decoded) {
        return lie(name + " holds " + decoded.error().message);
    }
    if (auto followed = parts_.sequencer.follow_mini_block(header, *decoded); !followed) {
        opened_ = 0;
        return lie(followed.error().message);
    }
    ++counters_.mini_blocks;
    return Step::taken;
}

Follower::Step Follower::take_seal(const BlockHeader& header) {
    if (auto followed = parts_.sequencer.follow_seal(header); !followed) {
        const Step step = lie(followed.error().message);
        static_cast<void>(back_to(header.number - 1));
        return step;
    }
    opened_ = 0;
    leader_sealed_ = std::max(leader_sealed_, header.number);
    ++counters_.blocks;
    return Step::taken;
}

Follower::Step Follower::take(const feed::SealRecord& record) {
    const uint64_t number = record.header.number;
    if (number < open_number()) {
        const auto own = parts_.reader.header(number);
        return own && *own && **own != record.header ? Step::fork : Step::nothing;
    }
    const OpenBlockPtr open = parts_.reader.position().open;
    const bool is_whole =
        number == open_number() && opened_ == number &&
        sequencer::roots_of(open->transactions()).transactions == record.header.transactions_root;
    return is_whole ? take_seal(record.header) : Step::gap;
}

Follower::Step Follower::take(const feed::BlockRecord& record) {
    const uint64_t number = record.header.number;
    if (number != open_number()) {
        return number < open_number() ? Step::nothing : Step::gap;
    }
    const auto [sealed, open] = parts_.reader.position();
    if (record.header.parent_hash != sealed->hash) {
        return Step::fork;
    }
    sequencer::OpenBlockRecord opening = record.opening;
    add_position(opening, record, sealed->l1);
    const auto own = open->mini_blocks();
    const auto is_told = [](const auto& told, const sequencer::MiniBlockPtr& mini_block) {
        return told.header == mini_block->header;
    };
    const bool continues =
        own.empty() ||
        (sequencer::inputs_of(*open) == opening && own.size() <= record.mini_blocks.size() &&
         std::equal(
             own.begin(),
             own.end(),
             record.mini_blocks.begin(),
             [&](const auto& mine, const auto& told) { return is_told(told, mine); }
         ));
    if (!continues) {
        // The same parent: only the open block is another one.
        if (auto back = back_to(sealed->header.number); !back) {
            return lie(back.error().message);
        }
        return Step::gap;
    }
    if (auto followed = parts_.sequencer.follow_opening(opening); !followed) {
        return lie(followed.error().message);
    }
    opened_ = number;
    size_t first = 0;
    for (size_t i = 0; i < record.mini_blocks.size(); ++i) {
        const auto& told = record.mini_blocks[i];
        if (told.transaction_count > record.transactions.size() - first) {
            return lie("block " + std::to_string(number) + " lacks transactions");
        }
        const auto part = std::span(record.transactions).subspan(first, told.transaction_count);
        first += told.transaction_count;
        if (i < own.size()) {
            continue;
        }
        if (const Step step = take_mini_block(told.header, part); step != Step::taken) {
            return step;
        }
    }
    return take_seal(record.header);
}

Follower::Step Follower::take(const feed::RevertRecord& record) {
    const uint64_t own = parts_.reader.sealed_number();
    const uint64_t number = std::min(record.number, own);
    if (number < parts_.reader.settled().finalized && parts_.reader.settled().finalized < own) {
        return lie("it goes back before block " + std::to_string(number + 1) + ", which is final");
    }
    leader_sealed_ = record.number;
    if (auto back = back_to(number); !back) {
        return lie(back.error().message);
    }
    return Step::gap;
}

}  // namespace mega::leadership
