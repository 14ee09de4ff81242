#include "types/mini_block.hpp"

#include "crypto/keccak.hpp"

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
    rlp::Reader outer{encoded};
    auto list = outer.read_list();
    if (!list) {
        return Err{list.error()};
    }
    if (auto end = outer.expect_end(); !end) {
        return Err{end.error()};
    }
    MiniBlockHeader header;
    std::optional<rlp::DecodeError> failure;
    const auto take = [&](auto& field, auto result) {
        if (!result) {
            failure = failure ? failure : result.error();
        } else {
            field = *result;
        }
    };
    take(header.block_number, list->read_u64());
    take(header.block_timestamp, list->read_u64());
    take(header.index, list->read_u64());
    take(header.mini_block_number, list->read_u64());
    take(header.timestamp_us, list->read_u64());
    take(header.gas_used, list->read_u64());
    take(header.transaction_root, list->read_fixed<32>());
    take(header.receipt_root, list->read_fixed<32>());
    take(header.signature.r, list->read_fixed<32>());
    take(header.signature.s, list->read_fixed<32>());
    uint64_t parity = 0;
    take(parity, list->read_u64());
    if (failure) {
        return Err{*failure};
    }
    if (parity > 1) {
        return Err{rlp::DecodeError::unexpected_value};
    }
    header.signature.y_parity = static_cast<uint8_t>(parity);
    if (auto end = list->expect_end(); !end) {
        return Err{end.error()};
    }
    return header;
}

}  // namespace mega
