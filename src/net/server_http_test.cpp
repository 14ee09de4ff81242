#include "net/test_support.hpp"

#include <sys/socket.h>
#include <algorithm>
#include <future>
#include <mutex>

namespace mega::net {
namespace {

using namespace test;
using namespace std::string_literals;

std::string post_text(std::string_view body) {
    return "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\n\r\n" + std::string(body);
}

size_t occurrences(std::string_view text, std::string_view part) {
    size_t count = 0;
    for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + part.size())) {
        ++count;
    }
    return count;
}

/// Keeps responders for the test to answer from its own thread.
class Keeper {
  public:
    Handlers handlers() {
        Handlers result;
        result.on_http = [this](const Request&, Responder responder) {
            const std::scoped_lock lock(mutex_);
            kept_.push_back(std::move(responder));
        };
        return result;
    }
    /// Takes them all, once there are at least `count`.
    std::vector<Responder> take(size_t count) {
        EXPECT_TRUE(eventually([&] {
            const std::scoped_lock lock(mutex_);
            return kept_.size() >= count;
        }));
        const std::scoped_lock lock(mutex_);
        return std::exchange(kept_, {});
    }

  private:
    std::mutex mutex_;
    std::vector<Responder> kept_;
};

TEST(server_http, echoes_over_one_connection) {
    const auto server = start_server({}, echo_handlers());
    HttpClient client(url_of(*server));
    for (int i = 0; i < 100; ++i) {
        const std::string body = "request " + std::to_string(i);
        const auto response = client.post("/", body);
        ASSERT_TRUE(response.has_value()) << response.error().message;
        EXPECT_EQ(response->status, 200);
        EXPECT_EQ(response->content_type, "application/json");
        EXPECT_EQ(response->body, body);
    }
    EXPECT_EQ(server->stats().accepted, 1u);
    EXPECT_EQ(server->stats().requests, 100u);
}

TEST(server_http, passes_method_target_headers_and_remote) {
    std::promise<Request> seen;
    Handlers handlers;
    handlers.on_http = [&](Request request, const Responder& responder) {
        responder.respond(
            {.status = 404, .body = "no", .headers = {{"X-Extra", "1"}, {"X-Bad", "a\r\nb"}}}
        );
        seen.set_value(std::move(request));
    };
    const auto server = start_server({}, handlers);
    HttpClient client(url_of(*server));
    const auto response = client.request(
        {.method = "GET",
         .target = "/health?full=1",
         .headers = {{"X-Token", "abc"}},
         .body = {},
         .remote = {}}
    );
    ASSERT_TRUE(response.has_value());
    EXPECT_EQ(response->status, 404);
    const auto has = [&](std::string_view name) {
        return std::ranges::any_of(response->headers, [&](const Header& header) {
            return header.name == name;
        });
    };
    EXPECT_TRUE(has("X-Extra"));
    EXPECT_TRUE(has("Date"));
    EXPECT_FALSE(has("X-Bad"));
    const Request request = seen.get_future().get();
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(request.target, "/health?full=1");
    EXPECT_EQ(request.header("x-TOKEN"), "abc");
    EXPECT_EQ(request.header("absent"), "");
    EXPECT_EQ(request.remote, "127.0.0.1");
}

TEST(server_http, carries_large_bodies_both_ways) {
    const auto server = start_server({.max_body_bytes = 9u << 20}, echo_handlers());
    HttpClient client(url_of(*server));
    std::string body(8u << 20, 'x');
    body.back() = 'y';
    const auto response = client.post("/", body);
    ASSERT_TRUE(response.has_value()) << response.error().message;
    EXPECT_TRUE(response->body == body);
    EXPECT_EQ(server->stats().buffered_bytes, 0u);
}

TEST(server_http, joins_chunked_bodies) {
    const auto server = start_server({}, echo_handlers());
    RawClient client(*server);
    client.send(
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: "
        "chunked\r\n\r\n4\r\nab"
    );
    client.send("cd\r\n3;ext=1\r\nefg\r\n0\r\nTrailer: 1\r\n\r\n");
    EXPECT_TRUE(client.read_all().ends_with("\r\n\r\nabcdefg"));
}

TEST(server_http, survives_bytes_arriving_one_by_one) {
    const auto server = start_server({}, echo_handlers());
    RawClient client(*server);
    for (const char c :
         "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"s) {
        ASSERT_TRUE(client.send({&c, 1}));
    }
    EXPECT_TRUE(client.read_all().ends_with("\r\n\r\nabc"));
}

