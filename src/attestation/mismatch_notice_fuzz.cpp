// Any bytes: decode_mismatch_notice refuses them, or encode gives the very same bytes back.

#include "attestation/mismatch_notice.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const mega::BytesView input{data, size};
    if (const auto notice = mega::attestation::decode_mismatch_notice(input)) {
        MEGA_ASSERT(mega::equal(mega::attestation::encode(*notice), input));
        MEGA_ASSERT(!mega::attestation::describe(*notice).empty());
        MEGA_ASSERT(!mega::attestation::message_of(*notice).empty());
    }
    return 0;
}
