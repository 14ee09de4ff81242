#pragma once

// What opens an epoch on L1: the RLP of the epoch's first L1 block and of the one before it.

#include "settlement/l1_client.hpp"
#include "staking/stake_table.hpp"

namespace mega::staking {

struct EpochHeaders {
    uint64_t l1_block = 0;
    Bytes header;
    Bytes parent;
};

/// Of the first L1 block of `epoch`; nothing while there is none, or when it is too far back for L1
/// to know its hash. It must have a block on top of it, which knows it.
[[nodiscard]] Result<std::optional<EpochHeaders>> find_epoch_headers(
    settlement::L1Client& client, const EpochClock& clock, uint64_t epoch
);

/// The RLP of an L1 block's header, made of its JSON; what has not the block's hash is refused.
[[nodiscard]] Result<Bytes> read_header_rlp(settlement::L1Client& client, uint64_t number);

/// Epochs.open
[[nodiscard]] Bytes open_epoch_input(uint64_t epoch, const EpochHeaders& headers);

}  // namespace mega::staking
