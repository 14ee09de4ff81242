#pragma once

// What the subcommands do. Each returns the exit status and writes its own words.

#include "node/config.hpp"

namespace mega::node {

/// `mega dev` and `mega node`: runs until SIGINT or SIGTERM.
int run_node_command(const Config& config);

struct AccountCommand {
    std::filesystem::path file;
    std::filesystem::path password_file;
};
int run_account_new(const AccountCommand& command);
int run_account_show(const AccountCommand& command);

struct SnapshotCommand {
    std::filesystem::path file;
    std::filesystem::path data_directory = "data";
    std::string state_root;  // import: one of these two
    std::string trusted_block;
    uint64_t tree_cache_mib = 256;
};
int run_snapshot_export(const SnapshotCommand& command);
int run_snapshot_import(const SnapshotCommand& command);

/// `mega l1 deploy`: may be run again with the same arguments after any failure.
struct L1DeployCommand {
    std::string l1_url;
    std::filesystem::path key_file;  // of the deployer, who pays
    std::filesystem::path password_file;
    std::filesystem::path config_file;
    std::filesystem::path genesis_file;  // what L2 starts with, in geth's format; may be empty
    std::filesystem::path out_directory;
    uint64_t confirmations = 1;
};
int run_l1_deploy(const L1DeployCommand& command);

/// Where the two layers are, and who acts.
struct LayersOptions {
    std::string l1_url = "http://127.0.0.1:8546";
    std::string l2_url = "http://127.0.0.1:8545";
    std::filesystem::path rollup_file = "data/l1/rollup.json";
    std::filesystem::path key_file;
    std::filesystem::path password_file;
    std::optional<uint32_t> account;  // of the test mnemonic, instead of a key
};

/// `mega bridge deposit|withdraw|status`.
struct BridgeCommand {
    enum class Kind : uint8_t { deposit, withdraw, status };
    Kind kind = Kind::status;
    LayersOptions layers;
    std::string amount;       // in MEGA
    std::string to;           // the sender's own address when empty
    std::string transaction;  // of status
    bool returns_at_once = false;
};
int run_bridge(const BridgeCommand& command);

/// `mega swap offer|accept|claim|refund|status`.
struct SwapCommand {
    enum class Kind : uint8_t { offer, accept, claim, refund, status };
    Kind kind = Kind::status;
    LayersOptions layers;
    std::filesystem::path file;  // the terms, which both sides hold
    // Of an offer:
    std::string give_on = "l1";  // the other leg is on the other layer
    std::string give;            // amounts, in units of 10^18
    std::string want;
    std::string give_token;  // addresses; empty: ether on L1, MEGA on L2
    std::string want_token;
    std::string to;  // who may accept
    uint64_t minutes = 120;
    uint64_t margin_s = 600;             // least time that each side must have to react
    std::string finality = "finalized";  // of the other side's lock, before one relies on it
};
int run_swap(const SwapCommand& command);

/// `mega staking register|delegate|undelegate|withdraw|retire|show|report|claim`.
struct StakingCommand {
    enum class Kind : uint8_t {
        register_validator,
        delegate,
        undelegate,
        withdraw,
        retire,
        show,
        report,
        claim,
    };
    Kind kind = Kind::show;
    LayersOptions layers;
    uint32_t validator = 0;
    std::string amount = "all";  // in MEGA
    // Of register:
    std::filesystem::path bls_key_file;
    std::filesystem::path signer_key_file;
    std::filesystem::path signer_password_file;
    uint64_t commission_bps = 0;
    uint32_t outbid = 0;
    std::optional<uint64_t> epoch;
    std::string to;         // of claim
    bool proposes = false;  // of report, as the next
    bool objects = false;
    bool is_json = false;
};
int run_staking(const StakingCommand& command);

/// `mega gov propose|vote|queue|execute|push|delegate|show`.
struct GovCommand {
    enum class Kind : uint8_t { propose, vote, queue, execute, push, delegate, show };
    Kind kind = Kind::show;
    LayersOptions layers;
    std::string proposal;  // number or id
    // Of propose:
    std::vector<std::string> settings;  // NAME=VALUE
    std::vector<std::string> targets;
    std::vector<std::string> calldatas;
    std::optional<uint64_t> skip_rewards;  // up to this epoch
    std::string description;
    // Of vote:
    bool is_for = false;
    bool is_against = false;
    bool abstains = false;
    std::string to;  // of delegate; empty: oneself
    bool is_json = false;
};
int run_gov(const GovCommand& command);

}  // namespace mega::node
