#include "validator/signer.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>

namespace mega::validator {
namespace {

class KeyFile : public testing::Test {
  protected:
    KeyFile() { std::filesystem::remove(path_); }
    ~KeyFile() override { std::filesystem::remove(path_); }
    std::string path_ = testing::TempDir() + "mega-validator-key-" + std::to_string(::getpid());
};

TEST(signer, what_two_sign_of_one_block_adds_up) {
    attestation::Statement statement;
    statement.chain_id = 6342;
    statement.block_number = 7;
    const auto a = Signer::ephemeral()->sign(statement);
    const auto b = Signer::ephemeral()->sign(statement);
    EXPECT_NE(a.key, b.key);
    EXPECT_TRUE(verify(a) && verify(b));
    const std::array signatures{a.signature, b.signature};
    const std::array keys{a.key, b.key};
    const auto sum = crypto::bls::aggregate(signatures);
    EXPECT_TRUE(crypto::bls::verify_aggregate(keys, message_of(statement), *sum));
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
