#include "parallel/dependencies.hpp"

#include "parallel/test_programs.hpp"

#include <gtest/gtest.h>

namespace mega::parallel {
namespace {

using test::address_of;
using test::Scenario;

const Address oracle = address_of(0x04ac1e);
const Address reader = address_of(0x4ead);

/// What a record of an execution says that wrote these slots of a contract.
Record writing(const Address& address, std::initializer_list<uint64_t> slots) {
    Record record;
    record.result.gas_used = 50'000;
    for (const uint64_t slot : slots) {
        record.slot_writes.emplace_back().change = {address, u256{slot}, u256{}, u256{1}};
    }
    return record;
}

class DependencyGraphTest : public testing::Test {
  protected:
    /// Each by a sender of its own.
    void call(const Address& to) { scenario_.call(address_of(0x100 + ++senders_), to, {}); }
    void analyse(bool lets_sums_run = false) {
        graph_.analyse(scenario_.transactions, profiles_, current_fork, lets_sums_run);
    }
    [[nodiscard]] std::vector<uint32_t> dependants(uint32_t tx) const {
        std::vector<uint32_t> found;
        graph_.visit_dependants(tx, [&](uint32_t dependant) { found.push_back(dependant); });
        return found;
    }
    void learn(const Address& to, const Record& record, int times = 4) {
        SignedTransaction tx;
        tx.tx.to = to;
        for (int i = 0; i < times; ++i) {
            profiles_.learn(tx, record);
        }
    }

    Scenario scenario_;
    Profiles profiles_;
    DependencyGraph graph_;
    uint64_t senders_ = 0;
};

/// What is known takes what it took; what is not may take all that it pays for.
TEST_F(DependencyGraphTest, AnUnknownCallReachesItsGasLimit) {
    learn(oracle, writing(oracle, {1}));
    scenario_.call(address_of(0x77), oracle, Bytes(4));
    scenario_.call(address_of(0x78), reader, Bytes(4));
    scenario_.add(address_of(0x79), reader, 1);
    for (SignedTransaction& tx : scenario_.transactions) {
        tx.tx.gas_limit = tx.tx.data.empty() ? 21'000 : 30'000'000;
    }
    analyse();
    EXPECT_EQ(graph_.reach(0), graph_.weight(0));
    EXPECT_LT(graph_.reach(0), 1'000'000U);
    EXPECT_EQ(graph_.reach(1), 30'000'000U);
    EXPECT_LT(graph_.weight(1), 1'000'000U);
    EXPECT_EQ(graph_.reach(2), graph_.weight(2));
}

TEST_F(DependencyGraphTest, WritersOfOnePlaceFollowEachOther) {
    learn(oracle, writing(oracle, {1}));
    call(oracle);
    call(reader);
    call(oracle);
    analyse();
    EXPECT_EQ(dependants(0), std::vector<uint32_t>{2});
    EXPECT_EQ(graph_.predecessors(1), 0U);
}

TEST_F(DependencyGraphTest, WhoWasRepeatedForAPlaceWaitsForItsWriter) {
    learn(oracle, writing(oracle, {1}));
    Record repeated = writing(reader, {9});
    repeated.conflict_before = SlotKey{oracle, 1};
    learn(reader, repeated);
    call(reader);
    call(oracle);
    call(reader);
    call(reader);
    call(oracle);
    analyse();
    EXPECT_EQ(graph_.predecessors(0), 0U);
    // Both readers wait for the writer before them, among other places of theirs; the next writer
    // waits for no reader.
    const auto after_oracle = dependants(1);
    EXPECT_TRUE(std::ranges::find(after_oracle, 2U) != after_oracle.end());
    EXPECT_TRUE(std::ranges::find(after_oracle, 3U) != after_oracle.end());
    EXPECT_TRUE(std::ranges::find(after_oracle, 4U) != after_oracle.end());
    EXPECT_EQ(graph_.predecessors(4), 1U);
}

TEST_F(DependencyGraphTest, AnAccessListSaysWhatAnUnknownCallReads) {
    learn(oracle, writing(oracle, {1}));
    call(oracle);
    call(reader);
    call(reader);
    scenario_.transactions[2].tx.access_list = {{oracle, {u256{1}.to_hash()}}};
    analyse();
    EXPECT_EQ(graph_.predecessors(1), 0U);
    EXPECT_EQ(dependants(0), std::vector<uint32_t>{2});
}

TEST_F(DependencyGraphTest, WhoOnlyAddsWaitsForNobodyWhereThatIsWanted) {
    Record adding = writing(oracle, {1});
    adding.is_tracked = true;
    adding.slot_writes.front().is_sum = true;
    learn(oracle, adding);
    call(oracle);
    call(oracle);
    analyse(true);
    EXPECT_EQ(graph_.predecessors(1), 0U);
    EXPECT_TRUE(graph_.tracks_origins(1));
    analyse(false);
    EXPECT_EQ(graph_.predecessors(1), 1U);
    EXPECT_FALSE(graph_.tracks_origins(1));
    // Until it turns out that it does something else.
    learn(
        oracle,
        [] {
            Record setting = writing(oracle, {1});
            setting.is_tracked = true;
            return setting;
        }(),
        20
    );
    analyse(true);
    EXPECT_EQ(graph_.predecessors(1), 1U);
}

}  // namespace
}  // namespace mega::parallel
