#pragma once

// What validators have told this node, attestations and words that a block does not validate, told
// to the other candidates: a validator talks to one node, and whoever leads needs the words of all,
// for it records them on L1. A node passes on what it has taken itself, once, so that nothing goes
// round. A thread a peer; one that is away misses what comes meanwhile.

#include "leadership/peers.hpp"

#include <condition_variable>
#include <deque>
#include <memory>

namespace mega::leadership {

class AttestationRelay {
  public:
    explicit AttestationRelay(const std::vector<Peer>& peers);
    ~AttestationRelay();
    AttestationRelay(const AttestationRelay&) = delete;
    AttestationRelay& operator=(const AttestationRelay&) = delete;

    /// A call of `method` with this one parameter, JSON. Any thread; does not wait.
    void pass_on(const std::string& method, const std::string& parameter_json);

  private:
    struct Line {
        net::Url url;
        std::mutex mutex;
        std::condition_variable has_work;
        std::deque<std::string> waiting;  // requests; guarded by mutex; the newest ones
    };
    void serve(Line& line);

    settlement::StopSignal stop_;
    std::vector<std::unique_ptr<Line>> lines_;  // each at one address: its thread holds on to it
    std::vector<std::thread> threads_;
};

}  // namespace mega::leadership
