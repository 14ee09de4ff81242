#include "conformance/state_tests.hpp"

#include "conformance/eip3155.hpp"
#include "conformance/fixture_transaction.hpp"
#include "conformance/prestate.hpp"
#include "ethereum/chain_config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

namespace mega::conformance {

namespace {

using execution::BlobSchedule;
using execution::BlockEnv;
using execution::TxResult;

struct ForkRules {
    Fork fork;
    BlobSchedule blobs;
};

/// BLOCKHASH of a state test: the hash of the number's decimal text.
class FixtureBase final : public state::StateView {
  public:
    [[nodiscard]] std::optional<Account> account(const Address&) const override {
        return std::nullopt;
    }
    [[nodiscard]] u256 storage(const Address&, const u256&) const override { return {}; }
    [[nodiscard]] evm::CodePtr code(const Hash256& hash) const override {
        return state::EmptyState{}.code(hash);
    }
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override {
        return crypto::keccak256(as_bytes(std::to_string(number)));
    }
};

/// A fork's own schedule of blobs, or the one that the test sets for it. Forks that change nothing
/// else ("BPO1") have Osaka's rules.
std::optional<ForkRules> rules_of(const std::string& name, const json& test) {
    ethereum::BlobSchedules given;
    if (test.contains("config") && test["config"].contains("blobSchedule")) {
        const json& schedules = test["config"]["blobSchedule"];
        if (const auto found = schedules.find(name); found != schedules.end()) {
            given[name] = read_blob_schedule(*found, name);
        }
    }
    if (name.starts_with("BPO")) {
        const auto config = ethereum::config_of_network(name, given);
        return config ? std::optional{ForkRules{Fork::osaka, ethereum::blobs_at(*config, 0)}}
                      : std::nullopt;
    }
    const auto fork = fork_from_name(name);
    if (!fork) {
        return std::nullopt;
    }
    return ForkRules{*fork, given.empty() ? execution::blob_schedule(*fork) : given[name]};
}

BlockEnv read_env(const ForkRules& rules, const json& test) {
    const Fork fork = rules.fork;
    const json& env = test.at("env");
    BlockHeader header;
    header.beneficiary = read_address(env.at("currentCoinbase"));
    header.gas_limit = read_u64(env.at("currentGasLimit"));
    header.number = read_u64(env.at("currentNumber"));
    header.timestamp = read_u64(env.at("currentTimestamp"));
    if (env.contains("currentDifficulty")) {
        header.difficulty = read_word(env["currentDifficulty"]);
    }
    if (env.contains("currentRandom")) {
        header.prev_randao = read_word(env["currentRandom"]).to_hash();
    }
    if (env.contains("currentBaseFee") && fork >= Fork::london) {
        header.base_fee_per_gas = read_word(env["currentBaseFee"]);
    }
    const uint64_t excess =
        env.contains("currentExcessBlobGas") ? read_u64(env["currentExcessBlobGas"]) : 0;
    const bool has_chain_id = test.contains("config") && test["config"].contains("chainid");
    const uint64_t chain_id = has_chain_id ? read_u64(test["config"]["chainid"]) : 1;
    BlockEnv block = execution::block_env(fork, chain_id, header);
    if (fork >= Fork::cancun) {
        block.max_blobs = rules.blobs.max;
        block.context.blob_base_fee =
            execution::blob_base_fee(excess, rules.blobs.base_fee_update_fraction);
    }
    return block;
}

/// The tests of one file, one after the other on one machine.
class Runner {
  public:
    explicit Runner(const StateTestOptions& options) : options_(options) {}

    void run_test(const std::string& name, const json& test);
    [[nodiscard]] std::vector<CaseResult> take() { return std::move(results_); }

  private:
    struct Case {
        const json& test;
        const json& expected;
        const BlockEnv& env;
        CaseIndexes indexes;
    };

    void run_fork(const std::string& name, const std::string& fork, const json& test);
    void run_case(const Case& one, CaseResult& result);
    void run_as_block(const json& test, const json& cases, const BlockEnv& env);
    [[nodiscard]] std::optional<SignedTransaction> read_transaction(
        const Case& one, std::string& fault
    ) const;
    [[nodiscard]] std::string check_refusal(const Case& one);
    [[nodiscard]] std::string check_result(
        const Case& one, const TxResult& result, CaseResult& report
    );
    [[nodiscard]] std::string check_diff(const state::StateDiff& diff, const Hash256& root) const;

