// Segment parsing: any bytes end in a verdict, and the intact prefix parses again to the same end.

#include "storage/wal_format.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace mega;
    const BytesView input{data, size};
    Bytes segment;
    append(segment, storage::wal::make_header(Hash256{}));
    append(segment, input);
    (void)storage::wal::check_header(input, Hash256{});
    (void)storage::wal::parse_segment_name(as_text(input));

    Bytes rebuilt;
    append(rebuilt, storage::wal::make_header(Hash256{}));
    const auto parsed =
        storage::wal::parse_records(segment, 1, [&](uint64_t sequence, BytesView payload) {
            storage::wal::append_record(rebuilt, sequence, payload);
            return true;
        });
    MEGA_ASSERT(parsed.end_offset == rebuilt.size());
    MEGA_ASSERT(equal(BytesView{segment}.first(parsed.end_offset), rebuilt));
    return 0;
}
