#include "staking/registration.hpp"

#include "crypto/keccak.hpp"

#include <gtest/gtest.h>

namespace mega::staking {
namespace {

const KeyChain chain{31337, 6342, Address{{0x57}}};
const Address operator_address{{0x0b}};

TEST(registration, proves_keys_as_l1_checks_them) {
    const auto attester = *crypto::bls::derive_key(crypto::keccak256(as_bytes("attester")));
    const crypto::SecretKey base = crypto::keccak256(as_bytes("base"));
    const auto proofs = prove_keys(attester, base, chain, operator_address);
    ASSERT_TRUE(proofs) << proofs.error().message;
    const Bytes message = registration_message(chain, operator_address);
    EXPECT_EQ(message.size(), 17U + 32 + 8 + 20 + 20);
    // Whoever recovers the signer finds the chain's key, which the base key's x and parity give.
    crypto::Signature signature;
    signature.r = Hash256::from(proofs->signer_proof.view().first(32));
    signature.s = Hash256::from(proofs->signer_proof.view().subspan(32, 32));
    signature.y_parity = static_cast<uint8_t>(proofs->signer_proof.view()[64] - 27);
    const auto signer = crypto::recover_address(crypto::keccak256(message), signature);
    EXPECT_EQ(signer, chain_signer(proofs->base_key, chain));
    const auto key = *crypto::bls::public_key_of(attester);
    EXPECT_EQ(crypto::bls::compress(proofs->bls_key), key);
    EXPECT_EQ(proofs->binding, *crypto::bls::widen(*crypto::bls::sign(message, attester)));
}

TEST(registration, is_of_use_to_one_operator_on_one_chain) {
    const KeyChain other{31337, 6343, chain.staking};
    EXPECT_NE(
        registration_message(chain, operator_address), registration_message(other, operator_address)
    );
    EXPECT_NE(
        registration_message(chain, operator_address), registration_message(chain, Address{{1}})
    );
}

TEST(registration, refuses_keys_that_are_none) {
    const auto attester = *crypto::bls::derive_key(crypto::keccak256(as_bytes("attester")));
    EXPECT_FALSE(prove_keys({}, crypto::keccak256(as_bytes("base")), chain, operator_address));
    EXPECT_FALSE(prove_keys(attester, {}, chain, operator_address));
}

}  // namespace
}  // namespace mega::staking
