// Any bytes as a payload, and as columns. What decodes encodes to the very bytes it came from.

#include "rollup/batch_format.hpp"

using namespace mega;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    constexpr uint64_t chain_id = 6342;
    const BytesView input{data, size};
    static_cast<void>(rollup::decode_batch(chain_id, input));
    const auto blocks = rollup::decode_columns(chain_id, input);
    if (blocks) {
        const auto again = rollup::encode_columns(chain_id, *blocks);
        MEGA_ASSERT(again.has_value() && equal(*again, input));
        const auto payload = rollup::make_payload(*again);
        MEGA_ASSERT(rollup::open_payload(payload).value() == *again);
    }
    return 0;
}
