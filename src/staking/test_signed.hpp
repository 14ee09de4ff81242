#pragma once

// Signed statements for the tests of those who look for contradictions.

#include "staking/contradiction.hpp"
#include "types/block.hpp"

namespace mega::staking {

inline crypto::SecretKey signing_key(uint8_t number) {
    crypto::SecretKey key;
    key[31] = number;
    return key;
}
inline Address signer(uint8_t number) { return *crypto::address_of(signing_key(number)); }

inline MiniBlockHeader mini_block(
    uint8_t who, uint64_t number, uint64_t block, uint64_t index, uint8_t root
) {
    MiniBlockHeader header;
    header.mini_block_number = number;
    header.block_number = block;
    header.index = index;
    header.transaction_root = Hash256{{root}};
    header.signature = *crypto::sign(signing_hash(header), signing_key(who));
    return header;
}

inline crypto::bls::SecretKey attesting_key(uint8_t number) {
    return *crypto::bls::derive_key(Bytes(32, number));
}

inline attestation::Attestation attest(uint8_t who, const attestation::Statement& statement) {
    attestation::Attestation made{statement, {}, {}};
    made.key = *crypto::bls::public_key_of(attesting_key(who));
    made.signature = *crypto::bls::sign(message_of(made), attesting_key(who));
    return made;
}

/// That block `number` has this state root, whatever it has.
inline FalseAttestation attest_falsely(uint8_t who, uint64_t number, uint8_t root) {
    BlockHeader header;
    header.number = number;
    header.state_root = Hash256{{7}};
    return {attest(who, {7, number, hash_of(header), Hash256{{root}}}), encode(header)};
}

}  // namespace mega::staking
