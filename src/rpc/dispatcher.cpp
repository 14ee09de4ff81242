#include "rpc/dispatcher.hpp"

#include "rpc/json_writer.hpp"
#include "rpc/worker_pool.hpp"

#include <nlohmann/json.hpp>

#include <mutex>
#include <optional>
#include <variant>

namespace mega::rpc {
namespace {

using nlohmann::json;

std::string error_text(const RpcError& error) {
    JsonWriter out;
    out.begin_object()
        .key("code")
        .raw(std::to_string(error.code))
        .field_string("message", error.message);
    if (!error.data.empty()) {
        out.field_raw("data", error.data);
    }
    return out.end_object().take();
}

std::string response_text(const std::string& id, const Answer& answer) {
    std::string out = R"({"jsonrpc":"2.0","id":)" + id;
    if (answer) {
        out += ",\"result\":" + *answer;
    } else {
        out += ",\"error\":" + error_text(answer.error());
    }
    out.push_back('}');
    return out;
}

std::string error_response(const std::string& id, int code, std::string message) {
    return response_text(id, fail(code, std::move(message)));
}

/// Refuses nesting beyond the limit before a parser allocates anything for it.
bool is_too_deep(std::string_view text, size_t max_depth) {
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\') {
                ++i;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > max_depth) {
                return true;
            }
        } else if ((c == ']' || c == '}') && depth > 0) {
            --depth;
        }
    }
    return false;
}

/// The id as JSON text, "null" when there is none to repeat; nothing when it is of a forbidden
/// kind.
std::optional<std::string> id_of(const json& request) {
    const auto id = request.find("id");
    if (id == request.end() || id->is_null()) {
        return "null";
    }
    if (id->is_string() || id->is_number()) {
        return id->dump(-1, ' ', false, json::error_handler_t::replace);
    }
    return std::nullopt;
}

}  // namespace

struct Dispatcher::Entry {
    enum class Kind : uint8_t { quick, slow, for_caller, deferred };
    Kind kind;
    std::variant<Method, CallerMethod, DeferredMethod> method;
};

/// Collects the answers of a batch, which may arrive in any order and from any thread.
struct Dispatcher::Batch {
    std::mutex mutex;
    std::vector<std::string> answers;  // guarded by mutex
    size_t missing = 0;                // guarded by mutex
    size_t bytes = 0;                  // guarded by mutex
    std::function<void(std::string)> done;

    void deliver(size_t index, std::string answer, size_t max_bytes) {
        std::string whole;
        {
            const std::lock_guard lock(mutex);
            bytes += answer.size();
            if (bytes > max_bytes) {
                answer =
                    error_response("null", limit_exceeded, "response of the batch is too large");
            }
            answers[index] = std::move(answer);
            if (--missing != 0) {
                return;
            }
            whole = join();
        }
        done(std::move(whole));
    }

  private:
    [[nodiscard]] std::string join() const {
        std::string whole;
        for (const std::string& answer : answers) {
            if (!answer.empty()) {
                whole += whole.empty() ? "[" : ",";
                whole += answer;
            }
        }
        return whole.empty() ? whole : whole + "]";
    }
};

Dispatcher::Dispatcher(const DispatcherLimits& limits, WorkerPool& workers)
    : limits_(limits), workers_(&workers) {}
Dispatcher::~Dispatcher() = default;

void Dispatcher::add(std::string name, Method method) {
    methods_[std::move(name)] = std::make_unique<Entry>(Entry::Kind::quick, std::move(method));
}

void Dispatcher::add_slow(std::string name, Method method) {
    methods_[std::move(name)] = std::make_unique<Entry>(Entry::Kind::slow, std::move(method));
}

void Dispatcher::add_for_caller(std::string name, CallerMethod method) {
    methods_[std::move(name)] = std::make_unique<Entry>(Entry::Kind::for_caller, std::move(method));
}

void Dispatcher::add_deferred(std::string name, DeferredMethod method) {
    methods_[std::move(name)] = std::make_unique<Entry>(Entry::Kind::deferred, std::move(method));
}

