#include "node/commands.hpp"
#include "node/l1_session.hpp"
#include "settlement/bridge.hpp"
#include "settlement/rpc_chain_proofs.hpp"

#include <chrono>
#include <cstdio>
#include <thread>

namespace mega::node {
namespace {

namespace l1 = mega::settlement;

constexpr uint32_t look_ms = 500;

Result<Address> recipient(const BridgeCommand& command, const L1Session& session) {
    if (command.to.empty()) {
        return session.l1_sender->address();
    }
    const auto address = fixed_from_hex<20>(command.to);
    return address ? Result<Address>(*address)
                   : Result<Address>(Err{Error{"--to is no address: " + command.to}});
}

void pause() { std::this_thread::sleep_for(std::chrono::milliseconds(look_ms)); }

Result<void> follow_deposit(const L1Session& session, const l1::DepositSent& deposit, bool waits) {
    while (true) {
        const auto receipt = session.l2_node->receipt(deposit.l2_hash);
        if (!receipt) {
            return Err{receipt.error()};
        }
        if (*receipt) {
            say("on L2 in block " + std::to_string((*receipt)->block.number) + ": " +
                ((*receipt)->status ? "done" : "the call failed; what was minted stays"));
            return {};
        }
        if (!waits) {
            say("on L1 in block " + std::to_string(deposit.receipt.block.number) +
                "; not on L2 yet: it comes within one block after L1's (and its depth)");
            return {};
        }
        pause();
    }
}

Result<void> deposit(const BridgeCommand& command) {
    const auto amount = parse_amount(command.amount);
    auto session = amount ? open_l1_session(command.layers, /*needs_key=*/true)
                          : Result<std::unique_ptr<L1Session>>(Err{amount.error()});
    if (!session) {
        return Err{session.error()};
    }
    const auto to = recipient(command, **session);
    if (!to) {
        return Err{to.error()};
    }
    const auto sent = l1::send_deposit(
        *(*session)->l1_node, *(*session)->l1_sender, (*session)->rollup.contracts, *to, *amount
    );
    if (!sent) {
        return Err{sent.error()};
    }
    say("L1 transaction " + to_hex(sent->receipt.tx_hash) + " in block " +
        std::to_string(sent->receipt.block.number));
    say("L2 transaction " + to_hex(sent->l2_hash));
    return follow_deposit(**session, *sent, !command.returns_at_once);
}

/// Each stage is said once, what it waits for with the time left; what nobody else does is done.
Result<void> follow_withdrawal(const L1Session& session, const l1::WithdrawalSent& sent) {
    l1::RpcChainProofs l2(*session.l2_node);
    std::string said;
    uint64_t ripe_since = 0;
    while (true) {
        const auto status = l1::status_of(*session.l1_node, session.rollup, sent);
        if (!status) {
            return Err{status.error()};
        }
        const std::string words = l1::words_of(*status, sent);
        if (words != said) {
            say(words);
            said = words;
        }
        if (status->stage == l1::WithdrawalStage::paid) {
            return {};
        }
        // A relayer may be at it: it gets a few looks before this does the same.
        ripe_since = status->stage == l1::WithdrawalStage::ready_to_prove ||
                             status->stage == l1::WithdrawalStage::ready_to_finalize
                         ? ripe_since + 1
                         : 0;
        if (ripe_since > 10) {
            ripe_since = 0;
            const auto done =
                status->stage == l1::WithdrawalStage::ready_to_prove
                    ? l1::prove_withdrawal(
                          *session.l1_sender, l2, session.rollup.contracts, sent, *status
                      )
                    : l1::finalize_withdrawal(
                          *session.l1_node,
                          *session.l1_sender,
                          session.rollup.contracts,
                          sent,
                          *status
                      );
            if (!done) {
                say("not yet: " + done.error().message);
            }
        }
        pause();
    }
}

Result<void> withdraw(const BridgeCommand& command) {
    const auto amount = parse_amount(command.amount);
    auto session = amount ? open_l1_session(command.layers, /*needs_key=*/true)
                          : Result<std::unique_ptr<L1Session>>(Err{amount.error()});
    if (!session) {
        return Err{session.error()};
    }
    const auto to = recipient(command, **session);
    if (!to) {
        return Err{to.error()};
    }
    const auto sent = l1::send_withdrawal(*(*session)->l2_sender, *to, *amount);
    if (!sent) {
        return Err{sent.error()};
    }
    say("withdrawal " + to_hex(l1::hash_of(sent->withdrawal)) + " in L2 block " +
        std::to_string(sent->block_number));
    if (command.returns_at_once) {
        return {};
    }
    return follow_withdrawal(**session, *sent);
}

Result<void> status(const BridgeCommand& command) {
    const auto hash = fixed_from_hex<32>(command.transaction);
    auto session = hash ? open_l1_session(command.layers, /*needs_key=*/false)
                        : Result<std::unique_ptr<L1Session>>(
                              Err{Error{"\"" + command.transaction + "\" is no transaction hash"}}
                          );
    if (!session) {
        return Err{session.error()};
    }
    const auto on_l1 = (*session)->l1_node->receipt(*hash);
    const auto on_l2 = (*session)->l2_node->receipt(*hash);
    if (!on_l1 || !on_l2) {
        return Err{!on_l1 ? on_l1.error() : on_l2.error()};
    }
    bool has_found = false;
    if (*on_l1) {
        for (const auto& sent :
             l1::deposits_in(**on_l1, (*session)->rollup.contracts.deposit_queue)) {
            has_found = true;
            say("deposit " + std::to_string(sent.index) + ", L2 transaction " + to_hex(sent.l2_hash)
            );
            if (auto followed = follow_deposit(**session, sent, /*waits=*/false); !followed) {
                return followed;
            }
        }
    }
    if (*on_l2) {
        for (const auto& sent : l1::withdrawals_in(**on_l2)) {
            has_found = true;
            const auto found = l1::status_of(*(*session)->l1_node, (*session)->rollup, sent);
            if (!found) {
                return Err{found.error()};
            }
            say("withdrawal " + to_hex(l1::hash_of(sent.withdrawal)));
            say(l1::words_of(*found, sent));
        }
    }
    return has_found ? Result<void>{}
                     : Result<void>(Err{Error{
                           command.transaction +
                           " is neither a deposit in a block of L1 nor a withdrawal in one of L2"
                       }});
}

}  // namespace

int run_bridge(const BridgeCommand& command) {
    const auto done = command.kind == BridgeCommand::Kind::deposit    ? deposit(command)
                      : command.kind == BridgeCommand::Kind::withdraw ? withdraw(command)
                                                                      : status(command);
    if (!done) {
        std::fprintf(stderr, "mega bridge: %s\n", done.error().message.c_str());
        return 1;
    }
    return 0;
}

}  // namespace mega::node
