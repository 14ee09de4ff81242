#pragma once

// Whose blocks are validated: mega's own, or those of an Ethereum chain.

#include "ethereum/chain_config.hpp"

#include <variant>

namespace mega::stateless {

/// mega's L2: deposits (type 0x7e) and no blobs; no ommers, withdrawals or requests: the request
/// contracts of Ethereum are never asked, be they deployed or not.
struct MegaRules {
    uint64_t chain_id = 0;
    Fork fork = current_fork;
    execution::FeeMarket fee_market{};
    /// The sequencer chooses the gas limit unless governance has (execution/l2_parameters.hpp); no
    /// block may claim more than this.
    uint64_t max_gas_limit = 1'000'000'000'000;
    /// Blocks shorter than a second may share a timestamp.
    bool allow_equal_timestamps = false;
    /// Development chains: EIP-3607 is off.
    bool allow_contract_senders = false;
    /// Development chains set base fee and gas limit by hand.
    bool skip_base_fee_check = false;
};

/// Every rule of the fork that the header falls under; a faulty request contract or deposit log
/// makes the block invalid.
struct EthereumRules {
    ethereum::ChainConfig config;
    bool is_merged = true;  // the parent has reached the terminal total difficulty
};

using Rules = std::variant<MegaRules, EthereumRules>;

}  // namespace mega::stateless
