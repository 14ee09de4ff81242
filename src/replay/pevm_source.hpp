#pragma once

// Blocks in the form of risechain/pevm: block.json (eth_getBlockByNumber), pre_state.json (every
// account and slot that the transactions read), bytecodes.txt ("0x<hash> 0x<code>", a line each),
// block_hashes.json ({"<number>": "0x<hash>"}).

#include "replay/replay_block.hpp"

#include <filesystem>

namespace mega::replay {

[[nodiscard]] Result<std::unique_ptr<BlockSource>> open_pevm_block(
    const std::filesystem::path& folder
);
[[nodiscard]] Result<std::unique_ptr<BlockSource>> open_pevm_folder(
    const std::filesystem::path& folder
);

}  // namespace mega::replay
