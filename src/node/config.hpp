#pragma once

// Everything a node can be told. Each key is a flag (--block-interval-ms), a line of mega.toml
// (block-interval-ms = 1000) and an environment variable (MEGA_BLOCK_INTERVAL_MS); flags win over
// the environment, the environment over the file.

#include "replica/replica.hpp"
#include "storage/write_ahead_log.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace mega::sequencer {
class SealFault;
}

namespace mega::node {

/// One a core.
[[nodiscard]] uint32_t default_execution_threads();

/// The node's side of L1.
struct L1Config {
    std::string url;                    // JSON-RPC of an L1 node; empty: a chain without L1
    std::string beacon_url;             // its consensus side, for blobs; the same when empty
    std::filesystem::path rollup_file;  // rollup.json of `mega l1 deploy`
    /// web3 keystores (password-file opens them, too) or files with 64 hex digits.
    std::filesystem::path batcher_key_file;
    std::filesystem::path proposer_key_file;
    bool auto_relay = false;  // prove and finalise everyone's withdrawals
    /// The chain is made from L1 alone: no transaction is taken, no key is needed.
    bool only_follows = false;
    uint64_t depth = 0;  // L1 blocks on top of one before its deposits are taken

    /// The other sequencers that take turns with this one: 0xOPERATOR=ws://HOST:PORT each. None:
    /// this one alone makes the chain.
    std::vector<std::string> peers;
    uint32_t silent_mini_blocks = 50;  // after which a leader counts as gone

    std::optional<uint64_t> batch_max_age_s;  // absent: 60, on a development chain 4
    std::optional<uint64_t> batch_lease_s;    // absent: twice that
    uint32_t batch_target_blobs = 6;
    std::string batch_data = "auto";              // auto, blobs or calldata
    std::optional<uint64_t> proposal_interval_s;  // absent: 600, on a development chain 5
    std::filesystem::path blob_archive;           // absent: blobs in the data directory

    // Of a development chain's anvil.
    uint16_t dev_port = 8546;  // 0 takes any free one
    uint64_t dev_block_time_s = 1;
};

struct Config {
    /// A development chain: prefunded public accounts, dev methods, relaxed fees. Never for real
    /// money.
    bool is_development = false;
    /// No L1 beside the development chain.
    bool without_l1 = false;
    /// No validator process beside the development chain.
    bool without_validator = false;
    L1Config l1;

    std::filesystem::path data_directory = "data";
    /// The data directory is temporary and removed at the end.
    bool is_ephemeral = false;
    /// geth-format genesis file; a development chain makes its own.
    std::filesystem::path genesis_file;
    std::filesystem::path key_file;       // web3 keystore of the sequencer's key
    std::filesystem::path password_file;  // its password

    /// A replica: URLs of nodes whose chain it follows, one at a time. None: it makes the chain
    /// itself.
    std::vector<std::string> follow;
    std::vector<std::string> sequencer_addresses;  // whose mini-blocks it takes; none: the first's
    replica::Verify verify = replica::Verify::none;
    bool follows_development = false;

    std::string rpc_address = "127.0.0.1";
    uint16_t rpc_port = 8545;
    uint32_t rpc_threads = 1;
    uint32_t rpc_workers = 2;
    uint64_t rpc_max_connections = 16'000;
    uint64_t rpc_max_body_mib = 5;
    std::vector<std::string> cors_origins = {"*"};

    uint64_t chain_id = 0;  // of a development chain; otherwise the genesis file's
    uint32_t block_interval_ms = 1000;
    uint32_t mini_block_interval_ms = 10;
    bool emit_empty_mini_blocks = false;
    uint64_t gas_limit = 1'000'000'000;
    uint32_t execution_threads = default_execution_threads();  // 1: one after the other
    uint64_t min_base_fee = 1'000'000;                         // wei per gas
    std::string beneficiary;  // where tips go; the sequencer's address when empty

    storage::Durability durability = storage::Durability::sync;
    uint32_t checkpoint_interval_blocks = 10;
    uint64_t state_cache_mib = 512;
    uint64_t tree_cache_mib = 512;
    uint64_t database_cache_mib = 256;
    uint64_t witness_cache_mib = 32;  // of the last blocks, for validators

    uint64_t pool_max_transactions = 200'000;
    uint64_t pool_max_mib = 256;
    uint64_t pool_max_per_sender = 4096;
    uint64_t pool_lifetime_s = 3 * 3600;

    std::string mnemonic;       // of the prefunded accounts of a development chain
    uint32_t accounts = 10;     // how many
    uint64_t balance = 10'000;  // of each, in whole MEGA

    std::string log_level = "info";
    bool log_json = false;

    /// No key: set by the test program alone (apps/mega_faulty). Must outlive the node.
    sequencer::SealFault* seal_fault = nullptr;

    /// Its genesis holds the L2's side of what is deployed on L1: a replica's, too.
    [[nodiscard]] bool has_dev_l1_genesis() const { return is_development && !without_l1; }
    /// This process runs the L1.
    [[nodiscard]] bool has_dev_l1() const { return has_dev_l1_genesis() && follow.empty(); }
};

/// Words when a value cannot be, naming the key.
[[nodiscard]] std::optional<std::string> problem_of(const Config& config);

}  // namespace mega::node
