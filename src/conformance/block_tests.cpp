#include "conformance/block_tests.hpp"

#include "conformance/json_fields.hpp"
#include "ethereum/chain.hpp"

#include <fmt/format.h>

#include <array>
#include <set>

namespace mega::conformance {

namespace {

using ethereum::BlockFault;
using ethereum::Chain;

template <size_t N>
FixedBytes<N> read_fixed(const json& text) {
    const Bytes bytes = read_data(text);
    if (bytes.size() != N) {
        throw Malformed(fmt::format("wanted {} bytes, found {}", N, bytes.size()));
    }
    return FixedBytes<N>::from(bytes);
}

BlockHeader read_header(const json& fields) {
    BlockHeader header;
    header.parent_hash = read_hash(fields.at("parentHash"));
    header.ommers_hash = read_hash(fields.at("uncleHash"));
    header.beneficiary = read_address(fields.at("coinbase"));
    header.state_root = read_hash(fields.at("stateRoot"));
    header.transactions_root = read_hash(fields.at("transactionsTrie"));
    header.receipts_root = read_hash(fields.at("receiptTrie"));
    header.logs_bloom = read_fixed<256>(fields.at("bloom"));
    header.difficulty = read_word(fields.at("difficulty"));
    header.number = read_u64(fields.at("number"));
    header.gas_limit = read_u64(fields.at("gasLimit"));
    header.gas_used = read_u64(fields.at("gasUsed"));
    header.timestamp = read_u64(fields.at("timestamp"));
    header.extra_data = read_data(fields.at("extraData"));
    header.prev_randao = read_hash(fields.at("mixHash"));
    header.nonce = read_fixed<8>(fields.at("nonce"));
    const auto read_if_there = [&](const char* name, auto& into, auto read) {
        if (fields.contains(name)) {
            into = read(fields.at(name));
        }
    };
    read_if_there("baseFeePerGas", header.base_fee_per_gas, read_word);
    read_if_there("withdrawalsRoot", header.withdrawals_root, read_hash);
    read_if_there("blobGasUsed", header.blob_gas_used, read_u64);
    read_if_there("excessBlobGas", header.excess_blob_gas, read_u64);
    read_if_there("parentBeaconBlockRoot", header.parent_beacon_block_root, read_hash);
    read_if_there("requestsHash", header.requests_hash, read_hash);
    return header;
}

ethereum::BlobSchedules read_blob_schedules(const json& config) {
    ethereum::BlobSchedules schedules;
    if (!config.contains("blobSchedule")) {
        return schedules;
    }
    for (const auto& [fork, fields] : config.at("blobSchedule").items()) {
        schedules[fork] = read_blob_schedule(fields, fork);
    }
    return schedules;
}

ethereum::ChainConfig read_config(const json& test) {
    const auto network = test.at("network").get<std::string>();
    const json settings = test.value("config", json::object());
    auto config = ethereum::config_of_network(network, read_blob_schedules(settings));
    if (!config) {
        throw Malformed("unknown network " + network);
    }
    for (const char* name : {"chainid", "chainId"}) {
        if (settings.contains(name)) {
            config->chain_id = read_u64(settings.at(name));
        }
    }
    return *std::move(config);
}

constexpr const char* any_rule = "any rule";

/// Whether the block must be refused, and by which rule.
std::optional<std::string> expected_refusal(const json& block, const std::string& network) {
    for (const std::string& name :
         {std::string{"expectException"},
          std::string{"expectExceptionALL"},
          "expectException" + network}) {
        if (block.contains(name)) {
            return block.at(name).get<std::string>();
        }
    }
    return block.contains("blockHeader") ? std::nullopt : std::optional<std::string>{any_rule};
}

/// Whether a fault may be the one announced. Which rule it is is a hint alone, except where the
/// block did not reach the rules: an importer that takes nothing would pass every such test.
bool can_be(const BlockFault& fault, const std::string& refusal) {
    const auto names = [&](std::string_view part) {
        return refusal.find(part) != std::string::npos;
    };
    switch (fault.code) {
        case ethereum::BlockFaultCode::undecodable:
            return refusal == any_rule || names("RLP") || names("INCORRECT_BLOCK_FORMAT") ||
                   names("UNMARSHAL");
        case ethereum::BlockFaultCode::unknown_parent:
            return refusal == any_rule || names("UnknownParent") || names("UNKNOWN_PARENT");
        case ethereum::BlockFaultCode::chain_full:
            return false;
        default:
            return true;
    }
}

/// The fault found; empty when there is none.
std::string check_receipts(const std::vector<Receipt>& receipts, const json& expected) {
    if (expected.size() != receipts.size()) {
        return fmt::format("{} receipts, expected {}", receipts.size(), expected.size());
    }
    for (size_t i = 0; i < receipts.size(); ++i) {
        const json& fields = expected.at(i);
        if (encode(receipts[i]) != read_data(fields.at("rlp"))) {
            return fmt::format("receipt {} is another", i);
        }
        if (receipts[i].cumulative_gas_used != read_u64(fields.at("cumulativeGasUsed")) ||
            receipts[i].bloom != read_fixed<256>(fields.at("bloom")) ||
            receipts[i].logs.size() != fields.at("logs").size()) {
            return fmt::format("receipt {} differs from its fields", i);
        }
    }
    return {};
}

/// One case. Its functions give the fault found, empty when there is none.
class Case {
  public:
    Case(evm::Vm& vm, const json& test, const ethereum::TransactionsExecutor& executor)
        : vm_(vm),
          test_(test),
          executor_(executor),
          network_(test.at("network").get<std::string>()) {}

