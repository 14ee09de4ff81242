// Any bytes, in any pieces: no crash, bounded memory, and the pieces do not change what is decoded.

#include "base/assert.hpp"
#include "net/detail/ws_frame.hpp"

#include <vector>

namespace {

using namespace mega::net::detail;

constexpr size_t limit = 1000;

std::vector<std::string> decode(std::string_view bytes, size_t step) {
    WsDecoder decoder(limit);
    std::vector<std::string> seen;
    while (!bytes.empty()) {
        std::string_view piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        while (!piece.empty()) {
            auto event = decoder.next(piece);
            MEGA_ASSERT(decoder.buffered_bytes() <= limit + 125);
            if (!event) {
                seen.push_back("error " + std::to_string(event.error()));
                return seen;
            }
            if (event->has_value()) {
                seen.push_back(std::to_string((*event)->close_code) + (*event)->payload);
            }
        }
    }
    return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    MEGA_ASSERT(decode(bytes, bytes.size() + 1) == decode(bytes, 1 + data[0]));
    return 0;
}
