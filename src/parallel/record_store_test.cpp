#include "parallel/record_store.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mega::parallel {
namespace {

TEST(record_store, gives_what_came_back_last) {
    RecordStore store;
    RecordShelf shelf;
    Record* const first = store.take(shelf);
    Record* const second = store.take(shelf);
    EXPECT_NE(first, second);
    store.give_back(shelf, first);
    store.give_back(shelf, second);
    EXPECT_EQ(store.take(shelf), second);
    EXPECT_EQ(store.take(shelf), first);
    EXPECT_EQ(store.size(), 2U);
}

// One worker executes, another one commits: what idles there comes back.
TEST(record_store, records_go_round_between_shelves) {
    constexpr size_t window = 128;
    RecordStore store;
    RecordShelf executes;
    RecordShelf commits;
    std::deque<Record*> in_flight;
    for (int i = 0; i < 10'000; ++i) {
        in_flight.push_back(store.take(executes));
        if (in_flight.size() == window) {
            store.give_back(commits, in_flight.front());
            in_flight.pop_front();
        }
    }
    EXPECT_EQ(std::set<Record*>(in_flight.begin(), in_flight.end()).size(), in_flight.size());
    EXPECT_LE(store.size(), window + 2 * RecordStore::most_idle);
}

TEST(record_store, a_full_shelf_passes_on_its_older_half) {
    RecordStore store;
    RecordShelf shelf;
    RecordShelf other;
    std::vector<Record*> records;
    for (size_t i = 0; i <= RecordStore::most_idle; ++i) {
        records.push_back(store.take(shelf));
    }
    for (Record* const record : records) {
        store.give_back(shelf, record);
    }
    const auto half = records.begin() + RecordStore::most_idle / 2;
    const std::set<Record*> older(records.begin(), half);
    EXPECT_TRUE(older.contains(store.take(other)));
    EXPECT_EQ(store.take(shelf), records.back());
    EXPECT_EQ(store.size(), records.size());
}

TEST(record, lets_go_of_what_only_a_large_transaction_needs) {
    Record record;
    record.slot_reads.resize(Record::most_kept);
    record.account_writes.resize(Record::most_kept + 1);
    record.trim();
    EXPECT_EQ(record.slot_reads.capacity(), Record::most_kept);
    EXPECT_EQ(record.account_writes.capacity(), 0U);
}

}  // namespace
}  // namespace mega::parallel
