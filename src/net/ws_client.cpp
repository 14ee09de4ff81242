#include "net/ws_client.hpp"

#include "net/detail/asio.hpp"
#include "net/detail/blocking_socket.hpp"

#include <unistd.h>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

namespace mega::net {
namespace {

namespace asio = detail::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using detail::error_code;
using detail::tcp;

constexpr uint32_t close_wait_ms = 1'000;
/// Of the memory that a message took, for the next one.
constexpr size_t kept_input_bytes = size_t{1} << 20;

}  // namespace

// Beast's own stream: an implementation of the protocol independent of the server's, so that each
// checks the other.
struct WsClient::Impl {
    explicit Impl(const WsClientOptions& client_options) : options(client_options) {}

    /// Runs the event loop until `done`, at most `timeout_ms`.
    bool run_until(const bool& done, uint32_t timeout_ms);
    [[nodiscard]] Result<void> connect(const Url& url);
    [[nodiscard]] Result<void> handshake(const Url& url);
    void begin_read();

    WsClientOptions options;
    asio::io_context io{1};
    websocket::stream<tcp::socket> stream{io};
    beast::flat_buffer input;
    bool is_reading = false;  // a read is under way, maybe since an earlier receive()
    bool has_message = false;
    error_code read_error;
    bool is_broken = false;
};

bool WsClient::Impl::run_until(const bool& done, uint32_t timeout_ms) {
    const auto deadline = detail::after_ms(detail::Clock::now(), timeout_ms);
    io.restart();
    while (!done && io.run_one_until(deadline) > 0) {
    }
    return done;
}

Result<void> WsClient::Impl::connect(const Url& url) {
    detail::BlockingSocket socket;
    if (auto connected =
            socket.connect(url.host, url.port, detail::deadline_after_ms(options.timeout_ms));
        !connected) {
        return Err{Error{url.authority() + ": " + connected.error().message}};
    }
    error_code error;
    const int handle = ::dup(socket.handle());
    stream.next_layer().assign(
        url.host.find(':') == url.host.npos ? tcp::v4() : tcp::v6(), handle, error
    );
    if (error) {
        ::close(handle);
        return Err{Error{url.authority() + ": " + error.message()}};
    }
    return handshake(url);
}

Result<void> WsClient::Impl::handshake(const Url& url) {
    stream.set_option(websocket::stream_base::decorator([this](websocket::request_type& request) {
        if (!options.origin.empty()) {
            request.set(beast::http::field::origin, options.origin);
        }
    }));
    stream.read_message_max(options.max_message_bytes);
    stream.text(true);
    bool done = false;
    error_code error;
    websocket::response_type response;
    stream.async_handshake(response, url.authority(), url.target, [&](const error_code& result) {
        done = true;
        error = result;
    });
    if (!run_until(done, options.timeout_ms)) {
        error_code ignored;
        stream.next_layer().close(ignored);
        run_until(done, close_wait_ms);  // the operation refers to this frame: let it end
        error = asio::error::timed_out;
    }
    if (error) {
        const std::string status =
            response.result_int() >= 400 ? ", status " + std::to_string(response.result_int()) : "";
        return Err{Error{url.authority() + ": WebSocket handshake: " + error.message() + status}};
    }
    return {};
}

void WsClient::Impl::begin_read() {
    is_reading = true;
    stream.async_read(input, [this](const error_code& error, size_t) {
        is_reading = false;
        has_message = true;
        read_error = error;
    });
}

WsClient::WsClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WsClient::WsClient(WsClient&&) noexcept = default;
WsClient& WsClient::operator=(WsClient&&) noexcept = default;
WsClient::~WsClient() = default;

Result<WsClient> WsClient::connect(const Url& url, const WsClientOptions& options) {
    auto impl = std::make_unique<Impl>(options);
    if (auto connected = impl->connect(url); !connected) {
        return Err{connected.error()};
    }
    return WsClient(std::move(impl));
}

Result<void> WsClient::send(std::string_view text) {
    Impl& impl = *impl_;
    if (impl.is_broken) {
        return Err{Error{"the connection is closed"}};
    }
    bool done = false;
    error_code error;
    impl.stream.async_write(asio::buffer(text), [&](const error_code& result, size_t) {
        done = true;
        error = result;
    });
    if (!impl.run_until(done, impl.options.timeout_ms)) {
        error_code ignored;
        impl.stream.next_layer().close(ignored);
        impl.run_until(done, close_wait_ms);
        error = asio::error::timed_out;
    }
    if (error) {
        impl.is_broken = true;
        return Err{Error{"send: " + error.message()}};
    }
    return {};
}

Result<std::optional<std::string>> WsClient::receive(uint32_t timeout_ms) {
    Impl& impl = *impl_;
    if (impl.is_broken) {
        return Err{Error{"the connection is closed"}};
    }
    if (!impl.is_reading && !impl.has_message) {
        impl.begin_read();
    }
    if (!impl.has_message && !impl.run_until(impl.has_message, timeout_ms)) {
        return std::optional<std::string>{};
    }
    impl.has_message = false;
    if (impl.read_error) {
        impl.is_broken = true;
        return Err{Error{"receive: " + impl.read_error.message()}};
    }
    std::string message = beast::buffers_to_string(impl.input.data());
    impl.input.clear();
    if (impl.input.capacity() > kept_input_bytes) {
        impl.input.shrink_to_fit();
    }
    return std::optional<std::string>(std::move(message));
}

std::optional<uint16_t> WsClient::close_code() const {
    const auto& reason = impl_->stream.reason();
    return reason ? std::optional<uint16_t>(reason.code) : std::nullopt;
}

void WsClient::close() {
    Impl& impl = *impl_;
    if (impl.is_broken) {
        return;
    }
    impl.is_broken = true;
    bool done = false;
    impl.stream.async_close(websocket::close_code::normal, [&](const error_code&) { done = true; });
    if (!impl.run_until(done, close_wait_ms)) {
        error_code ignored;
        impl.stream.next_layer().close(ignored);
        impl.run_until(done, close_wait_ms);
    }
}

}  // namespace mega::net
