#include "settlement/rollup_file.hpp"

#include "replay/json_fields.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace mega::settlement {
namespace {

using replay::Fields;
using replay::json;
using replay::Problem;

constexpr size_t max_file_bytes = 64U << 20;

/// Nothing on a chain without staking.
void add_staking(nlohmann::ordered_json& out, Contracts& contracts) {
    if (contracts.has_staking()) {
        for (const auto& [name, address] : named_addresses(contracts.mega)) {
            out[name] = to_hex(*address);
        }
    }
}

}  // namespace

RollupFile make_rollup_file(
    const DeployConfig& config, const Contracts& contracts, const BlockHeader& genesis
) {
    RollupFile file;
    file.config.l1_chain_id = config.l1_chain_id;
    file.config.l2_chain_id = config.l2_chain_id;
    file.config.l1_start_block = config.l1_start_block;
    file.config.l2_genesis_hash = hash_of(genesis);
    file.config.deposit_queue = contracts.deposit_queue;
    file.config.batch_inbox = contracts.batch_inbox;
    file.config.genesis_timestamp = genesis.timestamp;
    file.config.genesis_gas_limit = genesis.gas_limit;
    file.config.genesis_beneficiary = genesis.beneficiary;
    file.contracts = contracts;
    file.sequencer = config.sequencer;
    file.forced_inclusion_delay_s = config.forced_inclusion_delay_s;
    file.challenge_window_s = config.challenge_window_s;
    file.proof_maturity_s = config.proof_maturity_s;
    file.claim_bond = config.claim_bond;
    file.min_base_fee = config.min_base_fee;
    file.elasticity = config.elasticity;
    file.base_fee_denominator = config.base_fee_denominator;
    return file;
}

std::string to_json(const RollupFile& file) {
    nlohmann::ordered_json out;
    out["l1ChainId"] = file.config.l1_chain_id;
    out["l2ChainId"] = file.config.l2_chain_id;
    out["l1StartBlock"] = file.config.l1_start_block;
    out["l2GenesisHash"] = to_hex(file.config.l2_genesis_hash);
    out["l2GenesisTimestamp"] = file.config.genesis_timestamp;
    RollupFile copy = file;
    for (const auto& [name, address] : named_addresses(copy.contracts)) {
        out[name] = to_hex(*address);
    }
    add_staking(out, copy.contracts);
    out["sequencer"] = to_hex(file.sequencer);
    out["forcedInclusionDelay"] = file.forced_inclusion_delay_s;
    out["challengeWindow"] = file.challenge_window_s;
    out["proofMaturity"] = file.proof_maturity_s;
    out["claimBond"] = to_decimal(file.claim_bond);
    out["gasLimit"] = file.config.genesis_gas_limit;
    out["minBaseFee"] = file.min_base_fee;
    out["elasticity"] = file.elasticity;
    out["baseFeeDenominator"] = file.base_fee_denominator;
    out["beneficiary"] = to_hex(file.config.genesis_beneficiary);
    return out.dump(4) + "\n";
}

Result<RollupFile> parse_rollup_file(std::string_view text) {
    const auto parsed = replay::parse_json(text);
    if (!parsed) {
        return Err{Error{"rollup.json: " + parsed.error().message}};
    }
    Problem problem;
    const Fields in(*parsed, "rollup.json", problem);
    RollupFile file;
    file.config.l1_chain_id = in.u64("l1ChainId");
    file.config.l2_chain_id = in.u64("l2ChainId");
    file.config.l1_start_block = in.u64("l1StartBlock");
    file.config.l2_genesis_hash = in.hash("l2GenesisHash");
    file.config.genesis_timestamp = in.u64("l2GenesisTimestamp");
    for (const auto& [name, address] : named_addresses(file.contracts)) {
        *address = in.address(name);
    }
    if (in.has("staking")) {
        for (const auto& [name, address] : named_addresses(file.contracts.mega)) {
            *address = in.has(name) ? in.address(name) : Address{};
        }
    }
    file.config.deposit_queue = file.contracts.deposit_queue;
    file.config.batch_inbox = file.contracts.batch_inbox;
    file.sequencer = in.address("sequencer");
    file.forced_inclusion_delay_s = in.u64("forcedInclusionDelay");
    file.challenge_window_s = in.u64("challengeWindow");
    file.proof_maturity_s = in.u64("proofMaturity");
    file.claim_bond = wei_from(in, "claimBond");
    file.config.genesis_gas_limit = in.u64("gasLimit");
    file.min_base_fee = in.u64("minBaseFee");
    file.elasticity = static_cast<uint32_t>(in.u64("elasticity"));
    file.base_fee_denominator = static_cast<uint32_t>(in.u64("baseFeeDenominator"));
    file.config.genesis_beneficiary = in.address("beneficiary");
    if (problem.is_noted()) {
        return problem.error();
    }
    return file;
}

Result<RollupFile> read_rollup_file(const std::filesystem::path& path) {
    const auto text = read_text(path);
    if (!text) {
        return Err{text.error()};
    }
    return parse_rollup_file(*text);
}

std::string addresses_json(Contracts contracts) {
    nlohmann::ordered_json out;
    for (const auto& [name, address] : named_addresses(contracts)) {
        out[name] = to_hex(*address);
    }
    add_staking(out, contracts);
    return out.dump(4) + "\n";
}

