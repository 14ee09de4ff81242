#include "settlement/inbox.hpp"

#include "settlement/abi.hpp"

#include <algorithm>
#include <iterator>

namespace mega::settlement {

Result<InboxHead> read_inbox_head(L1Client& client, const Address& batch_inbox) {
    InboxHead head;
    const auto latest = client.block("latest");
    if (!latest || !*latest) {
        return Err{!latest ? latest.error() : Error{"L1 has no latest block"}};
    }
    head.l1 = **latest;
    const std::pair<const char*, uint64_t*> fields[] = {
        {"nextIndex()", &head.next_index},
        {"lastBlock()", &head.last_block},
        {"depositCursor()", &head.deposit_cursor},
        {"originNumber()", &head.origin_number},
        {"lastTimestamp()", &head.last_timestamp},
        {"overdueCursor()", &head.overdue_cursor},
    };
    std::vector<L1Call> calls;
    for (const auto& [signature, value] : fields) {
        calls.push_back({.to = batch_inbox, .data = abi::Encoder().call(signature)});
    }
    const auto answers = client.calls(calls, head.l1.number);
    if (!answers) {
        return Err{Error{"the batch inbox " + to_hex(batch_inbox) + ": " + answers.error().message}
        };
    }
    for (size_t i = 0; i < std::size(fields); ++i) {
        abi::Decoder in((*answers)[i]);
        *fields[i].second = in.u64();
        if (!in.is_good()) {
            return Err{Error{
                "the batch inbox " + to_hex(batch_inbox) + " does not answer " + fields[i].first
            }};
        }
    }
    if (head.next_index > 0) {
        const auto hash = client.call(
            {.to = batch_inbox,
             .data = abi::Encoder().word(u256{head.next_index - 1}).call("batchHash(uint64)")},
            head.l1.number
        );
        if (!hash || hash->size() != 32) {
            return Err{
                !hash ? hash.error() : Error{"the batch inbox has no hash of its last batch"}
            };
        }
        head.last_hash = Hash256::from(*hash);
    }
    return head;
}

namespace {

/// The batch with `first_of(header) <= wanted <= last_of(header)`; batches are in that order. Most
/// likely among the newest: searched backwards, in ranges that every node answers.
template <class First, class Last>
Result<std::optional<BatchAt>> search_back(
    L1Client& client,
    const Address& batch_inbox,
    uint64_t wanted,
    uint64_t from,
    uint64_t to,
    First first_of,
    Last last_of
) {
    constexpr uint64_t range = 2'000;
    for (uint64_t last = to; last >= from; last -= range) {
        const uint64_t first = last >= from + range ? last - range + 1 : from;
        const auto batches = read_batches(client, batch_inbox, first, last);
        if (!batches) {
            return Err{batches.error()};
        }
        for (const BatchAt& batch : *batches) {
            const rollup::BatchHeader& header = batch.posted.header;
            if (first_of(header) <= wanted && wanted <= last_of(header)) {
                return std::optional(batch);
            }
        }
        const bool is_past =
            !batches->empty() && first_of(batches->front().posted.header) <= wanted;
        if (first == from || is_past) {
            break;
        }
    }
    return std::optional<BatchAt>{};
}

}  // namespace

Result<std::optional<BatchAt>> find_batch(
    L1Client& client, const Address& batch_inbox, uint64_t index, uint64_t from, uint64_t to
) {
    const auto index_of = [](const rollup::BatchHeader& header) { return header.index; };
    return search_back(client, batch_inbox, index, from, to, index_of, index_of);
}

Result<std::optional<BatchAt>> find_batch_of_block(
    L1Client& client, const Address& batch_inbox, uint64_t number, uint64_t from, uint64_t to
) {
    return search_back(
        client,
        batch_inbox,
        number,
        from,
        to,
        [](const rollup::BatchHeader& header) { return header.first_block; },
        [](const rollup::BatchHeader& header) { return header.last_block; }
    );
}

}  // namespace mega::settlement
