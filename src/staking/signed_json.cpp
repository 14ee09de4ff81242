#include "staking/signed_json.hpp"

#include "base/hex.hpp"
#include "jsonrpc/endpoint.hpp"

namespace mega::staking {
namespace {

using nlohmann::json;

constexpr size_t max_signatures = 1024;

const json& member(const json& value, const char* name) {
    static const json missing;
    const auto found = value.find(name);
    return found == value.end() ? missing : *found;
}

bool read(const json& value, const char* name, uint64_t& into) {
    const json& found = member(value, name);
    if (found.is_number_unsigned()) {
        into = found.get<uint64_t>();
        return true;
    }
    const auto number = jsonrpc::read_quantity(found);
    into = number.value_or(0);
    return number.has_value();
}

template <size_t size>
bool read(const json& value, const char* name, FixedBytes<size>& into) {
    const json& found = member(value, name);
    if (!found.is_string()) {
        return false;
    }
    // r and s come without leading zeros.
    std::string text = found.get_ref<const std::string&>();
    if (text.starts_with("0x") && text.size() < 2 + 2 * size && size == 32) {
        text.insert(2, 2 + 2 * size - text.size(), '0');
    }
    const auto bytes = fixed_from_hex<size>(text);
    if (bytes) {
        into = *bytes;
    }
    return bytes.has_value();
}

bool read_statement(const json& value, attestation::Statement& into) {
    return read(value, "chainId", into.chain_id) && read(value, "blockNumber", into.block_number) &&
           read(value, "blockHash", into.block_hash) && read(value, "stateRoot", into.state_root);
}

}  // namespace

std::optional<MiniBlockHeader> read_mini_block(const json& value) {
    if (!value.is_object() || !member(value, "signature").is_object()) {
        return std::nullopt;
    }
    MiniBlockHeader header;
    const json& signature = member(value, "signature");
    uint64_t parity = 0;
    const bool is_good = read(value, "block_number", header.block_number) &&
                         read(value, "block_timestamp", header.block_timestamp) &&
                         read(value, "index", header.index) &&
                         read(value, "mini_block_number", header.mini_block_number) &&
                         read(value, "mini_block_timestamp", header.timestamp_us) &&
                         read(value, "gas_used", header.gas_used) &&
                         read(value, "transaction_root", header.transaction_root) &&
                         read(value, "receipt_root", header.receipt_root) &&
                         read(signature, "r", header.signature.r) &&
                         read(signature, "s", header.signature.s) &&
                         read(signature, "yParity", parity) && parity <= 1;
    header.signature.y_parity = static_cast<uint8_t>(parity);
    return is_good ? std::optional{header} : std::nullopt;
}

std::optional<attestation::Attestation> read_attestation(const json& value) {
    attestation::Attestation read_one;
    const bool is_good = value.is_object() && read_statement(value, read_one) &&
                         read(value, "key", read_one.key) &&
                         read(value, "signature", read_one.signature);
    return is_good ? std::optional{read_one} : std::nullopt;
}

std::vector<attestation::Attestation> read_attestations(const json& value) {
    attestation::Statement statement;
    std::vector<attestation::Attestation> all;
    if (!value.is_object() || !read_statement(value, statement) ||
        !member(value, "signatures").is_array()) {
        return all;
    }
    for (const json& one : member(value, "signatures")) {
        attestation::Attestation made{statement, {}, {}};
        const bool is_good =
            one.is_object() && read(one, "key", made.key) && read(one, "signature", made.signature);
        if (is_good && all.size() < max_signatures) {
            all.push_back(made);
        }
    }
    return all;
}

std::optional<FalseAttestation> read_false_attestation(const json& value) {
    if (!value.is_object() || !member(value, "header").is_string()) {
        return std::nullopt;
    }
    const auto attestation = read_attestation(member(value, "attestation"));
    const std::string& text = member(value, "header").get_ref<const std::string&>();
    if (!attestation || text.size() > 2 + 2 * max_header_bytes) {
        return std::nullopt;
    }
    auto header = from_hex(text);
    return header ? std::optional{FalseAttestation{*attestation, *std::move(header)}}
                  : std::nullopt;
}

}  // namespace mega::staking
