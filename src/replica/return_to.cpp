#include "replica/return_to.hpp"

#include "storage/node_store.hpp"

namespace mega::replica {
namespace {

/// Of the mini-block after block `number`; 0, which bounds nothing, where that block has none.
Result<uint64_t> mini_block_number_after(const storage::ChainStore& blocks, uint64_t number) {
    const auto block = blocks.block(number);
    if (!block) {
        return Err{block.error()};
    }
    const bool has_any = *block != nullptr && !(*block)->mini_blocks.empty();
    return has_any ? (*block)->mini_blocks.back().header.mini_block_number + 1 : 0;
}

}  // namespace

sequencer::Checkpointer::Save save_of(
    Mirror& mirror, std::vector<sequencer::SealedPtr> blocks, uint64_t log_sequence
) {
    MEGA_ASSERT(!mirror.has_begun());
    storage::WriteBatch batch;
    storage::NodeWriter nodes(batch);
    mirror.commitment().flush(nodes);
    return {
        .batch = std::move(batch),
        .blocks = std::move(blocks),
        .state_version = mirror.head_version(),
        .log_sequence = log_sequence,
        .next_mini_block_number = mirror.mini_block_number_after_head(),
        .commitment = &mirror.commitment(),
    };
}

Result<void> return_to(
    uint64_t number,
    Mirror& mirror,
    sequencer::Checkpointer& checkpointer,
    const std::optional<rollup::L1Position>& l1_genesis,
    uint64_t log_sequence
) {
    mirror.give_up_open_block();
    const uint64_t head = mirror.head()->header.number;
    MEGA_ASSERT(number <= head);
    auto after = number == head ? Result<uint64_t>{mirror.mini_block_number_after_head()}
                                : mini_block_number_after(checkpointer.blocks(), number);
    if (!after) {
        return Err{after.error()};
    }
    auto withdrawal = checkpointer.withdraw(number, head, l1_genesis);
    if (!withdrawal) {
        return Err{withdrawal.error()};
    }
    if (number < head) {
        mirror.revert_to(withdrawal->target, withdrawal->newer, *after);
    }
    return checkpointer.finish(
        *std::move(withdrawal), mirror.commitment(), {mirror.head_version(), log_sequence, *after}
    );
}

}  // namespace mega::replica
