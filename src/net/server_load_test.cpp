#include "net/test_support.hpp"

#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <atomic>
#include <vector>

namespace mega::net {
namespace {

using namespace test;

constexpr std::string_view small_post = "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n";

TEST(server_load, serves_two_thousand_connections_at_once) {
    const auto server = start_server({.threads = 2}, echo_handlers());
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 2000; ++i) {
        clients.push_back(std::make_unique<RawClient>(*server));
    }
    for (size_t i = 0; i < clients.size(); ++i) {
        ASSERT_TRUE(clients[i]->send(std::string(small_post) + "body"));
    }
    for (const auto& client : clients) {
        ASSERT_TRUE(client->read_until("body").ends_with("body"));
    }
    EXPECT_EQ(server->stats().open_connections, 2000u);
    clients.clear();
    EXPECT_TRUE(eventually([&] { return server->stats().open_connections == 0; }));
}

TEST(server_load, refuses_connections_beyond_the_limit_and_recovers) {
    const auto server = start_server({.max_connections = 10}, echo_handlers());
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 10; ++i) {
        clients.push_back(std::make_unique<RawClient>(*server));
    }
    ASSERT_TRUE(eventually([&] { return server->stats().open_connections == 10; }));
    RawClient refused(*server);
    EXPECT_TRUE(refused.read_all().starts_with("HTTP/1.1 503 "));
    EXPECT_EQ(server->stats().refused, 1u);
    clients.pop_back();
    ASSERT_TRUE(eventually([&] { return server->stats().open_connections == 9; }));
    HttpClient accepted(url_of(*server));
    EXPECT_EQ(accepted.post("/", "hi")->status, 200);
}

TEST(server_load, outlives_a_lack_of_file_descriptors) {
    const auto server = start_server({}, echo_handlers());
    RawClient old(*server);
    ASSERT_TRUE(eventually([&] { return server->stats().accepted == 1; }));
    const int late = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    rlimit tight = before;
    tight.rlim_cur = 3;  // all of these are taken: every further descriptor is refused, what is
                         // open goes on working
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);
    EXPECT_EQ(::connect(late, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_TRUE(eventually([&] { return server->stats().accept_failures >= 2; }));
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_LT(server->stats().accept_failures, 100u);  // it pauses instead of spinning
    EXPECT_TRUE(old.send(std::string(small_post) + "old!"));
    EXPECT_TRUE(old.read_until("old!").ends_with("old!"));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);

    EXPECT_TRUE(eventually([&] { return server->stats().accepted == 2; }));  // the one that waited
    HttpClient client(url_of(*server));
    const auto response = client.post("/", "new");
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_EQ(response->body, "new");
    ::close(late);
}

TEST(server_load, stops_under_load_from_many_threads_at_once) {
    for (int round = 0; round < 5; ++round) {
        auto server = start_server({.threads = 2, .stop_grace_ms = 500}, echo_handlers());
        std::atomic<bool> is_over = false;
        std::vector<std::jthread> threads;
        for (int i = 0; i < 2; ++i) {
            threads.emplace_back([&, url = url_of(*server)] {
                HttpClient client(url, {.timeout_ms = 2000});
                while (!is_over && client.post("/", "load")) {
                }
            });
            threads.emplace_back([&, url = url_of(*server, "ws")] {
                auto client = WsClient::connect(url);
                while (client && !is_over && client->send("load") && client->receive(2000)) {
                }
            });
        }
        ASSERT_TRUE(eventually([&] {
            return server->stats().requests > 50 && server->stats().messages > 50;
        }));
        std::vector<std::jthread> stoppers;
        for (int i = 0; i < 3; ++i) {
            stoppers.emplace_back([&] { server->stop(); });
        }
        stoppers.clear();
        EXPECT_EQ(server->stats().open_connections, 0u);
        EXPECT_EQ(server->stats().open_websockets, 0u);
        EXPECT_EQ(server->stats().buffered_bytes, 0u);
        is_over = true;
    }
}

TEST(server_load, stop_waits_for_answers_that_are_due) {
    std::vector<std::jthread> threads;
    Handlers handlers;
    handlers.on_http = [&](const Request&, Responder responder) {
        threads.emplace_back([responder = std::move(responder)] {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            responder.respond({.body = "in time", .headers = {}});
        });
    };
    const auto server = start_server({}, handlers);
    RawClient client(*server);
    client.send(std::string(small_post) + "wait");
    ASSERT_TRUE(eventually([&] { return server->stats().requests == 1; }));
    server->stop();
    const std::string answer = client.read_all();
    EXPECT_TRUE(answer.ends_with("in time")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
}

TEST(server_load, tells_websockets_that_it_stops) {
    const auto server = start_server({}, echo_handlers());
    auto client = WsClient::connect(url_of(*server, "ws"));
    ASSERT_TRUE(client.has_value());
    server->stop();
    EXPECT_FALSE(client->receive(patience_ms).has_value());
    EXPECT_EQ(client->close_code().value_or(0), 1001);
}

}  // namespace
}  // namespace mega::net
