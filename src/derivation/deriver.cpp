#include "derivation/deriver.hpp"

#include "base/hex.hpp"

#include <thread>

namespace mega::derivation {
namespace {

using sequencer::DictatedBlock;

/// Whether `stored` is what building `block` on the same parent gives: what was executed is in the
/// order of what was dictated, and nothing that is always executed is missing.
bool is_made_of(const storage::StoredBlock& stored, const DictatedBlock& block) {
    if (stored.header.timestamp != block.timestamp || stored.header.gas_limit != block.gas_limit ||
        stored.header.beneficiary != block.beneficiary) {
        return false;
    }
    size_t matched = 0;
    const auto match = [&](const std::vector<mempool::TxPtr>& transactions) {
        for (const mempool::TxPtr& tx : transactions) {
            const bool is_next = matched < stored.transactions.size() &&
                                 stored.transactions[matched].hash == tx->hash;
            matched += is_next ? 1 : 0;
            if (!is_next && tx->tx.type == TxType::deposit) {
                return false;
            }
        }
        return true;
    };
    return match(block.from_l1) && match(block.transactions) &&
           matched == stored.transactions.size();
}

}  // namespace

Deriver::Deriver(const rollup::RollupConfig& config, const DeriverOptions& options, Parts parts)
    : config_(config), options_(options), parts_(std::move(parts)), derivation_(config) {}

Result<bool> Deriver::step() {
    const auto heads = parts_.l1.heads();
    if (!heads) {
        return Err{heads.error()};
    }
    counters_.l1_head = heads->newest;
    if (auto followed = follow_reorganisation(); !followed) {
        return Err{followed.error()};
    }
    const uint64_t from = state().l1.number + 1;
    const uint64_t to = std::min(heads->newest, from + options_.l1_blocks_a_step - 1);
    if (from <= to) {
        auto inputs = parts_.l1.read(from, to);
        if (!inputs) {
            return Err{inputs.error()};
        }
        for (const rollup::L1BlockInput& input : *inputs) {
            auto batches = derivation_.accept(input);
            if (!batches) {
                // Another parent: L1 changed between two answers, and the next look sees it whole.
                return batches.error().code == rollup::DerivationErrorCode::not_the_next_block
                           ? Result<bool>(true)
                           : Err{Error{batches.error().message}};
            }
            for (rollup::DerivedBatch& batch : *batches) {
                if (auto adopted = adopt(std::move(batch)); !adopted) {
                    // Not followed after all: to be read again.
                    static_cast<void>(derivation_.rewind(input.block.ref.number - 1));
                    return Err{adopted.error()};
                }
            }
        }
    }
    if (auto taken_back = take_back_surplus(heads->newest); !taken_back) {
        return Err{taken_back.error()};
    }
    settle(*heads);
    return state().l1.number < heads->newest;
}

/// L1 may have gone back while nobody looked, with no batch in the place of the one that went: then
/// nothing that is derived contradicts the last blocks. An L1 that is behind what they have seen
/// says nothing about them.
Result<void> Deriver::take_back_surplus(uint64_t l1_newest) {
    const sequencer::SealedPtr head = parts_.head.position().sealed;
    const uint64_t kept = state().block_number;
    if (state().l1.number < l1_newest || head->header.number <= kept || !head->l1 ||
        l1_newest <= head->l1->origin.number) {
        return {};
    }
    parts_.log(
        "L1 does not hold the blocks after " + std::to_string(kept) + " any more: taking them back"
    );
    ++counters_.reorganisations;
    return take_back_after(kept);
}

Result<void> Deriver::take_back_after(uint64_t number) {
    Result<void> reverted = Err{Error{"the node is stopping"}};
    parts_.sequencer.run([&] {
        reverted = parts_.sequencer.chain().head()->header.number > number
                       ? parts_.sequencer.revert_to(number)
                       : Result<void>{};
    });
    return reverted;
}

Result<void> Deriver::follow_reorganisation() {
    uint64_t number = state().l1.number;
    while (true) {
        const rollup::DerivationState* known = derivation_.state_after(number);
        if (known == nullptr) {
            return Err{Error{
                "L1 has taken back its blocks from " + std::to_string(number + 1) +
                " on, which is deeper than this node can go back"
            }};
        }
        if (known->l1.hash.is_zero()) {
            break;  // before the contracts
        }
        const auto hash = parts_.l1.hash_of(number);
        if (!hash) {
            return Err{hash.error()};
        }
        if (*hash == known->l1.hash) {
            break;
        }
        --number;
    }
    if (number == state().l1.number) {
        return {};
    }
    // The chain first: what fails here is found again by the next look.
    const uint64_t kept = derivation_.state_after(number)->block_number;
    if (auto taken_back = take_back_after(kept); !taken_back) {
        return taken_back;
    }
    ++counters_.reorganisations;
    parts_.log(
        "L1 has taken back its blocks after " + std::to_string(number) + "; back to block " +
        std::to_string(kept)
    );
    return derivation_.rewind(number);
}

Result<void> Deriver::adopt(rollup::DerivedBatch batch) {
    counters_.blocks += batch.blocks.size();
    for (const rollup::DerivedBlock& block : batch.blocks) {
        counters_.transactions += block.from_l1.size() + block.transactions.size();
    }
    const auto is_present = has_last_block_of(batch.posted.header);
    if (!is_present) {
        return Err{is_present.error()};
    }
    if (!*is_present) {
        std::vector<DictatedBlock> blocks = prepare(std::exchange(batch.blocks, {}));
        const auto present = count_present(blocks);
        if (!present) {
            return Err{present.error()};
        }
        blocks.erase(blocks.begin(), blocks.begin() + static_cast<std::ptrdiff_t>(*present));
        if (auto adopted = parts_.sequencer.adopt(std::move(blocks)); !adopted) {
            return adopted;
        }
    }
    judge(batch);
    return {};
}

Result<bool> Deriver::has_last_block_of(const rollup::BatchHeader& header) const {
    if (header.last_block_hash.is_zero() ||
        header.last_block > parts_.head.position().sealed->header.number) {
        return false;
    }
    const auto last = parts_.blocks.header(header.last_block);
    if (!last) {
        return Err{last.error()};
    }
    return *last && (*last)->hash == header.last_block_hash;
}

std::vector<DictatedBlock> Deriver::prepare(std::vector<rollup::DerivedBlock> blocks) const {
    std::vector<DictatedBlock> prepared(blocks.size());
    std::atomic<size_t> next{0};
    const auto work = [&] {
        for (size_t i = next++; i < blocks.size(); i = next++) {
            prepared[i] = sequencer::dictated_block(std::move(blocks[i]));
        }
    };
    std::vector<std::thread> helpers;
    for (size_t i = 1; i < std::min(options_.threads, blocks.size()); ++i) {
        helpers.emplace_back(work);
    }
    work();
    for (std::thread& helper : helpers) {
        helper.join();
    }
    return prepared;
}

Result<size_t> Deriver::count_present(std::span<const DictatedBlock> blocks) const {
    const uint64_t head = parts_.head.position().sealed->header.number;
    size_t present = 0;
    while (present < blocks.size() && blocks[present].number <= head) {
        const auto stored = parts_.blocks.block(blocks[present].number);
        if (!stored) {
            return Err{stored.error()};
        }
        if (*stored == nullptr || !is_made_of(**stored, blocks[present])) {
            break;
        }
        ++present;
    }
    return present;
}

void Deriver::judge(const rollup::DerivedBatch& batch) {
    const rollup::BatchHeader& header = batch.posted.header;
    const std::string name = "batch " + std::to_string(header.index) + " (blocks " +
                             std::to_string(header.first_block) + " to " +
                             std::to_string(header.last_block) + ", L1 block " +
                             std::to_string(batch.included_in.number) + ")";
    ++counters_.batches;
    if (batch.fault) {
        ++counters_.bad_batches;
        parts_.log(name + " derives to blocks without transactions: " + *batch.fault);
    }
    if (header.last_block_hash.is_zero()) {
        return;
    }
    const auto last = parts_.blocks.header(header.last_block);
    if (last && *last && (*last)->hash != header.last_block_hash) {
        ++counters_.disputable_batches;
        parts_.log(
            name + " claims " + to_hex(header.last_block_hash) + " for its last block, which is " +
            to_hex((*last)->hash) + ": claims on it can be disputed"
        );
    }
}

void Deriver::settle(const L1Inputs::Heads& heads) {
    counters_.l1_followed = state().l1.number;
    const uint64_t followed = state().l1.number;
    const uint64_t end_of_window = followed > options_.window ? followed - options_.window : 0;
    const uint64_t final_l1 = std::min(followed, std::max(heads.finalized, end_of_window));
    sequencer::Head::Settled settled = parts_.head.settled().value_or(sequencer::Head::Settled{});
    settled.safe = state().block_number;
    if (heads.finalized != 0) {
        if (const auto* final_state =
                derivation_.state_after(std::min(followed, heads.finalized))) {
            settled.finalized = final_state->block_number;
        }
    }
    parts_.head.settle(settled);
    derivation_.finalize(final_l1);
}

}  // namespace mega::derivation
