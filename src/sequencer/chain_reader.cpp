#include "sequencer/chain_reader.hpp"

#include "execution/l2_parameters.hpp"
#include "sequencer/checkpointer.hpp"

#include <algorithm>

namespace mega::sequencer {
namespace {

Result<std::vector<ExecutedPtr>> executed_of(const storage::StoredBlock& block) {
    std::vector<ExecutedPtr> transactions;
    transactions.reserve(block.transactions.size());
    uint64_t log_index = 0;
    for (uint32_t i = 0; i < block.transactions.size(); ++i) {
        auto executed = from_stored(block.transactions[i], block.header.number, i, log_index);
        if (!executed) {
            return Err{executed.error()};
        }
        log_index += (*executed)->receipt.logs.size();
        transactions.push_back(std::move(*executed));
    }
    return transactions;
}

Result<BlockViewPtr> view_of(const storage::StoredBlockPtr& block) {
    if (!block) {
        return BlockViewPtr{};
    }
    auto transactions = executed_of(*block);
    if (!transactions) {
        return Err{transactions.error()};
    }
    auto view = std::make_shared<BlockView>();
    view->header = block->header;
    view->hash = block->hash;
    view->transactions = std::move(*transactions);
    return BlockViewPtr{std::move(view)};
}

BlockViewPtr view_of(const SealedBlock& block) {
    auto view = std::make_shared<BlockView>();
    view->header = block.header;
    view->hash = block.hash;
    view->transactions = block.transactions;
    return view;
}

BlockViewPtr view_of(const OpenBlock& open) {
    auto view = std::make_shared<BlockView>();
    view->header = open.opening_header();
    view->hash = open.name();
    view->is_open = true;
    view->transactions = open.transactions();
    if (!view->transactions.empty()) {
        view->header.gas_used = view->transactions.back()->receipt.cumulative_gas_used;
    }
    for (const ExecutedPtr& tx : view->transactions) {
        merge(view->header.logs_bloom, tx->receipt.bloom);
    }
    return view;
}

/// False when the block surely holds no log that the filter wants.
bool may_match(const LogFilter& filter, const Bloom& bloom) {
    const auto any = [&](const auto& wanted) {
        return wanted.empty() || std::ranges::any_of(wanted, [&](const auto& entry) {
                   return may_contain(bloom, entry.view());
               });
    };
    return any(filter.addresses) && std::ranges::all_of(filter.topics, any);
}

void collect_logs(const BlockView& block, const LogFilter& filter, std::vector<FoundLog>& found) {
    for (const ExecutedPtr& executed : block.transactions) {
        const auto& logs = executed->receipt.logs;
        for (size_t i = 0; i < logs.size(); ++i) {
            if (matches(filter, logs[i])) {
                found.push_back(
                    {executed, block.hash, block.header.timestamp, executed->first_log_index + i}
                );
            }
        }
    }
}

Error range_error(const std::string& what, uint64_t from, uint64_t to) {
    return {
        what + "; try a smaller range, for example " + to_hex_quantity(from) + " to " +
        to_hex_quantity(to)
    };
}

/// The search from `from` on went beyond the limit in block `number`.
Error too_many_logs(size_t max_logs, uint64_t from, uint64_t number) {
    const std::string limit = "more than " + std::to_string(max_logs) + " logs";
    if (number == from) {
        return {
            "block " + to_hex_quantity(number) + " alone has " + limit +
            " of this kind; ask for fewer addresses or topics"
        };
    }
    return range_error("query returns " + limit, from, number - 1);
}

}  // namespace

bool matches(const LogFilter& filter, const Log& log) {
    if (!filter.addresses.empty() &&
        std::ranges::find(filter.addresses, log.address) == filter.addresses.end()) {
        return false;
    }
    if (filter.topics.size() > log.topics.size()) {
        return false;
    }
    for (size_t i = 0; i < filter.topics.size(); ++i) {
        const auto& wanted = filter.topics[i];
        if (!wanted.empty() && std::ranges::find(wanted, log.topics[i]) == wanted.end()) {
            return false;
        }
    }
    return true;
}

ChainReader::ChainReader(
    const Head& head,
    storage::StateStore& states,
    const storage::ChainStore& blocks,
    Commitment& commitment
)
    : head_(&head), states_(&states), blocks_(&blocks), commitment_(&commitment) {}

Head::Settled ChainReader::settled() const {
    const uint64_t sealed = sealed_number();
    Head::Settled settled = head_->settled().value_or(Head::Settled{sealed, sealed});
    settled.safe = std::min(settled.safe, sealed);
    settled.finalized = std::min(settled.finalized, settled.safe);
    return settled;
}

uint64_t ChainReader::sealed_number() const { return position().sealed->header.number; }

uint64_t ChainReader::latest_number() const {
    const auto [sealed, open] = position();
    return sealed->header.number + (open->is_empty() ? 0 : 1);
}

BlockViewPtr ChainReader::open_block() const { return view_of(*position().open); }

Result<BlockViewPtr> ChainReader::block(uint64_t number) const {
    const auto [sealed, open] = position();
    const uint64_t head_number = sealed->header.number;
    if (number == head_number + 1) {
        return view_of(*open);
    }
    if (number > head_number) {
        return BlockViewPtr{};
    }
    if (number == head_number && !sealed->transactions.empty()) {
        return view_of(*sealed);
    }
    auto stored = blocks_->block(number);
    if (!stored) {
        return Err{stored.error()};
    }
    return view_of(*stored);
}

Result<BlockViewPtr> ChainReader::block(const Hash256& hash) const {
    const auto [sealed, open] = position();
    if (hash == open->name()) {
        return view_of(*open);
    }
    const auto number = blocks_->number_of(hash);
    if (!number) {
        return Err{number.error()};
    }
    if (!*number || **number > sealed->header.number) {
        return BlockViewPtr{};
    }
    return block(**number);
}

Result<std::optional<BlockHeader>> ChainReader::header(uint64_t number) const {
    const auto [sealed, open] = position();
    if (number == sealed->header.number + 1) {
        return std::optional{view_of(*open)->header};
    }
    if (number > sealed->header.number) {
        return std::optional<BlockHeader>{};
    }
    auto stored = blocks_->header(number);
    if (!stored) {
        return Err{stored.error()};
    }
    if (!*stored) {
        return std::optional<BlockHeader>{};
    }
    return std::optional{std::move((*stored)->header)};
}

Result<std::optional<FoundTransaction>> ChainReader::transaction(const Hash256& tx_hash) const {
    const auto [sealed, open] = position();
    if (auto executed = open->find(tx_hash)) {
        const BlockHeader& header = open->opening_header();
        return std::optional{FoundTransaction{
            std::move(executed),
            open->name(),
            header.timestamp,
            header.base_fee_per_gas.value_or(0),
            true
        }};
    }
    const auto location = blocks_->locate(tx_hash);
    if (!location) {
        return Err{location.error()};
    }
    if (!*location || (*location)->block_number > sealed->header.number) {
        return std::optional<FoundTransaction>{};
    }
    const auto stored = blocks_->block((*location)->block_number);
    if (!stored) {
        return Err{stored.error()};
    }
    const uint32_t index = (*location)->index;
    if (!*stored || index >= (*stored)->transactions.size()) {
        return std::optional<FoundTransaction>{};
    }
    const storage::StoredBlock& block = **stored;
    uint64_t first_log_index = 0;
    for (uint32_t i = 0; i < index; ++i) {
        first_log_index += block.transactions[i].receipt.logs.size();
    }
    auto executed =
        from_stored(block.transactions[index], block.header.number, index, first_log_index);
    if (!executed) {
        return Err{executed.error()};
    }
    return std::optional{FoundTransaction{
        std::move(*executed),
        block.hash,
        block.header.timestamp,
        block.header.base_fee_per_gas.value_or(0),
        false
    }};
}

Result<std::vector<FoundLog>> ChainReader::logs(
    const LogFilter& filter, uint64_t from, uint64_t to, const LogSearchLimits& limits
) const {
    const auto [sealed, open] = position();
    const uint64_t last = std::min(to, sealed->header.number + 1);
    std::vector<FoundLog> found;
    if (from > last) {
        return found;
    }
    if (last - from >= limits.max_blocks) {
        return Err{range_error(
            "query covers more than " + std::to_string(limits.max_blocks) + " blocks",
            from,
            from + limits.max_blocks - 1
        )};
    }
    for (uint64_t number = from; number <= last; ++number) {
        const auto head = header(number);
        if (!head) {
            return Err{head.error()};
        }
        if (!*head || !may_match(filter, (*head)->logs_bloom)) {
            continue;
        }
        const auto view = block(number);
        if (!view) {
            return Err{view.error()};
        }
        if (!*view) {
            break;  // the chain has gone back meanwhile
        }
        collect_logs(**view, filter, found);
        if (found.size() > limits.max_logs) {
            return Err{too_many_logs(limits.max_logs, from, number)};
        }
    }
    return found;
}

Result<MiniBlockPtr> ChainReader::mini_block(uint64_t mini_block_number) const {
    const auto [sealed, open] = position();
    for (const MiniBlockPtr& mini_block : open->mini_blocks()) {
        if (mini_block->header.mini_block_number == mini_block_number) {
            return mini_block;
        }
    }
    const auto location = blocks_->locate_mini_block(mini_block_number);
    if (!location) {
        return Err{location.error()};
    }
    if (!*location || (*location)->block_number > sealed->header.number) {
        return MiniBlockPtr{};
    }
    const auto stored = blocks_->block((*location)->block_number);
    if (!stored) {
        return Err{stored.error()};
    }
    if (!*stored || (*location)->index >= (*stored)->mini_blocks.size()) {
        return MiniBlockPtr{};
    }
    auto executed = executed_of(**stored);
    if (!executed) {
        return Err{executed.error()};
    }
    const storage::StoredMiniBlock& place = (*stored)->mini_blocks[(*location)->index];
    auto mini_block = std::make_shared<MiniBlock>();
    mini_block->header = place.header;
    const size_t first = std::min<size_t>(place.first_transaction, executed->size());
    const size_t end = std::min<size_t>(first + place.transaction_count, executed->size());
    mini_block->transactions.assign(
        executed->begin() + static_cast<std::ptrdiff_t>(first),
        executed->begin() + static_cast<std::ptrdiff_t>(end)
    );
    return MiniBlockPtr{std::move(mini_block)};
}

storage::Snapshot ChainReader::latest_state() const { return states_->latest(); }

Result<storage::Snapshot> ChainReader::state_at(uint64_t number) const {
    if (number > sealed_number()) {
        return latest_state();
    }
    return states_->at_block(number);
}

Result<execution::BlockEnv> ChainReader::env_at(uint64_t number) const {
    const auto [sealed, open] = position();
    if (number > sealed->header.number) {
        return open->env();
    }
    const auto head = header(number);
    if (!head) {
        return Err{head.error()};
    }
    if (!*head) {
        return Err{Error{"block " + std::to_string(number) + " is not known"}};
    }
    const Fork fork = open->env().fork;
    const uint64_t chain_id = open->env().context.chain_id;
    // Block 0 has no parent: what it sets is what it has.
    const auto parent_state = states_->at_block(number == 0 ? 0 : number - 1);
    if (!parent_state) {
        return Err{parent_state.error()};
    }
    return execution::l2_block_env(fork, chain_id, **head, **parent_state);
}

Result<Commitment::Proof> ChainReader::prove(
    const Address& address, std::span<const u256> slots, uint64_t number
) const {
    return commitment_->prove(address, slots, number);
}

Result<witness::Witness> ChainReader::record_witness(
    uint64_t number, const witness::AccessSet& accesses, const state::StateDiff& diff
) const {
    return commitment_->record_witness(number, accesses, diff);
}

}  // namespace mega::sequencer
