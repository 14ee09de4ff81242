#pragma once

// Both layers as the commands for users reach them: two endpoints, rollup.json, and one key on
// each.

#include "node/commands.hpp"
#include "settlement/rollup_file.hpp"
#include "settlement/tx_manager.hpp"

namespace mega::node {

struct L1Session {
    settlement::RollupFile rollup;
    std::unique_ptr<settlement::L1Client> l1_node;
    std::unique_ptr<settlement::L1Client> l2_node;
    settlement::StopSignal never;
    std::unique_ptr<settlement::TxManager> l1_sender;  // null without a key
    std::unique_ptr<settlement::TxManager> l2_sender;
};

/// Checks that the endpoints are of the chains that rollup.json names.
/// Without `needs_l2` L2 is not asked, and there is no client and no sender of it.
[[nodiscard]] Result<std::unique_ptr<L1Session>> open_l1_session(
    const LayersOptions& options, bool needs_key, bool needs_l2 = true
);

/// "1.5" is 1.5 * 10^18.
[[nodiscard]] Result<u256> parse_amount(const std::string& text);

/// To stdout at once.
void say(const std::string& words);

}  // namespace mega::node
