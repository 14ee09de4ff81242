#include "net/test_support.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>

namespace mega::net {
namespace {

using namespace test;
using namespace std::string_literals;

WsClient connect(const Server& server, const WsClientOptions& options = {}) {
    auto client = WsClient::connect(url_of(server, "ws"), options);
    EXPECT_TRUE(client.has_value()) << (client ? "" : client.error().message);
    MEGA_ASSERT(client.has_value());
    return std::move(client).value();
}

std::string receive(WsClient& client) {
    const auto message = client.receive(patience_ms);
    return !message ? "<" + message.error().message + ">" : message->value_or("<timeout>");
}

/// Reads until the connection ends; its close code, 0 for none.
uint16_t code_at_end(WsClient& client) {
    while (client.receive(patience_ms)) {
    }
    return client.close_code().value_or(0);
}

/// Completes a handshake on a raw socket.
std::string raw_handshake(RawClient& client) {
    client.send(
        "GET /any/path HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: keep-alive, "
        "Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    return client.read_until("\r\n\r\n");
}

/// Keeps the connections it has seen and counts what happens to them.
struct Recorder {
    std::mutex mutex;
    std::vector<std::shared_ptr<Connection>> connections;
    std::atomic<int> opened = 0;
    std::atomic<int> closed = 0;

    Handlers handlers() {
        Handlers result = echo_handlers();
        result.on_open = [this](const std::shared_ptr<Connection>& connection) {
            const std::scoped_lock lock(mutex);
            connections.push_back(connection);
            ++opened;
        };
        result.on_close = [this](const std::shared_ptr<Connection>&) { ++closed; };
        return result;
    }
    std::shared_ptr<Connection> first() {
        EXPECT_TRUE(eventually([&] { return opened.load() > 0; }));
        const std::scoped_lock lock(mutex);
        return connections.front();
    }
};

TEST(server_ws, answers_the_handshake_of_the_rfc) {
    const auto server = start_server({}, echo_handlers());
    RawClient client(*server);
    const std::string answer = raw_handshake(client);
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 "));
    EXPECT_NE(
        answer.find("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), std::string::npos
    );
}

TEST(server_ws, echoes_messages_of_all_sizes) {
    const auto server = start_server({}, echo_handlers());
    WsClient client = connect(*server);
    for (const size_t size : {1u, 125u, 126u, 65'535u, 65'536u, 3'000'000u}) {
        std::string message(size, 'm');
        message.back() = 'e';
        ASSERT_TRUE(client.send(message).has_value());
        EXPECT_TRUE(receive(client) == message) << size;
    }
    EXPECT_EQ(server->stats().messages, 6u);
    EXPECT_TRUE(eventually([&] { return server->stats().buffered_bytes == 0; }));
}

TEST(server_ws, serves_http_before_the_upgrade_on_the_same_connection) {
    const auto server = start_server({}, echo_handlers());
    RawClient client(*server);
    client.send("POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\n<http>");
    raw_handshake(client);
    EXPECT_NE(
        client.read_until("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n").find("<http>"), std::string::npos
    );
    client.send(
        "\x81\x82\x01\x02\x03\x04"s + static_cast<char>('h' ^ 1) + static_cast<char>('i' ^ 2)
    );
    EXPECT_TRUE(client.read_until("\x81\x02hi").ends_with("\x81\x02hi"));
}

TEST(server_ws, refuses_bad_handshakes) {
    const auto server = start_server({.cors_origins = {"https://app.example"}}, echo_handlers());
    const auto ask = [&](const std::string& headers) {
        RawClient client(*server);
        client.send(
            "GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" + headers + "\r\n"
        );
        return client.read_until("\r\n\r\n").substr(9, 3);
    };
    const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    const std::string version = "Sec-WebSocket-Version: 13\r\n";
    EXPECT_EQ(ask(key + version), "101");
    EXPECT_EQ(ask(key + version + "Origin: https://app.example\r\n"), "101");
    EXPECT_EQ(ask(key + version + "Origin: https://evil.example\r\n"), "403");
    EXPECT_EQ(ask(key + "Sec-WebSocket-Version: 8\r\n"), "426");
    EXPECT_EQ(ask(version), "400");
    EXPECT_EQ(ask(version + "Sec-WebSocket-Key: short\r\n"), "400");
    EXPECT_FALSE(
        WsClient::connect(url_of(*server, "ws"), {.origin = "https://evil.example"}).has_value()
    );
}

TEST(server_ws, pushes_from_other_threads_in_order) {
    Recorder recorder;
    const auto server = start_server({}, recorder.handlers());
    WsClient client = connect(*server);
    const auto connection = recorder.first();
    const auto shared = std::make_shared<const std::string>("shared");
    const std::jthread pusher([&] {
        for (int i = 0; i < 5000; ++i) {
            EXPECT_TRUE(connection->send(std::to_string(i)));
        }
        EXPECT_TRUE(connection->send(shared));
    });
    for (int i = 0; i < 5000; ++i) {
        ASSERT_EQ(receive(client), std::to_string(i));
    }
    EXPECT_EQ(receive(client), "shared");
    EXPECT_TRUE(eventually([&] { return connection->queued_bytes() == 0; }));
}

TEST(server_ws, an_answer_precedes_what_is_sent_after_it) {
    std::vector<std::jthread> threads;
    Handlers handlers;
    handlers.on_message = [&](const std::shared_ptr<Connection>& connection,
                              const std::string&,
                              Responder responder) {
        threads.emplace_back([connection, responder = std::move(responder)] {
            connection->send("before"s);
            responder.respond({.body = "answer", .headers = {}});
            connection->send("after"s);
        });
    };
    const auto server = start_server({}, handlers);
    WsClient client = connect(*server);
    for (int i = 0; i < 50; ++i) {
        ASSERT_TRUE(client.send("subscribe").has_value());
        EXPECT_EQ(receive(client), "before");
        EXPECT_EQ(receive(client), "answer");
        EXPECT_EQ(receive(client), "after");
    }
    client.close();
}

TEST(server_ws, drops_a_subscriber_that_never_reads_and_keeps_memory_bounded) {
    Recorder recorder;
    constexpr size_t limit = 1u << 20;
    const auto server = start_server({.ws_queue_limit_bytes = limit}, recorder.handlers());
    RawClient subscriber(*server);
    raw_handshake(subscriber);
    WsClient healthy = connect(*server);
    const auto connection = recorder.first();
    size_t most = 0;
    uint32_t sent = 0;
    while (connection->send(std::string(10'000, 'n')) && sent < 100'000) {
        most = std::max(most, server->stats().buffered_bytes);
        ++sent;
    }
    EXPECT_LT(sent, 5'000u);  // the kernel's buffers and the queue, not more
    EXPECT_LE(most, limit);
    EXPECT_FALSE(connection->is_open());
    EXPECT_FALSE(connection->send("more"s));
    EXPECT_TRUE(eventually([&] { return recorder.closed.load() == 1; }));
    EXPECT_EQ(server->stats().slow_readers, 1u);
    EXPECT_EQ(server->stats().buffered_bytes, 0u);
    ASSERT_TRUE(healthy.send("still here").has_value());
    EXPECT_EQ(receive(healthy), "still here");
}

TEST(server_ws, closes_with_the_code_that_names_the_reason) {
    const auto server = start_server({.max_ws_message_bytes = 1000}, echo_handlers());
    WsClient client = connect(*server);
    ASSERT_TRUE(client.send(std::string(1000, 'a')).has_value());
    EXPECT_EQ(receive(client).size(), 1000u);
    ASSERT_TRUE(client.send(std::string(1001, 'a')).has_value());
    EXPECT_EQ(code_at_end(client), 1009);
    WsClient not_text = connect(*server);
    ASSERT_TRUE(not_text.send("\xff\xfe").has_value());
    EXPECT_EQ(code_at_end(not_text), 1007);
    RawClient unmasked(*server);
    raw_handshake(unmasked);
    unmasked.send("\x81\x02hi");
    EXPECT_TRUE(unmasked.read_all().ends_with("\x88\x02\x03\xea"));  // 1002
    EXPECT_EQ(server->stats().bad_requests, 3u);
}

TEST(server_ws, a_throwing_handler_closes_its_connection_only) {
    Handlers handlers = echo_handlers();
    handlers.on_message =
        [echo = handlers.on_message](
            const std::shared_ptr<Connection>& connection, std::string message, Responder responder
        ) {
            if (message == "throw") {
                throw std::runtime_error("handler failed");
            }
            echo(connection, std::move(message), std::move(responder));
        };
    const auto server = start_server({}, handlers);
    WsClient other = connect(*server);
    WsClient client = connect(*server);
    ASSERT_TRUE(client.send("throw").has_value());
    EXPECT_EQ(code_at_end(client), 1011);
    ASSERT_TRUE(other.send("fine").has_value());
    EXPECT_EQ(receive(other), "fine");
}

TEST(server_ws, tells_of_every_end_once) {
    Recorder recorder;
    const auto server = start_server({}, recorder.handlers());
    {
        WsClient polite = connect(*server);
        polite.close();
        EXPECT_EQ(polite.close_code().value_or(0), 1000);
        const WsClient rude = connect(*server);
    }
    EXPECT_TRUE(eventually([&] { return recorder.closed.load() == 2; }));
    WsClient client = connect(*server);
    ASSERT_TRUE(eventually([&] { return recorder.opened.load() == 3; }));
    recorder.connections.back()->close(4001, "go away");
    EXPECT_FALSE(recorder.connections.back()->send("late"s));
    EXPECT_EQ(code_at_end(client), 4001);
    EXPECT_TRUE(eventually([&] { return recorder.closed.load() == 3; }));
    EXPECT_TRUE(eventually([&] { return server->stats().open_websockets == 0; }));
    EXPECT_EQ(recorder.opened.load(), 3);
}

TEST(server_ws, pings_and_drops_only_the_dead) {
    const auto server = start_server({.idle_timeout_ms = 200}, echo_handlers());
    RawClient dead(*server);
    raw_handshake(dead);
    WsClient alive = connect(*server);
    EXPECT_FALSE(alive.receive(700)->has_value());  // answers pings meanwhile
    ASSERT_TRUE(alive.send("alive").has_value());
    EXPECT_EQ(receive(alive), "alive");
    EXPECT_NE(dead.read_all().find("\x89\x00"s), std::string::npos);
    EXPECT_EQ(server->stats().timeouts, 1u);
}

TEST(server_ws, answers_pings) {
    const auto server = start_server({}, echo_handlers());
    RawClient client(*server);
    raw_handshake(client);
    client.send("\x89\x82\x00\x00\x00\x00hi"s);
    EXPECT_TRUE(client.read_until("\x8a\x02hi").ends_with("\x8a\x02hi"));
}

TEST(server_ws, stops_reading_from_a_connection_with_too_many_messages_in_flight) {
    std::mutex mutex;
    std::vector<Responder> kept;
    Handlers handlers;
    handlers.on_message =
        [&](const std::shared_ptr<Connection>&, const std::string&, Responder responder) {
            const std::scoped_lock lock(mutex);
            kept.push_back(std::move(responder));
        };
    const auto server = start_server({.max_in_flight = 4, .idle_timeout_ms = 100}, handlers);
    WsClient client = connect(*server);
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(client.send("x").has_value());
    }
    ASSERT_TRUE(eventually([&] { return server->stats().messages >= 4; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(250)
    );  // beyond the idle timeout: it is we who do not read
    EXPECT_EQ(server->stats().messages, 4u);
    for (const uint64_t expected : {8u, 10u}) {
        {
            const std::scoped_lock lock(mutex);
            kept.clear();
        }
        EXPECT_TRUE(eventually([&] { return server->stats().messages == expected; }));
    }
    const std::scoped_lock lock(mutex);
    kept.clear();
}

}  // namespace
}  // namespace mega::net
