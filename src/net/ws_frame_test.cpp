#include "net/detail/ws_frame.hpp"

#include <gtest/gtest.h>
#include <utility>
#include <vector>

namespace mega::net::detail {
namespace {

/// A client's frame, masked.
std::string frame(
    uint8_t first, std::string_view payload, std::string_view mask = "\x01\x02\x03\x04"
) {
    std::string out = ws_frame_header(WsOpcode::text, payload.size());
    out[0] = static_cast<char>(first);
    out[1] = static_cast<char>(static_cast<uint8_t>(out[1]) | 0x80);
    out += mask;
    for (size_t i = 0; i < payload.size(); ++i) {
        out.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
    }
    return out;
}

struct Decoded {
    std::vector<WsEvent> events;
    uint16_t error = 0;
};

/// Feeds the bytes in pieces of `step`.
Decoded decode(std::string_view bytes, size_t step, size_t limit = 1u << 20) {
    WsDecoder decoder(limit);
    Decoded result;
    while (!bytes.empty()) {
        std::string_view piece = bytes.substr(0, step);
        bytes.remove_prefix(piece.size());
        while (!piece.empty()) {
            auto event = decoder.next(piece);
            if (!event) {
                result.error = event.error();
                return result;
            }
            if (event->has_value()) {
                result.events.push_back(std::move(**event));
            }
        }
    }
    return result;
}

TEST(ws_frame, joins_fragments_around_control_frames_in_any_pieces) {
    const std::string long_text(70'000, 'l');
    const std::string bytes = frame(0x01, "Hel") + frame(0x89, "ping") + frame(0x80, "lo") +
                              frame(0x82, long_text) + frame(0x81, "") +
                              frame(
                                  0x88,
                                  "\x03\xe8"
                                  "bye"
                              );
    for (const size_t step : {size_t{1}, size_t{2}, size_t{7}, size_t{4096}, bytes.size()}) {
        const Decoded decoded = decode(bytes, step);
        ASSERT_EQ(decoded.events.size(), 5u) << step;
        EXPECT_EQ(decoded.events[0].opcode, WsOpcode::ping);
        EXPECT_EQ(decoded.events[0].payload, "ping");
        EXPECT_EQ(decoded.events[1].payload, "Hello");
        EXPECT_TRUE(decoded.events[2].payload == long_text);
        EXPECT_EQ(decoded.events[3].payload, "");
        EXPECT_EQ(decoded.events[4].close_code, 1000);
        EXPECT_EQ(decoded.events[4].payload, "bye");
    }
}

TEST(ws_frame, refuses_what_the_protocol_forbids) {
    const std::vector<std::string> forbidden = {
        ws_frame_header(WsOpcode::text, 1) + "a",  // not masked
        frame(0xc1, "a"),                          // reserved bit
        frame(0x83, "a"),                          // unknown opcode
        frame(0x8b, "a"),                          // unknown control opcode
        frame(0x80, "a"),                          // continues nothing
        frame(0x01, "a") + frame(0x81, "b"),       // begins inside a message
        frame(0x09, "a"),                          // fragmented control frame
        frame(0x89, std::string(126, 'a')),        // long control frame
        frame(0x88, "a"),                          // half a close code
        frame(0x88, std::string("\x03\xed", 2)),   // 1005 is never sent
        frame(0x88, std::string("\x00\x01", 2)),
    };
    for (size_t i = 0; i < forbidden.size(); ++i) {
        EXPECT_EQ(decode(forbidden[i], 3).error, ws_close::protocol_error) << i;
    }
    EXPECT_EQ(decode(frame(0x81, "\xff"), 1).error, ws_close::bad_utf8);
    EXPECT_EQ(decode(frame(0x88, "\x03\xe8\xff"), 1).error, ws_close::bad_utf8);
    EXPECT_EQ(decode(frame(0x82, "\xff"), 1).error, 0);  // binary may hold anything
}

TEST(ws_frame, refuses_a_large_message_by_its_header) {
    EXPECT_EQ(decode(frame(0x81, std::string(100, 'a')), 9, 100).error, 0);
    EXPECT_EQ(
        decode(frame(0x81, std::string(101, 'a')).substr(0, 6), 1, 100).error, ws_close::too_big
    );
    EXPECT_EQ(
        decode(frame(0x01, std::string(60, 'a')) + frame(0x80, std::string(41, 'a')), 5, 100).error,
        ws_close::too_big
    );
    std::string huge = frame(0x81, std::string(70'000, 'a')).substr(0, 14);
    for (size_t i = 2; i < 10; ++i) {
        huge[i] = '\xff';
    }
    EXPECT_EQ(decode(huge, 14).error, ws_close::too_big);
}

TEST(ws_frame, judges_utf8) {
    for (const std::string_view good :
         {"",
          "plain ascii, long enough for words",
          "\xc3\xa9",
          "\xe2\x82\xac",
          "\xf0\x9f\x98\x80",
          "\xed\x9f\xbf",
          "\xf4\x8f\xbf\xbf"}) {
        EXPECT_TRUE(is_valid_utf8(good)) << good;
    }
    for (const std::string_view bad :
         {"\x80",
          "\xc0\xaf",
          "\xc3",
          "\xe0\x9f\x80",
          "\xed\xa0\x80",
          "\xf4\x90\x80\x80",
          "\xf8\x88\x80\x80\x80",
          "12345678\xff",
          "1234567\xe2\x82"}) {
        EXPECT_FALSE(is_valid_utf8(bad));
    }
}

TEST(ws_frame, cuts_a_long_close_reason_between_characters) {
    std::string reason(122, 'r');
    reason += "\xc3\xa9";
    const std::string bytes = ws_close_frame(1001, reason);
    EXPECT_EQ(bytes.size(), 2u + 2u + 122u);
    EXPECT_EQ(ws_close_frame(ws_close::no_status, "x").size(), 2u);
}

}  // namespace
}  // namespace mega::net::detail
