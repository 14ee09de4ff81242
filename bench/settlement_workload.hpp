#pragma once

// Signed transactions as wallets and contracts make them, for measuring how small batches get. What
// is random and what repeats is stated here, because the figures are worth as much as that:
//
//   senders      2,000 accounts; half of the transactions come from a tenth of them; nonces start
//                anywhere below 500 and count up
//   recipients   half are new addresses, half one of 3,000 known ones, few of them much more often
//   fees         EIP-1559 throughout (one in ten legacy): the base fee moves every block, wallets
//                offer twice the base fee plus a tip out of five usual ones; one in four offers an
//                odd price of its own
//   gas limits   21,000 for payments; elsewhere the usual estimate, or (one in two) an odd one
//   amounts      half are round (up to 3 digits and zeros), half have all their digits
//   blocks       of 100 transactions, a second each
//
//   transfer     payments
//   erc20        transfer(address,uint256), one in eight approve (half without limit), 40 tokens
//   swap         Uniswap v2's swapExactTokensForTokens through one of 3 routers: 2 or 3 tokens on
//                the path, the sender as recipient, a deadline 20 minutes from now
//   mix          3 transfers, 4 erc20, 2 swaps, 1 other (mint(uint256); one in ten a claim with a
//                proof of 4 hashes; one in a hundred the creation of a contract)
//   mix, known   the same, every recipient one of the known ones: a chain whose users stay

#include "bench/transfers.hpp"
#include "rollup/batch_format.hpp"

namespace mega::bench {

enum class SettlementLoad : uint8_t { transfer, erc20, swap, mix, mix_known };
[[nodiscard]] std::string_view to_string(SettlementLoad load);

/// The same seed gives the same blocks.
[[nodiscard]] std::vector<rollup::BatchBlock> make_settlement_blocks(
    SettlementLoad load, size_t transactions, uint64_t seed
);

inline constexpr uint64_t settlement_chain_id = 6342;

}  // namespace mega::bench
