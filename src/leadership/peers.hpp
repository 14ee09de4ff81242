#pragma once

// The other candidates, each asked again and again how it stands (mega_getLeadership).

#include "leadership/election.hpp"
#include "net/url.hpp"
#include "settlement/stop_signal.hpp"

#include <mutex>
#include <thread>

namespace mega::leadership {

struct Peer {
    Address operator_address;
    std::string url;  // of its RPC: ws://..., or http://...
};
/// "0xoperator=ws://host:port"; the error says what is wrong with it.
[[nodiscard]] Result<Peer> parse_peer(const std::string& text);

/// What mega_getLeadership answers, in one place for both sides.
struct Standing {
    Address operator_address;
    bool is_leading = false;
    std::optional<Address> leader;  // as far as it knows
    uint64_t sealed_number = 0;
    Hash256 sealed_hash;
};
[[nodiscard]] std::string to_json(const Standing& standing);
[[nodiscard]] Result<Standing> parse_standing(std::string_view json_rpc_answer);

class Peers {
  public:
    Peers(std::vector<Peer> peers, uint32_t heartbeat_ms, uint32_t timeout_ms);
    ~Peers();
    Peers(const Peers&) = delete;
    Peers& operator=(const Peers&) = delete;

    /// Any thread.
    [[nodiscard]] std::vector<PeerView> views() const;
    [[nodiscard]] const Peer* find(const Address& operator_address) const;

  private:
    void watch(size_t index);

    const std::vector<Peer> peers_;
    const uint32_t heartbeat_ms_;
    const uint32_t timeout_ms_;
    settlement::StopSignal stop_;
    struct Seen {
        bool was_heard = false;
        uint64_t heard_ms = 0;
        Standing standing;
    };
    mutable std::mutex mutex_;
    std::vector<Seen> seen_;  // guarded by mutex_
    std::vector<std::thread> threads_;
};

}  // namespace mega::leadership
