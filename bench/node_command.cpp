#include "bench/node_command.hpp"

namespace mega::bench {

std::filesystem::path this_program() {
    std::error_code error;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
    return error ? "/proc/self/exe" : path;
}

NodeProcess::Command dev_node(
    const NodeBenchOptions& options,
    const std::filesystem::path& data,
    std::vector<std::string> more
) {
    NodeProcess::Command command;
    command.program = options.binary.empty() ? this_program() : options.binary;
    command.port = free_port();
    command.output = data.string() + ".out";
    command.arguments = {
        "dev",
        "--no-l1",
        "--durability",
        "sync",
        "--rpc-port",
        std::to_string(command.port),
        "--data",
        data.string(),
        "--log-level",
        "warn",
    };
    command.arguments.insert(command.arguments.end(), more.begin(), more.end());
    return command;
}

NodeProcess::Command anvil_node(
    const NodeBenchOptions& options, const std::filesystem::path& directory
) {
    NodeProcess::Command command;
    command.program = options.anvil;
    command.port = free_port();
    command.output = directory / "anvil.out";
    command.arguments = {
        "--silent",
        "--prune-history",
        "--port",
        std::to_string(command.port),
        "--chain-id",
        std::to_string(dev_chain_id),
    };
    return command;
}

}  // namespace mega::bench
