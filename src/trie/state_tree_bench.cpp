// Updates of random accounts and the root after them, on a tree that is fully in memory; and
// building one from nothing.

#include "trie/ordered_root.hpp"
#include "trie/state_tree.hpp"
#include "trie/threaded_jobs_test.hpp"
#include "trie/tree_test_support.hpp"

#include <benchmark/benchmark.h>

namespace mega::trie {

namespace {

using namespace test;

std::vector<AccountUpdate> fresh_accounts(Random& random, size_t count) {
    std::vector<AccountUpdate> updates;
    updates.reserve(count);
    for (size_t i = 0; i < count; ++i) {
        Account account;
        account.nonce = below(random, 1000);
        account.balance = u256{random()} * u256{1000};
        updates.push_back({random_hash(random), account, false, {}});
    }
    std::sort(updates.begin(), updates.end(), [](const auto& a, const auto& b) {
        return a.hashed_address < b.hashed_address;
    });
    return updates;
}

/// A batch of distinct accounts of `all` with other balances.
std::vector<AccountUpdate> touch(
    Random& random, const std::vector<AccountUpdate>& all, size_t count
) {
    std::vector<size_t> picked;
    while (picked.size() < count) {
        while (picked.size() < count) {
            picked.push_back(below(random, all.size()));
        }
        std::sort(picked.begin(), picked.end());
        picked.erase(std::unique(picked.begin(), picked.end()), picked.end());
    }
    std::vector<AccountUpdate> updates;
    for (const size_t i : picked) {
        updates.push_back(all[i]);
        updates.back().account->balance += u256{1 + below(random, 1000)};
    }
    return updates;
}

const MapStore& no_nodes() {
    static const MapStore store;
    return store;
}

void update_accounts(benchmark::State& state) {
    Random random(1);
    const auto all = fresh_accounts(random, static_cast<size_t>(state.range(0)));
    ThreadedJobs jobs(static_cast<size_t>(state.range(2)));
    StateTree tree(no_nodes(), empty_trie_root);
    tree.lend(&jobs);
    if (!tree.apply(all)) {
        state.SkipWithError("a node is missing");
        return;
    }
    benchmark::DoNotOptimize(tree.root());
    std::vector<std::vector<AccountUpdate>> batches;
    for (int i = 0; i < 16; ++i) {
        batches.push_back(touch(random, all, static_cast<size_t>(state.range(1))));
    }
    size_t round = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(tree.apply(batches[round++ % batches.size()]).has_value());
        benchmark::DoNotOptimize(tree.root());
    }
    state.SetItemsProcessed(state.iterations() * state.range(1));
}
BENCHMARK(update_accounts)
    ->ArgNames({"accounts", "updates", "threads"})
    ->Args({100'000, 1'000, 1})
    ->Args({100'000, 10'000, 1})
    ->Args({100'000, 10'000, 2})
    ->Args({1'000'000, 1'000, 1})
    ->Args({1'000'000, 10'000, 1})
    ->Args({1'000'000, 10'000, 2})
    ->Args({1'000'000, 100'000, 1})
    ->Args({1'000'000, 100'000, 2})
    ->Unit(benchmark::kMicrosecond);

/// Each update writes slots of a contract: the storage tries of `contracts` accounts.
void update_slots(benchmark::State& state) {
    Random random(2);
    auto contracts = fresh_accounts(random, 100);
    std::vector<Hash256> slots;
    for (int i = 0; i < 1000; ++i) {
        slots.push_back(random_hash(random));
    }
    std::sort(slots.begin(), slots.end());
    for (AccountUpdate& contract : contracts) {
        for (const Hash256& slot : slots) {
            contract.slots.push_back({slot, u256{random()}});
        }
    }
    StateTree tree(no_nodes(), empty_trie_root);
    if (!tree.apply(contracts)) {
        state.SkipWithError("a node is missing");
        return;
    }
    for (AccountUpdate& contract : contracts) {
        contract.slots.clear();
        for (const Hash256& slot : pick(random, slots, 10)) {
            contract.slots.push_back({slot, 0});
        }
    }
    int64_t items = 0;
    uint64_t value = 1;
    for (auto _ : state) {
        ++value;
        for (AccountUpdate& contract : contracts) {
            for (SlotUpdate& slot : contract.slots) {
                slot.value = value;
            }
            items += static_cast<int64_t>(contract.slots.size());
        }
        benchmark::DoNotOptimize(tree.apply(contracts).has_value());
        benchmark::DoNotOptimize(tree.root());
    }
    state.SetItemsProcessed(items);
}
BENCHMARK(update_slots)->Unit(benchmark::kMicrosecond);

void build_from_nothing(benchmark::State& state) {
    Random random(3);
    const auto all = fresh_accounts(random, static_cast<size_t>(state.range(0)));
    for (auto _ : state) {
        StateTree tree(no_nodes(), empty_trie_root);
        benchmark::DoNotOptimize(tree.apply(all).has_value());
        benchmark::DoNotOptimize(tree.root());
        state.counters["bytes_per_account"] =
            static_cast<double>(tree.memory_bytes()) / static_cast<double>(all.size());
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(build_from_nothing)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

void root_of_receipts(benchmark::State& state) {
    const std::vector<Bytes> values(static_cast<size_t>(state.range(0)), Bytes(300, 1));
    for (auto _ : state) {
        benchmark::DoNotOptimize(ordered_root(values));
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(root_of_receipts)->Arg(200)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace

}  // namespace mega::trie
