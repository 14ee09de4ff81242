#include "net/url.hpp"

#include <gtest/gtest.h>

namespace mega::net {
namespace {

TEST(url, reads_scheme_host_port_and_target) {
    const auto full = parse_url("ws://node.example:8546/feed?from=1#part");
    ASSERT_TRUE(full.has_value());
    EXPECT_EQ(full->scheme, "ws");
    EXPECT_EQ(full->host, "node.example");
    EXPECT_EQ(full->port, 8546);
    EXPECT_EQ(full->target, "/feed?from=1");
    EXPECT_EQ(full->authority(), "node.example:8546");
    const auto bare = parse_url("http://localhost");
    ASSERT_TRUE(bare.has_value());
    EXPECT_EQ(bare->port, 80);
    EXPECT_EQ(bare->target, "/");
    EXPECT_EQ(bare->authority(), "localhost");
    EXPECT_EQ(parse_url("http://h?q")->target, "/?q");
}

TEST(url, reads_ipv6_literals) {
    const auto url = parse_url("http://[::1]:8545/");
    ASSERT_TRUE(url.has_value());
    EXPECT_EQ(url->host, "::1");
    EXPECT_EQ(url->port, 8545);
    EXPECT_EQ(url->authority(), "[::1]:8545");
    EXPECT_EQ(parse_url("http://[::1]")->port, 80);
}

TEST(url, refuses_the_rest_by_name) {
    for (const std::string_view bad :
         {"",
          "node:8545",
          "ftp://h",
          "http://",
          "http://:80",
          "http://h:",
          "http://h:0",
          "http://h:65536",
          "http://h:80x",
          "http://[::1",
          "http://[]",
          "http://[::1]x",
          "http://user@h",
          "http://h/a b",
          "http://h/\r\nX: 1"}) {
        EXPECT_FALSE(parse_url(bad).has_value()) << bad;
    }
    EXPECT_NE(parse_url("https://h").error().message.find("TLS"), std::string::npos);
}

}  // namespace
}  // namespace mega::net
