#pragma once

// Watches what validators sign at several nodes, and brings those who contradict themselves before
// the Slasher on L1, for a part of what they lose.
//
//   a thread a node   mini-blocks as they come, attestations of each block, equivocations and false
//                     attestations that the node has seen   -> ledger (ledger.hpp)
//   reporter          what is signed against the batches on L1 (batch_check.hpp)
//                     evidence file -> the batch that dates it is on L1 -> transaction
//                     (reporter.hpp)
//
// Nodes are not believed: what counts are signatures of keys that are registered on L1.

#include "crypto/secp256k1.hpp"
#include "settlement/l1_client.hpp"
#include "settlement/rollup_file.hpp"

#include <filesystem>
#include <functional>
#include <memory>

namespace mega::staking {

struct WatchOptions {
    std::vector<std::string> urls;  // of nodes; http or ws
    settlement::L1ClientOptions l1;
    settlement::RollupFile rollup;
    crypto::SecretKey reporter_key;
    std::filesystem::path evidence_directory;
    std::function<void(const std::string&)> log;
};

class Watch {
  public:
    /// Fails on options, not on nodes or an L1 that are away.
    [[nodiscard]] static Result<std::unique_ptr<Watch>> start(WatchOptions options);
    /// Stops and joins.
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

  private:
    struct Impl;
    explicit Watch(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::staking
