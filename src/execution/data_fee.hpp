#pragma once

// What a transaction pays for its place on L1, as gas.
//
// Every L2 transaction ends up in a batch on L1, and L1's price has nothing to do with L2's. The
// cost is charged as additional gas, so that gas limit times gas price still bounds what a sender
// pays and eth_estimateGas tells the whole of it:
//
//   data gas = data size * price of a byte / L2 base fee          (rounded down)
//
// It belongs to the intrinsic part: bought first, never refunded. At the base fee it goes to the
// fee vault, from which the batcher is paid, instead of being burnt.
//
// Data size estimates what the transaction adds to a compressed batch. It is a rule of consensus:
// the same bytes always give the same size, whatever the batcher's compressor achieves.

#include "base/bytes.hpp"
#include "execution/transaction.hpp"

namespace mega::execution {

/// Signature and what remains of the fields once they lie in columns beside those of others.
inline constexpr uint64_t min_data_size_bytes = 85;
/// Of an envelope's bytes this many never compress: r, s and the parity.
inline constexpr uint64_t signature_size_bytes = 65;

/// Bytes that a greedy LZ77 coder (window of 8 KiB, matches of at least 4 bytes that cost 3,
/// literals that cost 33/32) makes of `bytes`. Linear time, no allocation.
[[nodiscard]] uint64_t compressed_size_estimate(BytesView bytes);

/// Of a transaction's envelope (`raw`; encoded anew when that is empty, as in calls). At least
/// min_data_size_bytes.
[[nodiscard]] uint64_t data_size(const SignedTransaction& tx);

/// 0 for deposits, which L1 carries already, and on chains without a data price. At most
/// max_data_gas, which no gas limit reaches.
[[nodiscard]] uint64_t data_gas(const L2Fees& fees, const SignedTransaction& tx);
inline constexpr uint64_t max_data_gas = uint64_t{1} << 40;

/// What the fee vault is owed of a transaction that used `gas_used`, `data_gas` of it for data.
[[nodiscard]] u256 vault_credit(
    const L2Fees& fees, const u256& base_fee_per_gas, uint64_t gas_used, uint64_t data_gas
);

}  // namespace mega::execution
