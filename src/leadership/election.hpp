#pragma once

// Who leads: a pure function of what a candidate sees. Every candidate decides by itself; they
// agree because all see the same duties on L1, and each yields to whom it can see with a better
// right.
//
//   leads     yields to the one in charge as soon as that one answers, and to any other leader of a
//             better rank; goes on while the one in charge is silent
//   follows   whoever leads. When nobody does: it takes the lead once everybody of a better rank
//   has
//             been silent for `silence_ms`, and it stands where the last leader stood
//
// Ranks count from the one in charge on L1: rank 0 is in charge, and a candidate without a rank in
// the present slot never leads.

#include "base/bytes.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace mega::leadership {

/// Another candidate, as its last heartbeat told.
struct PeerView {
    Address operator_address;
    bool was_heard = false;  // ever
    bool is_leading = false;
    uint64_t silent_ms = 0;  // since the last heartbeat, or since the start
    uint64_t sealed_number = 0;
};

struct View {
    Address self;
    bool is_leading = false;
    std::vector<Address> ranks;  // operators of the present slot, the one in charge first
    std::vector<PeerView> peers;
    std::optional<Address> last_leader;  // whom this one has followed
    uint64_t sealed_number = 0;
    uint64_t silence_ms = 500;
};

enum class Act : uint8_t { stay, lead, step_down };

struct Decision {
    Act act = Act::stay;
    /// Whose blocks to take, while not leading.
    std::optional<Address> follow;
};

[[nodiscard]] Decision decide(const View& view);

}  // namespace mega::leadership
