#include "settlement/bridge.hpp"

#include "crypto/keccak.hpp"
#include "rollup/events.hpp"
#include "rollup/output_root.hpp"
#include "settlement/abi.hpp"

#include <algorithm>

namespace mega::settlement {
namespace {

constexpr uint64_t withdrawal_l1_gas = 100'000;  // given to the call on L1

Result<u256> ask_number(L1Client& client, const Address& contract, const Bytes& data) {
    const auto answer = client.call({.to = contract, .data = data});
    if (!answer) {
        return Err{answer.error()};
    }
    abi::Decoder in(*answer);
    const u256 number = in.number();
    return in.is_good() ? Result<u256>(number)
                        : Result<u256>(Err{Error{to_hex(contract) + " is no contract of ours"}});
}

}  // namespace

std::vector<DepositSent> deposits_in(const L1Receipt& receipt, const Address& deposit_queue) {
    std::vector<DepositSent> deposits;
    for (const Log& log : receipt.logs) {
        if (log.address != deposit_queue) {
            continue;
        }
        if (const auto entry = rollup::read_queue_log(log); entry && *entry) {
            deposits.push_back(
                {.receipt = receipt,
                 .index = (*entry)->index,
                 .l2_hash = crypto::keccak256((*entry)->envelope)}
            );
        }
    }
    return deposits;
}

Result<DepositSent> send_deposit(
    L1Client& l1,
    TxManager& sender,
    const Contracts& contracts,
    const Address& to,
    const u256& amount
) {
    const auto allowed = ask_number(
        l1,
        contracts.token,
        abi::Encoder()
            .word(sender.address())
            .word(contracts.portal)
            .call("allowance(address,address)")
    );
    if (!allowed) {
        return Err{allowed.error()};
    }
    if (*allowed < amount) {
        const auto approved = send_call(
            &sender,
            "approving the portal",
            contracts.token,
            abi::Encoder().word(contracts.portal).word(amount).call("approve(address,uint256)"),
            {}
        );
        if (!approved) {
            return Err{approved.error()};
        }
    }
    const auto fee = ask_number(
        l1, contracts.portal, abi::Encoder().word(u256{deposit_gas}).call("depositFee(uint64)")
    );
    if (!fee) {
        return Err{fee.error()};
    }
    // Twice the fee, because its price may rise until then: the surplus comes back.
    const auto receipt = send_call(
        &sender,
        "depositing",
        contracts.portal,
        abi::Encoder()
            .word(to)
            .word(amount)
            .word(amount)
            .word(u256{deposit_gas})
            .boolean(false)
            .bytes({})
            .call("depositTransaction(address,uint256,uint256,uint64,bool,bytes)"),
        *fee + *fee
    );
    if (!receipt) {
        return Err{receipt.error()};
    }
    auto deposits = deposits_in(*receipt, contracts.deposit_queue);
    if (deposits.size() != 1) {
        return Err{Error{"depositing: " + to_hex(receipt->tx_hash) + " queued nothing"}};
    }
    return std::move(deposits.front());
}

std::vector<WithdrawalSent> withdrawals_in(const L1Receipt& receipt) {
    std::vector<WithdrawalSent> withdrawals;
    for (const Log& log : receipt.logs) {
        if (auto withdrawal = read_message_passed(log)) {
            withdrawals.push_back({receipt.block.number, *std::move(withdrawal)});
        }
    }
    return withdrawals;
}

Result<WithdrawalSent> send_withdrawal(
    TxManager& l2_sender, const Address& to, const u256& amount
) {
    const auto receipt = send_call(
        &l2_sender,
        "withdrawing",
        rollup::message_passer_address,
        abi::Encoder()
            .word(to)
            .word(u256{withdrawal_l1_gas})
            .bytes({})
            .call("initiateWithdrawal(address,uint256,bytes)"),
        amount
    );
    if (!receipt) {
        return Err{receipt.error()};
    }
    auto withdrawals = withdrawals_in(*receipt);
    if (withdrawals.size() != 1) {
        return Err{Error{"withdrawing: " + to_hex(receipt->tx_hash) + " sent nothing"}};
    }
    return std::move(withdrawals.front());
}

namespace {

struct NewestClaim {
    uint64_t index = 0;
    Claim claim;
};

Result<std::optional<NewestClaim>> newest_claim(L1Client& l1, const Address& state_claims) {
    const auto count = read_claim_count(l1, state_claims);
    if (!count) {
        return Err{count.error()};
    }
    for (uint64_t index = *count; index > 1;) {
        --index;
        auto claim = read_claim(l1, state_claims, index);
        if (!claim) {
            return Err{claim.error()};
        }
        if (claim->status != ClaimStatus::rejected) {
            return std::optional(NewestClaim{index, *std::move(claim)});
        }
    }
    return std::optional<NewestClaim>{};
}

/// The proof that can be paid first.
Result<void> find_proof(
    L1Client& l1, const Contracts& contracts, const Hash256& hash, WithdrawalStatus& status
) {
    const auto provers = read_proof_submitters(l1, contracts.portal, hash);
    if (!provers) {
        return Err{provers.error()};
    }
    for (const Address& prover : *provers) {
        const auto proven = read_proven(l1, contracts.portal, hash, prover);
        const auto claim = proven ? read_claim(l1, contracts.state_claims, proven->claim)
                                  : Result<Claim>(Err{proven.error()});
        if (!claim) {
            return Err{claim.error()};
        }
        const uint64_t ripe = std::max(
            proven->mature_at, claim->status == ClaimStatus::final ? 0 : claim->finalizable_at
        );
        if (claim->status == ClaimStatus::rejected ||
            (!status.prover.is_zero() && ripe >= status.ripe_at)) {
            continue;
        }
        status.prover = prover;
        status.claim = proven->claim;
        status.claimed_block = claim->last_block;
        status.ripe_at = ripe;
    }
    return {};
}

}  // namespace

Result<WithdrawalStatus> status_of(
    L1Client& l1, const RollupFile& rollup, const WithdrawalSent& sent
) {
    WithdrawalStatus status;
    const Hash256 hash = hash_of(sent.withdrawal);
    const auto inbox = read_inbox_head(l1, rollup.config.batch_inbox);
    if (!inbox) {
        return Err{inbox.error()};
    }
    status.l1_time = inbox->l1.timestamp;
    status.batched_block = inbox->last_block;
    const auto paid = is_finalized(l1, rollup.contracts.portal, hash);
    if (!paid) {
        return Err{paid.error()};
    }
    if (*paid) {
        status.stage = WithdrawalStage::paid;
        return status;
    }
    if (auto found = find_proof(l1, rollup.contracts, hash, status); !found) {
        return Err{found.error()};
    }
    if (!status.prover.is_zero()) {
        status.stage = status.l1_time >= status.ripe_at ? WithdrawalStage::ready_to_finalize
                                                        : WithdrawalStage::waits_for_window;
        return status;
    }
    const auto newest = newest_claim(l1, rollup.contracts.state_claims);
    if (!newest) {
        return Err{newest.error()};
    }
    if (*newest && (*newest)->claim.last_block >= sent.block_number) {
        status.stage = WithdrawalStage::ready_to_prove;
        status.claim = (*newest)->index;
        status.claimed_block = (*newest)->claim.last_block;
        status.ripe_at =
            std::max((*newest)->claim.finalizable_at, status.l1_time + rollup.proof_maturity_s);
    }
    return status;
}

std::string words_of(const WithdrawalStatus& status, const WithdrawalSent& sent) {
    const std::string block = "block " + std::to_string(sent.block_number);
    const std::string left = status.ripe_at > status.l1_time
                                 ? std::to_string(status.ripe_at - status.l1_time) + " s left"
                                 : "now";
    switch (status.stage) {
        case WithdrawalStage::waits_for_claim:
            return status.batched_block >= sent.block_number
                       ? block + " is in a batch on L1; waits for a claim on its state"
                       : block + " is executed; waits for its batch on L1 (batches reach block " +
                             std::to_string(status.batched_block) + ")";
        case WithdrawalStage::ready_to_prove:
            return "can be proven against claim " + std::to_string(status.claim) +
                   ", payable then: " + left;
        case WithdrawalStage::waits_for_window:
            return "proven against claim " + std::to_string(status.claim) +
                   "; challenge window and proof ripen: " + left;
        case WithdrawalStage::ready_to_finalize:
            return "ripe: can be finalised now";
        case WithdrawalStage::paid:
            return "paid";
    }
    return "unknown";
}

Result<void> prove_withdrawal(
    TxManager& l1_sender,
    ChainProofs& l2,
    const Contracts& contracts,
    const WithdrawalSent& sent,
    const WithdrawalStatus& status
) {
    const auto header = l2.header(status.claimed_block);
    if (!header || !*header) {
        return Err{
            !header ? header.error()
                    : Error{"the node has no block " + std::to_string(status.claimed_block)}
        };
    }
    const auto proof = l2.prove_message_passer(
        status.claimed_block, {sent_message_slot(hash_of(sent.withdrawal))}
    );
    if (!proof) {
        return Err{proof.error()};
    }
    const OutputRootProof output{
        .state_root = (*header)->state_root,
        .message_passer_root = proof->storage_root,
        .block_hash = mega::hash_of(**header),
    };
    const auto receipt = send_call(
        &l1_sender,
        "proving",
        contracts.portal,
        prove_withdrawal_input(sent.withdrawal, status.claim, output, proof->slot_proofs.at(0)),
        {}
    );
    return receipt ? Result<void>{} : Result<void>(Err{receipt.error()});
}

Result<void> finalize_withdrawal(
    L1Client& l1,
    TxManager& l1_sender,
    const Contracts& contracts,
    const WithdrawalSent& sent,
    const WithdrawalStatus& status
) {
    const auto claim = read_claim(l1, contracts.state_claims, status.claim);
    if (!claim) {
        return Err{claim.error()};
    }
    if (claim->status == ClaimStatus::proposed) {
        const auto finalized = send_call(
            &l1_sender,
            "making the claim final",
            contracts.state_claims,
            abi::Encoder().word(u256{status.claim}).call("finalize(uint64)"),
            {}
        );
        if (!finalized) {
            return Err{finalized.error()};
        }
    }
    const auto receipt = send_call(
        &l1_sender,
        "finalising",
        contracts.portal,
        finalize_withdrawal_input(sent.withdrawal, status.prover),
        {}
    );
    return receipt ? Result<void>{} : Result<void>(Err{receipt.error()});
}

}  // namespace mega::settlement
