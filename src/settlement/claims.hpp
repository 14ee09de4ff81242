#pragma once

// StateClaims and Portal on L1, as the proposer, the relayer and the bridge commands read and call
// them. Shapes: contracts/src/interfaces.

#include "settlement/l1_source.hpp"
#include "settlement/tx_manager.hpp"

namespace mega::settlement {

enum class ClaimStatus : uint8_t { none, proposed, challenged, final, rejected };

struct Claim {
    Hash256 output_root{};
    Address proposer{};
    uint64_t batch_index = 0;
    ClaimStatus status = ClaimStatus::none;
    uint64_t parent = 0;
    uint64_t last_block = 0;
    uint64_t proposed_at = 0;
    uint64_t finalizable_at = 0;
};

/// Claim 0 is the genesis.
[[nodiscard]] Result<uint64_t> read_claim_count(L1Client& client, const Address& state_claims);
[[nodiscard]] Result<Claim> read_claim(
    L1Client& client, const Address& state_claims, uint64_t index
);
/// The contract that judges claims by the committee's word; none until governance installs one.
[[nodiscard]] Result<std::optional<Address>> read_committee_verifier(
    L1Client& client, const Address& state_claims
);
/// bytes32("committee"): the kind under which it is installed.
[[nodiscard]] Hash256 committee_kind();
[[nodiscard]] Result<u256> read_claim_bond(L1Client& client, const Address& system_config);

/// A Batch as the contracts take it, and its type; a dynamic tuple.
[[nodiscard]] Bytes batch_tuple(const rollup::PostedBatch& batch);
inline constexpr std::string_view batch_type =
    "((bytes32,uint64,uint64,uint64,uint64,uint64,bytes32,uint64,bytes32,bytes32,address),uint8,"
    "bytes32[])";

/// propose(parent, batch, header, messagePasserProof)
[[nodiscard]] Bytes propose_input(
    uint64_t parent,
    const rollup::PostedBatch& batch,
    BytesView header,
    const std::vector<Bytes>& message_passer_proof
);

/// A message that left L2 through the L2ToL1MessagePasser.
struct Withdrawal {
    u256 nonce;
    Address sender{};
    Address target{};
    u256 value;
    u256 gas_limit;
    Bytes data;
    friend bool operator==(const Withdrawal&, const Withdrawal&) = default;
};
[[nodiscard]] Hash256 hash_of(const Withdrawal& withdrawal);
/// keccak256 of MessagePassed's signature.
[[nodiscard]] const Hash256& message_passed_topic();
/// The withdrawal in a log of the message passer; nothing when it is another log, or when the hash
/// in it is not the withdrawal's.
[[nodiscard]] std::optional<Withdrawal> read_message_passed(const Log& log);
/// The key of sentMessages[hash] in the message passer's storage.
[[nodiscard]] u256 sent_message_slot(const Hash256& withdrawal_hash);

struct OutputRootProof {
    Hash256 state_root{};
    Hash256 message_passer_root{};
    Hash256 block_hash{};
};
[[nodiscard]] Bytes prove_withdrawal_input(
    const Withdrawal& withdrawal,
    uint64_t claim,
    const OutputRootProof& output,
    const std::vector<Bytes>& storage_proof
);
[[nodiscard]] Bytes finalize_withdrawal_input(
    const Withdrawal& withdrawal, const Address& proof_submitter
);

struct ProvenWithdrawal {
    uint64_t claim = 0;
    uint64_t proven_at = 0;  // 0: not proven
    uint64_t mature_at = 0;
};
[[nodiscard]] Result<bool> is_finalized(
    L1Client& client, const Address& portal, const Hash256& withdrawal_hash
);
[[nodiscard]] Result<ProvenWithdrawal> read_proven(
    L1Client& client,
    const Address& portal,
    const Hash256& withdrawal_hash,
    const Address& submitter
);
/// Whoever has proven it, ascending in time.
[[nodiscard]] Result<std::vector<Address>> read_proof_submitters(
    L1Client& client, const Address& portal, const Hash256& withdrawal_hash
);

}  // namespace mega::settlement
