#include "rollup/batch_format.hpp"
#include "rollup/columns.hpp"

#include <zstd.h>
#include <memory>

namespace mega::rollup {
namespace {

constexpr size_t head_size = 9;  // version, two lengths
constexpr uint32_t zstd_magic = 0xfd2fb528;

uint32_t load_le32(const uint8_t* from) {
    return static_cast<uint32_t>(from[0]) | static_cast<uint32_t>(from[1]) << 8 |
           static_cast<uint32_t>(from[2]) << 16 | static_cast<uint32_t>(from[3]) << 24;
}

void store_le32(uint8_t* to, size_t value) {
    for (size_t i = 0; i < 4; ++i) {
        to[i] = static_cast<uint8_t>(value >> (8 * i));
    }
}

/// Where the columns begin and end in `columns`, which are well formed; the lengths come first.
std::vector<BytesView> sections_of(BytesView columns) {
    ColumnReader lengths(columns);
    std::vector<uint64_t> sizes(column_count);
    for (uint64_t& size : sizes) {
        size = lengths.varint();
    }
    size_t at = columns.size() - lengths.left();
    std::vector<BytesView> sections{columns.first(at)};
    for (const uint64_t size : sizes) {
        MEGA_ASSERT(size <= columns.size() - at);
        sections.push_back(columns.subspan(at, size));
        at += size;
    }
    return sections;
}

struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

/// A block of its own for each larger column: it gets its own code for its bytes.
constexpr size_t min_own_block = 512;

}  // namespace

Bytes make_payload(BytesView columns, const CompressionOptions& options) {
    const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
    MEGA_ASSERT(context != nullptr);
    const auto check = [](size_t code) { MEGA_ASSERT(ZSTD_isError(code) == 0); };
    check(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, options.level));
    std::vector<BytesView> sections = sections_of(columns);
    // Signatures are random: the compressor would only lose its time on them.
    const BytesView signatures = sections.back();
    sections.pop_back();
    const size_t compressed_size = columns.size() - signatures.size();
    check(ZSTD_CCtx_setPledgedSrcSize(context.get(), compressed_size));

    Bytes payload(head_size + ZSTD_compressBound(compressed_size) + column_count * 16);
    ZSTD_outBuffer out{payload.data() + head_size, payload.size() - head_size, 0};
    size_t since_flush = 0;
    for (const BytesView section : sections) {
        if (section.size() >= min_own_block && since_flush > 0) {
            ZSTD_inBuffer nothing{nullptr, 0, 0};
            check(ZSTD_compressStream2(context.get(), &out, &nothing, ZSTD_e_flush));
            since_flush = 0;
        }
        ZSTD_inBuffer in{section.data(), section.size(), 0};
        while (in.pos < in.size) {
            check(ZSTD_compressStream2(context.get(), &out, &in, ZSTD_e_continue));
        }
        since_flush += section.size();
    }
    ZSTD_inBuffer nothing{nullptr, 0, 0};
    const size_t left = ZSTD_compressStream2(context.get(), &out, &nothing, ZSTD_e_end);
    MEGA_ASSERT(left == 0);

    payload.resize(head_size + out.pos);
    payload[0] = batch_version;
    store_le32(payload.data() + 1, out.pos);
    store_le32(payload.data() + 5, signatures.size());
    append(payload, signatures);
    return payload;
}

Result<Bytes> open_payload(BytesView payload) {
    if (payload.size() < head_size) {
        return Err{Error{"batch: the payload has no head"}};
    }
    if (payload[0] != batch_version) {
        return Err{Error{"batch: version " + std::to_string(payload[0]) + " is unknown"}};
    }
    const size_t length = load_le32(payload.data() + 1);
    const size_t signatures_size = load_le32(payload.data() + 5);
    if (length + signatures_size > payload.size() - head_size) {
        return Err{Error{"batch: the payload ends before what it states to hold"}};
    }
    const BytesView frame = payload.subspan(head_size, length);
    const BytesView signatures = payload.subspan(head_size + length, signatures_size);
    const BytesView rest = payload.subspan(head_size + length + signatures_size);
    if (std::any_of(rest.begin(), rest.end(), [](uint8_t byte) { return byte != 0; })) {
        return Err{Error{"batch: something follows the signatures"}};
    }
    // Other forms that zstd reads (skippable and old frames) are none of ours.
    if (frame.size() < 4 || load_le32(frame.data()) != zstd_magic ||
        ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
        return Err{Error{"batch: the payload does not hold one zstd frame"}};
    }
    const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
    if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ||
        size > max_columns_bytes || signatures_size > max_columns_bytes - size) {
        return Err{Error{"batch: the frame states no content size, or one that is not allowed"}};
    }
    Bytes columns;
    columns.reserve(size + signatures_size);
    columns.resize(size);
    const size_t written = ZSTD_decompress(columns.data(), size, frame.data(), frame.size());
    if (ZSTD_isError(written) != 0 || written != size) {
        return Err{Error{"batch: the frame cannot be decompressed"}};
    }
    append(columns, signatures);
    return columns;
}

Result<Bytes> encode_batch(
    uint64_t chain_id, std::span<const BatchBlock> blocks, const CompressionOptions& options
) {
    auto columns = encode_columns(chain_id, blocks);
    if (!columns) {
        return columns;
    }
    return make_payload(*columns, options);
}

Result<std::vector<BatchBlock>> decode_batch(uint64_t chain_id, BytesView payload) {
    const auto columns = open_payload(payload);
    if (!columns) {
        return Err{columns.error()};
    }
    return decode_columns(chain_id, *columns);
}

}  // namespace mega::rollup
