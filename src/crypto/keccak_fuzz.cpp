// Every many-at-once path equals the one-at-a-time hash, however the input is cut into messages.
//   input = count byte, then per message a length byte (times 3), then the messages one after
//   another

#include "base/assert.hpp"
#include "crypto/keccak.hpp"
#include "crypto/keccak_lanes.hpp"

namespace mega::crypto {
namespace {

std::vector<BytesView> cut(BytesView input) {
    const size_t count = input.empty() ? 0 : std::min<size_t>(input[0], input.size() - 1);
    std::vector<BytesView> messages;
    BytesView rest = input.empty() ? input : input.subspan(1 + count);
    for (size_t i = 0; i < count; ++i) {
        const size_t size = std::min<size_t>(size_t{3} * input[1 + i], rest.size());
        messages.push_back(rest.first(size));
        rest = rest.subspan(size);
    }
    return messages;
}

void check(detail::HashMany hash_many, std::span<const BytesView> in) {
    std::vector<Hash256> out(in.size());
    hash_many(in, out);
    for (size_t i = 0; i < in.size(); ++i) {
        MEGA_ASSERT(out[i] == keccak256(in[i]));
    }
}

}  // namespace
}  // namespace mega::crypto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace mega::crypto;
    const auto messages = cut({data, size});
    check(keccak256_many, messages);
#if defined(__x86_64__)
    if (detail::cpu_has_avx2()) {
        check(detail::hash_many_avx2, messages);
    }
    if (detail::cpu_has_avx512()) {
        check(detail::hash_many_avx512, messages);
    }
#endif
    return 0;
}
