// Any bytes: decode_record refuses them, or encode gives the very same bytes back.

#include "feed/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const mega::BytesView input{data, size};
    if (const auto record = mega::feed::decode_record(input)) {
        MEGA_ASSERT(mega::equal(mega::feed::encode(*record), input));
        MEGA_ASSERT(!mega::feed::describe(*record).empty());
    }
    return 0;
}
