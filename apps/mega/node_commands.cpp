#include "commands.hpp"
#include "config_file.hpp"
#include "node/commands.hpp"
#include "node/config.hpp"

#include <algorithm>
#include <memory>

namespace mega::app {

namespace {

template <class T>
CLI::Option* add_key(
    CLI::App& app, const std::string& key, T& value, const std::string& description
) {
    return app.add_option("--" + key, value, description)
        ->envname(environment_name(key))
        ->capture_default_str();
}

CLI::Option* add_switch(
    CLI::App& app, const std::string& key, bool& value, const std::string& description
) {
    return app.add_flag("--" + key, value, description)->envname(environment_name(key));
}

void add_rpc_keys(CLI::App& app, node::Config& config) {
    add_key(app, "rpc-address", config.rpc_address, "Address that HTTP and WebSocket listen on");
    add_key(app, "rpc-port", config.rpc_port, "Port for HTTP and WebSocket; 0 takes any free one");
    add_key(app, "rpc-threads", config.rpc_threads, "Network threads");
    add_key(app, "rpc-workers", config.rpc_workers, "Threads for calls, searches and traces");
    add_key(app, "rpc-max-connections", config.rpc_max_connections, "Connections at a time");
    add_key(app, "rpc-max-body-mib", config.rpc_max_body_mib, "Largest request");
    add_key(app, "cors-origins", config.cors_origins, "Web origins that may call; * is all")
        ->delimiter(',');
}

void add_chain_keys(CLI::App& app, node::Config& config) {
    add_key(app, "block-interval-ms", config.block_interval_ms, "Time between blocks");
    add_key(
        app, "mini-block-interval-ms", config.mini_block_interval_ms, "Time between mini-blocks"
    );
    add_switch(
        app,
        "empty-mini-blocks",
        config.emit_empty_mini_blocks,
        "Emit mini-blocks in which nothing was executed"
    );
    add_key(app, "gas-limit", config.gas_limit, "Gas limit of a block");
    add_key(
        app,
        "execution-threads",
        config.execution_threads,
        "Threads that execute transactions; 1 executes them one after the other"
    );
    add_key(app, "min-base-fee", config.min_base_fee, "Floor of the base fee, wei per gas");
    add_key(
        app, "beneficiary", config.beneficiary, "Address that earns the tips [the sequencer's]"
    );
}

void add_storage_keys(CLI::App& app, node::Config& config) {
    static const std::map<std::string, storage::Durability> durabilities{
        {"sync", storage::Durability::sync}, {"relaxed", storage::Durability::relaxed}
    };
    add_key(app, "data", config.data_directory, "Data directory");
    app.add_option(
           "--durability",
           config.durability,
           "sync: receipts wait for the disk; relaxed: for the system"
    )
        ->transform(CLI::CheckedTransformer(durabilities, CLI::ignore_case))
        ->envname("MEGA_DURABILITY")
        ->default_str("sync");
    add_key(
        app,
        "checkpoint-interval-blocks",
        config.checkpoint_interval_blocks,
        "Blocks between database checkpoints"
    );
    add_key(app, "state-cache-mib", config.state_cache_mib, "Memory for accounts and slots");
    add_key(app, "tree-cache-mib", config.tree_cache_mib, "Memory for state tree nodes");
    add_key(
        app,
        "database-cache-mib",
        config.database_cache_mib,
        "Memory for the database's block cache"
    );
    add_key(
        app, "witness-cache-mib", config.witness_cache_mib, "Memory for the last blocks' witnesses"
    );
    add_key(
        app, "pool-max-transactions", config.pool_max_transactions, "Transactions that may wait"
    );
    add_key(app, "pool-max-mib", config.pool_max_mib, "Their size together");
    add_key(
        app, "pool-max-per-sender", config.pool_max_per_sender, "Waiting transactions of one sender"
    );
    add_key(app, "pool-lifetime-s", config.pool_lifetime_s, "How long a transaction may wait");
}

void add_l1_keys(CLI::App& app, node::L1Config& l1) {
    add_key(app, "l1-depth", l1.depth, "L1 blocks on top of one before its deposits are taken");
    add_key(
        app,
        "batch-max-age-s",
        l1.batch_max_age_s,
        "Post a batch when its first block is so old [60; 4 on a development chain]"
    );
    add_key(
        app,
        "batch-lease-s",
        l1.batch_lease_s,
        "Leave posting so long to another process with the same key [twice batch-max-age-s]"
    );
    add_key(
        app, "batch-target-blobs", l1.batch_target_blobs, "Post a batch when it fills so many blobs"
    );
    add_key(app, "batch-data", l1.batch_data, "auto takes what is cheaper")
        ->check(CLI::IsMember({"auto", "blobs", "calldata"}));
    add_key(
        app,
        "proposal-interval-s",
        l1.proposal_interval_s,
        "Time between claims [600; 5 on a development chain]"
    );
    add_key(
        app,
        "blob-archive",
        l1.blob_archive,
        "Folder that keeps posted blobs [blobs in the data directory]"
    );
}

void add_common_keys(CLI::App& app, node::Config& config) {
    // Read before the rest is parsed: see run_command_line.
    app.add_option("--config", "Read keys from this file (mega.toml)")->envname("MEGA_CONFIG");
    add_rpc_keys(app, config);
    add_chain_keys(app, config);
    add_storage_keys(app, config);
    add_key(app, "log-level", config.log_level, "trace, debug, info, warn, error or off")
        ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));
    add_switch(app, "log-json", config.log_json, "One JSON object a log line");
    add_fault_keys(app, config);
}

