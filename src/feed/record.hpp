#pragma once

// What a node tells those who follow it: the chain, mini-block by mini-block, with the state that
// each of them changed, so that a follower needs to execute nothing.
//
//   record     = version u8 (1) ‖ kind u8 ‖ body
//
//   1 open       the log's OpenBlockRecord as sequencer::encode gives it: a block begins. Again for
//                the same number: nothing had happened in it, and it begins anew.
//   2 mini_block rlp([mini-block header, [tx, ...], diff])
//   3 seal       rlp([block header, diff])            the open block ends; `diff` is what belongs
//                                                     to none of its mini-blocks
//   4 block      rlp([opening, block header, [[mini-block header, tx count], ...], [tx, ...],
//                diff])                               a whole sealed block, for who is behind:
//                                                     `opening` is the body of its open record
//   5 revert     rlp([number])                        a development chain goes back to the end of
//                                                     that block
//   64 and above notices: any body. Who does not know the kind passes over it.
//
//   tx           rlp([envelope, sender, status, cumulative gas, created address or empty, logs])
//   logs         rlp([[address, [topic, ...], data], ...])
//   headers, diffs (state::encode) and envelopes are strings
//
// What is not told follows from it: blooms, gas of one transaction, effective prices, hashes. Order
// on the wire: open, mini_block ..., seal, open, ...; blocks only where the reader asked for what
// is sealed already.

#include "sequencer/chain_types.hpp"
#include "sequencer/log_record.hpp"

#include <string_view>

namespace mega::feed {

/// No record is longer: a block of a billion gas holds less.
inline constexpr size_t max_record_bytes = 256u << 20;

struct FeedTransaction {
    Bytes raw;
    Address sender;
    bool status = false;
    uint64_t cumulative_gas_used = 0;  // within the block
    std::optional<Address> created;
    std::vector<Log> logs;
    friend bool operator==(const FeedTransaction&, const FeedTransaction&) = default;
};

struct OpenRecord {
    sequencer::OpenBlockRecord opening;
    friend bool operator==(const OpenRecord&, const OpenRecord&) = default;
};

struct MiniBlockRecord {
    MiniBlockHeader header;
    std::vector<FeedTransaction> transactions;
    state::StateDiff diff;
    friend bool operator==(const MiniBlockRecord&, const MiniBlockRecord&) = default;
};

struct SealRecord {
    BlockHeader header;
    state::StateDiff diff;
    friend bool operator==(const SealRecord&, const SealRecord&) = default;
};

struct BlockRecord {
    struct MiniBlock {
        MiniBlockHeader header;
        uint64_t transaction_count = 0;
        friend bool operator==(const MiniBlock&, const MiniBlock&) = default;
    };
    sequencer::OpenBlockRecord opening;
    BlockHeader header;
    std::vector<MiniBlock> mini_blocks;  // their transactions, one after the other, are:
    std::vector<FeedTransaction> transactions;
    state::StateDiff diff;
    friend bool operator==(const BlockRecord&, const BlockRecord&) = default;
};

struct RevertRecord {
    uint64_t number = 0;
    friend bool operator==(const RevertRecord&, const RevertRecord&) = default;
};

/// Something that is no part of the chain.
struct NoticeRecord {
    static constexpr uint8_t first_kind = 64;
    uint8_t kind = first_kind;
    Bytes body;
    friend bool operator==(const NoticeRecord&, const NoticeRecord&) = default;
};

using Record =
    std::variant<OpenRecord, MiniBlockRecord, SealRecord, BlockRecord, RevertRecord, NoticeRecord>;

[[nodiscard]] Bytes encode(const Record& record);
/// Accepts what encode gives and nothing else; the error names the kind and what is wrong with it.
[[nodiscard]] Result<Record> decode_record(BytesView encoded);

/// As the feed tells it.
[[nodiscard]] FeedTransaction to_feed(const sequencer::ExecutedTransaction& executed);
/// For people.
[[nodiscard]] std::string describe(const Record& record);

}  // namespace mega::feed
