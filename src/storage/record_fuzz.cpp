// Rows of the database: any bytes decode to an error or to a value that encodes to the same bytes.

#include "storage/block_codec.hpp"
#include "storage/state_records.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace mega;
    using namespace mega::storage;
    const BytesView input{data, size};
    if (const auto account = decode_account_record(input)) {
        MEGA_ASSERT(equal(encode_account_record(*account), input));
    }
    if (const auto word = decode_word(input)) {
        MEGA_ASSERT(equal(encode_word(*word), input));
    }
    if (const auto checkpoint = decode_checkpoint(input)) {
        MEGA_ASSERT(equal(encode(*checkpoint), input));
    }
    if (const auto location = decode_location(input)) {
        MEGA_ASSERT(equal(encode(*location), input));
    }
    (void)decode_header_row(input).has_value();
    (void)decode_number_row(input).has_value();
    // The first two bytes split the rest into the three rows of a block.
    if (size >= 2) {
        const BytesView rest = input.subspan(2);
        const size_t first = std::min<size_t>(data[0], rest.size());
        const size_t second = std::min<size_t>(data[1], rest.size() - first);
        (void)decode_block_rows(
            rest.first(first), rest.subspan(first, second), rest.subspan(first + second)
        )
            .has_value();
    }
    return 0;
}