void add_dev(CLI::App& root, const std::shared_ptr<node::Config>& shared, int& status) {
    node::Config& config = *shared;
    CLI::App* dev = root.add_subcommand("dev", "Run a development chain with prefunded accounts");
    add_common_keys(*dev, config);
    add_switch(
        *dev, "ephemeral", config.is_ephemeral, "Keep nothing: the data directory is temporary"
    );
    add_key(*dev, "chain-id", config.chain_id, "Chain id");
    add_key(*dev, "mnemonic", config.mnemonic, "Mnemonic of the prefunded accounts");
    add_key(*dev, "accounts", config.accounts, "Prefunded accounts");
    add_key(*dev, "balance", config.balance, "Balance of each, in MEGA");
    add_key(
        *dev, "genesis", config.genesis_file, "geth-format genesis file to add the accounts to"
    );
    dev->add_flag(
        "--no-l1", config.without_l1, "Run the L2 alone, without anvil and the contracts on it"
    );
    add_switch(
        *dev, "no-validator", config.without_validator, "Run no validator process beside the chain"
    );
    add_key(*dev, "l1-port", config.l1.dev_port, "Port of the L1 (anvil); 0 takes any free one");
    add_key(*dev, "l1-block-time-s", config.l1.dev_block_time_s, "Time between L1 blocks");
    add_l1_keys(*dev, config.l1);
    dev->callback([shared, &status] {
        shared->is_development = true;
        status = node::run_node_command(*shared);
    });
}

void add_follow_keys(CLI::App& node, node::Config& config) {
    static const std::map<std::string, replica::Verify> checks{
        {"none", replica::Verify::none},
        {"stateless", replica::Verify::stateless},
        {"full", replica::Verify::full}
    };
    add_key(
        node,
        "follow",
        config.follow,
        "Be a replica of the node with this URL, ws://... or http://...; of the next when it is "
        "lost"
    )
        ->delimiter(',');
    add_key(
        node,
        "sequencer-address",
        config.sequencer_addresses,
        "Take mini-blocks signed by these addresses alone [the first one's signer]"
    )
        ->delimiter(',');
    node.add_option(
            "--verify",
            config.verify,
            "none: signatures, roots, hashes; stateless: each block from its witness, too; full: "
            "execute everything again"
    )
        ->transform(CLI::CheckedTransformer(checks, CLI::ignore_case))
        ->envname("MEGA_VERIFY")
        ->default_str("none");
    add_switch(
        node,
        "dev",
        config.follows_development,
        "What is followed is a development chain (mega dev)"
    );
    node.add_flag("--no-l1", config.without_l1, "--dev: it runs without L1 (mega dev --no-l1)");
    add_key(
        node, "mnemonic", config.mnemonic, "--dev: the mnemonic of its accounts, when not the usual"
    );
    add_key(node, "accounts", config.accounts, "--dev: how many it has prefunded");
    add_key(node, "balance", config.balance, "--dev: the balance of each, in MEGA");
    add_key(node, "chain-id", config.chain_id, "--dev: its chain id, when not the usual");
}