TEST(server_http, answers_pipelined_requests_in_order_whatever_the_order_of_answers) {
    std::mutex mutex;
    std::vector<std::pair<std::string, Responder>> waiting;
    Handlers handlers;
    handlers.on_http = [&](Request request, Responder responder) {
        const std::scoped_lock lock(mutex);
        waiting.emplace_back(request.body, std::move(responder));
    };
    const auto server = start_server({}, handlers);
    RawClient client(*server);
    std::string requests;
    std::string expected;
    for (char c = 'a'; c <= 'j'; ++c) {
        requests += post_text({&c, 1});
        expected.push_back(c);
    }
    client.send(requests);
    ASSERT_TRUE(eventually([&] {
        const std::scoped_lock lock(mutex);
        return waiting.size() == 10;
    }));
    for (size_t i = waiting.size(); i-- > 0;) {
        waiting[i].second.respond({.body = "<" + waiting[i].first + ">", .headers = {}});
    }
    const std::string received = client.read_until("<j>");
    std::string order;
    for (size_t at = received.find('<'); at != received.npos; at = received.find('<', at + 1)) {
        order.push_back(received[at + 1]);
    }
    EXPECT_EQ(order, expected);
}

TEST(server_http, answers_what_a_half_closed_client_has_sent) {
    const auto server = start_server({.max_in_flight = 4}, echo_handlers());
    RawClient client(*server);
    std::string requests;
    for (int i = 0; i < 50; ++i) {
        requests += post_text("<>");
    }
    client.send(requests);
    ::shutdown(client.handle(), SHUT_WR);
    EXPECT_EQ(occurrences(client.read_all(), "<>"), 50u);
}

TEST(server_http, lets_another_thread_answer_later) {
    std::vector<std::jthread> threads;
    Handlers handlers;
    handlers.on_http = [&](Request request, Responder responder) {
        threads.emplace_back([body = std::move(request.body), responder = std::move(responder)] {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            responder.respond({.body = body + "!", .headers = {}});
            responder.respond({.body = "ignored", .headers = {}});
        });
    };
    const auto server = start_server({}, handlers);
    HttpClient client(url_of(*server));
    for (int i = 0; i < 3; ++i) {
        const auto response = client.post("/", "late");
        ASSERT_TRUE(response.has_value());
        EXPECT_EQ(response->body, "late!");
    }
}

TEST(server_http, answers_500_for_a_dropped_responder_and_a_throwing_handler) {
    Handlers handlers;
    handlers.on_http = [](const Request& request, const Responder&) {
        if (request.body == "throw") {
            throw std::runtime_error("handler failed");
        }
    };
    const auto server = start_server({}, handlers);
    HttpClient client(url_of(*server));
    EXPECT_EQ(client.post("/", "drop")->status, 500);
    EXPECT_EQ(client.post("/", "throw")->status, 500);
    EXPECT_EQ(server->stats().accepted, 1u);
}

TEST(server_http, a_responder_may_outlive_its_connection_and_its_server) {
    Keeper keeper;
    auto server = start_server({.stop_grace_ms = 50}, keeper.handlers());
    std::vector<Responder> first;
    {
        RawClient gone(*server);
        gone.send(post_text("x"));
        first = keeper.take(1);
    }
    RawClient waits(*server);
    waits.send(post_text("x"));
    std::vector<Responder> second = keeper.take(1);
    first.front().respond({.body = "nobody listens", .headers = {}});
    server.reset();
    second.front().respond({.body = "nobody serves", .headers = {}});
    second.clear();
    EXPECT_EQ(waits.read_all(), "");
}

TEST(server_http, stops_reading_from_a_client_with_too_many_requests_in_flight) {
    Keeper keeper;
    const auto server = start_server({.max_in_flight = 8}, keeper.handlers());
    RawClient client(*server);
    std::string requests;
    for (int i = 0; i < 20; ++i) {
        requests += post_text("x");
    }
    client.send(requests);
    const std::vector<Responder> kept = keeper.take(8);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    EXPECT_EQ(server->stats().requests, 8u);
    for (const Responder& responder : kept) {
        responder.respond({.body = "done", .headers = {}});
    }
    EXPECT_TRUE(eventually([&] { return server->stats().requests == 16; }));
}

