#include "net/http.hpp"

#include "net/detail/http_format.hpp"

#include <atomic>

namespace mega::net {
namespace {

/// JSON string escapes; what is not ASCII is left out, since the messages quote hostile input.
std::string escape(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out.push_back('\\');
        }
        if (c >= 0x20 && c < 0x7f) {
            out.push_back(c);
        }
    }
    return out;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
    for (const Header& candidate : headers) {
        if (detail::equals_ignoring_case(candidate.name, name)) {
            return candidate.value;
        }
    }
    return {};
}

Response error_response(uint16_t status, std::string_view message) {
    return {
        .status = status,
        .content_type = "application/json",
        .body = R"({"error":")" + escape(message) + "\"}",
        .headers = {},
    };
}

struct Responder::State {
    explicit State(std::unique_ptr<ResponseSink> answer_sink) : sink(std::move(answer_sink)) {}
    ~State() {
        if (!is_answered.load()) {
            sink->dropped();
        }
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    std::unique_ptr<ResponseSink> sink;
    std::atomic<bool> is_answered{false};
};

Responder::Responder(std::unique_ptr<ResponseSink> sink)
    : state_(std::make_shared<State>(std::move(sink))) {}

void Responder::respond(Response response) const {
    if (state_ && !state_->is_answered.exchange(true)) {
        state_->sink->deliver(std::move(response));
    }
}

bool Responder::is_answered() const { return !state_ || state_->is_answered.load(); }

}  // namespace mega::net
