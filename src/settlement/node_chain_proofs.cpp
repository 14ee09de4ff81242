#include "settlement/node_chain_proofs.hpp"

#include "rollup/output_root.hpp"

namespace mega::settlement {

Result<std::optional<BlockHeader>> NodeChainProofs::header(uint64_t number) {
    if (number > reader_->sealed_number()) {
        return std::optional<BlockHeader>{};
    }
    return reader_->header(number);
}

Result<MessagePasserProof> NodeChainProofs::prove_message_passer(
    uint64_t block_number, const std::vector<u256>& slots
) {
    auto proof = reader_->prove(rollup::message_passer_address, slots, block_number);
    if (!proof) {
        return Err{proof.error()};
    }
    MessagePasserProof result{
        .storage_root = proof->proof.leaf.storage_root,
        .account_proof = std::move(proof->proof.account_proof),
        .slot_proofs = {},
    };
    for (auto& slot : proof->proof.slots) {
        result.slot_proofs.push_back(std::move(slot.proof));
    }
    return result;
}

Result<std::vector<ChainProofs::Sent>> NodeChainProofs::withdrawals(uint64_t from, uint64_t to) {
    const sequencer::LogFilter filter{
        .addresses = {rollup::message_passer_address}, .topics = {{message_passed_topic()}}
    };
    const auto logs = reader_->logs(filter, from, to, {.max_blocks = ~0ULL, .max_logs = 1'000'000});
    if (!logs) {
        return Err{logs.error()};
    }
    std::vector<Sent> sent;
    for (const sequencer::FoundLog& found : *logs) {
        const auto& executed = *found.executed;
        const Log& log = executed.receipt.logs[found.log_index - executed.first_log_index];
        if (auto withdrawal = read_message_passed(log)) {
            sent.push_back({executed.block_number, *std::move(withdrawal)});
        }
    }
    return sent;
}

}  // namespace mega::settlement