TEST(server_http, refuses_what_is_over_a_limit_by_name) {
    const auto server =
        start_server({.max_header_bytes = 1024, .max_body_bytes = 1000}, echo_handlers());
    const auto status_of = [&](const std::string& bytes) {
        RawClient client(*server);
        client.send(bytes);
        return client.read_all();
    };
    const std::string close = "Connection: close\r\n";
    const auto with_body = [&](size_t size) {
        return "POST / HTTP/1.1\r\n" + close + "Content-Length: " + std::to_string(size) +
               "\r\n\r\n" + std::string(size, 'b');
    };
    EXPECT_TRUE(status_of(with_body(1000)).starts_with("HTTP/1.1 200 "));
    const std::string too_large = status_of(with_body(1001));
    EXPECT_TRUE(too_large.starts_with("HTTP/1.1 413 ")) << too_large;
    EXPECT_TRUE(too_large.ends_with(R"({"error":"the body is larger than 1000 bytes"})"));
    EXPECT_TRUE(status_of(with_body(3u << 20)).starts_with("HTTP/1.1 413 "));
    const std::string chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
    EXPECT_TRUE(status_of(chunked + "3e9\r\n").starts_with("HTTP/1.1 413 "));
    EXPECT_TRUE(
        status_of("GET / HTTP/1.1\r\nA: " + std::string(2000, 'a')).starts_with("HTTP/1.1 431 ")
    );
    EXPECT_TRUE(status_of("GET /" + std::string(2000, 'a')).starts_with("HTTP/1.1 431 "));
    EXPECT_EQ(server->stats().buffered_bytes, 0u);
    EXPECT_GE(server->stats().bad_requests, 5u);
}

