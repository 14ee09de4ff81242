#include "ethereum/chain.hpp"

#include "ethereum/body_rules.hpp"
#include "ethereum/header_rules.hpp"
#include "ethereum/ommers.hpp"

namespace mega::ethereum {

namespace {

using Code = BlockFaultCode;

Err<BlockFault> fault(Code code, std::string details = {}) {
    return Err{BlockFault{code, std::move(details)}};
}

/// The block and what was before it, as ommers are checked against them.
std::vector<Ancestor> ancestors_from(const ChainBlock& parent) {
    std::vector<Ancestor> ancestors;
    const ChainBlock* step = &parent;
    while (step != nullptr && ancestors.size() < ommer_ancestors) {
        ancestors.push_back({step->hash, &step->header, step->ommer_hashes});
        step = step->parent;
    }
    return ancestors;
}

}  // namespace

/// A block on its way in.
struct Chain::Candidate {
    Block block;
    Hash256 hash;
    size_t size_bytes = 0;
    const ChainBlock* parent = nullptr;
    bool is_merged = false;
    Fork fork = Fork::frontier;
    std::vector<SignedTransaction> transactions;
};

Result<std::unique_ptr<Chain>, BlockFault> Chain::start(
    ChainConfig config, state::StateDiff state, const BlockHeader& genesis
) {
    std::unique_ptr<Chain> chain{new Chain(std::move(config))};
    auto first = std::make_unique<ChainBlock>();
    first->header = genesis;
    first->hash = hash_of(genesis);
    first->total_difficulty = genesis.difficulty;
    first->diff = std::move(state);
    first->is_merged = chain->config_.terminal_total_difficulty && genesis.difficulty.is_zero();
    const Hash256 root = chain->state_.root_after(first->diff);
    if (root != genesis.state_root) {
        return fault(Code::wrong_state_root, to_hex(genesis.state_root) + ", not " + to_hex(root));
    }
    chain->head_ = first.get();
    chain->blocks_.emplace(first->hash, std::move(first));
    return chain;
}

Result<ImportedBlock, BlockFault> Chain::import(
    evm::Vm& vm, BytesView rlp, const TransactionsExecutor& executor
) {
    Candidate candidate;
    auto block = decode_block(rlp);
    if (!block) {
        return fault(Code::undecodable, std::string{rlp::to_string(block.error())});
    }
    candidate.block = *std::move(block);
    candidate.hash = hash_of(candidate.block.header);
    candidate.size_bytes = rlp.size();
    if (const ChainBlock* known = find(candidate.hash)) {
        choose_head(*known);
        return ImportedBlock{known->hash, head_ == known, {}};
    }
    auto checked = check(candidate);
    if (!checked) {
        return Err{checked.error()};
    }
    auto result = execute(vm, candidate, executor);
    if (!result) {
        return Err{result.error()};
    }
    const ChainBlock& kept = keep(std::move(candidate), std::move(result->diff));
    choose_head(kept);
    return ImportedBlock{kept.hash, head_ == &kept, std::move(result->receipts)};
}

const ChainBlock* Chain::find(const Hash256& hash) const {
    const auto found = blocks_.find(hash);
    return found == blocks_.end() ? nullptr : found->second.get();
}

bool Chain::is_merged_after(const ChainBlock& parent) const {
    return config_.terminal_total_difficulty &&
           parent.total_difficulty >= *config_.terminal_total_difficulty;
}

Result<void, BlockFault> Chain::check(Candidate& candidate) const {
    const Block& block = candidate.block;
    if (blocks_.size() >= max_chain_blocks) {
        return fault(Code::chain_full);
    }
    candidate.parent = find(block.header.parent_hash);
    if (candidate.parent == nullptr) {
        return fault(Code::unknown_parent, to_hex(block.header.parent_hash));
    }
    candidate.is_merged = is_merged_after(*candidate.parent);
    candidate.fork =
        fork_at(config_, block.header.number, block.header.timestamp, candidate.is_merged);
    auto checked = check_block_size(candidate.fork, candidate.size_bytes);
    if (checked) {
        checked = check_header(config_, candidate.fork, candidate.parent->header, block.header);
    }
    if (checked) {
        checked = check_body(candidate.fork, block);
    }
    if (checked) {
        checked = check_ommers(config_, block.ommers, ancestors_from(*candidate.parent));
    }
    if (!checked) {
        return checked;
    }
    auto transactions = decode_transactions(candidate.fork, block.transactions);
    if (!transactions) {
        return Err{transactions.error()};
    }
    candidate.transactions = *std::move(transactions);
    return check_blob_count(
        blobs_at(config_, block.header.timestamp), block.header, candidate.transactions
    );
}

Result<execution::BlockResult, BlockFault> Chain::execute(
    evm::Vm& vm, const Candidate& candidate, const TransactionsExecutor& executor
) {
    const Block& block = candidate.block;
    state_.move_to(*candidate.parent);
    const BlockInput input{
        config_,
        candidate.fork,
        block.header,
        candidate.transactions,
        block.ommers,
        block.withdrawals ? std::span<const Withdrawal>{*block.withdrawals}
                          : std::span<const Withdrawal>{},
        [this](const state::StateDiff& diff) { return state_.root_after(diff); },
        executor
    };
    auto result = execute_block(vm, state_.view(), input);
    if (!result) {
        return fault(Code::invalid_transaction, result.error().message);
    }
    auto checked = check_result(candidate.fork, block.header, *result);
    if (!checked) {
        return Err{checked.error()};
    }
    const Hash256 root = state_.advance(result->diff);
    if (root != block.header.state_root) {
        return fault(
            Code::wrong_state_root, to_hex(block.header.state_root) + ", not " + to_hex(root)
        );
    }
    return *std::move(result);
}

const ChainBlock& Chain::keep(Candidate candidate, state::StateDiff diff) {
    auto kept = std::make_unique<ChainBlock>();
    kept->header = std::move(candidate.block.header);
    kept->hash = candidate.hash;
    kept->total_difficulty = candidate.parent->total_difficulty + kept->header.difficulty;
    kept->is_merged = candidate.is_merged;
    for (const BlockHeader& ommer : candidate.block.ommers) {
        kept->ommer_hashes.push_back(hash_of(ommer));
    }
    kept->diff = std::move(diff);
    kept->parent = candidate.parent;
    const ChainBlock& block = *kept;
    blocks_.emplace(kept->hash, std::move(kept));
    state_.confirm(block);
    return block;
}

void Chain::choose_head(const ChainBlock& block) {
    const bool is_ahead =
        block.is_merged ? true
                        : !head_->is_merged && block.total_difficulty > head_->total_difficulty;
    if (is_ahead) {
        head_ = &block;
    }
}

const state::StateView& Chain::head_state() {
    state_.move_to(*head_);
    return state_.view();
}

}  // namespace mega::ethereum
