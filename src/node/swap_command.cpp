#include "base/hex.hpp"
#include "crypto/digest.hpp"
#include "node/commands.hpp"
#include "node/files.hpp"
#include "node/l1_session.hpp"
#include "settlement/swap.hpp"

#include <cstdio>
#include <random>

namespace mega::node {
namespace {

namespace l1 = mega::settlement;

/// Predeploy L2AtomicSwap.
constexpr Address l2_swap{{0x42, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20}};

struct Sides {
    l1::SwapSide on_l1;
    l1::SwapSide on_l2;
    [[nodiscard]] l1::SwapSide& of(const l1::SwapLeg& leg) {
        return leg.layer == 1 ? on_l1 : on_l2;
    }
};

Sides sides_of(L1Session& session) {
    return {
        .on_l1 =
            {.node = *session.l1_node,
             .sender = session.l1_sender.get(),
             .contract = session.rollup.contracts.atomic_swap,
             .chain_id = session.rollup.config.l1_chain_id,
             .search_from = session.rollup.config.l1_start_block},
        .on_l2 =
            {.node = *session.l2_node,
             .sender = session.l2_sender.get(),
             .contract = l2_swap,
             .chain_id = session.rollup.config.l2_chain_id},
    };
}

std::filesystem::path secret_file(const SwapCommand& command) {
    return command.file.string() + ".secret";
}

Result<Address> token_of(const std::string& text) {
    if (text.empty()) {
        return Address{};
    }
    const auto address = fixed_from_hex<20>(text);
    return address ? Result<Address>(*address)
                   : Result<Address>(Err{Error{text + " is no token's address"}});
}

Result<l1::Swap> read_swap(const SwapCommand& command) {
    const auto text = l1::read_text(command.file);
    return text ? l1::parse_swap(*text) : Result<l1::Swap>(Err{text.error()});
}

std::string_view words_of(l1::SwapStatus status) {
    switch (status) {
        case l1::SwapStatus::none:
            return "not locked";
        case l1::SwapStatus::open:
            return "locked";
        case l1::SwapStatus::claimed:
            return "claimed";
        case l1::SwapStatus::refunded:
            return "refunded";
    }
    return "unknown";
}

/// From the system's randomness, kept in a file before its hash is used anywhere.
Result<Hash256> make_secret(const SwapCommand& command) {
    std::random_device random;
    Hash256 secret;
    for (size_t i = 0; i < secret.size(); ++i) {
        secret[i] = static_cast<uint8_t>(random());
    }
    if (auto written = write_new_private_file(secret_file(command), to_hex(secret) + "\n");
        !written) {
        return Err{written.error()};
    }
    return secret;
}

Result<void> offer(const SwapCommand& command, L1Session& session) {
    Sides sides = sides_of(session);
    const auto give = parse_amount(command.give);
    const auto want = parse_amount(command.want);
    const auto give_token = token_of(command.give_token);
    const auto want_token = token_of(command.want_token);
    const auto to = fixed_from_hex<20>(command.to);
    if (!give || !want) {
        return Err{!give ? give.error() : want.error()};
    }
    if (!give_token || !want_token || !to) {
        return Err{
            !give_token   ? give_token.error()
            : !want_token ? want_token.error()
                          : Error{"--to is no address: " + command.to}
        };
    }
    l1::Swap swap;
    swap.first.layer = command.give_on == "l1" ? 1 : 2;
    swap.second.layer = command.give_on == "l1" ? 2 : 1;
    const auto first_time = l1::time_of(sides.of(swap.first));
    const auto second_time = l1::time_of(sides.of(swap.second));
    if (!first_time || !second_time) {
        return Err{!first_time ? first_time.error() : second_time.error()};
    }
    const auto secret = make_secret(command);
    if (!secret) {
        return Err{secret.error()};
    }
    const Address self = session.l1_sender->address();
    const uint64_t start = std::max(*first_time, *second_time);
    const Hash256 hash_lock = crypto::sha256(*secret);
    swap.first.sender = self;
    swap.first.recipient = *to;
    swap.first.token = *give_token;
    swap.first.amount = *give;
    swap.first.hash_lock = hash_lock;
    swap.first.deadline = start + command.minutes * 60;
    swap.second.sender = *to;
    swap.second.recipient = self;
    swap.second.token = *want_token;
    swap.second.amount = *want;
    swap.second.hash_lock = hash_lock;
    swap.second.deadline = start + command.minutes * 30;
    if (const auto problem =
            l1::problem_of_accepting(swap, *first_time, *second_time, command.margin_s)) {
        return Err{Error{*problem + "; --minutes gives more"}};
    }
    if (auto written = l1::write_text(command.file, l1::to_json(swap)); !written) {
        return written;
    }
    if (auto locked = l1::lock(swap.first, sides.of(swap.first)); !locked) {
        return locked;
    }
    say("the first leg is locked; give " + command.file.string() + " to the other side, keep " +
        secret_file(command).string() + " to yourself");
    return {};
}

/// An error when the other side's lock could still be taken back.
Result<void> require_final(const SwapCommand& command, const l1::SwapLeg& leg, Sides& sides) {
    const auto problem = l1::problem_of_relying(leg, sides.of(leg), command.finality);
    if (!problem) {
        return Err{problem.error()};
    }
    return *problem ? Result<void>(Err{Error{**problem}}) : Result<void>{};
}

Result<void> accept(const SwapCommand& command, L1Session& session) {
    Sides sides = sides_of(session);
    const auto swap = read_swap(command);
    if (!swap) {
        return Err{swap.error()};
    }
    if (swap->second.sender != session.l1_sender->address()) {
        return Err{Error{"the offer is for " + to_hex(swap->second.sender)}};
    }
    const auto status = l1::read_status(swap->first, sides.of(swap->first));
    const auto first_time = l1::time_of(sides.of(swap->first));
    const auto second_time = l1::time_of(sides.of(swap->second));
    if (!status || !first_time || !second_time) {
        return Err{
            !status       ? status.error()
            : !first_time ? first_time.error()
                          : second_time.error()
        };
    }
    if (*status != l1::SwapStatus::open) {
        return Err{Error{"the first leg is " + std::string(words_of(*status))}};
    }
    if (const auto problem =
            l1::problem_of_accepting(*swap, *first_time, *second_time, command.margin_s)) {
        return Err{Error{*problem}};
    }
    if (auto final = require_final(command, swap->first, sides); !final) {
        return final;
    }
    if (auto locked = l1::lock(swap->second, sides.of(swap->second)); !locked) {
        return locked;
    }
    say("the second leg is locked; once the other side claims it, `mega swap claim` takes the first"
    );
    return {};
}

Result<std::optional<Hash256>> own_secret(const SwapCommand& command, const Hash256& hash_lock) {
    const auto line = read_first_line(secret_file(command));
    if (!line) {
        return std::optional<Hash256>{};
    }
    const auto secret = fixed_from_hex<32>(*line);
    if (!secret || crypto::sha256(*secret) != hash_lock) {
        return Err{Error{secret_file(command).string() + " is not this swap's secret"}};
    }
    return std::optional(*secret);
}

Result<void> claim(const SwapCommand& command, L1Session& session) {
    Sides sides = sides_of(session);
    const auto swap = read_swap(command);
    if (!swap) {
        return Err{swap.error()};
    }
    const auto secret = own_secret(command, swap->first.hash_lock);
    if (!secret) {
        return Err{secret.error()};
    }
    if (*secret) {
        const auto time = l1::time_of(sides.of(swap->second));
        const auto status = l1::read_status(swap->second, sides.of(swap->second));
        if (!time || !status) {
            return Err{!time ? time.error() : status.error()};
        }
        if (*status != l1::SwapStatus::open) {
            return Err{Error{"the second leg is " + std::string(words_of(*status))}};
        }
        if (const auto problem = l1::problem_of_revealing(*swap, *time, command.margin_s)) {
            return Err{Error{*problem}};
        }
        // Whoever takes the lock back once the preimage is shown has both legs.
        if (auto final = require_final(command, swap->second, sides); !final) {
            return final;
        }
        if (auto claimed = l1::claim(swap->second, sides.of(swap->second), **secret); !claimed) {
            return claimed;
        }
        say("the second leg is yours; the other side can claim the first");
        return {};
    }
    const auto shown = l1::find_preimage(swap->second, sides.of(swap->second));
    if (!shown) {
        return Err{shown.error()};
    }
    if (!*shown) {
        return Err{Error{"the second leg was not claimed yet: nobody has shown the preimage"}};
    }
    if ((*shown)->is_pending) {
        say("the other side's claim is in no block yet: it shows the preimage already");
    }
    if (auto claimed = l1::claim(swap->first, sides.of(swap->first), (*shown)->preimage);
        !claimed) {
        return claimed;
    }
    say("the first leg is yours");
    return {};
}

Result<void> refund(const SwapCommand& command, L1Session& session) {
    Sides sides = sides_of(session);
    const auto swap = read_swap(command);
    if (!swap) {
        return Err{swap.error()};
    }
    const Address self = session.l1_sender->address();
    const l1::SwapLeg& leg = swap->first.sender == self ? swap->first : swap->second;
    if (leg.sender != self) {
        return Err{Error{"neither leg was locked by " + to_hex(self)}};
    }
    const auto time = l1::time_of(sides.of(leg));
    if (!time) {
        return Err{time.error()};
    }
    if (*time < leg.deadline) {
        return Err{
            Error{"not before its deadline: " + std::to_string(leg.deadline - *time) + " s left"}
        };
    }
    if (auto refunded = l1::refund(leg, sides.of(leg)); !refunded) {
        return refunded;
    }
    say("refunded");
    return {};
}

Result<void> status(const SwapCommand& command, L1Session& session) {
    Sides sides = sides_of(session);
    const auto swap = read_swap(command);
    if (!swap) {
        return Err{swap.error()};
    }
    for (const auto& [name, leg] :
         {std::pair{"first", &swap->first}, std::pair{"second", &swap->second}}) {
        const auto found = l1::read_status(*leg, sides.of(*leg));
        const auto time = l1::time_of(sides.of(*leg));
        if (!found || !time) {
            return Err{!found ? found.error() : time.error()};
        }
        say(std::string(name) + " leg, on L" + std::to_string(leg->layer) + ": " +
            std::string(words_of(*found)) + ", " +
            (leg->deadline > *time ? std::to_string(leg->deadline - *time) + " s left"
                                   : std::string("its deadline has passed")));
    }
    return {};
}

}  // namespace

int run_swap(const SwapCommand& command) {
    using Kind = SwapCommand::Kind;
    auto session = open_l1_session(command.layers, command.kind != Kind::status);
    Result<void> done = session ? Result<void>{} : Result<void>(Err{session.error()});
    if (session) {
        done = command.kind == Kind::offer    ? offer(command, **session)
               : command.kind == Kind::accept ? accept(command, **session)
               : command.kind == Kind::claim  ? claim(command, **session)
               : command.kind == Kind::refund ? refund(command, **session)
                                              : status(command, **session);
    }
    if (!done) {
        std::fprintf(stderr, "mega swap: %s\n", done.error().message.c_str());
        return 1;
    }
    return 0;
}

}  // namespace mega::node
