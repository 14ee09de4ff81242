#include "staking/evidence_folder.hpp"

#include "staking/test_signed.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace mega::staking {
namespace {

namespace fs = std::filesystem;

class EvidenceFolderTest : public testing::Test {
  protected:
    EvidenceFolderTest()
        : path_(
              fs::path(testing::TempDir()) /
              ("evidence-" + std::to_string(::getpid()) + "-" +
               testing::UnitTest::GetInstance()->current_test_info()->name())
          ) {
        fs::remove_all(path_);
        fs::create_directories(path_);
    }
    ~EvidenceFolderTest() override { fs::remove_all(path_); }

    std::vector<Contradiction> read() {
        return folder_.read_open([this](const std::string& words) { said_.push_back(words); });
    }
    void write(const std::string& name, const std::string& content) {
        std::ofstream(path_ / name) << content;
    }

    fs::path path_;
    EvidenceFolder folder_{path_, 7};
    std::vector<std::string> said_;
    Contradiction two_{
        TwoMiniBlocks{signer(1), mini_block(1, 5, 2, 0, 1), mini_block(1, 5, 3, 0, 2)}
    };
    Contradiction untrue_{attest_falsely(1, 5, 9)};
};

TEST_F(EvidenceFolderTest, gives_back_what_is_not_done) {
    EXPECT_TRUE(read().empty());
    ASSERT_TRUE(folder_.keep(two_));
    ASSERT_TRUE(folder_.keep(untrue_));
    EXPECT_EQ(read().size(), 2U);
    EXPECT_FALSE(folder_.is_done(two_));
    ASSERT_TRUE(folder_.mark_done(two_, "slashed"));
    EXPECT_TRUE(folder_.is_done(two_));
    const auto open = read();
    ASSERT_EQ(open.size(), 1U);
    EXPECT_EQ(evidence_json(open[0]), evidence_json(untrue_));
    EXPECT_TRUE(said_.empty());
}

TEST_F(EvidenceFolderTest, passes_over_what_is_no_evidence_and_says_so) {
    ASSERT_TRUE(folder_.keep(two_));
    const std::string name = folder_.path_of(two_).filename().string();
    fs::rename(path_ / name, path_ / ("equivocation-7-9" + name.substr(14)));  // misnamed
    write("equivocation-7-1-0x00-mini-blocks.json", "not JSON");
    write("equivocation-7-2-0x00-mini-blocks.json", "");
    write(
        "equivocation-7-3-0x00-mini-blocks.json",
        std::string(EvidenceFolder::max_file_bytes + 1, ' ')
    );
    fs::create_directory(path_ / "equivocation-7-4-0x00-mini-blocks.json");
    EXPECT_TRUE(read().empty());
    EXPECT_EQ(said_.size(), 5U);
    for (const std::string& words : said_) {
        EXPECT_NE(words.find("passed over"), std::string::npos) << words;
    }
}

TEST_F(EvidenceFolderTest, leaves_alone_what_is_anothers) {
    write("equivocation-8-1-0x00-mini-blocks.json", "of another chain");
    write("evidence-7-1.json", "of a block");
    write("equivocation-7-1-0x00-mini-blocks.json.new", "unfinished");
    EXPECT_TRUE(read().empty());
    EXPECT_TRUE(said_.empty());
}

TEST_F(EvidenceFolderTest, reads_so_many_and_no_more) {
    for (uint64_t block = 0; block < EvidenceFolder::max_cases + 3; ++block) {
        ASSERT_TRUE(folder_.keep(TwoMiniBlocks{
            signer(1), mini_block(1, block, block, 0, 1), mini_block(1, block, block, 0, 2)
        }));
    }
    EXPECT_EQ(read().size(), EvidenceFolder::max_cases);
    EXPECT_EQ(said_.size(), 1U);
}

TEST_F(EvidenceFolderTest, says_that_a_folder_is_not_there) {
    fs::remove_all(path_);
    EXPECT_TRUE(read().empty());
    EXPECT_EQ(said_.size(), 1U);
    EXPECT_FALSE(folder_.keep(two_));
}

}  // namespace
}  // namespace mega::staking
