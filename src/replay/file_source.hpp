#pragma once

// Blocks from files. A path is recognised by what lies there:
//
//   N/block.json + pre_state.json          a block of risechain/pevm; bytecodes.txt and
//                                          block_hashes.json beside it or two folders up
//   blocks/N/...  + bytecodes.txt          many of them
//   block.json + prestatetrace.json        a block as JSON-RPC answers: block, prestateTracer; if
//                                          there, receipts.json, difftrace.json, calltrace.json
//   a file that `--cache` wrote            a block once fetched from an endpoint
//   a folder of any of these
//
// All of it is Ethereum mainnet's, cache files excepted: those know their chain.

#include "replay/json_fields.hpp"
#include "replay/replay_block.hpp"

#include <filesystem>

namespace mega::replay {

/// The blocks at `path`, by number. Fails when nothing is recognised, naming what is missing.
[[nodiscard]] Result<std::vector<std::unique_ptr<BlockSource>>> open_path(
    const std::filesystem::path& path
);

/// The whole of a file of bounded size.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path);
[[nodiscard]] Result<json> read_json_file(const std::filesystem::path& path);

}  // namespace mega::replay
