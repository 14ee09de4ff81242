#include "bench/stateless_block.hpp"

#include "bench/stateless_tree.hpp"
#include "crypto/keccak.hpp"
#include "ethereum/block_transition.hpp"
#include "execution/l2_parameters.hpp"
#include "trie/ordered_root.hpp"
#include "witness/access_recorder.hpp"
#include "witness/record.hpp"

#include <algorithm>

namespace mega::bench {
namespace {

constexpr uint64_t max_block_hashes = 256;

std::vector<Hash256> hashes_before(const state::StateView& view, uint64_t number) {
    std::vector<Hash256> hashes;
    for (uint64_t back = 1; back <= std::min(max_block_hashes, number); ++back) {
        hashes.push_back(view.block_hash(number - back));
    }
    return hashes;
}

/// What the view has under these keys, as updates of an empty tree.
std::vector<trie::AccountUpdate> bring(
    const state::StateView& view, std::span<const witness::AccountKeys> keys, size_t filler
) {
    const auto stores =
        std::ranges::count_if(keys, [](const auto& account) { return !account.slots.empty(); });
    std::vector<trie::AccountUpdate> updates;
    for (const witness::AccountKeys& key : keys) {
        const auto account = view.account(key.address);
        if (!account) {
            continue;
        }
        trie::AccountUpdate update;
        update.hashed_address = crypto::keccak256(key.address.view());
        update.account = account;
        if (!key.slots.empty()) {
            update.slots = filler_slots(updates.size(), filler / static_cast<size_t>(stores));
        }
        for (const u256& slot : key.slots) {
            if (const u256 value = view.storage(key.address, slot); value != 0) {
                update.slots.push_back({crypto::keccak256(slot.to_hash().view()), value});
            }
        }
        std::ranges::sort(update.slots, {}, &trie::SlotUpdate::hashed_slot);
        updates.push_back(std::move(update));
    }
    std::ranges::sort(updates, {}, &trie::AccountUpdate::hashed_address);
    return updates;
}

void bring_into(trie::StateTree& tree, std::span<const trie::AccountUpdate> updates) {
    const bool applied = tree.apply(updates).has_value();
    MEGA_ASSERT(applied);
}

}  // namespace

StatelessBlock::StatelessBlock(Workload workload)
    : name_(std::move(workload.name)), view_(std::move(workload.view)) {
    const auto& context = workload.env.context;
    stateless::MegaRules rules;
    rules.chain_id = context.chain_id;
    rules_ = rules;
    BlockHeader& header = block_.header;
    header.beneficiary = context.beneficiary;
    header.number = context.number;
    header.timestamp = context.timestamp;
    header.gas_limit = context.gas_limit;
    header.base_fee_per_gas = context.base_fee_per_gas;
    header.withdrawals_root = empty_trie_root;
    header.blob_gas_used = 0;
    header.excess_blob_gas = 0;
    header.parent_beacon_block_root = Hash256{};
    header.requests_hash = empty_requests_hash;
    block_.withdrawals.emplace();
    for (const SignedTransaction& tx : workload.transactions) {
        block_.transactions.push_back(tx.raw);
    }
    header.transactions_root = trie::ordered_root(block_.transactions);
    block_hashes_ = hashes_before(*view_, header.number);
    header.parent_hash = block_hashes_.front();
}

StatelessBlock::StatelessBlock(const replay::ChainRules& rules, replay::ReplayBlock&& block)
    : name_("mainnet block " + std::to_string(block.header.number)),
      rules_(stateless::EthereumRules{rules.config, block.header.difficulty.is_zero()}),
      view_(block.state) {
    block_.header = block.header;
    block_.ommers = block.ommers;
    if (block.header.withdrawals_root) {
        block_.withdrawals = block.withdrawals;
    }
    for (const SignedTransaction& tx : block.transactions) {
        block_.transactions.push_back(tx.raw);
    }
    block_hashes_ = hashes_before(*view_, block_.header.number);
}

std::vector<SignedTransaction> StatelessBlock::decode() const {
    std::vector<SignedTransaction> transactions;
    transactions.reserve(block_.transactions.size());
    for (const Bytes& envelope : block_.transactions) {
        auto tx = decode_signed_transaction(envelope);
        MEGA_ASSERT(tx.has_value());
        transactions.push_back(*std::move(tx));
    }
    return transactions;
}

StatelessBlock::Made StatelessBlock::execute_mega(
    const stateless::MegaRules& rules,
    const state::StateView& view,
    std::span<const SignedTransaction> transactions,
    witness::AccessSet* accesses
) {
    const auto env = execution::l2_block_env(rules.fork, rules.chain_id, block_.header, view);
    state::Overlay overlay{view};
    std::vector<state::StateDiff> diffs;
    Made made;
    const auto take = [&](state::StateDiff diff) {
        overlay.apply(diff);
        if (accesses != nullptr) {
            accesses->absorb(diff);
        }
        diffs.push_back(std::move(diff));
    };
    take(execution::begin_block(vm_, view, env, block_.header));
    for (const SignedTransaction& tx : transactions) {
        auto result = execution::execute_transaction(vm_, journal_, overlay, env, tx);
        MEGA_ASSERT(result.has_value());
        made.gas_used += result->gas_used;
        made.receipts.push_back(execution::make_receipt(tx.tx, *result, made.gas_used));
        merge(made.bloom, made.receipts.back().bloom);
        take(std::move(result->diff));
    }
    made.diff = state::merge_all(std::move(diffs));
    return made;
}

void StatelessBlock::sequence(
    parallel::ParallelExecutor& executor,
    std::span<const SignedTransaction> transactions,
    state::AccessLog* accesses
) const {
    const auto& rules = std::get<stateless::MegaRules>(rules_);
    const auto env = execution::l2_block_env(rules.fork, rules.chain_id, block_.header, *view_);
    const auto done = executor.execute(
        *view_,
        {.env = env, .transactions = transactions, .accesses = accesses},
        [&](size_t /*index*/, const execution::TxResult& result, Receipt& /*receipt*/) {
            if (accesses != nullptr) {
                accesses->absorb(result.diff);
            }
        }
    );
    MEGA_ASSERT(done.refusals.empty());
}

StatelessBlock::Made StatelessBlock::execute(
    const state::StateView& view,
    std::span<const SignedTransaction> transactions,
    witness::AccessSet* accesses
) {
    if (const auto* mega = std::get_if<stateless::MegaRules>(&rules_)) {
        return execute_mega(*mega, view, transactions, accesses);
    }
    const auto& rules = std::get<stateless::EthereumRules>(rules_);
    const BlockHeader& header = block_.header;
    const auto fork =
        ethereum::fork_at(rules.config, header.number, header.timestamp, rules.is_merged);
    const auto withdrawals = block_.withdrawals.value_or(std::vector<Withdrawal>{});
    auto result = ethereum::execute_block(
        vm_, view, {rules.config, fork, header, transactions, block_.ommers, withdrawals, {}}
    );
    MEGA_ASSERT(result.has_value());
    return {
        std::move(result->receipts),
        std::move(result->diff),
        result->gas_used,
        result->logs_bloom,
        std::move(result->requests)
    };
}

void StatelessBlock::settle_in(trie::StateTree& tree, size_t filler) {
    const auto transactions = decode();
    witness::AccessSet accesses;
    const witness::AccessRecorder recorder(*view_, accesses);
    const Made made = execute(recorder, transactions, &accesses);
    brought_ = bring(*view_, accesses.keys(), filler);
    bring_into(tree, brought_);
    complete(tree, made, accesses);
}

bool StatelessBlock::settle_on(trie::StateTree& tree) {
    const Hash256 hash = hash_of(block_.header);
    const auto transactions = decode();
    witness::AccessSet accesses;
    const witness::AccessRecorder recorder(*view_, accesses);
    const Made made = execute(recorder, transactions, &accesses);
    complete(tree, made, accesses);
    return hash_of(block_.header) == hash;
}

void StatelessBlock::complete(
    trie::StateTree& tree, const Made& made, const witness::AccessSet& accesses
) {
    parent_root_ = tree.root();
    const auto updates = execution::tree_updates(made.diff);
    const witness::TreeNodes nodes(tree);
    auto recorded = witness::record(nodes, parent_root_, accesses, updates);
    MEGA_ASSERT(recorded.has_value());
    witness_ = *std::move(recorded);
    bring_into(tree, updates);
    BlockHeader& header = block_.header;
    header.state_root = tree.root();
    header.receipts_root = execution::receipts_root(made.receipts);
    header.gas_used = made.gas_used;
    header.logs_bloom = made.bloom;
    bring_into(tree, execution::tree_updates(state::invert(made.diff)));
    MEGA_ASSERT(tree.root() == parent_root_);
}

void StatelessBlock::leave(trie::StateTree& tree) {
    for (trie::AccountUpdate& update : brought_) {
        update.account.reset();
        update.slots.clear();
    }
    bring_into(tree, brought_);
    static_cast<void>(tree.root());
    brought_.clear();
}

}  // namespace mega::bench
