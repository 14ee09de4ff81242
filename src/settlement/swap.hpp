#pragma once

// Atomic swaps between the layers: two locks under one hash, one on each layer, of which the second
// ends well before the first. Whoever takes the second lock shows the preimage, with which the
// first can be taken; if that never happens both go back.
//
//   who offers                         who accepts
//   locks the first leg  ------------> checks it, locks the second leg (half the time)
//   claims the second    ------------> sees the preimage on chain, claims the first
//   or: refund of the first            or: refund of the second, which comes earlier
//
// Safe margins are checked before each step; what a contract would refuse anyway is not.

#include "settlement/rollup_file.hpp"
#include "settlement/tx_manager.hpp"

namespace mega::settlement {

struct SwapLeg {
    uint8_t layer = 1;  // 1 or 2
    Address sender{};
    Address recipient{};
    Address token{};  // 0: ether on L1, MEGA on L2
    u256 amount{};
    Hash256 hash_lock{};  // sha256 of the preimage
    uint64_t deadline = 0;
};
struct Swap {
    SwapLeg first;
    SwapLeg second;
};

[[nodiscard]] std::string to_json(const Swap& swap);
[[nodiscard]] Result<Swap> parse_swap(std::string_view text);

enum class SwapStatus : uint8_t { none, open, claimed, refunded };

/// One layer, as one party reaches it.
struct SwapSide {
    L1Client& node;
    TxManager* sender = nullptr;  // null: only looking
    Address contract{};
    uint64_t chain_id = 0;
    uint64_t search_from = 0;  // block from which claims are looked for
};

/// keccak256(abi.encode(chain id, contract, terms)).
[[nodiscard]] Hash256 id_of(const SwapLeg& leg, const SwapSide& side);
/// At the end of block `number`, without one at the newest.
[[nodiscard]] Result<SwapStatus> read_status(
    const SwapLeg& leg, SwapSide& side, std::optional<uint64_t> number = {}
);
/// Words when the leg is not open in the layer's block `tag` ("latest", "safe" or "finalized") yet:
/// a reorganisation of the layer could take the lock back from whoever relies on it.
[[nodiscard]] Result<std::optional<std::string>> problem_of_relying(
    const SwapLeg& leg, SwapSide& side, const std::string& tag
);
/// Time of the layer's newest block.
[[nodiscard]] Result<uint64_t> time_of(SwapSide& side);
/// Approves a token first.
[[nodiscard]] Result<void> lock(const SwapLeg& leg, SwapSide& side);
[[nodiscard]] Result<void> claim(const SwapLeg& leg, SwapSide& side, const Hash256& preimage);
[[nodiscard]] Result<void> refund(const SwapLeg& leg, SwapSide& side);
/// What a claim of the leg shows.
struct ShownPreimage {
    Hash256 preimage;
    bool is_pending = false;  // the claim waits in the pool: what it shows is known all the same
};
/// Looked for in blocks, then in the layer's pool as far as its node shows it; nothing when nobody
/// claims.
[[nodiscard]] Result<std::optional<ShownPreimage>> find_preimage(
    const SwapLeg& leg, SwapSide& side
);

/// Words when it is not safe to lock the second leg now: too little time left on it, or between the
/// two deadlines, to react within `margin_s`.
[[nodiscard]] std::optional<std::string> problem_of_accepting(
    const Swap& swap, uint64_t first_time, uint64_t second_time, uint64_t margin_s
);
/// Words when the preimage should not be shown any more: the second leg might end first.
[[nodiscard]] std::optional<std::string> problem_of_revealing(
    const Swap& swap, uint64_t second_time, uint64_t margin_s
);

}  // namespace mega::settlement
