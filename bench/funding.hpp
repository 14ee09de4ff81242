#pragma once

// Senders that exist on a running development chain: paid by its prefunded accounts.

#include "bench/process.hpp"
#include "bench/transfers.hpp"

namespace mega::bench {

/// Makes `count` senders of that seed and pays each from the development account of that number.
/// Returns when the money is there.
[[nodiscard]] Result<std::vector<Sender>> fund_senders(
    RpcClient& client, uint64_t chain_id, std::string_view seed, size_t count, size_t payer
);

}  // namespace mega::bench
