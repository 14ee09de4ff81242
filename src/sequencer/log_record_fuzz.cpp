#include "sequencer/log_record.hpp"

/// What decodes encodes to the same bytes again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const mega::BytesView input{data, size};
    if (const auto record = mega::sequencer::decode_log_record(input)) {
        MEGA_ASSERT(mega::equal(mega::sequencer::encode(*record), input));
    }
    return 0;
}
