#include "types/mini_block.hpp"

#include "crypto/keccak.hpp"
#include "types/rlp_fields.hpp"

namespace mega {
namespace {

void write_signed_fields(rlp::Writer& out, const MiniBlockHeader& header) {
    out.write(header.block_number);
    out.write(header.block_timestamp);
    out.write(header.index);
    out.write(header.mini_block_number);
    out.write(header.timestamp_us);
    out.write(header.gas_used);
    out.write(header.transaction_root.view());
    out.write(header.receipt_root.view());
}

}  // namespace

Hash256 signing_hash(const MiniBlockHeader& header) {
    rlp::Writer out;
    const size_t mark = out.begin_list();
    write_signed_fields(out, header);
    out.end_list(mark);
    return crypto::keccak256(out.view());
}

std::optional<Address> recover_signer(const MiniBlockHeader& header) {
    if (!crypto::is_low_s(header.signature)) {
        return std::nullopt;
    }
    return crypto::recover_address(signing_hash(header), header.signature);
}

Bytes encode(const MiniBlockHeader& header) {
    rlp::Writer out;
    const size_t mark = out.begin_list();
    write_signed_fields(out, header);
    out.write(header.signature.r.view());
    out.write(header.signature.s.view());
    out.write(static_cast<uint64_t>(header.signature.y_parity));
    out.end_list(mark);
    return out.take();
}

Result<MiniBlockHeader, rlp::DecodeError> decode_mini_block_header(BytesView encoded) {
    auto fields = rlp::FieldReader::over_list(encoded);
    MiniBlockHeader header;
    fields.read(header.block_number);
    fields.read(header.block_timestamp);
    fields.read(header.index);
    fields.read(header.mini_block_number);
    fields.read(header.timestamp_us);
    fields.read(header.gas_used);
    fields.read(header.transaction_root);
    fields.read(header.receipt_root);
    fields.read(header.signature.r);
    fields.read(header.signature.s);
    uint64_t parity = 0;
    fields.read(parity);
    if (parity > 1) {
        fields.fail(rlp::DecodeError::unexpected_value);
    }
    fields.expect_end();
    if (fields.error()) {
        return Err{*fields.error()};
    }
    header.signature.y_parity = static_cast<uint8_t>(parity);
    return header;
}

}  // namespace mega
