#include "validator/attested.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace mega::validator {
namespace {

using Verdict = Attested::Verdict;
using attestation::Statement;

Statement statement(uint64_t number, uint8_t hash = 1, uint64_t chain = 7) {
    return {chain, number, Hash256{{hash}}, Hash256{{2}}};
}

class AttestedFile : public testing::Test {
  protected:
    AttestedFile() { std::filesystem::create_directories(directory_); }
    ~AttestedFile() override { std::filesystem::remove_all(directory_); }
    [[nodiscard]] std::string path() const { return (directory_ / "key.attested").string(); }
    std::filesystem::path directory_ =
        std::filesystem::temp_directory_path() / ("mega_attested_" + std::to_string(::getpid()));
};

TEST_F(AttestedFile, grants_no_number_twice) {
    auto attested = *Attested::open(path());
    EXPECT_EQ(*attested.grant(statement(5)), Verdict::granted);
    EXPECT_EQ(*attested.grant(statement(5)), Verdict::repeats);
    EXPECT_EQ(*attested.grant(statement(5, 9)), Verdict::refused);
    EXPECT_EQ(*attested.grant(statement(4)), Verdict::refused);
    EXPECT_EQ(*attested.grant(statement(6, 9)), Verdict::granted);
}

TEST_F(AttestedFile, remembers_over_a_restart) {
    {
        auto attested = *Attested::open(path());
        EXPECT_EQ(*attested.grant(statement(5)), Verdict::granted);
        EXPECT_EQ(*attested.grant(statement(9, 1, 8)), Verdict::granted);
    }
    auto again = *Attested::open(path());
    EXPECT_EQ(*again.grant(statement(5, 9)), Verdict::refused);
    EXPECT_EQ(*again.grant(statement(5)), Verdict::repeats);
    EXPECT_EQ(*again.grant(statement(9, 9, 8)), Verdict::refused);
    EXPECT_EQ(*again.grant(statement(6)), Verdict::granted);
}

TEST_F(AttestedFile, is_held_by_one_validator) {
    const auto attested = *Attested::open(path());
    const auto second = Attested::open(path());
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message.find("another validator"), std::string::npos);
}

TEST_F(AttestedFile, does_not_go_on_without_what_it_said) {
    std::ofstream(path()) << "7 5 0x12 damaged\n";
    const auto attested = Attested::open(path());
    ASSERT_FALSE(attested);
    EXPECT_NE(attested.error().message.find("damaged"), std::string::npos);
    EXPECT_FALSE(Attested::open("/nonexistent/key.attested"));
}

TEST_F(AttestedFile, that_cannot_be_read_is_not_an_empty_one) {
    std::filesystem::create_directories(path());  // opens, and fails with the first read
    const auto attested = Attested::open(path());
    ASSERT_FALSE(attested);
    EXPECT_NE(attested.error().message.find("cannot read"), std::string::npos);
}

TEST_F(AttestedFile, may_be_named_without_its_directory) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(directory_);
    auto attested = *Attested::open("key.attested");
    const auto verdict = attested.grant(statement(5));
    std::filesystem::current_path(before);
    ASSERT_TRUE(verdict) << verdict.error().message;
    EXPECT_EQ(*verdict, Verdict::granted);
    EXPECT_TRUE(std::filesystem::exists(path()));
}

TEST(attested, of_a_key_of_one_run_is_kept_in_memory) {
    Attested attested;
    EXPECT_EQ(*attested.grant(statement(5)), Verdict::granted);
    EXPECT_EQ(*attested.grant(statement(5, 9)), Verdict::refused);
}

}  // namespace
}  // namespace mega::validator
