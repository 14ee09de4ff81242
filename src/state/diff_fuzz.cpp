// Any bytes: decode_diff refuses them, or encode gives the very same bytes back.

#include "state/diff.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const mega::BytesView input{data, size};
    const auto diff = mega::state::decode_diff(input);
    if (diff) {
        MEGA_ASSERT(mega::equal(mega::state::encode(*diff), input));
    }
    return 0;
}
