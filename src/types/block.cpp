#include "types/block.hpp"

#include "crypto/keccak.hpp"
#include "types/rlp_fields.hpp"

namespace mega {
namespace {

using rlp::FieldReader;

/// Each fork's fields follow the earlier ones, so a later field without an earlier one has no
/// encoding.
class OptionalFields {
  public:
    explicit OptionalFields(rlp::Writer& out) : out_(out) {}

    template <class T>
    void write(const std::optional<T>& field) {
        MEGA_ASSERT(!field || !ended_);
        if (field) {
            out_.write(*field);
        } else {
            ended_ = true;
        }
    }

  private:
    rlp::Writer& out_;
    bool ended_ = false;
};

void write_fork_fields(rlp::Writer& out, const BlockHeader& header) {
    OptionalFields fields(out);
    fields.write(header.base_fee_per_gas);
    fields.write(header.withdrawals_root);
    fields.write(header.blob_gas_used);
    fields.write(header.excess_blob_gas);
    fields.write(header.parent_beacon_block_root);
    fields.write(header.requests_hash);
}

void write_header(rlp::Writer& out, const BlockHeader& header) {
    const size_t list = out.begin_list();
    out.write(header.parent_hash);
    out.write(header.ommers_hash);
    out.write(header.beneficiary);
    out.write(header.state_root);
    out.write(header.transactions_root);
    out.write(header.receipts_root);
    out.write(header.logs_bloom);
    out.write(header.difficulty);
    out.write(header.number);
    out.write(header.gas_limit);
    out.write(header.gas_used);
    out.write(header.timestamp);
    out.write(header.extra_data);
    out.write(header.prev_randao);
    out.write(header.nonce);
    write_fork_fields(out, header);
    out.end_list(list);
}

void read_header(FieldReader& fields, BlockHeader& into) {
    fields.read(into.parent_hash);
    fields.read(into.ommers_hash);
    fields.read(into.beneficiary);
    fields.read(into.state_root);
    fields.read(into.transactions_root);
    fields.read(into.receipts_root);
    fields.read(into.logs_bloom);
    fields.read(into.difficulty);
    fields.read(into.number);
    fields.read(into.gas_limit);
    fields.read(into.gas_used);
    fields.read(into.timestamp);
    fields.read(into.extra_data);
    fields.read(into.prev_randao);
    fields.read(into.nonce);
    fields.read_if_present(into.base_fee_per_gas);
    fields.read_if_present(into.withdrawals_root);
    fields.read_if_present(into.blob_gas_used);
    fields.read_if_present(into.excess_blob_gas);
    fields.read_if_present(into.parent_beacon_block_root);
    fields.read_if_present(into.requests_hash);
}

void write_withdrawal(rlp::Writer& out, const Withdrawal& withdrawal) {
    const size_t list = out.begin_list();
    out.write(withdrawal.index);
    out.write(withdrawal.validator_index);
    out.write(withdrawal.address);
    out.write(withdrawal.amount_gwei);
    out.end_list(list);
}

void read_withdrawal(FieldReader& fields, Withdrawal& into) {
    fields.read(into.index);
    fields.read(into.validator_index);
    fields.read(into.address);
    fields.read(into.amount_gwei);
}

/// Inside a block a legacy transaction is its own list and a typed one a string that holds the
/// envelope.
void write_transaction(rlp::Writer& out, const Bytes& envelope) {
    if (!envelope.empty() && envelope[0] >= 0xc0) {
        out.write_raw(envelope);
    } else {
        out.write(envelope);
    }
}

void read_transaction(FieldReader& list, Bytes& into) {
    if (list.next_is_list()) {
        BytesView item;
        list.read_item(item);
        into = to_bytes(item);
        return;
    }
    list.read(into);
    // A string that starts like a list would come back as one: refuse what could be written in two
    // ways.
    if (into.empty() || into[0] >= 0x80) {
        list.fail(rlp::DecodeError::unexpected_value);
    }
}

void read_block(FieldReader& fields, Block& into) {
    fields.read_structure([&](FieldReader& header) { read_header(header, into.header); });
    fields.read_each([&](FieldReader& list) {
        read_transaction(list, into.transactions.emplace_back());
    });
    fields.read_each([&](FieldReader& list) {
        BlockHeader& ommer = into.ommers.emplace_back();
        list.read_structure([&](FieldReader& header) { read_header(header, ommer); });
    });
    if (!fields.has_more()) {
        return;
    }
    auto& withdrawals = into.withdrawals.emplace();
    fields.read_each([&](FieldReader& list) {
        Withdrawal& withdrawal = withdrawals.emplace_back();
        list.read_structure([&](FieldReader& tuple) { read_withdrawal(tuple, withdrawal); });
    });
}

}  // namespace

Bytes encode(const BlockHeader& header) {
    rlp::Writer out(640);  // a header of today's fields and its longest extra data
    write_header(out, header);
    return out.take();
}

Result<BlockHeader, rlp::DecodeError> decode_header(BytesView encoded) {
    BlockHeader header;
    FieldReader fields = FieldReader::over_list(encoded);
    read_header(fields, header);
    fields.expect_end();
    if (const auto error = fields.error()) {
        return Err{*error};
    }
    return header;
}

Hash256 hash_of(const BlockHeader& header) { return crypto::keccak256(encode(header)); }

Bytes encode(const Block& block) {
    rlp::Writer out;
    const size_t list = out.begin_list();
    write_header(out, block.header);
    const size_t transactions = out.begin_list();
    for (const Bytes& envelope : block.transactions) {
        write_transaction(out, envelope);
    }
    out.end_list(transactions);
    const size_t ommers = out.begin_list();
    for (const BlockHeader& ommer : block.ommers) {
        write_header(out, ommer);
    }
    out.end_list(ommers);
    if (block.withdrawals) {
        const size_t withdrawals = out.begin_list();
        for (const Withdrawal& withdrawal : *block.withdrawals) {
            write_withdrawal(out, withdrawal);
        }
        out.end_list(withdrawals);
    }
    out.end_list(list);
    return out.take();
}

Result<Block, rlp::DecodeError> decode_block(BytesView encoded) {
    Block block;
    FieldReader fields = FieldReader::over_list(encoded);
    read_block(fields, block);
    fields.expect_end();
    if (const auto error = fields.error()) {
        return Err{*error};
    }
    return block;
}

Bytes encode(const Withdrawal& withdrawal) {
    rlp::Writer out;
    write_withdrawal(out, withdrawal);
    return out.take();
}

}  // namespace mega
