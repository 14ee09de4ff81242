#include "rpc/execution_report.hpp"

#include "base/hex.hpp"
#include "rpc/block_id.hpp"
#include "rpc/execution_error.hpp"
#include "rpc/methods.hpp"

namespace mega::rpc {

using nlohmann::json;
using nlohmann::ordered_json;

ordered_json execution_json(const parallel::Report& report) {
    ordered_json aborts = ordered_json::array();
    for (const parallel::Abort& abort : report.first_aborts) {
        ordered_json one{{"transaction", abort.tx}};
        if (abort.writer) {
            one["writer"] = *abort.writer;
        }
        one["address"] = to_hex(abort.address);
        if (abort.slot) {
            one["slot"] = to_hex_quantity(*abort.slot);
        }
        aborts.push_back(std::move(one));
    }
    return {
        {"threads", report.threads},
        {"transactions", report.transactions},
        {"executions", report.executions},
        {"aborts", report.aborts},
        {"first_aborts", std::move(aborts)},
        {"native_transfers", report.native_transfers},
        {"tracked_executions", report.tracked_executions},
        {"sequential_transactions", report.sequential_transactions},
        {"rounds", report.rounds},
        {"lessons", report.lessons},
        {"foreseen_parallelism", report.foreseen_parallelism},
        {"parallelism", report.parallelism},
        {"wall_ns", report.wall_ns},
        {"cpu_ns", report.cpu_ns},
        {"analysis_ns", report.analysis_ns},
        {"transfers_ns", report.transfers_ns},
        {"rounds_ns", report.rounds_ns},
        {"sequential_ns", report.sequential_ns},
    };
}

namespace {

Answer execution_report(const Backend& backend, const json& params) {
    const auto id = read_block_id(param(params, 0), "block");
    if (!id) {
        return Err{id.error()};
    }
    const auto number = number_of(backend.reader, *id);
    if (!number) {
        return Err{number.error()};
    }
    const auto* reports = backend.intake.execution_reports();
    if (reports == nullptr) {
        return fail(resource_not_found, "this node executes nothing: ask the one that it follows");
    }
    const auto block = reports->of(*number);
    if (!block) {
        return fail(
            resource_not_found,
            "no execution report of block " + std::to_string(*number) +
                ": kept are those of the last " +
                std::to_string(sequencer::ExecutionReports::kept_blocks) +
                " blocks that this process executed"
        );
    }
    ordered_json out{
        {"block_number", block->block_number},
        {"refused", block->refused},
        {"parallel_batches", block->parallel_batches},
        {"sequential_batches", block->sequential_batches},
    };
    out.update(execution_json(block->report));
    return out.dump();
}

}  // namespace

void add_execution_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add_slow("mega_getExecutionReport", [&backend](const json& params) {
        return execution_report(backend, params);
    });
}

}  // namespace mega::rpc
