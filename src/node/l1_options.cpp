#include "node/l1_options.hpp"

#include "base/hex.hpp"
#include "node/files.hpp"
#include "node/keystore.hpp"

namespace mega::node {
namespace {

constexpr size_t max_key_file_bytes = 1U << 20;

std::string trimmed(const std::string& text) {
    const size_t first = text.find_first_not_of(" \t\r\n");
    const size_t last = text.find_last_not_of(" \t\r\n");
    return first == std::string::npos ? std::string{} : text.substr(first, last - first + 1);
}

settlement::BatchData batch_data(const std::string& word) {
    return word == "blobs"      ? settlement::BatchData::blobs
           : word == "calldata" ? settlement::BatchData::calldata
                                : settlement::BatchData::automatic;
}

}  // namespace

settlement::BatcherOptions batcher_options(const Config& config) {
    settlement::BatcherOptions options;
    options.data = batch_data(config.l1.batch_data);
    options.target_blobs = config.l1.batch_target_blobs;
    options.max_age_s = config.l1.batch_max_age_s.value_or(config.is_development ? 4 : 60);
    // Who posts renews it in time: a batch is no older than that before it goes to L1.
    options.lease_s = config.l1.batch_lease_s.value_or(2 * options.max_age_s);
    return options;
}

Result<crypto::SecretKey> read_l1_key(
    const std::filesystem::path& file, const std::filesystem::path& password_file
) {
    const auto text = read_file(file, max_key_file_bytes);
    if (!text) {
        return Err{text.error()};
    }
    const std::string content = trimmed(*text);
    if (content.starts_with('{')) {
        std::string password;
        if (!password_file.empty()) {
            auto line = read_first_line(password_file);
            if (!line) {
                return Err{line.error()};
            }
            password = *std::move(line);
        }
        return decrypt_keystore(content, password);
    }
    const auto bytes = from_hex(content, /*prefix_required=*/false);
    if (!bytes || bytes->size() != 32 || !crypto::address_of(crypto::SecretKey::from(*bytes))) {
        return Err{Error{file.string() + " is neither a web3 keystore nor a key of 64 hex digits"}};
    }
    return crypto::SecretKey::from(*bytes);
}

Result<SettlementOptions> settlement_options(const Config& config) {
    SettlementOptions options;
    options.l1 = {.url = config.l1.url, .beacon_url = config.l1.beacon_url};
    auto rollup = settlement::read_rollup_file(config.l1.rollup_file);
    if (!rollup) {
        return Err{rollup.error()};
    }
    options.rollup = *std::move(rollup);
    for (const auto& [file, key] :
         {std::pair{&config.l1.batcher_key_file, &options.batcher_key},
          std::pair{&config.l1.proposer_key_file, &options.proposer_key}}) {
        if (file->empty()) {
            continue;
        }
        auto read = read_l1_key(*file, config.password_file);
        if (!read) {
            return Err{read.error()};
        }
        *key = *read;
    }
    if (options.batcher_key && options.proposer_key &&
        *options.batcher_key == *options.proposer_key) {
        return Err{Error{"batcher-key and proposer-key must be two keys: each has its own nonces"}};
    }
    options.auto_relay = config.l1.auto_relay;
    options.only_follows = config.l1.only_follows;
    options.watcher.depth = config.l1.depth;
    options.batcher = batcher_options(config);
    options.proposal_interval_s = config.l1.proposal_interval_s.value_or(600);
    options.blob_archive =
        config.l1.blob_archive.empty() ? config.data_directory / "blobs" : config.l1.blob_archive;
    options.batcher_lock = config.data_directory / "batcher.lock";
    return options;
}

}  // namespace mega::node
