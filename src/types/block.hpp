#pragma once

// Block headers and bodies (Yellow Paper section 4.4 and the fork EIPs that added fields), up to
// Osaka.

#include "types/bloom.hpp"
#include "types/transaction.hpp"

#include <optional>
#include <vector>

namespace mega {

/// keccak256(rlp([])): the ommers hash of every block after the merge.
inline constexpr Hash256 empty_ommers_hash{
    {0x1d, 0xcc, 0x4d, 0xe8, 0xde, 0xc7, 0x5d, 0x7a, 0xab, 0x85, 0xb5, 0x67, 0xb6, 0xcc, 0xd4, 0x1a,
     0xd3, 0x12, 0x45, 0x1b, 0x94, 0x8a, 0x74, 0x13, 0xf0, 0xa1, 0x42, 0xfd, 0x40, 0xd4, 0x93, 0x47}
};
/// keccak256(rlp("")): the root of an empty trie.
inline constexpr Hash256 empty_trie_root{
    {0x56, 0xe8, 0x1f, 0x17, 0x1b, 0xcc, 0x55, 0xa6, 0xff, 0x83, 0x45, 0xe6, 0x92, 0xc0, 0xf8, 0x6e,
     0x5b, 0x48, 0xe0, 0x1b, 0x99, 0x6c, 0xad, 0xc0, 0x01, 0x62, 0x2f, 0xb5, 0xe3, 0x63, 0xb4, 0x21}
};
/// sha256(""): the requests hash of a block without requests (EIP-7685).
inline constexpr Hash256 empty_requests_hash{
    {0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
     0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55}
};

struct BlockHeader {
    Hash256 parent_hash{};
    Hash256 ommers_hash = empty_ommers_hash;
    Address beneficiary{};
    Hash256 state_root{};
    Hash256 transactions_root = empty_trie_root;
    Hash256 receipts_root = empty_trie_root;
    Bloom logs_bloom{};
    u256 difficulty{};
    uint64_t number = 0;
    uint64_t gas_limit = 0;
    uint64_t gas_used = 0;
    uint64_t timestamp = 0;  // seconds
    Bytes extra_data{};
    Hash256 prev_randao{};  // mix hash before the merge
    FixedBytes<8> nonce{};
    std::optional<u256> base_fee_per_gas{};             // London (EIP-1559)
    std::optional<Hash256> withdrawals_root{};          // Shanghai (EIP-4895)
    std::optional<uint64_t> blob_gas_used{};            // Cancun (EIP-4844)
    std::optional<uint64_t> excess_blob_gas{};          // Cancun
    std::optional<Hash256> parent_beacon_block_root{};  // Cancun (EIP-4788)
    std::optional<Hash256> requests_hash{};             // Prague (EIP-7685)

    friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

struct Withdrawal {
    uint64_t index = 0;
    uint64_t validator_index = 0;
    Address address{};
    uint64_t amount_gwei = 0;
    friend bool operator==(const Withdrawal&, const Withdrawal&) = default;
};

/// A block as it travels: transactions as envelopes, undecoded.
struct Block {
    BlockHeader header{};
    std::vector<Bytes> transactions{};
    std::vector<BlockHeader> ommers{};
    std::optional<std::vector<Withdrawal>> withdrawals{};
};

[[nodiscard]] Bytes encode(const BlockHeader& header);
[[nodiscard]] Result<BlockHeader, rlp::DecodeError> decode_header(BytesView encoded);
[[nodiscard]] Hash256 hash_of(const BlockHeader& header);

/// rlp([header, transactions, ommers, withdrawals?]): the form of `chain.rlp` files and of
/// debug_getRawBlock.
[[nodiscard]] Bytes encode(const Block& block);
[[nodiscard]] Result<Block, rlp::DecodeError> decode_block(BytesView encoded);

[[nodiscard]] Bytes encode(const Withdrawal& withdrawal);

}  // namespace mega
