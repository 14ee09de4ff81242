#include "commands.hpp"
#include "node/commands.hpp"

#include <memory>

namespace mega::app {
namespace {

void add_export(
    CLI::App& snapshot, const std::shared_ptr<node::SnapshotCommand>& shared, int& status
) {
    CLI::App* command = snapshot.add_subcommand(
        "export", "Write the state of a stopped node's last checkpoint into a file"
    );
    command->add_option("file", shared->file, "Where to write it; must not exist")->required();
    command->add_option("--data", shared->data_directory, "Data directory")->capture_default_str();
    command->callback([shared, &status] { status = node::run_snapshot_export(*shared); });
}

void add_import(
    CLI::App& snapshot, const std::shared_ptr<node::SnapshotCommand>& shared, int& status
) {
    CLI::App* command = snapshot.add_subcommand(
        "import", "Make a data directory from a file, for mega node --follow to go on from"
    );
    command->add_option("file", shared->file, "The snapshot")->required();
    command->add_option("--data", shared->data_directory, "Data directory; must hold no chain")
        ->capture_default_str();
    auto* root = command->add_option(
        "--state-root", shared->state_root, "The state root that all of it must hash to"
    );
    auto* block = command->add_option(
        "--trusted-block", shared->trusted_block, "The hash of the block whose state it must be"
    );
    command->add_option("--tree-cache-mib", shared->tree_cache_mib, "Memory for state tree nodes")
        ->check(CLI::Range(1, 1 << 20))
        ->capture_default_str();
    command->callback([shared, root, block, &status] {
        if (root->count() + block->count() == 0) {
            throw CLI::RequiredError("one of --state-root and --trusted-block");
        }
        status = node::run_snapshot_import(*shared);
    });
}

}  // namespace

void add_snapshot_command(CLI::App& root, int& status) {
    const auto shared = std::make_shared<node::SnapshotCommand>();
    CLI::App* snapshot = root.add_subcommand("snapshot", "Carry a chain's state in one file");
    snapshot->require_subcommand(1);
    add_export(*snapshot, shared, status);
    add_import(*snapshot, shared, status);
}

}  // namespace mega::app
