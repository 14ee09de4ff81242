#include "settlement/claims.hpp"

#include "crypto/keccak.hpp"
#include "rollup/output_root.hpp"
#include "settlement/ask.hpp"

#include <algorithm>

namespace mega::settlement {
namespace {

constexpr uint64_t max_submitters = 64;

void write_header(abi::Encoder& out, const rollup::BatchHeader& header) {
    out.word(header.parent)
        .word(u256{header.index})
        .word(u256{header.first_block})
        .word(u256{header.last_block})
        .word(u256{header.deposit_cursor})
        .word(u256{header.origin_number})
        .word(header.origin_hash)
        .word(u256{header.last_timestamp})
        .word(header.last_block_hash)
        .word(header.mini_block_digest)
        .word(header.sequencer);
}

Bytes encode_tuple(const Withdrawal& withdrawal) {
    return abi::Encoder()
        .word(withdrawal.nonce)
        .word(withdrawal.sender)
        .word(withdrawal.target)
        .word(withdrawal.value)
        .word(withdrawal.gas_limit)
        .bytes(withdrawal.data)
        .take();
}

}  // namespace

Result<uint64_t> read_claim_count(L1Client& client, const Address& state_claims) {
    return ask(client, state_claims, abi::Encoder().call("claimCount()"), [](abi::Decoder& in) {
        return in.u64();
    });
}

Result<Claim> read_claim(L1Client& client, const Address& state_claims, uint64_t index) {
    const Bytes data = abi::Encoder().word(u256{index}).call("getClaim(uint64)");
    return ask(client, state_claims, data, [](abi::Decoder& in) {
        Claim claim;
        claim.output_root = in.word();
        claim.proposer = in.address();
        claim.batch_index = in.u64();
        claim.status = static_cast<ClaimStatus>(std::min<uint64_t>(in.u64(), 4));
        claim.parent = in.u64();
        claim.last_block = in.u64();
        claim.proposed_at = in.u64();
        claim.finalizable_at = in.u64();
        return claim;
    });
}

Hash256 committee_kind() {
    Hash256 kind;
    std::ranges::copy(as_bytes("committee"), kind.data());
    return kind;
}

Result<std::optional<Address>> read_committee_verifier(
    L1Client& client, const Address& state_claims
) {
    const Bytes data = abi::Encoder().word(committee_kind()).call("verifier(bytes32)");
    return ask(client, state_claims, data, [](abi::Decoder& in) {
        const Address verifier = in.address();
        return verifier.is_zero() ? std::optional<Address>{} : std::optional(verifier);
    });
}

Result<u256> read_claim_bond(L1Client& client, const Address& system_config) {
    return ask(client, system_config, abi::Encoder().call("bonds()"), [](abi::Decoder& in) {
        return in.number();
    });
}

Bytes batch_tuple(const rollup::PostedBatch& batch) {
    abi::Encoder tuple;
    write_header(tuple, batch.header);
    return tuple.word(u256{static_cast<uint64_t>(batch.kind)}).words(batch.data_hashes).take();
}

Bytes propose_input(
    uint64_t parent,
    const rollup::PostedBatch& batch,
    BytesView header,
    const std::vector<Bytes>& message_passer_proof
) {
    return abi::Encoder()
        .word(u256{parent})
        .dynamic(batch_tuple(batch))
        .bytes(header)
        .bytes_list(message_passer_proof)
        .call("propose(uint64," + std::string{batch_type} + ",bytes,bytes[])");
}

Hash256 hash_of(const Withdrawal& withdrawal) {
    return crypto::keccak256(encode_tuple(withdrawal));
}

const Hash256& message_passed_topic() {
    static const Hash256 topic =
        abi::event_topic("MessagePassed(uint256,address,address,uint256,uint256,bytes,bytes32)");
    return topic;
}

std::optional<Withdrawal> read_message_passed(const Log& log) {
    if (log.address != rollup::message_passer_address || log.topics.size() != 4 ||
        log.topics[0] != message_passed_topic()) {
        return std::nullopt;
    }
    Withdrawal withdrawal;
    withdrawal.nonce = to_u256(log.topics[1]);
    withdrawal.sender = abi::to_address(log.topics[2]);
    withdrawal.target = abi::to_address(log.topics[3]);
    abi::Decoder in(log.data);
    withdrawal.value = in.number();
    withdrawal.gas_limit = in.number();
    withdrawal.data = in.bytes();
    const Hash256 hash = in.word();
    if (!in.is_good() || hash != hash_of(withdrawal)) {
        return std::nullopt;
    }
    return withdrawal;
}

u256 sent_message_slot(const Hash256& withdrawal_hash) {
    return to_u256(crypto::keccak256(abi::Encoder().word(withdrawal_hash).word(Hash256{}).take()));
}

Bytes prove_withdrawal_input(
    const Withdrawal& withdrawal,
    uint64_t claim,
    const OutputRootProof& output,
    const std::vector<Bytes>& storage_proof
) {
    return abi::Encoder()
        .dynamic(encode_tuple(withdrawal))
        .word(u256{claim})
        .word(Hash256{})  // version 0
        .word(output.state_root)
        .word(output.message_passer_root)
        .word(output.block_hash)
        .bytes_list(storage_proof)
        .call(
            "proveWithdrawalTransaction((uint256,address,address,uint256,uint256,bytes),uint256,"
            "(bytes32,bytes32,bytes32,bytes32),bytes[])"
        );
}

Bytes finalize_withdrawal_input(const Withdrawal& withdrawal, const Address& proof_submitter) {
    return abi::Encoder()
        .dynamic(encode_tuple(withdrawal))
        .word(proof_submitter)
        .call(
            "finalizeWithdrawalTransactionExternalProof((uint256,address,address,uint256,uint256,"
            "bytes),address)"
        );
}

Result<bool> is_finalized(L1Client& client, const Address& portal, const Hash256& withdrawal_hash) {
    const Bytes data = abi::Encoder().word(withdrawal_hash).call("finalizedWithdrawals(bytes32)");
    return ask(client, portal, data, [](abi::Decoder& in) { return in.boolean(); });
}

Result<ProvenWithdrawal> read_proven(
    L1Client& client,
    const Address& portal,
    const Hash256& withdrawal_hash,
    const Address& submitter
) {
    const Bytes data = abi::Encoder()
                           .word(withdrawal_hash)
                           .word(submitter)
                           .call("provenWithdrawals(bytes32,address)");
    return ask(client, portal, data, [](abi::Decoder& in) {
        ProvenWithdrawal proven;
        proven.claim = in.u64();
        proven.proven_at = in.u64();
        proven.mature_at = in.u64();
        return proven;
    });
}

Result<std::vector<Address>> read_proof_submitters(
    L1Client& client, const Address& portal, const Hash256& withdrawal_hash
) {
    const Bytes counting = abi::Encoder().word(withdrawal_hash).call("numProofSubmitters(bytes32)");
    const auto count = ask(client, portal, counting, [](abi::Decoder& in) { return in.u64(); });
    if (!count) {
        return Err{count.error()};
    }
    std::vector<Address> submitters;
    for (uint64_t i = 0; i < std::min(*count, max_submitters); ++i) {
        const Bytes data = abi::Encoder()
                               .word(withdrawal_hash)
                               .word(u256{i})
                               .call("proofSubmitters(bytes32,uint256)");
        const auto submitter =
            ask(client, portal, data, [](abi::Decoder& in) { return in.address(); });
        if (!submitter) {
            return Err{submitter.error()};
        }
        submitters.push_back(*submitter);
    }
    return submitters;
}

}  // namespace mega::settlement
