#include "types/receipt.hpp"

#include "types/rlp_fields.hpp"

#include <utility>

namespace mega {
namespace {

using rlp::FieldReader;

void write_log(rlp::Writer& out, const Log& log) {
    const size_t list = out.begin_list();
    out.write(log.address);
    const size_t topics = out.begin_list();
    for (const Hash256& topic : log.topics) {
        out.write(topic);
    }
    out.end_list(topics);
    out.write(log.data);
    out.end_list(list);
}

void write_logs(rlp::Writer& out, const std::vector<Log>& logs) {
    const size_t list = out.begin_list();
    for (const Log& log : logs) {
        write_log(out, log);
    }
    out.end_list(list);
}

void read_log(FieldReader& fields, Log& into) {
    fields.read(into.address);
    fields.read_each([&](FieldReader& topics) {
        if (into.topics.size() == Topics::most) {
            topics.fail(rlp::DecodeError::unexpected_value);
            return;
        }
        topics.read(into.topics.emplace_back());
    });
    fields.read(into.data);
}

/// The empty string is failure, 01 success, 32 bytes a state root (before EIP-658).
void read_status(FieldReader& fields, Receipt& into) {
    BytesView field;
    fields.read_view(field);
    if (field.size() == Hash256::size_bytes) {
        into.post_state = Hash256::from(field);
    } else if (field.size() == 1 && field[0] == 1) {
        into.status = true;
    } else if (!field.empty()) {
        fields.fail(rlp::DecodeError::unexpected_value);
    }
}

bool is_typed(uint8_t first_byte) {
    switch (static_cast<TxType>(first_byte)) {
        case TxType::access_list:
        case TxType::dynamic_fee:
        case TxType::blob:
        case TxType::set_code:
        case TxType::deposit:
            return true;
        case TxType::legacy:
            break;
    }
    return false;
}

}  // namespace

Bloom bloom_of(const std::vector<Log>& logs) {
    Bloom bloom;
    constexpr size_t most_of_log = 1 + Topics::most;
    std::array<BytesView, 16 * most_of_log> entries;
    size_t count = 0;
    for (const Log& log : logs) {
        if (count + 1 + log.topics.size() > entries.size()) {
            add_to_bloom(bloom, std::span{entries}.first(std::exchange(count, 0)));
        }
        entries[count++] = log.address;
        for (const Hash256& topic : log.topics) {
            entries[count++] = topic;
        }
    }
    add_to_bloom(bloom, std::span{entries}.first(count));
    return bloom;
}

Bytes encode(const Receipt& receipt) {
    rlp::Writer out;
    if (receipt.type != TxType::legacy) {
        const auto type = static_cast<uint8_t>(receipt.type);
        out.write_raw({&type, 1});
    }
    const size_t list = out.begin_list();
    if (receipt.post_state) {
        out.write(*receipt.post_state);
    } else {
        out.write(uint64_t{receipt.status});
    }
    out.write(receipt.cumulative_gas_used);
    out.write(receipt.bloom);
    write_logs(out, receipt.logs);
    out.end_list(list);
    return out.take();
}

Result<Receipt, rlp::DecodeError> decode_receipt(BytesView encoded) {
    Receipt receipt;
    if (!encoded.empty() && is_typed(encoded[0])) {
        receipt.type = static_cast<TxType>(encoded[0]);
        encoded = encoded.subspan(1);
    }
    FieldReader fields = FieldReader::over_list(encoded);
    read_status(fields, receipt);
    fields.read(receipt.cumulative_gas_used);
    fields.read(receipt.bloom);
    fields.read_each([&](FieldReader& list) {
        Log& log = receipt.logs.emplace_back();
        list.read_structure([&](FieldReader& log_fields) { read_log(log_fields, log); });
    });
    fields.expect_end();
    if (const auto error = fields.error()) {
        return Err{*error};
    }
    return receipt;
}

Bytes encode(const std::vector<Log>& logs) {
    rlp::Writer out;
    write_logs(out, logs);
    return out.take();
}

}  // namespace mega
