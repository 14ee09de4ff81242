#pragma once

// An Ethereum JSON-RPC endpoint, as a client sees it that trusts nothing: every answer is bounded,
// and whatever is wrong with one is said in words that name the method. Words name the endpoint's
// host only, because paths hold keys.
//
// Blocking, one thread at a time, http only.

#include "net/http_client.hpp"
#include "replay/json_fields.hpp"

#include <vector>

namespace mega::replay {

struct RpcCall {
    std::string method;
    json params;
};

class Endpoint {
  public:
    [[nodiscard]] static Result<std::unique_ptr<Endpoint>> open(
        const std::string& url, uint32_t timeout_ms
    );

    /// The result; an error answer is an error.
    [[nodiscard]] Result<json> call(const std::string& method, json params);
    /// The results in order; fails with the first that failed. Sent some at a time, or one by one
    /// where the endpoint refuses batches.
    [[nodiscard]] Result<std::vector<json>> call_all(const std::vector<RpcCall>& calls);

    /// No whole answer came, or one that is no JSON-RPC.
    [[nodiscard]] bool is_lost() const { return is_lost_; }
    void forget_loss() { is_lost_ = false; }
    /// True when the endpoint said that it has no such method.
    [[nodiscard]] bool is_method_unknown() const { return is_method_unknown_; }
    [[nodiscard]] uint64_t requests_sent() const { return requests_sent_; }

  private:
    Endpoint(net::Url url, uint32_t timeout_ms);

    [[nodiscard]] Result<json> exchange(const std::string& what, const json& body);
    [[nodiscard]] Result<json> result_of(
        const std::string& method, const json& answer, uint64_t id
    );
    [[nodiscard]] Result<void> call_some(
        std::span<const RpcCall> calls, std::vector<json>& results
    );
    [[nodiscard]] Err<Error> lost(const std::string& what, const std::string& why);

    std::string host_;
    net::HttpClient client_;
    uint64_t next_id_ = 1;
    uint64_t requests_sent_ = 0;
    bool is_lost_ = false;
    bool is_method_unknown_ = false;
    bool takes_batches_ = true;
};

}  // namespace mega::replay
