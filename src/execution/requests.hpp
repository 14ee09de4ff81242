#pragma once

// Requests of the execution layer to the consensus layer (EIP-7685): deposits (EIP-6110),
// withdrawals (EIP-7002), consolidations (EIP-7251).

#include "base/result.hpp"
#include "types/receipt.hpp"

namespace mega::execution {

inline constexpr uint8_t deposit_request_type = 0;
inline constexpr uint8_t withdrawal_request_type = 1;
inline constexpr uint8_t consolidation_request_type = 2;

/// 0x00000000219ab540356cBB839Cbe05303d7705Fa: mainnet's deposit contract.
inline constexpr Address deposit_contract{{0x00, 0x00, 0x00, 0x00, 0x21, 0x9a, 0xb5,
                                           0x40, 0x35, 0x6c, 0xbb, 0x83, 0x9c, 0xbe,
                                           0x05, 0x30, 0x3d, 0x77, 0x05, 0xfa}};
inline constexpr Address withdrawal_request_contract{{0x00, 0x00, 0x09, 0x61, 0xef, 0x48, 0x0e,
                                                      0xb5, 0x5e, 0x80, 0xd1, 0x9a, 0xd8, 0x35,
                                                      0x79, 0xa6, 0x4c, 0x00, 0x70, 0x02}};
inline constexpr Address consolidation_request_contract{{0x00, 0x00, 0xbb, 0xdd, 0xc7, 0xce, 0x48,
                                                         0x86, 0x42, 0xfb, 0x57, 0x9f, 0x8b, 0x00,
                                                         0xf3, 0xa5, 0x90, 0x00, 0x72, 0x51}};

/// The deposits that the logs of `receipts` announce, concatenated as the request wants them,
/// without the type byte.
[[nodiscard]] Result<Bytes> collect_deposits(std::span<const Receipt> receipts);

}  // namespace mega::execution