    const StateTestOptions& options_;
    const FixtureBase base_;
    evm::Vm vm_;
    state::Journal journal_;
    std::optional<PreState> pre_;
    std::vector<CaseResult> results_;
};

void Runner::run_test(const std::string& name, const json& test) {
    if (!test.is_object() || !test.contains("post") || !test["post"].is_object()) {
        results_.push_back({name, "", Outcome::failed, "not a state test", {}});
        return;
    }
    pre_.reset();
    for (const auto& [fork, cases] : test["post"].items()) {
        if (!options_.fork.empty() && options_.fork != fork) {
            continue;
        }
        try {
            run_fork(name, fork, test);
        } catch (const std::exception& error) {
            results_.push_back({name, fork, Outcome::failed, error.what(), {}});
        }
    }
}

void Runner::run_fork(const std::string& name, const std::string& fork_name, const json& test) {
    const auto rules = rules_of(fork_name, test);
    if (!rules) {
        results_.push_back({name, fork_name, Outcome::failed, "unknown fork", {}});
        return;
    }
    if (!pre_) {
        pre_.emplace(base_, read_alloc(test.at("pre")));
    }
    const BlockEnv env = read_env(*rules, test);
    const json& cases = test.at("post").at(fork_name);
    for (const json& expected : cases) {
        const Case one{test, expected, env, read_indexes(expected.at("indexes"))};
        CaseResult result{name, fork_name, Outcome::passed, {}, {}};
        try {
            run_case(one, result);
        } catch (const std::exception& error) {
            result.outcome = Outcome::failed;
            result.message = error.what();
        }
        const auto& [data, gas, value] = one.indexes;
        if (options_.with_details) {
            result.details["index"] = {{"d", data}, {"g", gas}, {"v", value}};
        } else if (cases.size() > 1 && !result.message.empty()) {
            result.message = fmt::format("d{}g{}v{}: {}", data, gas, value, result.message);
        }
        results_.push_back(std::move(result));
    }
    if (options_.on_block) {
        run_as_block(test, cases, env);
    }
}

void Runner::run_as_block(const json& test, const json& cases, const BlockEnv& env) {
    constexpr size_t least = 12;
    constexpr size_t most = 200;
    std::vector<SignedTransaction> block;
    for (const json& expected : cases) {
        std::string fault;
        auto tx =
            read_transaction({test, expected, env, read_indexes(expected.at("indexes"))}, fault);
        if (tx && block.size() < most) {
            block.push_back(std::move(*tx));
        }
    }
    const size_t variants = block.size();
    for (size_t i = 0; variants != 0 && block.size() < least; ++i) {
        block.push_back(block[i % variants]);
    }
    for (size_t i = 0; i < block.size(); ++i) {
        block[i].tx.nonce += i;
    }
    if (!block.empty()) {
        options_.on_block(pre_->view(), env, block);
    }
}

std::optional<SignedTransaction> Runner::read_transaction(const Case& one, std::string& fault)
    const {
    std::optional<SignedTransaction> stated;
    try {
        stated = read_fixture_transaction(one.test.at("transaction"), one.indexes);
    } catch (const Malformed& error) {
        fault = error.what();  // some tests are about fields beyond their range
    }
    if (!one.expected.contains("txbytes")) {
        return stated;
    }
    auto decoded = decode_signed_transaction(read_data(one.expected["txbytes"]));
    if (!decoded) {
        fault = to_string(decoded.error());
        return std::nullopt;
    }
    // What is stated is there to be compared. Where it cannot be read, as beyond its range, the
    // bytes are still to be executed, and refused by us.
    if (!stated && !one.expected.contains("expectException")) {
        return std::nullopt;
    }
    if (stated) {
        if (const std::string field = difference_of(*decoded, *stated); !field.empty()) {
            throw Malformed("txbytes and transaction differ in " + field);
        }
    }
    return std::move(*decoded);
}

void Runner::run_case(const Case& one, CaseResult& report) {
    const auto conclude = [&](const std::string& fault) {
        report.outcome = fault.empty() ? Outcome::passed : Outcome::failed;
        report.message = fault;
    };
    const bool must_fail = one.expected.contains("expectException");
    std::string fault;
    const auto tx = read_transaction(one, fault);
    if (!tx) {
        conclude(must_fail ? check_refusal(one) : "transaction does not decode: " + fault);
        return;
    }
    const execution::ExecutionOptions options{.block_gas_left = one.env.context.gas_limit};
    std::optional<Eip3155Tracer> tracer;
    if (options_.trace != nullptr) {
        tracer.emplace(*options_.trace);
        vm_.set_tracer(&*tracer);
    }
    const auto result =
        execution::execute_transaction(vm_, journal_, pre_->view(), one.env, *tx, options);
    vm_.set_tracer(nullptr);
    if (!result) {
        conclude(must_fail ? check_refusal(one) : "refused: " + result.error().message);
        return;
    }
    if (tracer) {
        tracer->finish(*result, pre_->root_after(result->diff));
    }
    const std::string difference = check_result(one, *result, report);
    conclude(
        must_fail ? "accepted, but must be refused: " + one.expected["expectException"].dump()
                  : difference
    );
}

std::string Runner::check_refusal(const Case& one) {
    state::StateDiff diff;
    const Address& coinbase = one.env.context.beneficiary;
    const bool leaves_coinbase =
        !one.test.contains("config") && one.env.fork < Fork::spurious_dragon;
    if (leaves_coinbase && !pre_->view().account(coinbase)) {
        diff.accounts.push_back({coinbase, std::nullopt, Account{}, false});
    }
    const Hash256 root = pre_->root_after(diff);
    if (root != read_hash(one.expected.at("hash"))) {
        return "wrong state root after a refusal: " + to_hex(root);
    }
    const Hash256 no_logs = crypto::keccak256(encode(std::vector<Log>{}));
    return no_logs == read_hash(one.expected.at("logs")) ? "" : "wrong logs after a refusal";
}

std::string Runner::check_result(const Case& one, const TxResult& result, CaseResult& report) {
    const Hash256 logs = crypto::keccak256(encode(result.logs));
    const Hash256 root = pre_->root_after(result.diff);
    if (options_.with_details) {
        report.details = {
            {"stateRoot", to_hex(root)},
            {"logsHash", to_hex(logs)},
            {"gasUsed", to_hex_quantity(result.gas_used)},
            {"output", to_hex(result.output)},
            {"status", evm::to_string(result.status)}
        };
    }
    if (logs != read_hash(one.expected.at("logs"))) {
        return "wrong logs";
    }
    if (root != read_hash(one.expected.at("hash"))) {
        return fmt::format(
            "wrong state root: {}; status {}, gas used {}",
            to_hex(root),
            evm::to_string(result.status),
            result.gas_used
        );
    }
    return options_.checks_diffs ? check_diff(result.diff, root) : "";
}

std::string Runner::check_diff(const state::StateDiff& diff, const Hash256& root) const {
    const auto decoded = state::decode_diff(state::encode(diff));
    if (!decoded || !(*decoded == diff)) {
        return "diff does not survive encoding";
    }
    return root_of(state::merge(pre_->alloc(), diff)) == root ? "" : "merged diff has another root";
}

/// Exported from unit tests without what the format has no place for. Their roots cannot be
/// reached.
std::optional<std::string> missing_input(const std::filesystem::path& file) {
    const bool is_exported = std::ranges::any_of(file, [](const std::filesystem::path& part) {
        return part.string().starts_with("evmone_");
    });
    if (!is_exported) {
        return std::nullopt;
    }
    const std::string name = file.stem().string();
    if (name == "eip7516_blob_base_fee") {
        return "the blob price that the test sets is not in the file";
    }
    if (name == "known_block_hash") {
        return "the block hashes that the test sets are not in the file";
    }
    if (name == "block_apply_ommers_reward") {
        return "the ommers and the block reward that the test sets are not in the file";
    }
    return std::nullopt;
}

/// Seconds a case, where others take milliseconds: 2^32 rounds of BLAKE2, a million of one
/// instruction, gigabytes to hash.
bool takes_long(const std::filesystem::path& file) {
    const std::string name = file.stem().string();
    return name == "CALLBlake2f_MaxRounds" || name == "loopMul" ||
           name == "static_Call50000_sha256";
}

std::set<std::string> forks_in(const json& file) {
    std::set<std::string> forks;
    for (const json& test : file) {
        if (test.is_object() && test.contains("post") && test["post"].is_object()) {
            for (const auto& [fork, cases] : test["post"].items()) {
                forks.insert(fork);
            }
        }
    }
    return forks;
}

}  // namespace

std::vector<CaseResult> run_state_tests(const json& file, const StateTestOptions& options) {
    if (!file.is_object()) {
        throw Malformed("a file of state tests is an object");
    }
    Runner runner{options};
    for (const auto& [name, test] : file.items()) {
        if (name != "_info" && name.find(options.test) != std::string::npos) {
            runner.run_test(name, test);
        }
    }
    return runner.take();
}

RunFile state_test_runner(const StateTestOptions& options) {
    return [options](const std::filesystem::path& path) {
        const json file = read_json_file(path);
        if (const auto missing = missing_input(path)) {
            return std::vector<CaseResult>{
                {path.stem().string(), "", Outcome::skipped, *missing, {}}
            };
        }
        return run_state_tests(file, options);
    };
}

SplitFile state_test_splitter(const StateTestOptions& options) {
    return [options](const std::filesystem::path& path) {
        std::vector<RunFile> pieces;
        if (!options.fork.empty() || !takes_long(path)) {
            return pieces;
        }
        try {
            for (const std::string& fork : forks_in(read_json_file(path))) {
                StateTestOptions piece = options;
                piece.fork = fork;
                pieces.push_back(state_test_runner(piece));
            }
        } catch (const std::exception&) {
            pieces.clear();  // whoever runs the file whole names what is wrong with it
        }
        return pieces;
    };
}

}  // namespace mega::conformance
