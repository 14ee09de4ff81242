#include "validator/status.hpp"

#include "base/hex.hpp"

#include <fmt/format.h>
#include <unistd.h>
#include <fstream>
#include <nlohmann/json.hpp>

namespace mega::validator {

void Status::attested(const attestation::Attestation& attestation) {
    const std::lock_guard lock(mutex_);
    attestations_.push_back(attestation);
    if (attestations_.size() > max_attestations) {
        attestations_.pop_front();
    }
}

Progress Status::progress() const {
    const std::lock_guard lock(mutex_);
    return progress_;
}

std::vector<attestation::Attestation> Status::attestations() const {
    const std::lock_guard lock(mutex_);
    return {attestations_.begin(), attestations_.end()};
}

uint64_t resident_bytes() {
    std::ifstream file("/proc/self/statm");
    uint64_t total_pages = 0;
    uint64_t resident_pages = 0;
    file >> total_pages >> resident_pages;
    return file ? resident_pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

std::string status_json(const Status& status, const Signer& signer) {
    const Progress now = status.progress();
    const auto attestations = status.attestations();
    nlohmann::json out{
        {"state", now.state},
        {"endpoint", now.endpoint},
        {"chainId", now.chain_id},
        {"trustedBlock", now.first_number},
        {"blockNumber", now.number},
        {"blockHash", to_hex(now.hash)},
        {"stateRoot", to_hex(now.state_root)},
        {"headNumber", now.head_number},
        {"verifiedBlocks", now.verified},
        {"attestationsSent", now.attestations_sent},
        {"connections", now.connections},
        {"reorganisations", now.reorganisations},
        {"mismatchNotices", now.notices_heard},
        {"residentBytes", resident_bytes()},
        {"key", to_hex(signer.key())},
        {"proofOfPossession", to_hex(signer.possession())},
        {"attestation", nullptr}
    };
    if (!attestations.empty()) {
        out["attestation"] = nlohmann::json::parse(to_json(attestations.back()), nullptr, false);
    }
    return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string metrics_text(const Status& status) {
    const Progress now = status.progress();
    std::string out;
    const auto add = [&](const char* name, const char* type, const char* help, auto value) {
        out += fmt::format(
            "# HELP mega_validator_{0} {1}\n# TYPE mega_validator_{0} {2}\nmega_validator_{0} "
            "{3}\n",
            name,
            help,
            type,
            value
        );
    };
    add("block_number", "gauge", "The last block taken", now.number);
    add("head_number", "gauge", "The endpoint's last sealed block", now.head_number);
    add("blocks_verified_total", "counter", "Blocks verified", now.verified);
    add("blocks_left_total", "counter", "Blocks left to other shards", now.left_to_others);
    add("transactions_total", "counter", "Transactions in verified blocks", now.transactions);
    add("gas_total", "counter", "Gas of verified blocks", now.gas);
    add("headers_received_total",
        "counter",
        "Headers received without their blocks",
        now.headers_received);
    add("block_bytes_total", "counter", "Verified blocks received", now.block_bytes);
    add("witness_bytes_total", "counter", "Witnesses received", now.witness_bytes);
    add("validation_seconds_total",
        "counter",
        "Time spent in validation",
        static_cast<double>(now.validation_us) / 1e6);
    add("connections_total", "counter", "Connections made to the endpoint", now.connections);
    add("reorganisations_total", "counter", "Times the chain went another way", now.reorganisations
    );
    add("mismatch_notices_total",
        "counter",
        "Others' words that a block does not validate",
        now.notices_heard);
    add("code_cache_bytes", "gauge", "Contract codes kept", now.code_cache_bytes);
    add("resident_bytes", "gauge", "Resident memory", resident_bytes());
    return out;
}

}  // namespace mega::validator