    [[nodiscard]] std::string run() {
        if (auto fault = start(); !fault.empty()) {
            return fault;
        }
        const json& blocks = test_.at("blocks");
        for (size_t i = 0; i < blocks.size(); ++i) {
            if (auto fault = import(blocks.at(i)); !fault.empty()) {
                return fmt::format("block {}: {}", i, fault);
            }
        }
        return check_end();
    }
    [[nodiscard]] const Chain* chain() const { return chain_.get(); }

  private:
    [[nodiscard]] std::string start() {
        const ethereum::ChainConfig config = read_config(test_);
        const json& fields = test_.at("genesisBlockHeader");
        const BlockHeader genesis = read_header(fields);
        const Hash256 hash = read_hash(fields.at("hash"));
        if (hash_of(genesis) != hash) {
            return "wrong genesis hash " + to_hex(hash_of(genesis));
        }
        if (test_.contains("genesisRLP")) {
            const auto decoded = decode_block(read_data(test_.at("genesisRLP")));
            if (!decoded || hash_of(decoded->header) != hash) {
                return "genesisRLP is not that block";
            }
        }
        auto started = Chain::start(config, read_alloc(test_.at("pre")), genesis);
        if (!started) {
            return "genesis: " + started.error().message();
        }
        chain_ = *std::move(started);
        return {};
    }

    [[nodiscard]] std::string import(const json& block) {
        const auto refusal = expected_refusal(block, network_);
        const Hash256 head = chain_->head_hash();
        const auto imported = chain_->import(vm_, read_data(block.at("rlp")), executor_);
        if (!imported) {
            if (!refusal) {
                return "refused: " + imported.error().message();
            }
            if (!can_be(imported.error(), *refusal)) {
                return fmt::format("{}, not {}", imported.error().message(), *refusal);
            }
            return chain_->head_hash() == head ? "" : "refused, but the head has moved";
        }
        if (refusal) {
            return "accepted, but must be refused: " + *refusal;
        }
        const Hash256 hash = read_hash(block.at("blockHeader").at("hash"));
        if (imported->hash != hash) {
            return "block hash " + to_hex(imported->hash) + ", expected " + to_hex(hash);
        }
        return block.contains("receipts") ? check_receipts(imported->receipts, block["receipts"])
                                          : "";
    }

    [[nodiscard]] std::string check_end() {
        const Hash256 head = read_hash(test_.at("lastblockhash"));
        if (chain_->head_hash() != head) {
            return "head " + to_hex(chain_->head_hash()) + ", expected " + to_hex(head);
        }
        // The head's root was compared with its state when it was imported.
        if (test_.contains("postStateHash")) {
            return chain_->head().state_root == read_hash(test_.at("postStateHash"))
                       ? ""
                       : "wrong state root";
        }
        return check_state(read_alloc(test_.at("postState")));
    }

