#include "settlement/swap.hpp"

#include "crypto/digest.hpp"
#include "crypto/keccak.hpp"
#include "replay/json_fields.hpp"
#include "settlement/abi.hpp"

#include <algorithm>

namespace mega::settlement {
namespace {

using replay::Fields;
using replay::json;
using replay::Problem;

constexpr std::string_view terms = "(address,address,address,uint256,bytes32,uint64)";

abi::Encoder encoder_of(const SwapLeg& leg) {
    abi::Encoder out;
    out.word(leg.sender)
        .word(leg.recipient)
        .word(leg.token)
        .word(leg.amount)
        .word(leg.hash_lock)
        .word(u256{leg.deadline});
    return out;
}

std::string signature(std::string_view name, std::string_view more = "") {
    return std::string(name) + "(" + std::string(terms) + std::string(more) + ")";
}

Result<void> send(
    SwapSide& side, const std::string& what, const Address& to, Bytes data, const u256& value
) {
    const auto receipt = send_call(side.sender, what, to, std::move(data), value);
    return receipt ? Result<void>{} : Result<void>(Err{receipt.error()});
}

json to_object(const SwapLeg& leg) {
    return {
        {"layer", leg.layer},
        {"sender", to_hex(leg.sender)},
        {"recipient", to_hex(leg.recipient)},
        {"token", to_hex(leg.token)},
        {"amount", to_hex_quantity(leg.amount)},
        {"hashLock", to_hex(leg.hash_lock)},
        {"deadline", leg.deadline},
    };
}

SwapLeg read_leg(const Fields& in) {
    const uint64_t layer = in.u64("layer");
    if (layer != 1 && layer != 2) {
        in.note("layer is neither 1 nor 2");
    }
    return {
        .layer = static_cast<uint8_t>(layer),
        .sender = in.address("sender"),
        .recipient = in.address("recipient"),
        .token = in.address("token"),
        .amount = in.word("amount"),
        .hash_lock = in.hash("hashLock"),
        .deadline = in.u64("deadline"),
    };
}

}  // namespace

std::string to_json(const Swap& swap) {
    const json object = {{"first", to_object(swap.first)}, {"second", to_object(swap.second)}};
    return object.dump(4) + "\n";
}

Result<Swap> parse_swap(std::string_view text) {
    const auto parsed = replay::parse_json(text);
    if (!parsed) {
        return Err{Error{"swap: " + parsed.error().message}};
    }
    Problem problem;
    const Fields in(*parsed, "swap", problem);
    const Swap swap{.first = read_leg(in.object("first")), .second = read_leg(in.object("second"))};
    if (problem.is_noted()) {
        return problem.error();
    }
    if (swap.first.layer == swap.second.layer || swap.first.hash_lock != swap.second.hash_lock ||
        swap.first.sender != swap.second.recipient || swap.first.recipient != swap.second.sender) {
        return Err{Error{"swap: its legs do not belong together"}};
    }
    return swap;
}

Hash256 id_of(const SwapLeg& leg, const SwapSide& side) {
    Bytes preimage = abi::Encoder().word(u256{side.chain_id}).word(side.contract).take();
    append(preimage, encoder_of(leg).take());
    return crypto::keccak256(preimage);
}

Result<SwapStatus> read_status(const SwapLeg& leg, SwapSide& side, std::optional<uint64_t> number) {
    const auto answer = side.node.call(
        {.to = side.contract, .data = abi::Encoder().word(id_of(leg, side)).call("status(bytes32)")
        },
        number
    );
    if (!answer) {
        return Err{answer.error()};
    }
    abi::Decoder in(*answer);
    const uint64_t status = in.u64();
    if (!in.is_good() || status > 3) {
        return Err{Error{to_hex(side.contract) + " is no swap contract"}};
    }
    return static_cast<SwapStatus>(status);
}

Result<std::optional<std::string>> problem_of_relying(
    const SwapLeg& leg, SwapSide& side, const std::string& tag
) {
    const auto block = side.node.block(tag);
    if (!block) {
        return Err{block.error()};
    }
    const auto status =
        *block ? read_status(leg, side, (*block)->number) : Result<SwapStatus>(SwapStatus::none);
    if (!status) {
        return Err{status.error()};
    }
    if (*status == SwapStatus::open) {
        return std::optional<std::string>{};
    }
    return std::optional<std::string>(
        "the leg on L" + std::to_string(leg.layer) + " is not open in a block that is " + tag +
        ": it could still be taken back; try again later"
    );
}

Result<uint64_t> time_of(SwapSide& side) {
    const auto latest = side.node.block("latest");
    if (!latest || !*latest) {
        return Err{!latest ? latest.error() : Error{side.node.url() + " has no latest block"}};
    }
    return (*latest)->timestamp;
}

Result<void> lock(const SwapLeg& leg, SwapSide& side) {
    const bool is_native = leg.token.is_zero();
    if (!is_native) {
        const auto approved = send(
            side,
            "approving",
            leg.token,
            abi::Encoder().word(side.contract).word(leg.amount).call("approve(address,uint256)"),
            {}
        );
        if (!approved) {
            return approved;
        }
    }
    return send(
        side,
        "locking",
        side.contract,
        encoder_of(leg).call(signature("lock")),
        is_native ? leg.amount : u256{}
    );
}

Result<void> claim(const SwapLeg& leg, SwapSide& side, const Hash256& preimage) {
    return send(
        side,
        "claiming",
        side.contract,
        encoder_of(leg).word(preimage).call(signature("claim", ",bytes32")),
        {}
    );
}

Result<void> refund(const SwapLeg& leg, SwapSide& side) {
    return send(side, "refunding", side.contract, encoder_of(leg).call(signature("refund")), {});
}

namespace {

Result<std::optional<Hash256>> find_mined_preimage(const SwapLeg& leg, SwapSide& side) {
    static const Hash256 claimed = abi::event_topic("Claimed(bytes32,bytes32)");
    const auto head = side.node.head_number();
    if (!head) {
        return Err{head.error()};
    }
    const Hash256 id = id_of(leg, side);
    const auto logs = side.node.logs(
        {.from_block = side.search_from,
         .to_block = *head,
         .addresses = {side.contract},
         .topics = {claimed}}
    );
    if (!logs) {
        return Err{logs.error()};
    }
    for (const L1Log& found : *logs) {
        if (found.log.topics.size() != 2 || found.log.topics[1] != id ||
            found.log.data.size() != 32) {
            continue;
        }
        const Hash256 preimage = Hash256::from(found.log.data);
        if (crypto::sha256(preimage) == leg.hash_lock) {
            return std::optional(preimage);
        }
    }
    return std::optional<Hash256>{};
}

/// A claim names the leg's terms and then the preimage, also when a wallet's contract makes it.
Result<std::optional<Hash256>> find_pending_preimage(const SwapLeg& leg, SwapSide& side) {
    const auto pending = side.node.pending(leg.recipient);
    if (!pending) {
        return Err{pending.error()};
    }
    const Bytes named = encoder_of(leg).take();
    for (const L1Transaction& tx : *pending) {
        for (auto at = std::ranges::search(tx.data, named); !at.empty();
             at = std::ranges::search(at.begin() + 1, tx.data.end(), named.begin(), named.end())) {
            const BytesView rest(at.end(), tx.data.end());
            if (rest.size() < Hash256{}.size()) {
                break;
            }
            const Hash256 preimage = Hash256::from(rest.first(Hash256{}.size()));
            if (crypto::sha256(preimage) == leg.hash_lock) {
                return std::optional(preimage);
            }
        }
    }
    return std::optional<Hash256>{};
}

}  // namespace

Result<std::optional<ShownPreimage>> find_preimage(const SwapLeg& leg, SwapSide& side) {
    const auto mined = find_mined_preimage(leg, side);
    if (!mined || *mined) {
        return mined ? Result<std::optional<ShownPreimage>>(ShownPreimage{.preimage = **mined})
                     : Err{mined.error()};
    }
    const auto pending = find_pending_preimage(leg, side);
    if (!pending) {
        return Err{pending.error()};
    }
    return *pending ? std::optional(ShownPreimage{.preimage = **pending, .is_pending = true})
                    : std::nullopt;
}

std::optional<std::string> problem_of_accepting(
    const Swap& swap, uint64_t first_time, uint64_t second_time, uint64_t margin_s
) {
    if (swap.second.deadline < second_time + margin_s) {
        return "the second leg would end within the margin of " + std::to_string(margin_s) + " s";
    }
    // Who accepts learns the preimage at the second deadline at the latest and needs time to use
    // it.
    if (swap.first.deadline < swap.second.deadline + margin_s ||
        swap.first.deadline < first_time + margin_s) {
        return "the first leg ends less than " + std::to_string(margin_s) +
               " s after the second: there might be no time to claim it";
    }
    return std::nullopt;
}

std::optional<std::string> problem_of_revealing(
    const Swap& swap, uint64_t second_time, uint64_t margin_s
) {
    if (swap.second.deadline < second_time + margin_s) {
        return "the second leg ends within " + std::to_string(margin_s) +
               " s: showing the preimage now might give both legs away";
    }
    return std::nullopt;
}

}  // namespace mega::settlement
