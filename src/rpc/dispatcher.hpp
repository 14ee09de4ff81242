#pragma once

// JSON-RPC 2.0: parses requests and batches, finds the method, puts the answers together. Knows
// nothing of Ethereum.
//
// Three kinds of methods: quick ones run where the request arrived; slow ones (execution, searches,
// traces) run on a worker so that they never hold up the network thread; deferred ones answer later
// from wherever they please.

#include "net/connection.hpp"
#include "rpc/error.hpp"

#include <nlohmann/json_fwd.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace mega::rpc {

class WorkerPool;

/// Who asks.
struct Caller {
    std::shared_ptr<net::Connection> connection;  // null over HTTP: no subscriptions
    std::string remote;
};

/// Called exactly once; a deferred method may keep it and call it from any thread.
using Reply = std::function<void(Answer)>;

/// `params` is a JSON array (an object or nothing is turned into an array of one or none).
using Method = std::function<Answer(const nlohmann::json& params)>;
using CallerMethod = std::function<Answer(const Caller& caller, const nlohmann::json& params)>;
using DeferredMethod =
    std::function<void(const Caller& caller, const nlohmann::json& params, Reply reply)>;

struct DispatcherLimits {
    size_t max_batch = 1000;
    size_t max_depth = 64;
    /// Together, of one batch; what does not fit is answered by an error.
    size_t max_response_bytes = 64u << 20;
};

class Dispatcher {
  public:
    /// `workers` must outlive the dispatcher.
    Dispatcher(const DispatcherLimits& limits, WorkerPool& workers);
    ~Dispatcher();
    Dispatcher(const Dispatcher&) = delete;
    Dispatcher& operator=(const Dispatcher&) = delete;

    // Before the first dispatch only.
    void add(std::string name, Method method);
    void add_slow(std::string name, Method method);
    void add_for_caller(std::string name, CallerMethod method);
    void add_deferred(std::string name, DeferredMethod method);
    /// The names that rpc_modules and documentation show.
    [[nodiscard]] std::vector<std::string> method_names() const;

    /// `done` gets the response text once, empty when there is nothing to say (notifications only).
    /// Any thread.
    void dispatch(
        const Caller& caller, std::string_view request, std::function<void(std::string)> done
    ) const;

    struct Counters {
        std::atomic<uint64_t> calls{0};
        std::atomic<uint64_t> errors{0};
    };
    [[nodiscard]] const Counters& counters() const { return counters_; }

  private:
    struct Entry;
    struct Batch;
    void call(
        const Caller& caller, const nlohmann::json& request, std::function<void(std::string)> done
    ) const;
    void run(const Entry& entry, const Caller& caller, nlohmann::json params, Reply reply) const;

    DispatcherLimits limits_;
    WorkerPool* workers_;
    std::map<std::string, std::unique_ptr<Entry>, std::less<>> methods_;
    mutable Counters counters_;
};

}  // namespace mega::rpc
