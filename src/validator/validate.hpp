#pragma once

// What `mega validate` does. Each returns the exit status and writes its own words.

#include "validator/anchor.hpp"
#include "validator/attest_fault.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mega::validator {

struct ValidateOptions {
    std::vector<std::string> urls;  // of nodes of one chain: the next when one is lost
    std::string trusted_block;      // hash
    std::string trust_reason = "because you do";
    std::optional<Anchor> anchor;  // Trust
    std::string trusted_root;      // state root
    std::string trusted_number;
    uint64_t chain_id = 0;              // the endpoint's when 0
    uint64_t min_base_fee = 1'000'000;  // as the chain's
    bool is_development = false;        // the looser rules of development chains
    std::string shard = "0/1";
    std::string key_file;  // empty: a key for this run
    std::string status_address = "127.0.0.1";
    int status_port = -1;  // none
    std::string evidence_directory = ".";
    uint64_t blocks = 0;
    uint32_t timeout_ms = 10'000;
    uint32_t retry_ms = 60'000;
    uint64_t code_cache_mib = 8;
    uint64_t max_answer_mib = 64;
    bool as_json = false;
    bool is_silent = false;              // tells the endpoint nothing
    std::vector<std::string> report_to;  // URLs of others that learn of a mismatch
    AttestFault* fault = nullptr;        // of test programs alone
};

/// Until SIGINT or SIGTERM, the number of blocks, a mismatch (status 3), or the endpoint's end (1).
int run_validate(const ValidateOptions& options);
/// Turns an evidence file into words. 0 when it shows a fault, 1 otherwise.
int run_explain(const std::string& path);

}  // namespace mega::validator