TEST(server_http, refuses_a_header_that_grows_field_by_field) {
    const auto server = start_server({.max_header_bytes = 1024}, echo_handlers());
    RawClient client(*server);
    client.send("GET / HTTP/1.1\r\n");
    for (int i = 0; i < 100; ++i) {
        client.send("X-Field: 0123456789\r\n");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 431 "));
}

TEST(server_http, answers_400_to_what_is_not_http) {
    const auto server = start_server({}, echo_handlers());
    for (const std::string& bytes : {
             "garbage\r\n\r\n"s,
             "GET / HTTP/9.9\r\n\r\n"s,
             "GET / HTTP/1.1\r\nno colon\r\n\r\n"s,
             "POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"s,
             "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"s,
             "POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"s,
             "POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\nabc"s,
             "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"s,
             "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n"s,
         }) {
        RawClient client(*server);
        client.send(bytes);
        const std::string answer = client.read_all();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 ")) << bytes << " -> " << answer;
    }
    EXPECT_EQ(server->stats().requests, 0u);
}

TEST(server_http, bounds_chunk_extensions) {
    const auto server = start_server({}, echo_handlers());
    RawClient client(*server);
    client.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;");
    client.send(std::string(1u << 20, 'e'));
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 400 "));
}

TEST(server_http, speaks_http_1_0_head_and_continue) {
    const auto server = start_server({}, echo_handlers());
    RawClient old(*server);
    old.send("POST / HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi");
    EXPECT_NE(old.read_all().find("Connection: close"), std::string::npos);
    RawClient head(*server);
    head.send("HEAD / HTTP/1.1\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
    const std::string headed = head.read_all();
    EXPECT_NE(headed.find("Content-Length: 2"), std::string::npos);
    EXPECT_TRUE(headed.ends_with("\r\n\r\n"));
    RawClient careful(*server);
    careful.send(
        "POST / HTTP/1.1\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    );
    EXPECT_TRUE(careful.read_until("\r\n\r\n").starts_with("HTTP/1.1 100 Continue"));
    careful.send("hi");
    EXPECT_TRUE(careful.read_all().ends_with("hi"));
}

TEST(server_http, allows_origins_as_configured) {
    const auto server = start_server({.cors_origins = {"https://app.example"}}, echo_handlers());
    HttpClient client(url_of(*server));
    const auto ask = [&](const std::string& method, const std::string& origin) {
        const auto response = client.request(
            {.method = method,
             .target = "/",
             .headers = {{"Origin", origin}, {"Access-Control-Request-Headers", "x-key"}},
             .body = {},
             .remote = {}}
        );
        std::string found = std::to_string(response->status);
        for (const Header& header : response->headers) {
            found += header.name.starts_with("Access-Control-Allow-") ? "," + header.value : "";
        }
        return found;
    };
    EXPECT_EQ(
        ask("OPTIONS", "https://app.example"), "204,https://app.example,POST, GET, OPTIONS,x-key"
    );
    EXPECT_EQ(ask("POST", "https://app.example"), "200,https://app.example");
    EXPECT_EQ(ask("POST", "https://evil.example"), "200");
    const auto open = start_server({}, echo_handlers());
    client = HttpClient(url_of(*open));
    EXPECT_EQ(ask("POST", "https://any.example"), "200,*");
}

TEST(server_http, closes_slow_and_silent_clients) {
    const auto server = start_server(
        {.header_timeout_ms = 100, .body_timeout_ms = 100, .idle_timeout_ms = 150}, echo_handlers()
    );
    RawClient silent(*server);
    RawClient slow_header(*server);
    slow_header.send("POST / HTTP/1.1\r\nHo");
    RawClient slow_body(*server);
    slow_body.send("POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
    RawClient idle(*server);
    idle.send(post_text("<idle>"));
    EXPECT_EQ(silent.read_all(), "");
    EXPECT_TRUE(slow_header.read_all().starts_with("HTTP/1.1 408 "));
    EXPECT_TRUE(slow_body.read_all().starts_with("HTTP/1.1 408 "));
    EXPECT_TRUE(idle.read_all().ends_with("<idle>"));
    EXPECT_TRUE(eventually([&] { return server->stats().open_connections == 0; }));
    EXPECT_EQ(server->stats().timeouts, 4u);
}

TEST(server_http, a_header_that_trickles_for_ever_times_out) {
    const auto server = start_server({.header_timeout_ms = 200}, echo_handlers());
    RawClient client(*server);
    client.send("GET / HTTP/1.1\r\n");
    const auto start = std::chrono::steady_clock::now();
    while (server->stats().timeouts == 0 &&
           std::chrono::steady_clock::now() - start < std::chrono::seconds(5)) {
        client.send("a: b\r\n");
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    EXPECT_EQ(server->stats().timeouts, 1u);
    EXPECT_TRUE(client.read_all().starts_with("HTTP/1.1 408 "));
}

TEST(server_http, does_not_time_out_while_the_application_works) {
    Keeper keeper;
    const auto server =
        start_server({.header_timeout_ms = 50, .idle_timeout_ms = 50}, keeper.handlers());
    RawClient client(*server);
    client.send(post_text("x"));
    const std::vector<Responder> kept = keeper.take(1);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    kept.front().respond({.body = "<done>", .headers = {}});
    EXPECT_TRUE(client.read_until("<done>").ends_with("<done>"));
}

TEST(server_http, drops_a_client_that_does_not_read_its_answers) {
    Handlers handlers;
    handlers.on_http = [](const Request&, const Responder& responder) {
        responder.respond({.body = std::string(1u << 20, 'z'), .headers = {}});
    };
    const auto server = start_server({.write_timeout_ms = 200}, handlers);
    RawClient client(*server);
    std::string requests;
    for (int i = 0; i < 200; ++i) {
        requests += post_text("x");
    }
    client.send(requests);
    EXPECT_TRUE(eventually([&] { return server->stats().timeouts == 1; }));
    EXPECT_LT(server->stats().requests, 50u);  // held back by the unsent output
    EXPECT_TRUE(eventually([&] { return server->stats().open_connections == 0; }));
}

TEST(server_http, bounds_unfinished_bodies_of_all_connections_together) {
    const auto server = start_server({.max_buffered_bytes = 1u << 20}, echo_handlers());
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::make_unique<RawClient>(*server));
        clients.back()->send(
            "POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(300'000, 'x')
        );
    }
    EXPECT_TRUE(eventually([&] { return server->stats().bad_requests >= 1; }));
    EXPECT_LE(server->stats().buffered_bytes, 2u << 20);
    clients.clear();
    EXPECT_TRUE(eventually([&] { return server->stats().buffered_bytes == 0; }));
}

TEST(server_http, start_reports_a_taken_port_and_a_bad_address) {
    const auto server = start_server({}, echo_handlers());
    const auto taken = Server::start({.port = server->port()}, {});
    ASSERT_FALSE(taken.has_value());
    EXPECT_NE(taken.error().message.find("cannot listen on 127.0.0.1"), std::string::npos);
    EXPECT_FALSE(Server::start({.address = "not an address"}, {}).has_value());
    EXPECT_FALSE(Server::start({.threads = 0}, {}).has_value());
}

TEST(server_http, client_reconnects_and_reports_a_missing_server) {
    auto server = start_server({.idle_timeout_ms = 50}, echo_handlers());
    HttpClient client(url_of(*server));
    EXPECT_TRUE(client.post("/", "a").has_value());
    ASSERT_TRUE(eventually([&] { return server->stats().open_connections == 0; }));
    EXPECT_TRUE(client.post("/", "b").has_value());
    server.reset();
    EXPECT_FALSE(client.post("/", "c").has_value());
    EXPECT_FALSE(client.request(
        {.method = "GET", .target = "/\r\nX: 1", .headers = {}, .body = {}, .remote = {}}
    ));
}

TEST(server_http, client_gives_up_in_time) {
    Keeper keeper;
    const auto server = start_server({.stop_grace_ms = 10}, keeper.handlers());
    HttpClient client(url_of(*server), {.timeout_ms = 50});
    const auto response = client.post("/", "x");
    ASSERT_FALSE(response.has_value());
    EXPECT_NE(response.error().message.find("timed out"), std::string::npos);
    EXPECT_EQ(server->stats().requests, 1u);  // not repeated
}

}  // namespace
}  // namespace mega::net
