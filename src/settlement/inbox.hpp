#pragma once

// Where the chain of batches stands on L1, as BatchInbox has it: what the next batch must continue.

#include "settlement/l1_source.hpp"

namespace mega::settlement {

struct InboxHead {
    L1Header l1;  // at the end of this block
    uint64_t next_index = 0;
    Hash256 last_hash{};  // of the batch before; 0 for none
    uint64_t last_block = 0;
    uint64_t deposit_cursor = 0;
    uint64_t origin_number = 0;
    uint64_t last_timestamp = 0;
    uint64_t overdue_cursor = 0;
};

/// All at one block, the newest.
[[nodiscard]] Result<InboxHead> read_inbox_head(L1Client& client, const Address& batch_inbox);

/// The batch of that index, searched in the logs of L1 blocks [from, to].
[[nodiscard]] Result<std::optional<BatchAt>> find_batch(
    L1Client& client, const Address& batch_inbox, uint64_t index, uint64_t from, uint64_t to
);
/// The one that holds this L2 block.
[[nodiscard]] Result<std::optional<BatchAt>> find_batch_of_block(
    L1Client& client, const Address& batch_inbox, uint64_t number, uint64_t from, uint64_t to
);

}  // namespace mega::settlement
