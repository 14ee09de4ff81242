#include "storage/block_codec.hpp"

#include "types/rlp_fields.hpp"

namespace mega::storage {
namespace {

using rlp::FieldReader;
using rlp::Writer;

Err<Error> damaged(std::string_view row, rlp::DecodeError error) {
    return Err{Error{
        "database: damaged " + std::string(row) + " row: " + std::string(rlp::to_string(error))
    }};
}

template <class F>
void write_list(Writer& out, F write_items) {
    const size_t mark = out.begin_list();
    write_items();
    out.end_list(mark);
}

StoredTransaction read_transaction(FieldReader& list) {
    StoredTransaction tx;
    list.read_structure([&](FieldReader& fields) {
        fields.read(tx.raw);
        fields.read(tx.sender);
        fields.read(tx.hash);
    });
    return tx;
}

StoredMiniBlock read_mini_block(FieldReader& list) {
    StoredMiniBlock mini_block;
    list.read_structure([&](FieldReader& fields) {
        BytesView header;
        uint64_t first = 0;
        uint64_t count = 0;
        fields.read_view(header);
        fields.read(first);
        fields.read(count);
        if (auto decoded = decode_mini_block_header(header)) {
            mini_block.header = *decoded;
        } else {
            fields.fail(decoded.error());
        }
        mini_block.first_transaction = static_cast<uint32_t>(first);
        mini_block.transaction_count = static_cast<uint32_t>(count);
    });
    return mini_block;
}

void read_receipt(FieldReader& list, StoredTransaction& tx) {
    list.read_structure([&](FieldReader& fields) {
        BytesView receipt;
        fields.read_view(receipt);
        fields.read(tx.gas_used);
        fields.read(tx.effective_gas_price);
        fields.read_or_empty(tx.created);
        if (auto decoded = decode_receipt(receipt)) {
            tx.receipt = std::move(*decoded);
        } else {
            fields.fail(decoded.error());
        }
    });
}

/// Nothing may be left, nothing may have failed.
std::optional<rlp::DecodeError> end_of(FieldReader& fields) {
    fields.expect_end();
    return fields.error();
}

}  // namespace

Bytes encode_header_row(const StoredBlock& block) {
    Writer out;
    write_list(out, [&] {
        out.write(BytesView{encode(block.header)});
        out.write(block.hash.view());
        out.write(block.opening_hash.view());
    });
    return out.take();
}

Result<StoredHeader> decode_header_row(BytesView row) {
    FieldReader fields = FieldReader::over_list(row);
    StoredHeader stored;
    BytesView header;
    fields.read_view(header);
    fields.read(stored.hash);
    fields.read(stored.opening_hash);
    if (const auto error = end_of(fields)) {
        return damaged("header", *error);
    }
    auto decoded = decode_header(header);
    if (!decoded) {
        return damaged("header", decoded.error());
    }
    stored.header = std::move(*decoded);
    return stored;
}

Bytes encode_body_row(const StoredBlock& block) {
    Writer out;
    write_list(out, [&] {
        write_list(out, [&] {
            for (const StoredTransaction& tx : block.transactions) {
                write_list(out, [&] {
                    out.write(BytesView{tx.raw});
                    out.write(tx.sender.view());
                    out.write(tx.hash.view());
                });
            }
        });
        write_list(out, [&] {
            for (const StoredMiniBlock& mini_block : block.mini_blocks) {
                write_list(out, [&] {
                    out.write(BytesView{encode(mini_block.header)});
                    out.write(uint64_t{mini_block.first_transaction});
                    out.write(uint64_t{mini_block.transaction_count});
                });
            }
        });
    });
    return out.take();
}

Bytes encode_receipts_row(const StoredBlock& block) {
    Writer out;
    write_list(out, [&] {
        for (const StoredTransaction& tx : block.transactions) {
            write_list(out, [&] {
                out.write(BytesView{encode(tx.receipt)});
                out.write(tx.gas_used);
                out.write(tx.effective_gas_price);
                out.write(tx.created ? tx.created->view() : BytesView{});
            });
        }
    });
    return out.take();
}

Result<StoredBlock> decode_block_rows(
    BytesView header_row, BytesView body_row, BytesView receipts_row
) {
    auto header = decode_header_row(header_row);
    if (!header) {
        return Err{header.error()};
    }
    StoredBlock block;
    block.header = std::move(header->header);
    block.hash = header->hash;
    block.opening_hash = header->opening_hash;

    FieldReader body = FieldReader::over_list(body_row);
    body.read_each([&](FieldReader& list) { block.transactions.push_back(read_transaction(list)); }
    );
    body.read_each([&](FieldReader& list) { block.mini_blocks.push_back(read_mini_block(list)); });
    if (const auto error = end_of(body)) {
        return damaged("body", *error);
    }
    FieldReader receipts = FieldReader::over_list(receipts_row);
    size_t count = 0;
    for (StoredTransaction& tx : block.transactions) {
        if (receipts.has_more()) {
            read_receipt(receipts, tx);
            ++count;
        }
    }
    if (const auto error = end_of(receipts)) {
        return damaged("receipts", *error);
    }
    if (count != block.transactions.size()) {
        return Err{Error{
            "database: block " + std::to_string(block.header.number) + " has too few receipts"
        }};
    }
    return block;
}

Bytes encode(const Checkpoint& checkpoint) {
    Writer out;
    write_list(out, [&] {
        out.write(checkpoint.block_number);
        out.write(checkpoint.log_sequence);
        out.write(checkpoint.next_mini_block_number);
    });
    return out.take();
}

Result<Checkpoint> decode_checkpoint(BytesView row) {
    FieldReader fields = FieldReader::over_list(row);
    Checkpoint checkpoint;
    fields.read(checkpoint.block_number);
    fields.read(checkpoint.log_sequence);
    fields.read(checkpoint.next_mini_block_number);
    if (const auto error = end_of(fields)) {
        return damaged("checkpoint", *error);
    }
    return checkpoint;
}

FixedBytes<8> number_key(uint64_t number) {
    FixedBytes<8> key;
    for (size_t i = 0; i < 8; ++i) {
        key[7 - i] = static_cast<uint8_t>(number >> (8 * i));
    }
    return key;
}

Result<uint64_t> decode_number_row(BytesView row) {
    if (row.size() != 8) {
        return Err{Error{"database: damaged number row"}};
    }
    return u256::from_be(row).low64();
}

Bytes encode(const TransactionLocation& location) {
    Bytes row = to_bytes(number_key(location.block_number).view());
    append(row, number_key(location.index).view().subspan(4));
    return row;
}

Result<TransactionLocation> decode_location(BytesView row) {
    if (row.size() != 12) {
        return Err{Error{"database: damaged location row"}};
    }
    return TransactionLocation{
        u256::from_be(row.first(8)).low64(),
        static_cast<uint32_t>(u256::from_be(row.subspan(8)).low64())
    };
}

}  // namespace mega::storage
