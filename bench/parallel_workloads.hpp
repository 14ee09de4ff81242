#pragma once

// What `mega bench parallel` executes, made from a seed: the same seed gives the same transactions.

#include "bench/parallel_world.hpp"

#include <memory>

namespace mega::bench {

/// How much of a workload can run side by side.
enum class Nature : uint8_t { independent, mixed, dependent };

struct Workload {
    std::string name;
    Nature nature = Nature::mixed;
    std::shared_ptr<const state::StateView> view;  // with whatever it rests on
    execution::BlockEnv env;
    std::vector<SignedTransaction> transactions;  // signed, with their senders
};

struct WorkloadSize {
    size_t transfers = 20'000;  // transactions of workloads of plain transfers
    size_t calls = 5'000;       // of those that call tokens
    size_t swaps = 2'000;       // of those that call pools
    uint64_t seed = 1;
};

using WorkloadMaker = std::function<Workload()>;
struct NamedWorkload {
    std::string name;
    WorkloadMaker make;
};
/// `contracts` must outlive what is returned.
[[nodiscard]] std::vector<NamedWorkload> synthetic_workloads(
    const Contracts& contracts, const WorkloadSize& size
);
/// The transactions of recorded Ethereum blocks (a path as `mega replay` takes it), each a
/// workload: what comes before and after them in a block is left out.
[[nodiscard]] Result<std::vector<Workload>> recorded_blocks(const std::filesystem::path& path);

}  // namespace mega::bench
