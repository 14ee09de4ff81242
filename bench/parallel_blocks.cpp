#include "bench/parallel_workloads.hpp"
#include "ethereum/block_transition.hpp"
#include "replay/file_source.hpp"

#include <fmt/format.h>

namespace mega::bench {
namespace {

/// A block's state with its system calls done.
struct Start {
    std::shared_ptr<replay::ReplayState> state;
    state::Overlay overlay{*state};
};

Workload workload_of(const replay::ChainRules& rules, replay::ReplayBlock&& block) {
    Workload workload;
    workload.name = fmt::format("block {}", block.header.number);
    workload.env =
        ethereum::block_env(rules.config, replay::fork_of(rules, block.header), block.header);
    auto start = std::make_shared<Start>(std::move(block.state));
    evm::Vm vm;
    start->overlay.apply(execution::begin_block(vm, start->overlay, workload.env, block.header));
    workload.view = {start, &start->overlay};
    workload.transactions = std::move(block.transactions);
    return workload;
}

}  // namespace

Result<std::vector<Workload>> recorded_blocks(const std::filesystem::path& path) {
    auto sources = replay::open_path(path);
    if (!sources) {
        return Err{sources.error()};
    }
    std::vector<Workload> workloads;
    for (const auto& source : *sources) {
        for (size_t i = 0; i < source->size(); ++i) {
            auto block = source->load(i);
            if (!block) {
                return Err{Error{source->name(i) + ": " + block.error().message}};
            }
            if (!block->transactions.empty()) {
                workloads.push_back(workload_of(source->rules(), *std::move(block)));
            }
        }
    }
    return workloads;
}

}  // namespace mega::bench
