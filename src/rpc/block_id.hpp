#pragma once

// Which block a request means: a tag, a number, or an EIP-1898 object.
//
// latest is ChainReader::latest_number (the open block once it holds a transaction), pending the
// open block, sealed the one before it, safe and finalized the last one that L1 holds and that
// finalised L1 blocks hold; on a chain without L1 the last sealed one, which is what this node can
// promise.

#include "rpc/params.hpp"
#include "sequencer/chain_reader.hpp"

#include <variant>

namespace mega::rpc {

enum class BlockTag : uint8_t { latest, pending, sealed, safe, finalized, earliest };

struct BlockId {
    std::variant<BlockTag, uint64_t, Hash256> which = BlockTag::latest;

    [[nodiscard]] bool is(BlockTag tag) const {
        const auto* own = std::get_if<BlockTag>(&which);
        return own != nullptr && *own == tag;
    }
};

/// Missing or null is `fallback`. Accepts {"blockHash", "requireCanonical"} and {"blockNumber"};
/// every block here is canonical.
[[nodiscard]] Read<BlockId> read_block_id(
    const nlohmann::json& value, std::string_view name, BlockTag fallback = BlockTag::latest
);

/// The number meant, whether or not there is such a block; a hash must be known.
[[nodiscard]] Read<uint64_t> number_of(const sequencer::ChainReader& reader, const BlockId& id);
/// Null when there is no such block.
[[nodiscard]] Read<sequencer::BlockViewPtr> find_block(
    const sequencer::ChainReader& reader, const BlockId& id
);
/// The state after that block; "header not found" when there is no such block.
[[nodiscard]] Read<storage::Snapshot> find_state(
    const sequencer::ChainReader& reader, const BlockId& id
);

}  // namespace mega::rpc
