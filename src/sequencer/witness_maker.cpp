#include "sequencer/witness_maker.hpp"

#include "execution/l2_parameters.hpp"
#include "state/overlay.hpp"
#include "witness/access_recorder.hpp"

#include <algorithm>

namespace mega::sequencer {
namespace {

Error changed_by_hand(uint64_t number) {
    return {
        "block " + std::to_string(number) +
        " has no witness: executing it again does not lead to its header, because its state was "
        "changed by hand"
    };
}

size_t size_of(const BlockWitness& made) {
    size_t bytes = made.witness.nodes.size_bytes() + made.witness.nodes.size() * 48;
    for (const auto& code : made.witness.codes) {
        bytes += code.code ? code.code->size() : 0;
    }
    for (const auto& keys : made.witness.keys) {
        bytes += sizeof(keys) + keys.slots.size() * sizeof(u256);
    }
    return bytes + made.witness.headers.size() * sizeof(BlockHeader) + sizeof(BlockWitness);
}

}  // namespace

Result<BlockWitnessPtr> WitnessMaker::witness_of(const BlockView& block) {
    if (block.is_open) {
        return Err{Error{"block " + std::to_string(block.header.number) + " is not sealed yet"}};
    }
    if (block.header.number == 0) {
        return Err{Error{"block 0 is the genesis: it has no witness"}};
    }
    const std::lock_guard lock(mutex_);
    const auto known =
        std::ranges::find(kept_, block.hash, [](const auto& made) { return made->block_hash; });
    return known != kept_.end() ? Result<BlockWitnessPtr>{*known} : make(block);
}

Result<BlockWitnessPtr> WitnessMaker::make(const BlockView& block) {
    const uint64_t number = block.header.number;
    const auto parent = reader_->header(number - 1);
    if (!parent) {
        return Err{parent.error()};
    }
    if (!*parent) {
        return Err{Error{"block " + std::to_string(number - 1) + " is not known"}};
    }
    auto noted = look_up(block);
    const auto execution = noted ? Result<Execution>{*std::move(noted)} : execute(block);
    if (!execution) {
        return Err{execution.error()};
    }
    auto recorded = reader_->record_witness(number, execution->accesses, *execution->diff);
    if (!recorded) {
        return Err{recorded.error()};
    }
    if (recorded->parent_state_root != (*parent)->state_root) {
        return Err{Error{"block " + std::to_string(number) + " was taken back meanwhile"}};
    }
    auto headers = headers_before(
        number - 1, witness::headers_needed(number - 1, execution->accesses.lowest_block_hash())
    );
    if (!headers) {
        return Err{headers.error()};
    }
    recorded->headers = std::move(*headers);
    auto made = std::make_shared<const BlockWitness>(
        BlockWitness{**parent, block.hash, *std::move(recorded)}
    );
    keep(made);
    return made;
}

std::optional<WitnessMaker::Execution> WitnessMaker::look_up(const BlockView& block) const {
    const auto noted = options_.executes_always
                           ? std::nullopt
                           : reader_->noted_execution(block.header.number, block.hash);
    if (!noted) {
        return std::nullopt;
    }
    const auto state = reader_->state_at(block.header.number - 1);
    if (!state) {
        return std::nullopt;  // execution says why
    }
    Execution execution;
    execution.diff = noted->diff;
    for (const Address& address : noted->accesses->accounts()) {
        execution.accesses.note_account(address);
    }
    for (const auto& [address, slot] : noted->accesses->slots()) {
        execution.accesses.note_slot(address, slot);
    }
    for (const Hash256& code_hash : noted->accesses->codes()) {
        execution.accesses.note_code(code_hash, (*state)->code(code_hash));
    }
    if (const auto lowest = noted->accesses->lowest_block_hash()) {
        execution.accesses.note_block_hash(*lowest);
    }
    return execution;
}

/// As Chain does it.
Result<WitnessMaker::Execution> WitnessMaker::execute(const BlockView& block) {
    const BlockHeader& header = block.header;
    const auto parent_state = reader_->state_at(header.number - 1);
    if (!parent_state) {
        return Err{parent_state.error()};
    }
    Execution execution;
    state::Overlay state{**parent_state};
    const witness::AccessRecorder recorder(state, execution.accesses);
    const auto env = execution::l2_block_env(options_.fork, options_.chain_id, header, recorder);
    std::vector<state::StateDiff> diffs;
    const auto take = [&](state::StateDiff diff) {
        state.apply(diff);
        execution.accesses.absorb(diff);
        diffs.push_back(std::move(diff));
    };
    take(execution::begin_block(vm_, recorder, env, header));
    std::vector<Receipt> receipts;
    uint64_t gas_used = 0;
    for (const ExecutedPtr& executed : block.transactions) {
        const execution::ExecutionOptions options{
            .skip_sender_code_check = options_.allow_contract_senders,
            .block_gas_left = header.gas_limit - gas_used
        };
        auto result = execution::execute_transaction(vm_, recorder, env, *executed->tx, options);
        if (!result || result->gas_used != executed->gas_used) {
            return Err{changed_by_hand(header.number)};
        }
        gas_used += result->gas_used;
        receipts.push_back(execution::take_receipt(executed->tx->tx, *result, gas_used));
        take(std::move(result->diff));
    }
    if (execution::receipts_root(receipts) != header.receipts_root) {
        return Err{changed_by_hand(header.number)};
    }
    execution.diff = std::make_shared<const state::StateDiff>(state::merge_all(std::move(diffs)));
    return execution;
}

Result<std::vector<BlockHeader>> WitnessMaker::headers_before(uint64_t number, uint64_t count)
    const {
    std::vector<BlockHeader> headers;
    for (uint64_t back = 1; back <= std::min(count, number); ++back) {
        auto header = reader_->header(number - back);
        if (!header) {
            return Err{header.error()};
        }
        if (!*header) {
            return Err{Error{"block " + std::to_string(number - back) + " is not known"}};
        }
        headers.push_back(**std::move(header));
    }
    return headers;
}

void WitnessMaker::keep(BlockWitnessPtr made) {
    const size_t bytes = size_of(*made);
    if (bytes > options_.cache_bytes) {
        return;
    }
    while (kept_bytes_ + bytes > options_.cache_bytes) {
        kept_bytes_ -= size_of(*kept_.front());
        kept_.pop_front();
    }
    kept_bytes_ += bytes;
    kept_.push_back(std::move(made));
}

}  // namespace mega::sequencer
