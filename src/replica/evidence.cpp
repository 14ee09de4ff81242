#include "replica/evidence.hpp"

#include "base/hex.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

namespace mega::replica {

std::string to_json(const Evidence& evidence) {
    using nlohmann::json;
    json sequencers = json::array();
    for (const Address& one : evidence.sequencers) {
        sequencers.push_back(to_hex(one));
    }
    json records = json::array();
    for (const Bytes& record : evidence.records) {
        records.push_back(to_hex(record));
    }
    const json file{
        {"format", "mega-replica-evidence-1"},
        {"endpoint", evidence.endpoint},
        {"foundAt", evidence.found_at},
        {"chainId", evidence.chain_id},
        {"sequencers", std::move(sequencers)},
        {"block", evidence.refusal.block_number},
        {"words", evidence.refusal.words},
        {"expected", evidence.refusal.expected},
        {"got", evidence.refusal.got},
        {"parent", to_hex(encode(evidence.parent))},
        {"records", std::move(records)},
        {"refused", to_hex(evidence.refused)}
    };
    return file.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
}

Result<std::filesystem::path> write_evidence(
    const std::filesystem::path& directory, uint64_t block_number, const std::string& text
) {
    std::filesystem::path path =
        directory / ("evidence-block-" + std::to_string(block_number) + ".json");
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    file << text;
    file.flush();
    if (!file) {
        return Err{Error{"cannot write " + path.string()}};
    }
    return path;
}

}  // namespace mega::replica