std::vector<std::string> Dispatcher::method_names() const {
    std::vector<std::string> names;
    names.reserve(methods_.size());
    for (const auto& [name, entry] : methods_) {
        names.push_back(name);
    }
    return names;
}

void Dispatcher::dispatch(
    const Caller& caller, std::string_view text, std::function<void(std::string)> done
) const {
    if (is_too_deep(text, limits_.max_depth)) {
        ++counters_.errors;
        done(error_response(
            "null",
            invalid_request,
            "JSON is nested deeper than " + std::to_string(limits_.max_depth) + " levels"
        ));
        return;
    }
    const json request = json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (request.is_discarded()) {
        ++counters_.errors;
        done(error_response("null", parse_error, "invalid JSON"));
        return;
    }
    if (!request.is_array()) {
        call(caller, request, std::move(done));
        return;
    }
    if (request.empty() || request.size() > limits_.max_batch) {
        ++counters_.errors;
        done(error_response(
            "null",
            invalid_request,
            request.empty()
                ? "empty batch"
                : "batch of " + std::to_string(request.size()) + " requests exceeds the limit of " +
                      std::to_string(limits_.max_batch)
        ));
        return;
    }
    const auto batch = std::make_shared<Batch>();
    batch->answers.resize(request.size());
    batch->missing = request.size();
    batch->done = std::move(done);
    for (size_t i = 0; i < request.size(); ++i) {
        call(caller, request[i], [batch, i, max = limits_.max_response_bytes](std::string answer) {
            batch->deliver(i, std::move(answer), max);
        });
    }
}

void Dispatcher::call(
    const Caller& caller, const json& request, std::function<void(std::string)> done
) const {
    ++counters_.calls;
    const auto refuse = [&](const std::string& id, int code, std::string message) {
        ++counters_.errors;
        done(error_response(id, code, std::move(message)));
    };
    if (!request.is_object()) {
        refuse("null", invalid_request, "request is not an object");
        return;
    }
    const auto id = id_of(request);
    if (!id) {
        refuse("null", invalid_request, "id is neither a string, a number nor null");
        return;
    }
    const auto method = request.find("method");
    if (method == request.end() || !method->is_string()) {
        refuse(*id, invalid_request, "method is missing or not a string");
        return;
    }
    const auto& name = method->get_ref<const std::string&>();
    const auto entry = methods_.find(name);
    if (entry == methods_.end()) {
        refuse(
            *id,
            method_not_found,
            "the method " + name.substr(0, 100) + " does not exist/is not available"
        );
        return;
    }
    json params = request.value("params", json::array());
    if (params.is_null()) {
        params = json::array();
    } else if (params.is_object()) {
        params = json::array({std::move(params)});
    } else if (!params.is_array()) {
        refuse(*id, invalid_params, "params is neither an array nor an object");
        return;
    }
    const bool is_notification = !request.contains("id");
    run(*entry->second,
        caller,
        std::move(params),
        [this, id = *id, is_notification, done = std::move(done)](const Answer& answer) {
            if (!answer) {
                ++counters_.errors;
            }
            done(is_notification ? std::string{} : response_text(id, answer));
        });
}

void Dispatcher::run(const Entry& entry, const Caller& caller, json params, Reply reply) const {
    switch (entry.kind) {
        case Entry::Kind::quick:
            reply(std::get<Method>(entry.method)(params));
            return;
        case Entry::Kind::for_caller:
            reply(std::get<CallerMethod>(entry.method)(caller, params));
            return;
        case Entry::Kind::deferred:
            std::get<DeferredMethod>(entry.method)(caller, params, std::move(reply));
            return;
        case Entry::Kind::slow:
            break;
    }
    const auto task = [method = &std::get<Method>(entry.method),
                       params = std::move(params),
                       reply] { reply((*method)(params)); };
    if (!workers_->try_post(task)) {
        reply(fail(limit_exceeded, "the node is busy: too many slow requests wait, try again"));
    }
}

}  // namespace mega::rpc
