// Endpoints that lie, babble and die.

#include "jsonrpc/endpoint.hpp"

#include "net/server.hpp"

#include <gtest/gtest.h>

namespace mega::jsonrpc {
namespace {

using Kind = EndpointError::Kind;

/// Answers every request with the same body.
class Babbler {
  public:
    explicit Babbler(std::string body) {
        net::Handlers handlers;
        handlers.on_http = [body](const net::Request&, const net::Responder& responder) {
            net::Response response;
            response.body = body;
            responder.respond(response);
        };
        handlers.on_message = [body](const auto&, const std::string&, const auto& responder) {
            net::Response response;
            response.body = body;
            responder.respond(response);
        };
        server_ = *net::Server::start({}, std::move(handlers));
    }
    [[nodiscard]] EndpointOptions options(const std::string& scheme = "http") const {
        return {
            .url = scheme + "://127.0.0.1:" + std::to_string(server_->port()),
            .timeout_ms = 300,
            .max_answer_bytes = 1u << 20,
            .subscription = "newHeads"
        };
    }

  private:
    std::unique_ptr<net::Server> server_;
};

Result<Bytes, EndpointError> ask(const std::string& body) {
    const Babbler babbler(body);
    auto endpoint = Endpoint::connect(babbler.options());
    return (*endpoint)->call_for_data("debug_getRawBlock", nlohmann::json::array());
}

TEST(endpoint, takes_a_result) {
    const auto data = ask(R"({"jsonrpc":"2.0","id":1,"result":"0x0102"})");
    ASSERT_TRUE(data.has_value()) << data.error().message;
    EXPECT_EQ(*data, (Bytes{1, 2}));
}

TEST(endpoint, takes_long_data) {
    std::string hex;
    for (int i = 0; i < 100'000; ++i) {
        hex += "0a1b";
    }
    const auto data = ask(R"({"jsonrpc":"2.0","id":1,"result":"0x)" + hex + "\"}");
    ASSERT_TRUE(data.has_value()) << data.error().message;
    ASSERT_EQ(data->size(), 200'000);
    EXPECT_EQ(data->front(), 0x0a);
    EXPECT_EQ(data->back(), 0x1b);
}

TEST(endpoint, long_data_that_is_none_is_garbage) {
    const std::string long_hex(200'000, '0');
    for (const std::string& body : {
             R"({"id":1,"result":"0x)" + long_hex + "z\"}",
             R"({"id":1,"result":"0x)" + long_hex + "0\"}",
             R"({"id":1,"result":"0x)" + long_hex,
             R"({"id":1,"result":"0x)" + long_hex + "\",",
             R"({"id":1,"result":["0x)" + long_hex + "\"]}",
             R"({"id":1,"other":"0x)" + long_hex + "\"}",
             R"({"id":2,"result":"0x)" + long_hex + "\"}",
         }) {
        const auto data = ask(body);
        ASSERT_FALSE(data.has_value()) << body.substr(0, 40);
        EXPECT_EQ(data.error().kind, Kind::garbage);
    }
    const auto refused =
        ask(R"({"id":1,"error":{"code":-1,"data":"0x)" + long_hex + R"(","message":"no"}})");
    EXPECT_EQ(refused.error().kind, Kind::refused);
}

TEST(endpoint, an_error_answer_is_a_refusal_in_its_words) {
    const auto data = ask(R"({"jsonrpc":"2.0","id":1,"error":{"code":-1,"message":"too\nold"}})");
    EXPECT_EQ(data.error().kind, Kind::refused);
    EXPECT_NE(data.error().message.find("too old"), std::string::npos) << data.error().message;
}

TEST(endpoint, garbage_is_named) {
    for (const std::string body : {
             "",
             "<html>",
             "[]",
             "null",
             R"({"id":1})",
             R"({"id":2,"result":"0x"})",
             R"({"id":1,"result":"0xzz"})",
             R"({"id":1,"result":"0x123"})",
             R"({"id":1,"result":7})",
             R"({"id":1,"result":{"a":[]}})",
         }) {
        const auto data = ask(body);
        ASSERT_FALSE(data.has_value()) << body;
        EXPECT_EQ(data.error().kind, Kind::garbage) << body;
        EXPECT_NE(data.error().message.find("debug_getRawBlock"), std::string::npos);
    }
}

TEST(endpoint, what_would_grow_in_memory_is_not_parsed) {
    EXPECT_EQ(ask(std::string(500'000, '[')).error().kind, Kind::garbage);
    std::string many = R"({"id":1,"result":[0)";
    for (int i = 0; i < 100'000; ++i) {
        many += ",0";
    }
    EXPECT_EQ(ask(many + "]}").error().kind, Kind::garbage);
}

TEST(endpoint, answers_beyond_the_limit_are_not_read) {
    const auto data = ask(R"({"id":1,"result":"0x)" + std::string(3u << 20, '0') + "\"}");
    EXPECT_EQ(data.error().kind, Kind::lost);
}

TEST(endpoint, nobody_there_is_a_loss) {
    auto endpoint =
        Endpoint::connect({.url = "http://127.0.0.1:1", .timeout_ms = 300, .subscription = {}});
    ASSERT_TRUE(endpoint.has_value());
    EXPECT_EQ((*endpoint)->call_for_number("eth_chainId").error().kind, Kind::lost);
    const auto socket =
        Endpoint::connect({.url = "ws://127.0.0.1:1", .timeout_ms = 300, .subscription = {}});
    EXPECT_EQ(socket.error().kind, Kind::lost);
    EXPECT_EQ(
        Endpoint::connect({.url = "https://a", .subscription = {}}).error().kind, Kind::refused
    );
}

TEST(endpoint, a_socket_that_says_something_else_for_ever_is_a_loss) {
    const Babbler babbler(R"({"id":99,"result":"0x"})");
    const auto endpoint = Endpoint::connect(babbler.options("ws"));
    ASSERT_FALSE(endpoint.has_value());
    EXPECT_EQ(endpoint.error().kind, Kind::lost);
}

}  // namespace
}  // namespace mega::jsonrpc
