#pragma once

// A running node: opens the data directory, recovers the chain, starts sequencer and RPC. The only
// place where the parts know of each other.

#include "node/config.hpp"
#include "node/dev_accounts.hpp"
#include "types/block.hpp"

#include <memory>

namespace mega::node {

struct NodeInfo {
    uint64_t chain_id = 0;
    Hash256 genesis_hash;
    std::optional<Address> sequencer;    // unknown to a replica that was not told
    uint64_t block_number = 0;           // last sealed at start
    uint64_t replayed_transactions = 0;  // out of the log
    uint16_t rpc_port = 0;
    std::vector<DevAccount> accounts;   // of a development chain
    std::vector<std::string> warnings;  // what the operator should read
};

class Node {
  public:
    /// Serves when it returns.
    [[nodiscard]] static Result<std::unique_ptr<Node>> start(const Config& config);
    /// Stops gracefully: answers what is under way, makes everything durable.
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    [[nodiscard]] const NodeInfo& info() const;
    /// As it is in effect: the data directory of an ephemeral chain is filled in.
    [[nodiscard]] const Config& config() const;
    /// Words when something failed for good and the node should end.
    [[nodiscard]] std::optional<std::string> failure() const;
    /// Of a node that failed.
    [[nodiscard]] int exit_status() const;

    struct Impl;

  private:
    explicit Node(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::node
