#include "net/server.hpp"

#include "net/detail/asio.hpp"
#include "net/detail/core.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <mutex>
#include <thread>

namespace mega::net {
namespace {

using namespace std::string_view_literals;
namespace asio = detail::asio;
using detail::error_code;
using detail::tcp;

constexpr int listen_backlog = 4096;
constexpr auto accept_retry_pause = std::chrono::milliseconds(50);

void raise_open_file_limit() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        static_cast<void>(::setrlimit(RLIMIT_NOFILE, &limit)
        );  // fewer connections otherwise, which accept handles
    }
}

Err<Error> failure(std::string_view what, const ServerOptions& options, const error_code& error) {
    return Err{Error{
        std::string(what) + " " + options.address + ":" + std::to_string(options.port) + ": " +
        error.message()
    }};
}

}  // namespace

struct Server::Impl {
    explicit Impl(std::shared_ptr<detail::Core> server_core)
        : core(std::move(server_core)),
          acceptor(core->workers[0]->io()),
          retry_timer(core->workers[0]->io()) {}

    [[nodiscard]] Result<void> listen();
    void run_workers();
    void accept();
    void accepted(const error_code& error, tcp::socket socket, size_t worker_index);
    void refuse(tcp::socket socket);

    std::shared_ptr<detail::Core> core;
    // The acceptor and what belongs to it live on the first worker.
    tcp::acceptor acceptor;
    asio::steady_timer retry_timer;
    size_t next_worker = 0;
    uint16_t port = 0;
    std::vector<std::thread> threads;
    std::mutex stop_mutex;
    bool is_stopped = false;  // guarded by stop_mutex
};

Result<void> Server::Impl::listen() {
    const ServerOptions& options = core->options;
    error_code error;
    const std::string literal = options.address == "localhost" ? "127.0.0.1" : options.address;
    const tcp::endpoint endpoint(asio::ip::make_address(literal, error), options.port);
    if (error) {
        return failure("cannot understand the address", options, error);
    }
    acceptor.open(endpoint.protocol(), error);
    if (!error) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    }
    if (!error) {
        acceptor.bind(endpoint, error);
    }
    if (!error) {
        acceptor.listen(listen_backlog, error);
    }
    if (error) {
        return failure("cannot listen on", options, error);
    }
    port = acceptor.local_endpoint(error).port();
    return {};
}

void Server::Impl::run_workers() {
    accept();
    for (const auto& worker : core->workers) {
        threads.emplace_back([&target = *worker] { target.run(); });
    }
}

void Server::Impl::accept() {
    const size_t index = next_worker++ % core->workers.size();
    acceptor.async_accept(
        core->workers[index]->io(),
        [this, index](const error_code& error, tcp::socket socket) {
            accepted(error, std::move(socket), index);
        }
    );
}

void Server::Impl::accepted(const error_code& error, tcp::socket socket, size_t worker_index) {
    detail::Counters& counters = core->counters;
    if (!acceptor.is_open()) {
        return;
    }
    if (error) {
        // Mostly EMFILE: the peers wait in the kernel's queue until descriptors are free again.
        // Trying at once would spin.
        detail::count(counters.accept_failures);
        retry_timer.expires_after(accept_retry_pause);
        retry_timer.async_wait([this](const error_code&) {
            if (acceptor.is_open()) {
                accept();
            }
        });
        return;
    }
    detail::count(counters.accepted);
    if (counters.open_connections.load(std::memory_order_relaxed) >=
        core->options.max_connections) {
        refuse(std::move(socket));
        return accept();
    }
    error_code ignored;
    socket.set_option(tcp::no_delay(true), ignored);
    std::string remote = socket.remote_endpoint(ignored).address().to_string();
    detail::Worker& worker = *core->workers[worker_index];
    if (worker.is_current_thread()) {
        worker.adopt(std::move(socket), std::move(remote));
    } else {
        asio::post(
            worker.io(),
            [&worker, moved = std::move(socket), remote = std::move(remote)]() mutable {
                worker.adopt(std::move(moved), std::move(remote));
            }
        );
    }
    accept();
}

void Server::Impl::refuse(tcp::socket socket) {
    detail::count(core->counters.refused);
    constexpr auto answer =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\nRetry-After: 1\r\n\r\n"sv;
    static_cast<void>(
        ::send(socket.native_handle(), answer.data(), answer.size(), MSG_NOSIGNAL | MSG_DONTWAIT)
    );
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() { stop(); }

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, Handlers handlers) {
    if (options.threads == 0) {
        return Err{Error{"the server needs at least one thread"}};
    }
    raise_open_file_limit();
    auto impl =
        std::make_unique<Impl>(std::make_shared<detail::Core>(options, std::move(handlers)));
    if (auto listening = impl->listen(); !listening) {
        return Err{listening.error()};
    }
    impl->run_workers();
    return std::unique_ptr<Server>(new Server(std::move(impl)));
}

uint16_t Server::port() const { return impl_->port; }

ServerStats Server::stats() const {
    const detail::Counters& counters = impl_->core->counters;
    const auto get = [](const std::atomic<uint64_t>& counter) {
        return counter.load(std::memory_order_relaxed);
    };
    return {
        .accepted = get(counters.accepted),
        .refused = get(counters.refused),
        .accept_failures = get(counters.accept_failures),
        .requests = get(counters.requests),
        .messages = get(counters.messages),
        .bad_requests = get(counters.bad_requests),
        .timeouts = get(counters.timeouts),
        .slow_readers = get(counters.slow_readers),
        .open_connections = get(counters.open_connections),
        .open_websockets = get(counters.open_websockets),
        .buffered_bytes = get(counters.buffered_bytes),
    };
}

void Server::stop() {
    const std::scoped_lock lock(impl_->stop_mutex);
    if (impl_->is_stopped) {
        return;
    }
    impl_->is_stopped = true;
    Impl& impl = *impl_;
    for (const auto& worker : impl.core->workers) {
        MEGA_ASSERT(!worker->is_current_thread());
    }
    asio::post(impl.core->workers[0]->io(), [&impl] {
        error_code ignored;
        impl.acceptor.close(ignored);
        impl.retry_timer.cancel();
    });
    const auto deadline = detail::after_ms(detail::Clock::now(), impl.core->options.stop_grace_ms);
    for (const auto& worker : impl.core->workers) {
        asio::post(worker->io(), [&target = *worker, deadline] { target.begin_stop(deadline); });
    }
    for (std::thread& thread : impl.threads) {
        thread.join();
    }
    impl.core->handlers = {
    };  // whatever they captured need not outlive the server, though a Responder may
}

}  // namespace mega::net
