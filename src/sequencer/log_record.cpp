#include "sequencer/log_record.hpp"

#include "types/rlp.hpp"

#include <string>

namespace mega::sequencer {
namespace {

using rlp::Reader;
using rlp::Writer;

enum class Kind : uint8_t {
    open_block = 1,
    batch,
    mini_block,
    seal,
    pooled,
    override_state,
    revert
};

Kind kind_of(const LogRecord& record) { return static_cast<Kind>(record.index() + 1); }

void write(Writer& out, const OpenBlockRecord& r) {
    out.write(r.number);
    out.write(r.timestamp);
    out.write(r.gas_limit);
    out.write(r.beneficiary.view());
    out.write(r.prev_randao.view());
    out.write(r.base_fee_per_gas);
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

/// Reads fields one after the other; the first failure sticks.
class Fields {
  public:
    explicit Fields(Reader reader) : reader_(reader) {}

    uint64_t u64() { return take(reader_.read_u64()); }
    u256 word() { return take(reader_.read_u256()); }
    Address address() { return take(reader_.read_fixed<20>()); }
    Hash256 hash() { return take(reader_.read_fixed<32>()); }
    Bytes bytes() { return to_bytes(take(reader_.read_string())); }
    [[nodiscard]] bool more() const { return ok_ && !reader_.at_end(); }
    [[nodiscard]] bool finished() const { return ok_ && reader_.at_end(); }

  private:
    template <class T>
    T take(Result<T, rlp::DecodeError> result) {
        if (!result) {
            ok_ = false;
            return T{};
        }
        return std::move(result).value();
    }

    Reader reader_;
    bool ok_ = true;
};

OpenBlockRecord read_open_block(Fields& in) {
    OpenBlockRecord r;
    r.number = in.u64();
    r.timestamp = in.u64();
    r.gas_limit = in.u64();
    r.beneficiary = in.address();
    r.prev_randao = in.hash();
    r.base_fee_per_gas = in.word();
    return r;
}

BatchRecord read_batch(Fields& in) {
    BatchRecord r;
    while (in.more()) {
        Bytes raw = in.bytes();
        r.items.push_back({std::move(raw), in.address()});
    }
    return r;
}

PooledRecord read_pooled(Fields& in) {
    Bytes raw = in.bytes();
    return {std::move(raw), in.address()};
}

OverrideRecord read_override(Fields& in) {
    OverrideRecord r;
    r.address = in.address();
    r.account.nonce = in.u64();
    r.account.balance = in.word();
    r.account.code_hash = in.hash();
    r.code = in.bytes();
    while (in.more()) {
        const u256 slot = in.word();
        r.slots.emplace_back(slot, in.word());
    }
    return r;
}

std::optional<LogRecord> read(Kind kind, Fields& in) {
    switch (kind) {
        case Kind::open_block:
            return read_open_block(in);
        case Kind::batch:
            return read_batch(in);
        case Kind::mini_block:
            return MiniBlockRecord{in.u64()};
        case Kind::seal:
            return SealRecord{in.hash()};
        case Kind::pooled:
            return read_pooled(in);
        case Kind::override_state:
            return read_override(in);
        case Kind::revert:
            return RevertRecord{in.u64()};
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
    Reader outer{encoded.subspan(1)};
    auto list = outer.read_list();
    if (!list || !outer.at_end()) {
        return Err{Error{"log record is not one RLP list"}};
    }
    Fields fields{*list};
    auto record = read(static_cast<Kind>(encoded[0]), fields);
    if (!record) {
        return Err{Error{"log record of unknown kind " + std::to_string(encoded[0])}};
    }
    if (!fields.finished()) {
        return Err{
            Error{"log record of kind " + std::to_string(encoded[0]) + " has malformed fields"}
        };
    }
    return std::move(*record);
}

}  // namespace mega::sequencer
