#include "rollup/batch_header.hpp"

#include "crypto/keccak.hpp"

namespace mega::rollup {
namespace {

constexpr uint64_t words_before_hashes = 14;  // chain id, eleven of the header, kind, offset

}  // namespace

void write(AbiWriter& out, const BatchHeader& header) {
    out.word(header.parent);
    out.word(u256{header.index});
    out.word(u256{header.first_block});
    out.word(u256{header.last_block});
    out.word(u256{header.deposit_cursor});
    out.word(u256{header.origin_number});
    out.word(header.origin_hash);
    out.word(u256{header.last_timestamp});
    out.word(header.last_block_hash);
    out.word(header.mini_block_digest);
    out.word(header.sequencer);
}

BatchHeader read_batch_header(AbiReader& in) {
    BatchHeader header;
    header.parent = in.hash();
    header.index = in.u64();
    header.first_block = in.u64();
    header.last_block = in.u64();
    header.deposit_cursor = in.u64();
    header.origin_number = in.u64();
    header.origin_hash = in.hash();
    header.last_timestamp = in.u64();
    header.last_block_hash = in.hash();
    header.mini_block_digest = in.hash();
    header.sequencer = in.address();
    return header;
}

Hash256 batch_hash(
    uint64_t l2_chain_id,
    const BatchHeader& header,
    BatchKind kind,
    std::span<const Hash256> data_hashes
) {
    AbiWriter preimage;
    preimage.word(u256{l2_chain_id});
    write(preimage, header);
    preimage.word(u256{static_cast<uint64_t>(kind)});
    preimage.word(u256{words_before_hashes * 32});
    preimage.word(u256{data_hashes.size()});
    for (const Hash256& hash : data_hashes) {
        preimage.word(hash);
    }
    return crypto::keccak256(preimage.view());
}

Hash256 mini_block_digest(std::span<const MiniBlockHeader> headers) {
    Bytes preimage;
    preimage.reserve(headers.size() * Hash256::size_bytes);
    for (const MiniBlockHeader& header : headers) {
        append(preimage, signing_hash(header).view());
    }
    return crypto::keccak256(preimage);
}

}  // namespace mega::rollup
