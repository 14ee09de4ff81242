#pragma once

// A token as small as ERC-20 allows it to be measured: transfer(address,uint256) over a mapping of
// balances at slot 0, with the Transfer event. Any call is taken for a transfer.

#include "types/account.hpp"

namespace mega::bench {

inline constexpr Address token_address{{0x70, 0x6b, 0x65, 0x6e}};

[[nodiscard]] Bytes token_code();
/// Where the balance of `holder` lies.
[[nodiscard]] u256 token_balance_slot(const Address& holder);
[[nodiscard]] Bytes token_transfer_call(const Address& to, const u256& amount);

}  // namespace mega::bench
