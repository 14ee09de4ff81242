#include "sequencer/log_record.hpp"

#include "types/rlp_fields.hpp"

#include <string>

namespace mega::sequencer {
namespace {

using rlp::FieldReader;
using rlp::Writer;

enum class Kind : uint8_t {
    open_block = 1,
    batch,
    mini_block,
    seal,
    pooled,
    override_state,
    revert,
    dropped,
    signed_mini_block
};

Kind kind_of(const LogRecord& record) { return static_cast<Kind>(record.index() + 1); }

void write(Writer& out, const OpenBlockRecord& r) {
    out.write(r.number);
    out.write(r.timestamp);
    out.write(r.gas_limit);
    out.write(r.beneficiary.view());
    out.write(r.prev_randao.view());
    out.write(r.base_fee_per_gas);
    if (r.l1) {
        out.write(r.l1->origin.number);
        out.write(r.l1->origin.hash.view());
        out.write(r.l1->origin.timestamp);
        out.write(r.l1->origin.base_fee);
        out.write(r.l1->origin.blob_base_fee);
        out.write(r.l1->cursor);
    }
}

void write(Writer& out, const BatchRecord& r) {
    for (const auto& item : r.items) {
        out.write(BytesView{item.raw});
        out.write(item.sender.view());
    }
}

void write(Writer& out, const MiniBlockRecord& r) { out.write(r.timestamp_us); }
void write(Writer& out, const SealRecord& r) { out.write(r.hash.view()); }

void write(Writer& out, const PooledRecord& r) {
    out.write(BytesView{r.raw});
    out.write(r.sender.view());
}

void write(Writer& out, const OverrideRecord& r) {
    out.write(r.address.view());
    out.write(r.account.nonce);
    out.write(r.account.balance);
    out.write(r.account.code_hash.view());
    out.write(BytesView{r.code});
    for (const auto& [slot, value] : r.slots) {
        out.write(slot);
        out.write(value);
    }
}

void write(Writer& out, const RevertRecord& r) { out.write(r.number); }
void write(Writer& out, const DroppedRecord& r) { out.write(r.hash.view()); }
void write(Writer& out, const SignedMiniBlockRecord& r) { out.write(BytesView{encode(r.header)}); }

void read(FieldReader& in, OpenBlockRecord& r) {
    in.read(r.number);
    in.read(r.timestamp);
    in.read(r.gas_limit);
    in.read(r.beneficiary);
    in.read(r.prev_randao);
    in.read(r.base_fee_per_gas);
    if (in.has_more()) {
        rollup::L1Position& position = r.l1.emplace();
        in.read(position.origin.number);
        in.read(position.origin.hash);
        in.read(position.origin.timestamp);
        in.read(position.origin.base_fee);
        in.read(position.origin.blob_base_fee);
        in.read(position.cursor);
    }
}

void read(FieldReader& in, BatchRecord& r) {
    while (in.has_more()) {
        auto& item = r.items.emplace_back();
        in.read(item.raw);
        in.read(item.sender);
    }
}

void read(FieldReader& in, MiniBlockRecord& r) { in.read(r.timestamp_us); }
void read(FieldReader& in, SealRecord& r) { in.read(r.hash); }

void read(FieldReader& in, PooledRecord& r) {
    in.read(r.raw);
    in.read(r.sender);
}

void read(FieldReader& in, OverrideRecord& r) {
    in.read(r.address);
    in.read(r.account.nonce);
    in.read(r.account.balance);
    in.read(r.account.code_hash);
    in.read(r.code);
    while (in.has_more()) {
        auto& [slot, value] = r.slots.emplace_back();
        in.read(slot);
        in.read(value);
    }
}

void read(FieldReader& in, RevertRecord& r) { in.read(r.number); }
void read(FieldReader& in, DroppedRecord& r) { in.read(r.hash); }

/// Nothing when its header is malformed.
std::optional<LogRecord> read_signed_mini_block(FieldReader& in) {
    Bytes encoded;
    in.read(encoded);
    const auto header = decode_mini_block_header(encoded);
    return header ? std::optional<LogRecord>(SignedMiniBlockRecord{*header}) : std::nullopt;
}

template <class Record>
LogRecord read_as(FieldReader& in) {
    Record record;
    read(in, record);
    return record;
}

std::optional<LogRecord> read(Kind kind, FieldReader& in) {
    switch (kind) {
        case Kind::open_block:
            return read_as<OpenBlockRecord>(in);
        case Kind::batch:
            return read_as<BatchRecord>(in);
        case Kind::mini_block:
            return read_as<MiniBlockRecord>(in);
        case Kind::seal:
            return read_as<SealRecord>(in);
        case Kind::pooled:
            return read_as<PooledRecord>(in);
        case Kind::override_state:
            return read_as<OverrideRecord>(in);
        case Kind::revert:
            return read_as<RevertRecord>(in);
        case Kind::dropped:
            return read_as<DroppedRecord>(in);
        case Kind::signed_mini_block:
            return read_signed_mini_block(in);
    }
    return std::nullopt;
}

}  // namespace

Bytes encode(const LogRecord& record) {
    Writer out;
    const auto kind = static_cast<uint8_t>(kind_of(record));
    out.write_raw(BytesView{&kind, 1});
    const size_t mark = out.begin_list();
    std::visit([&](const auto& fields) { write(out, fields); }, record);
    out.end_list(mark);
    return out.take();
}

Result<LogRecord> decode_log_record(BytesView encoded) {
    if (encoded.empty()) {
        return Err{Error{"log record is empty"}};
    }
    auto fields = FieldReader::over_list(encoded.subspan(1));
    if (fields.error()) {
        return Err{Error{"log record is not one RLP list"}};
    }
    auto record = read(static_cast<Kind>(encoded[0]), fields);
    if (!record) {
        return Err{Error{"log record of unknown kind " + std::to_string(encoded[0])}};
    }
    fields.expect_end();
    if (fields.error()) {
        return Err{
            Error{"log record of kind " + std::to_string(encoded[0]) + " has malformed fields"}
        };
    }
    return std::move(*record);
}

}  // namespace mega::sequencer
