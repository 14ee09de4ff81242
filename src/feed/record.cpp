#include "feed/record.hpp"

#include "types/rlp_fields.hpp"

namespace mega::feed {
namespace {

using rlp::DecodeError;
using rlp::FieldReader;
using rlp::Writer;

constexpr uint8_t version = 1;

enum class Kind : uint8_t { open = 1, mini_block, seal, block, revert };

// -------------------------------------------------------------------------------------------------
// writing

template <class F>
void write_list(Writer& out, F write_items) {
    const size_t mark = out.begin_list();
    write_items();
    out.end_list(mark);
}

Bytes opening_bytes(const sequencer::OpenBlockRecord& opening) {
    return sequencer::encode(sequencer::LogRecord{opening});
}

void write_log(Writer& out, const Log& log) {
    write_list(out, [&] {
        out.write(log.address.view());
        write_list(out, [&] {
            for (const Hash256& topic : log.topics) {
                out.write(topic.view());
            }
        });
        out.write(BytesView{log.data});
    });
}

void write_transactions(Writer& out, std::span<const FeedTransaction> transactions) {
    write_list(out, [&] {
        for (const FeedTransaction& tx : transactions) {
            write_list(out, [&] {
                out.write(BytesView{tx.raw});
                out.write(tx.sender.view());
                out.write(uint64_t{tx.status});
                out.write(tx.cumulative_gas_used);
                out.write(tx.created ? tx.created->view() : BytesView{});
                write_list(out, [&] {
                    for (const Log& log : tx.logs) {
                        write_log(out, log);
                    }
                });
            });
        }
    });
}

void write(Writer& out, const MiniBlockRecord& r) {
    out.write(BytesView{mega::encode(r.header)});
    write_transactions(out, r.transactions);
    out.write(BytesView{state::encode(r.diff)});
}

void write(Writer& out, const SealRecord& r) {
    out.write(BytesView{mega::encode(r.header)});
    out.write(BytesView{state::encode(r.diff)});
}

void write(Writer& out, const BlockRecord& r) {
    out.write(BytesView{opening_bytes(r.opening)});
    out.write(BytesView{mega::encode(r.header)});
    write_list(out, [&] {
        for (const auto& mini_block : r.mini_blocks) {
            write_list(out, [&] {
                out.write(BytesView{mega::encode(mini_block.header)});
                out.write(mini_block.transaction_count);
            });
        }
    });
    write_transactions(out, r.transactions);
    out.write(BytesView{state::encode(r.diff)});
}

void write(Writer& out, const RevertRecord& r) { out.write(r.number); }

Bytes start(uint8_t kind, BytesView body = {}) {
    Bytes encoded{version, kind};
    append(encoded, body);
    return encoded;
}

// -------------------------------------------------------------------------------------------------
// reading

bool read_opening(BytesView encoded, sequencer::OpenBlockRecord& into) {
    auto record = sequencer::decode_log_record(encoded);
    if (!record || !std::holds_alternative<sequencer::OpenBlockRecord>(*record)) {
        return false;
    }
    into = std::get<sequencer::OpenBlockRecord>(std::move(*record));
    return true;
}

/// A string that `decode` turns into `into`.
template <class T, class Decode>
void read_encoded(FieldReader& fields, T& into, const Decode& decode) {
    BytesView encoded;
    fields.read_view(encoded);
    if (fields.error()) {
        return;
    }
    if (auto decoded = decode(encoded)) {
        into = *std::move(decoded);
    } else {
        fields.fail(DecodeError::unexpected_value);
    }
}

void read_diff(FieldReader& fields, state::StateDiff& into) {
    read_encoded(fields, into, state::decode_diff);
}
void read_header(FieldReader& fields, BlockHeader& into) {
    read_encoded(fields, into, decode_header);
}
void read_header(FieldReader& fields, MiniBlockHeader& into) {
    read_encoded(fields, into, decode_mini_block_header);
}

void read_log(FieldReader& list, Log& log) {
    list.read_structure([&](FieldReader& fields) {
        fields.read(log.address);
        fields.read_each([&](FieldReader& topics) {
            if (log.topics.size() == Topics::most) {
                topics.fail(DecodeError::trailing_bytes);
                return;
            }
            topics.read(log.topics.emplace_back());
        });
        fields.read(log.data);
    });
}

void read_transactions(FieldReader& fields, std::vector<FeedTransaction>& into) {
    fields.read_each([&](FieldReader& list) {
        FeedTransaction& tx = into.emplace_back();
        list.read_structure([&](FieldReader& item) {
            uint64_t status = 0;
            item.read(tx.raw);
            item.read(tx.sender);
            item.read(status);
            item.read(tx.cumulative_gas_used);
            item.read_or_empty(tx.created);
            item.read_each([&](FieldReader& logs) { read_log(logs, tx.logs.emplace_back()); });
            if (status > 1) {
                item.fail(DecodeError::unexpected_value);
            }
            tx.status = status == 1;
        });
    });
}

void read(FieldReader& in, MiniBlockRecord& r) {
    read_header(in, r.header);
    read_transactions(in, r.transactions);
    read_diff(in, r.diff);
}

void read(FieldReader& in, SealRecord& r) {
    read_header(in, r.header);
    read_diff(in, r.diff);
}

void read(FieldReader& in, BlockRecord& r) {
    BytesView opening;
    in.read_view(opening);
    if (!in.error() && !read_opening(opening, r.opening)) {
        in.fail(DecodeError::unexpected_value);
    }
    read_header(in, r.header);
    in.read_each([&](FieldReader& list) {
        auto& mini_block = r.mini_blocks.emplace_back();
        list.read_structure([&](FieldReader& fields) {
            read_header(fields, mini_block.header);
            fields.read(mini_block.transaction_count);
        });
    });
    read_transactions(in, r.transactions);
    read_diff(in, r.diff);
}

void read(FieldReader& in, RevertRecord& r) { in.read(r.number); }

Err<Error> malformed(std::string_view kind, std::string_view why) {
    return Err{Error{"feed: malformed " + std::string(kind) + " record: " + std::string(why)}};
}

template <class T>
Result<Record> read_as(BytesView body, std::string_view kind) {
    FieldReader fields = FieldReader::over_list(body);
    T record;
    read(fields, record);
    fields.expect_end();
    if (const auto error = fields.error()) {
        return malformed(kind, rlp::to_string(*error));
    }
    return Record{std::move(record)};
}

}  // namespace

Bytes encode(const Record& record) {
    if (const auto* open = std::get_if<OpenRecord>(&record)) {
        return start(static_cast<uint8_t>(Kind::open), opening_bytes(open->opening));
    }
    if (const auto* notice = std::get_if<NoticeRecord>(&record)) {
        MEGA_ASSERT(notice->kind >= NoticeRecord::first_kind);
        return start(notice->kind, notice->body);
    }
    Writer out;
    out.write_raw(BytesView{start(static_cast<uint8_t>(record.index() + 1))});
    const size_t mark = out.begin_list();
    std::visit(
        [&](const auto& fields) {
            if constexpr (requires { write(out, fields); }) {
                write(out, fields);
            }
        },
        record
    );
    out.end_list(mark);
    return out.take();
}

Result<Record> decode_record(BytesView encoded) {
    if (encoded.size() > max_record_bytes) {
        return Err{
            Error{"feed: a record of more than " + std::to_string(max_record_bytes) + " bytes"}
        };
    }
    if (encoded.size() < 2 || encoded[0] != version) {
        return Err{
            Error{"feed: a record that does not begin with version " + std::to_string(version)}
        };
    }
    const BytesView body = encoded.subspan(2);
    switch (static_cast<Kind>(encoded[1])) {
        case Kind::open: {
            OpenRecord record;
            return read_opening(body, record.opening)
                       ? Result<Record>{std::move(record)}
                       : malformed("open", "not the log's record of an opening");
        }
        case Kind::mini_block:
            return read_as<MiniBlockRecord>(body, "mini_block");
        case Kind::seal:
            return read_as<SealRecord>(body, "seal");
        case Kind::block:
            return read_as<BlockRecord>(body, "block");
        case Kind::revert:
            return read_as<RevertRecord>(body, "revert");
    }
    if (encoded[1] < NoticeRecord::first_kind) {
        return Err{Error{"feed: a record of unknown kind " + std::to_string(encoded[1])}};
    }
    return Record{NoticeRecord{encoded[1], to_bytes(body)}};
}

FeedTransaction to_feed(const sequencer::ExecutedTransaction& executed) {
    return {
        .raw = executed.tx->raw,
        .sender = executed.tx->sender,
        .status = executed.receipt.status,
        .cumulative_gas_used = executed.receipt.cumulative_gas_used,
        .created = executed.created,
        .logs = executed.receipt.logs
    };
}

std::string describe(const Record& record) {
    struct Words {
        std::string operator()(const OpenRecord& r) const {
            return "the opening of block " + std::to_string(r.opening.number);
        }
        std::string operator()(const MiniBlockRecord& r) const {
            return "mini-block " + std::to_string(r.header.mini_block_number) + " of block " +
                   std::to_string(r.header.block_number);
        }
        std::string operator()(const SealRecord& r) const {
            return "the seal of block " + std::to_string(r.header.number);
        }
        std::string operator()(const BlockRecord& r) const {
            return "block " + std::to_string(r.header.number);
        }
        std::string operator()(const RevertRecord& r) const {
            return "the return to block " + std::to_string(r.number);
        }
        std::string operator()(const NoticeRecord& r) const {
            return "a notice of kind " + std::to_string(r.kind);
        }
    };
    return std::visit(Words{}, record);
}

}  // namespace mega::feed
