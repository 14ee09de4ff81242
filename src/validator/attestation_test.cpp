#include "validator/attestation.hpp"

#include "types/u256.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

namespace mega::validator {
namespace {

Attestation attestation_of(const Signer& signer) {
    Attestation made;
    made.chain_id = 6342;
    made.block_number = 7;
    made.block_hash = u256{1}.to_hash();
    made.state_root = u256{2}.to_hash();
    signer.sign(made);
    return made;
}

class KeyFile : public testing::Test {
  protected:
    KeyFile() { std::filesystem::remove(path_); }
    ~KeyFile() override { std::filesystem::remove(path_); }
    std::string path_ = testing::TempDir() + "mega-validator-key-" + std::to_string(::getpid());
};

TEST(attestation, every_part_is_signed) {
    const Attestation good = attestation_of(*Signer::ephemeral());
    EXPECT_TRUE(verify(good));
    Attestation other = good;
    other.chain_id ^= 1;
    EXPECT_FALSE(verify(other));
    other = good;
    other.block_number ^= 1;
    EXPECT_FALSE(verify(other));
    other = good;
    other.block_hash[31] ^= 1;
    EXPECT_FALSE(verify(other));
    other = good;
    other.state_root[0] ^= 1;
    EXPECT_FALSE(verify(other));
}

TEST(attestation, those_of_one_block_add_up) {
    const Attestation a = attestation_of(*Signer::ephemeral());
    const Attestation b = attestation_of(*Signer::ephemeral());
    EXPECT_NE(a.key, b.key);
    const std::array signatures{a.signature, b.signature};
    const std::array keys{a.key, b.key};
    const auto sum = crypto::bls::aggregate(signatures);
    EXPECT_TRUE(crypto::bls::verify_aggregate(keys, message_of(a), *sum));
}

TEST_F(KeyFile, is_made_once_for_its_owner_alone) {
    const auto first = Signer::open(path_);
    ASSERT_TRUE(first.has_value());
    struct stat info{};
    ASSERT_EQ(::stat(path_.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777U, 0600U);
    EXPECT_EQ(Signer::open(path_)->key(), first->key());
    EXPECT_TRUE(crypto::bls::verify_possession(first->key(), first->possession()));
}

TEST_F(KeyFile, that_holds_no_key_is_refused) {
    for (const std::string& text :
         {std::string{""},
          std::string{"0x12"},
          "0x" + std::string(64, '0'),
          "0x" + std::string(64, 'f')}) {
        std::ofstream(path_) << text;
        EXPECT_FALSE(Signer::open(path_).has_value()) << text;
    }
}

}  // namespace
}  // namespace mega::validator
