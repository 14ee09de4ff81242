#pragma once

// For tests: a node in front of anvil that says of L1 what the test wants: methods that answer
// otherwise, refusals, silence. One worker: requests are answered one after the other.

#include "net/http_client.hpp"
#include "net/server.hpp"
#include "settlement/test_anvil.hpp"

#include <functional>

namespace mega::settlement {

class TestL1Proxy {
  public:
    using json = replay::json;
    /// What happens to a call: anvil is asked, unless `before` answers with a whole JSON-RPC answer
    /// but its id; what anvil answered goes through `after`.
    struct Script {
        std::function<std::optional<json>(const std::string& method, const json& params)> before;
        std::function<void(const std::string& method, json& answer)> after;
    };

    TestL1Proxy(const std::string& anvil_url, Script script)
        : script_(std::move(script)), anvil_(*net::parse_url(anvil_url)) {
        net::ServerOptions options;
        options.port = 0;
        auto started = net::Server::start(
            options,
            {.on_http = [this](
                            const net::Request& request, const net::Responder& responder
                        ) { responder.respond(respond(request)); },
             .on_message = {},
             .on_open = {},
             .on_close = {}}
        );
        MEGA_ASSERT(started.has_value());
        server_ = *std::move(started);
        client_ = open_client();
    }
    [[nodiscard]] std::unique_ptr<L1Client> open_client() const {
        const std::string url = "http://127.0.0.1:" + std::to_string(server_->port());
        return *L1Client::open({.url = url, .beacon_url = {}, .timeout_ms = 30'000});
    }
    [[nodiscard]] L1Client& client() { return *client_; }
    /// Answers nothing that a client could take for an answer.
    std::atomic<bool> is_away{false};

    [[nodiscard]] static json refusal(int code, const std::string& words) {
        return {{"error", {{"code", code}, {"message", words}}}};
    }

  private:
    net::Response respond(const net::Request& request) {
        if (is_away) {
            return {.status = 503, .content_type = "text/plain", .body = "away", .headers = {}};
        }
        if (request.method == "GET") {
            auto answer = anvil_.get(request.target);
            return answer ? *std::move(answer) : net::error_response(502, answer.error().message);
        }
        const json asked = json::parse(request.body, nullptr, false);
        if (!asked.is_array()) {
            return {.body = answer_to(asked).dump(), .headers = {}};
        }
        json answers = json::array();
        for (const json& call : asked) {
            answers.push_back(answer_to(call));
        }
        return {.body = answers.dump(), .headers = {}};
    }

    json answer_to(const json& call) {
        const std::string method = call["method"].get<std::string>();
        std::optional<json> answer;
        if (script_.before) {
            answer = script_.before(method, call["params"]);
        }
        if (!answer) {
            const auto response = anvil_.post(call.dump());
            answer = response ? json::parse(response->body, nullptr, false)
                              : refusal(-32000, response.error().message);
            if (script_.after) {
                script_.after(method, *answer);
            }
        }
        (*answer)["jsonrpc"] = "2.0";
        (*answer)["id"] = call["id"];
        return *answer;
    }

    Script script_;
    net::HttpClient anvil_;
    std::unique_ptr<net::Server> server_;
    std::unique_ptr<L1Client> client_;
};

}  // namespace mega::settlement