void add_node(CLI::App& root, const std::shared_ptr<node::Config>& shared, int& status) {
    node::Config& config = *shared;
    CLI::App* node = root.add_subcommand("node", "Run a node of a real chain");
    add_common_keys(*node, config);
    add_key(*node, "genesis", config.genesis_file, "geth-format genesis file");
    add_key(*node, "key", config.key_file, "web3 keystore of the sequencer's key");
    add_key(*node, "password-file", config.password_file, "File with the keystore's password");
    add_key(*node, "l1", config.l1.url, "JSON-RPC URL of an L1 node");
    add_key(*node, "l1-beacon", config.l1.beacon_url, "Its consensus API, for blobs [the same]");
    add_key(*node, "rollup", config.l1.rollup_file, "rollup.json of `mega l1 deploy`");
    add_switch(
        *node,
        "from-l1",
        config.l1.only_follows,
        "Make the chain from L1 alone: no --key is wanted, no transaction taken"
    );
    add_key(
        *node, "batcher-key", config.l1.batcher_key_file, "Keystore or key file: posts batches"
    );
    add_key(
        *node, "proposer-key", config.l1.proposer_key_file, "Keystore or key file: claims states"
    );
    add_switch(
        *node, "auto-relay", config.l1.auto_relay, "Prove and finalise everyone's withdrawals"
    );
    add_key(
        *node,
        "peers",
        config.l1.peers,
        "Sequencers that take turns with this one, by stake: 0xOPERATOR=ws://HOST:PORT,..."
    )
        ->delimiter(',');
    add_key(
        *node,
        "silent-mini-blocks",
        config.l1.silent_mini_blocks,
        "Mini-blocks of silence after which the leader counts as gone"
    );
    add_l1_keys(*node, config.l1);
    add_follow_keys(*node, config);
    node->callback([shared, &status] {
        // Only together: a development chain of one's own is mega dev.
        shared->is_development = shared->follows_development && !shared->follow.empty();
        status = node::run_node_command(*shared);
    });
}

}  // namespace

void add_account_command(CLI::App& root, int& status) {
    const auto shared = std::make_shared<node::AccountCommand>();
    node::AccountCommand& options = *shared;
    CLI::App* account = root.add_subcommand("account", "Make and inspect sequencer keys");
    account->require_subcommand(1);
    CLI::App* make = account->add_subcommand("new", "Write a new web3 keystore");
    make->add_option("file", options.file, "Where to write it; must not exist")->required();
    make->add_option("--password-file", options.password_file, "File with the password")
        ->required();
    make->callback([shared, &status] { status = node::run_account_new(*shared); });
    CLI::App* show = account->add_subcommand("show", "Print a keystore's address");
    show->add_option("file", options.file, "The keystore")->required();
    show->add_option("--password-file", options.password_file, "File with the password")
        ->required();
    show->callback([shared, &status] { status = node::run_account_show(*shared); });
}

void add_node_commands(CLI::App& root, int& status) {
    // One object for both: only one of them is run, and a key means the same in each.
    const auto config = std::make_shared<node::Config>();
    add_dev(root, config, status);
    add_node(root, config, status);
}

}  // namespace mega::app
