#include "sequencer/l1_position.hpp"

#include "rollup/deposits.hpp"

namespace mega::sequencer {
namespace {

/// What a block says of L1 itself; nothing when it inherits.
Result<std::optional<rollup::L1Position>> own_position(
    const storage::ChainStore& blocks, uint64_t number
) {
    const auto block = blocks.block(number);
    if (!block) {
        return Err{block.error()};
    }
    if (*block == nullptr) {
        return Err{Error{"block " + std::to_string(number) + " is not known"}};
    }
    if (count_from_l1(**block) == 0) {
        return std::optional<rollup::L1Position>{};
    }
    const auto tx = decode_transaction((*block)->transactions.front().raw);
    return tx ? rollup::read_l1_attributes(*tx) : std::optional<rollup::L1Position>{};
}

}  // namespace

Result<rollup::L1Position> l1_position_after(
    const storage::ChainStore& blocks, uint64_t number, const rollup::L1Position& genesis
) {
    for (; number > 0; --number) {
        const auto own = own_position(blocks, number);
        if (!own) {
            return Err{own.error()};
        }
        if (*own) {
            return **own;
        }
    }
    return genesis;
}

Result<uint64_t> last_block_of_origin(
    const storage::ChainStore& blocks,
    uint64_t number,
    uint64_t l1_number,
    const rollup::L1Position& genesis
) {
    while (number > 0) {
        // The first block, going back, that moved: those after it share its origin.
        uint64_t moved = number;
        std::optional<rollup::L1Position> position;
        for (; moved > 0 && !position; --moved) {
            auto own = own_position(blocks, moved);
            if (!own) {
                return Err{own.error()};
            }
            position = *own;
        }
        if (position.value_or(genesis).origin.number <= l1_number) {
            return number;
        }
        number = moved;
    }
    return number;
}

size_t count_from_l1(const storage::StoredBlock& block) {
    const bool has_moved = !block.transactions.empty() &&
                           block.transactions.front().sender == rollup::l1_attributes_sender;
    return has_moved && !block.mini_blocks.empty() ? block.mini_blocks.front().transaction_count
                                                   : 0;
}

}  // namespace mega::sequencer