Result<DeployConfig> parse_deploy_config(std::string_view text) {
    const auto parsed = replay::parse_json(text);
    if (!parsed) {
        return Err{Error{"deployment configuration: " + parsed.error().message}};
    }
    Problem problem;
    const Fields in(*parsed, "deployment configuration", problem);
    DeployConfig config;
    const auto number = [&](std::string_view name, auto& value) {
        if (in.has(name)) {
            value = static_cast<std::remove_reference_t<decltype(value)>>(in.u64(name));
        }
    };
    const auto amount = [&](std::string_view name, u256& value) {
        if (in.has(name)) {
            value = wei_from(in, name);
        }
    };
    const auto address = [&](std::string_view name, Address& value) {
        if (in.has(name)) {
            value = in.address(name);
        }
    };
    config.l2_chain_id = in.u64("l2ChainId");
    number("l2GenesisTimestamp", config.genesis_timestamp);
    if (in.has("salt") && in.value()["salt"].is_string()) {
        config.salt = in.value()["salt"].get<std::string>();
    }
    address("council", config.council);
    config.guardian = in.address("guardian");
    config.sequencer = in.address("sequencer");
    config.fee_vault = in.address("feeVault");
    address("token", config.token);
    address("beneficiary", config.beneficiary);
    number("timelockDelay", config.timelock_delay_s);
    number("gasLimit", config.gas_limit);
    number("minBaseFee", config.min_base_fee);
    number("elasticity", config.elasticity);
    number("baseFeeDenominator", config.base_fee_denominator);
    number("miniBlockMillis", config.mini_block_ms);
    number("forcedInclusionDelay", config.forced_inclusion_delay_s);
    number("challengeWindow", config.challenge_window_s);
    number("proofMaturity", config.proof_maturity_s);
    amount("claimBond", config.claim_bond);
    amount("challengeBond", config.challenge_bond);
    number("depositGasPerBlock", config.deposit_gas_per_block);
    number("minDepositGasPrice", config.min_deposit_gas_price);
    amount("forcedFee", config.forced_fee);
    amount("withdrawalLimit", config.withdrawal_limit);
    number("withdrawalLimitWindow", config.withdrawal_limit_window_s);
    number("baseFeeScalar", config.base_fee_scalar);
    number("blobBaseFeeScalar", config.blob_base_fee_scalar);
    number("baseFeeShareBps", config.base_fee_share_bps);
    amount("megaPerEth", config.mega_per_eth);
    if (in.has("staking")) {
        read_staking_config(in.object("staking"), config.staking);
    }
    if (in.has("governance")) {
        read_governance_config(in.object("governance"), config.governance);
    }
    if (problem.is_noted()) {
        return problem.error();
    }
    if (config.l2_chain_id == 0) {
        return Err{Error{"deployment configuration: l2ChainId must not be 0"}};
    }
    if (auto checked = check(config.staking, config.challenge_window_s); !checked) {
        return Err{Error{"deployment configuration: " + checked.error().message}};
    }
    return config;
}

std::string genesis_json(uint64_t chain_id, const execution::GenesisSpec& spec) {
    nlohmann::ordered_json out;
    out["config"] = {{"chainId", chain_id}};
    out["timestamp"] = to_hex_quantity(spec.timestamp);
    out["gasLimit"] = to_hex_quantity(spec.gas_limit);
    out["coinbase"] = to_hex(spec.beneficiary);
    out["difficulty"] = "0x0";
    out["extraData"] = to_hex(spec.extra_data);
    if (spec.base_fee_per_gas) {
        out["baseFeePerGas"] = to_hex_quantity(*spec.base_fee_per_gas);
    }
    nlohmann::ordered_json alloc = nlohmann::ordered_json::object();
    for (const auto& [address, account] : spec.alloc) {
        nlohmann::ordered_json entry;
        entry["balance"] = to_hex_quantity(account.balance);
        if (account.nonce != 0) {
            entry["nonce"] = to_hex_quantity(account.nonce);
        }
        if (!account.code.empty()) {
            entry["code"] = to_hex(account.code);
        }
        for (const auto& [slot, value] : account.storage) {
            entry["storage"][to_hex(slot.to_hash())] = to_hex(value.to_hash());
        }
        alloc[to_hex(address)] = std::move(entry);
    }
    out["alloc"] = std::move(alloc);
    return out.dump(4) + "\n";
}

Result<std::string> read_text(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) {
        return Err{Error{"cannot read " + path.string()}};
    }
    std::error_code error;
    const auto size = std::filesystem::file_size(path, error);
    if (error || size > max_file_bytes) {
        return Err{Error{path.string() + " is no file of at most 64 MiB"}};
    }
    std::ostringstream text;
    text << in.rdbuf();
    return std::move(text).str();
}

Result<void> write_text(const std::filesystem::path& path, const std::string& text) {
    const std::string unfinished = path.string() + ".part";
    std::ofstream out(unfinished, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    std::error_code error;
    if (out) {
        std::filesystem::rename(unfinished, path, error);
    }
    if (!out || error) {
        return Err{Error{"cannot write " + path.string()}};
    }
    return {};
}

}  // namespace mega::settlement
