// Any bytes as a snapshot file: frames are refused or opened within their bounds, and what decodes
// encodes to the same.

#include "snapshot/format.hpp"

#include <algorithm>

namespace {

void read_content(mega::snapshot::FrameKind kind, mega::BytesView raw) {
    using namespace mega::snapshot;
    switch (kind) {
        case FrameKind::head:
            if (const auto head = decode_head(raw)) {
                MEGA_ASSERT(mega::equal(encode(*head), raw));
            }
            break;
        case FrameKind::state:
            (void)mega::state::decode_diff(raw);
            break;
        case FrameKind::end:
            if (const auto totals = decode_totals(raw)) {
                MEGA_ASSERT(mega::equal(encode(*totals), raw));
            }
            break;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace mega::snapshot;
    mega::BytesView rest{data, size};
    // The checksum would keep the fuzzer out: the content is read as it is, too.
    if (!rest.empty()) {
        read_content(static_cast<FrameKind>(1 + rest[0] % 3), rest.subspan(1));
    }
    if (!check_file_header(rest)) {
        return 0;
    }
    rest = rest.subspan(file_header_bytes);
    while (rest.size() >= frame_header_bytes) {
        const auto header = decode_frame_header(rest.first(frame_header_bytes));
        rest = rest.subspan(frame_header_bytes);
        if (!header || rest.size() < header->packed_size) {
            return 0;
        }
        const auto raw = open_frame(*header, rest.first(header->packed_size));
        if (!raw) {
            return 0;
        }
        MEGA_ASSERT(raw->size() <= max_raw_bytes);
        read_content(header->kind, *raw);
        rest = rest.subspan(header->packed_size);
    }
    return 0;
}