    [[nodiscard]] std::string check_state(const state::StateDiff& expected) {
        ethereum::ChainState from_nothing;
        if (from_nothing.root_after(expected) == chain_->head().state_root) {
            return {};
        }
        const state::StateView& state = chain_->head_state();
        for (const state::AccountChange& account : expected.accounts) {
            if (state.account(account.address) != account.after) {
                return "post state: account " + to_hex(account.address) + " is another";
            }
        }
        for (const state::SlotChange& slot : expected.slots) {
            if (state.storage(slot.address, slot.slot) != slot.after) {
                return fmt::format(
                    "post state: slot {} of {} is another",
                    to_hex_quantity(slot.slot),
                    to_hex(slot.address)
                );
            }
        }
        return "post state: there are other accounts or slots";
    }

    evm::Vm& vm_;
    const json& test_;
    const ethereum::TransactionsExecutor& executor_;
    const std::string network_;
    std::unique_ptr<Chain> chain_;
};

/// Tests whose fault is a seal of proof of work and nothing else.
bool is_about_seals(const std::string& name, const json& test) {
    const auto is_named = [&](const char* start) { return name.starts_with(start); };
    return test.value("sealEngine", "Ethash") != "NoProof" &&
           (is_named("nonceWrong") || is_named("wrongMixHash") || is_named("wrongNonce"));
}

json details_of(const json& test, const Chain* chain) {
    json details{{"blocks", test.at("blocks").size()}};
    if (chain != nullptr) {
        details["lastBlockHash"] = to_hex(chain->head_hash());
        details["stateRoot"] = to_hex(chain->head().state_root);
    }
    return details;
}

CaseResult run_one(
    evm::Vm& vm, const std::string& name, const json& test, const BlockTestOptions& options
) {
    CaseResult result{name, test.at("network").get<std::string>(), Outcome::passed, {}, {}};
    try {
        if (is_about_seals(name, test)) {
            result.outcome = Outcome::skipped;
            result.message = "its fault is the seal of proof of work, which is not checked";
            return result;
        }
        Case one{vm, test, options.executor};
        result.message = one.run();
        if (options.with_details) {
            result.details = details_of(test, one.chain());
        }
    } catch (const std::exception& error) {
        result.message = error.what();
    }
    result.outcome = result.message.empty() ? Outcome::passed : Outcome::failed;
    return result;
}

std::set<std::string> networks_in(const json& file) {
    std::set<std::string> networks;
    for (const json& test : file) {
        if (test.is_object() && test.contains("network") && test["network"].is_string()) {
            networks.insert(test["network"].get<std::string>());
        }
    }
    return networks;
}

}  // namespace

std::vector<CaseResult> run_block_tests(const json& file, const BlockTestOptions& options) {
    if (!file.is_object()) {
        throw Malformed("not an object of tests");
    }
    evm::Vm vm;
    std::vector<CaseResult> results;
    for (const auto& [name, test] : file.items()) {
        if (name == "_info" || name.find(options.test) == std::string::npos) {
            continue;
        }
        if (!test.is_object() || !test.contains("network") || !test["network"].is_string()) {
            results.push_back({name, "", Outcome::failed, "not a blockchain test", {}});
            continue;
        }
        if (options.fork.empty() || test["network"] == options.fork) {
            results.push_back(run_one(vm, name, test, options));
        }
    }
    return results;
}

RunFile block_test_runner(const BlockTestOptions& options) {
    return [options](const std::filesystem::path& file) {
        return run_block_tests(read_json_file(file), options);
    };
}

SplitFile block_test_splitter(const BlockTestOptions& options) {
    return [options](const std::filesystem::path& path) {
        std::vector<RunFile> pieces;
        // Five seconds a case, where others take milliseconds.
        if (!options.fork.empty() || path.stem() != "randomStatetest94") {
            return pieces;
        }
        try {
            for (const std::string& network : networks_in(read_json_file(path))) {
                BlockTestOptions piece = options;
                piece.fork = network;
                pieces.push_back(block_test_runner(piece));
            }
        } catch (const std::exception&) {
            pieces.clear();  // whoever runs the file whole names what is wrong with it
        }
        return pieces;
    };
}

}  // namespace mega::conformance
