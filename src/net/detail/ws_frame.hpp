#pragma once

// The framing of WebSocket (RFC 6455 section 5), without I/O.
//
//    0               1               2 ...
//   |F|R|R|R| opcode|M| length 7    | length 16 or 64 | mask 4 if M | payload |
//
// A server's frames are not masked, so the same bytes serve any number of clients; a client's must
// be masked.

#include "base/result.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace mega::net::detail {

enum class WsOpcode : uint8_t {
    continuation = 0,
    text = 1,
    binary = 2,
    close = 8,
    ping = 9,
    pong = 10
};

namespace ws_close {
inline constexpr uint16_t normal = 1000;
inline constexpr uint16_t going_away = 1001;
inline constexpr uint16_t protocol_error = 1002;
inline constexpr uint16_t no_status = 1005;  // never on the wire
inline constexpr uint16_t bad_utf8 = 1007;
inline constexpr uint16_t policy = 1008;
inline constexpr uint16_t too_big = 1009;
inline constexpr uint16_t internal_error = 1011;
inline constexpr uint16_t try_again_later = 1013;
}  // namespace ws_close

/// A whole message (text or binary, joined from its fragments) or a control frame.
struct WsEvent {
    WsOpcode opcode = WsOpcode::text;
    std::string payload;      // of a close frame: the reason
    uint16_t close_code = 0;  // of a close frame
};

/// Takes a client's bytes in any pieces. Memory is bounded by the message limit: a frame that would
/// exceed it is refused by its header. After an error it must not be used again.
class WsDecoder {
  public:
    explicit WsDecoder(size_t max_message_bytes) : max_message_bytes_(max_message_bytes) {}

    /// Consumes from the front of `input`, up to the end of one event. The error is the close code
    /// to send.
    [[nodiscard]] Result<std::optional<WsEvent>, uint16_t> next(std::string_view& input);
    /// Held of an unfinished message.
    [[nodiscard]] size_t buffered_bytes() const { return message_.size() + control_.size(); }

  private:
    [[nodiscard]] bool take_header(std::string_view& input);
    [[nodiscard]] Result<void, uint16_t> begin_frame();
    [[nodiscard]] Result<void, uint16_t> check_order() const;
    void take_payload(std::string_view& input);
    [[nodiscard]] Result<std::optional<WsEvent>, uint16_t> end_frame();
    [[nodiscard]] Result<WsEvent, uint16_t> end_control();
    [[nodiscard]] bool is_control() const { return (opcode_ & 8) != 0; }

    size_t max_message_bytes_;
    std::array<uint8_t, 14> header_{};
    size_t header_size_ = 0;  // bytes of header_ that are there
    bool in_payload_ = false;
    bool is_final_ = false;
    uint8_t opcode_ = 0;
    uint64_t payload_left_ = 0;
    std::array<uint8_t, 4> mask_{};
    size_t mask_offset_ = 0;
    std::optional<WsOpcode> message_opcode_;  // a message is being joined
    std::string message_;
    std::string control_;
};

/// FIN, opcode and length of an unmasked frame.
[[nodiscard]] std::string ws_frame_header(WsOpcode opcode, size_t payload_size);
/// An unmasked close frame; the reason is cut to what fits.
[[nodiscard]] std::string ws_close_frame(uint16_t code, std::string_view reason);
[[nodiscard]] bool is_valid_utf8(std::string_view text);

}  // namespace mega::net::detail
