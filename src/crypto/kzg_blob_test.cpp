#include "crypto/kzg_blob.hpp"
#include "crypto/kzg.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace mega::crypto::kzg {
namespace {

Bytes sample_blob() {
    Bytes blob(blob_size_bytes, 0);
    for (size_t i = 0; i < blob.size(); ++i) {
        blob[i] = i % 32 == 0 ? 0 : static_cast<uint8_t>(i * 7 + i / 256);
    }
    return blob;
}

TEST(kzg_blob, commitment_of_zeros_is_the_point_at_infinity) {
    const auto commitment = commit_to_blob(Bytes(blob_size_bytes, 0));
    ASSERT_TRUE(commitment);
    EXPECT_EQ((*commitment)[0], 0xc0);
    EXPECT_EQ(
        to_hex(versioned_hash(*commitment)),
        "0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"
    );
}

TEST(kzg_blob, proves_what_it_committed_to_and_nothing_else) {
    Bytes blob = sample_blob();
    const auto commitment = commit_to_blob(blob);
    ASSERT_TRUE(commitment);
    const auto proof = prove_blob(blob, *commitment);
    ASSERT_TRUE(proof);
    EXPECT_TRUE(verify_blob(blob, *commitment, *proof));
    blob[33] ^= 1;
    EXPECT_FALSE(verify_blob(blob, *commitment, *proof));
    EXPECT_NE(commit_to_blob(blob), commitment);
}

TEST(kzg_blob, refuses_a_wrong_size_and_an_element_that_is_no_field_element) {
    EXPECT_FALSE(commit_to_blob(Bytes(blob_size_bytes - 1, 0)));
    Bytes blob = sample_blob();
    blob[0] = 0xff;
    EXPECT_FALSE(commit_to_blob(blob));
    EXPECT_FALSE(prove_cells(blob));
}

TEST(kzg_blob, proves_each_cell) {
    const auto proofs = prove_cells(sample_blob());
    ASSERT_TRUE(proofs);
    EXPECT_EQ(proofs->size(), cells_per_blob);
    EXPECT_NE(proofs->front(), proofs->back());
}

}  // namespace
}  // namespace mega::crypto::kzg
