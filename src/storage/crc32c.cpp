#include "storage/crc32c.hpp"

#ifdef __SSE4_2__
#include <nmmintrin.h>
#endif

namespace mega::storage {
namespace {

constexpr uint32_t polynomial = 0x82f63b78;

constexpr std::array<uint32_t, 256> make_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t byte = 0; byte < 256; ++byte) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
        }
        table[byte] = crc;
    }
    return table;
}

constexpr std::array<uint32_t, 256> table = make_table();

}  // namespace

uint32_t crc32c_portable(uint32_t crc, BytesView data) {
    crc = ~crc;
    for (const uint8_t byte : data) {
        crc = (crc >> 8) ^ table[(crc ^ byte) & 0xff];
    }
    return ~crc;
}

#ifdef __SSE4_2__
uint32_t crc32c(uint32_t crc, BytesView data) {
    uint64_t state = ~crc;
    while (data.size() >= 8) {
        state = _mm_crc32_u64(state, load_le64(data.data()));
        data = data.subspan(8);
    }
    auto narrow = static_cast<uint32_t>(state);
    for (const uint8_t byte : data) {
        narrow = _mm_crc32_u8(narrow, byte);
    }
    return ~narrow;
}
#else
uint32_t crc32c(uint32_t crc, BytesView data) { return crc32c_portable(crc, data); }
#endif

}  // namespace mega::storage
