#include "leadership/attestation_relay.hpp"

#include "net/server.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace mega::leadership {
namespace {

/// A candidate that says of the first so many attestations that it has not sealed their block.
class Peerlike {
  public:
    explicit Peerlike(size_t early) : early_(early) {
        net::Handlers handlers;
        handlers.on_http = [this](const net::Request& request, const net::Responder& responder) {
            net::Response response;
            response.body = take(request.body);
            responder.respond(response);
        };
        server_ = *net::Server::start({}, std::move(handlers));
    }
    [[nodiscard]] Peer peer() const {
        return {.operator_address = {}, .url = "ws://127.0.0.1:" + std::to_string(server_->port())};
    }
    [[nodiscard]] bool has(const std::string& text) const {
        for (int tries = 0; tries < 500; ++tries) {
            {
                const std::lock_guard lock(mutex_);
                if (taken_.find(text) != std::string::npos) {
                    return true;
                }
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
        return false;
    }

  private:
    std::string take(const std::string& body) {
        const std::lock_guard lock(mutex_);
        if (early_ > 0) {
            --early_;
            return R"({"error":{"message":"attestation refused: block 7 is not sealed yet"}})";
        }
        taken_ += body;
        return R"({"result":"added"})";
    }

    mutable std::mutex mutex_;
    size_t early_;
    std::string taken_;
    std::unique_ptr<net::Server> server_;  // the last member: its threads end first
};

TEST(attestation_relay, tells_every_peer) {
    const Peerlike one(0);
    const Peerlike other(0);
    AttestationRelay relay({one.peer(), other.peer()});
    relay.pass_on("mega_sendAttestation", R"({"blockNumber":7})");
    for (const Peerlike* peer : {&one, &other}) {
        EXPECT_TRUE(peer->has(R"("method":"mega_sendAttestation","params":[{"blockNumber":7}])"));
    }
}

TEST(attestation_relay, waits_for_a_peer_that_has_not_sealed_the_block) {
    const Peerlike late(3);
    AttestationRelay relay({late.peer()});
    relay.pass_on("mega_sendAttestation", R"({"blockNumber":7})");
    EXPECT_TRUE(late.has(R"({"blockNumber":7})"));
}

TEST(attestation_relay, is_not_held_up_by_a_peer_that_is_away) {
    Peer away;
    {
        away = Peerlike(0).peer();
    }
    const Peerlike there(0);
    AttestationRelay relay({away, there.peer()});
    relay.pass_on("mega_sendAttestation", R"({"blockNumber":7})");
    EXPECT_TRUE(there.has(R"({"blockNumber":7})"));
}

TEST(attestation_relay, ends_with_work_left) {
    const Peerlike never(SIZE_MAX);
    AttestationRelay relay({never.peer()});
    for (int i = 0; i < 100; ++i) {
        relay.pass_on("mega_sendAttestation", "{}");
    }
}

}  // namespace
}  // namespace mega::leadership
