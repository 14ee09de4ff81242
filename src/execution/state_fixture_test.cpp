// The official state tests: each executes one transaction and states the root and the logs that it
// must leave.
//
//   MEGA_FIXTURES           where the fixtures lie (default ~/.cache/mega/fixtures)
//   MEGA_FIXTURE_FORKS      comma-separated fork names as the fixtures spell them; all by default
//   MEGA_FIXTURE_FILTER     only files whose path contains this
//   MEGA_FIXTURE_STRIDE     every n-th file only; 1 is all
//   MEGA_FIXTURE_SLOW       also the files that run for minutes (BLAKE2b with 2^32 rounds, long
//   loops)

#include "base/fixtures_test.hpp"
#include "execution/block.hpp"
#include "state/overlay.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <iostream>
#include <map>

namespace mega::execution {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

/// A text that the schema does not allow. Some tests hold such on purpose: their transaction is
/// invalid.
struct Malformed {};

u256 read_word(const json& text) {
    const auto value = u256_from_text(text.get<std::string>());
    if (!value) {
        throw Malformed{};
    }
    return *value;
}
uint64_t read_u64(const json& text) {
    const u256 value = read_word(text);
    if (!value.fits_u64()) {
        throw Malformed{};
    }
    return value.low64();
}
Bytes read_data(const json& text) {
    auto bytes = from_hex(text.get<std::string>(), false);
    if (!bytes) {
        throw Malformed{};
    }
    return *bytes;
}
Address read_address(const json& text) {
    const Bytes bytes = read_data(text);
    if (bytes.size() != 20) {
        throw Malformed{};
    }
    return Address::from(bytes);
}

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

state::StateDiff parse_pre(const json& pre) {
    state::StateDiff diff;
    for (const auto& [address_text, fields] : pre.items()) {
        const Address address = read_address(address_text);
        const Bytes code = read_data(fields.at("code"));
        Account account;
        account.nonce = read_u64(fields.at("nonce"));
        account.balance = read_word(fields.at("balance"));
        account.code_hash = crypto::keccak256(code);
        diff.accounts.push_back({address, std::nullopt, account, false});
        if (!code.empty()) {
            diff.codes.push_back({account.code_hash, std::make_shared<const evm::Code>(code)});
        }
        for (const auto& [slot, value] : fields.at("storage").items()) {
            if (const u256 word = read_word(value)) {
                diff.slots.push_back({address, read_word(slot), {}, word});
            }
        }
    }
    state::sort_canonically(diff);
    return diff;
}

BlockEnv parse_env(Fork fork, const json& env) {
    BlockHeader header;
    header.beneficiary = read_address(env.at("currentCoinbase"));
    header.gas_limit = read_u64(env.at("currentGasLimit"));
    header.number = read_u64(env.at("currentNumber"));
    header.timestamp = read_u64(env.at("currentTimestamp"));
    if (env.contains("currentDifficulty")) {
        header.difficulty = read_word(env.at("currentDifficulty"));
    }
    if (env.contains("currentRandom")) {
        header.prev_randao = read_word(env.at("currentRandom")).to_hash();
    }
    if (env.contains("currentBaseFee") && fork >= Fork::london) {
        header.base_fee_per_gas = read_word(env.at("currentBaseFee"));
    }
    if (env.contains("currentExcessBlobGas")) {
        header.excess_blob_gas = read_u64(env.at("currentExcessBlobGas"));
    }
    return block_env(fork, 1, header);
}

AccessList parse_access_list(const json& entries) {
    AccessList list;
    for (const json& entry : entries) {
        AccessListEntry& parsed = list.emplace_back();
        parsed.address = read_address(entry.at("address"));
        for (const json& key : entry.at("storageKeys")) {
            parsed.storage_keys.push_back(read_word(key).to_hash());
        }
    }
    return list;
}

/// For the tests that give no envelope: types 0, 1 and 2.
SignedTransaction parse_fields(const json& fields, const json& indexes) {
    const auto data = indexes.at("data").get<size_t>();
    SignedTransaction parsed;
    Transaction& tx = parsed.tx;
    tx.nonce = read_u64(fields.at("nonce"));
    tx.gas_limit = read_u64(fields.at("gasLimit").at(indexes.at("gas").get<size_t>()));
    tx.value = read_word(fields.at("value").at(indexes.at("value").get<size_t>()));
    tx.data = read_data(fields.at("data").at(data));
    if (const auto to = fields.value("to", ""); !to.empty()) {
        tx.to = read_address(to);
    }
    if (fields.contains("maxFeePerGas")) {
        tx.type = TxType::dynamic_fee;
        tx.max_fee_per_gas = read_word(fields.at("maxFeePerGas"));
        tx.max_priority_fee_per_gas = read_word(fields.at("maxPriorityFeePerGas"));
    } else {
        tx.max_fee_per_gas = read_word(fields.at("gasPrice"));
        tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
    }
    if (fields.contains("accessLists") && !fields.at("accessLists").at(data).is_null()) {
        tx.type = std::max(tx.type, TxType::access_list);
        tx.access_list = parse_access_list(fields.at("accessLists").at(data));
    }
    parsed.sender = read_address(fields.at("sender"));
    return parsed;
}

std::optional<SignedTransaction> parse_transaction(const json& test, const json& expected) {
    if (!expected.contains("txbytes")) {
        try {
            return parse_fields(test.at("transaction"), expected.at("indexes"));
        } catch (const Malformed&) {
            return std::nullopt;
        }
    }
    auto decoded = decode_signed_transaction(read_data(expected.at("txbytes")));
    if (!decoded) {
        return std::nullopt;
    }
    return *decoded;
}

class NoNodes final : public trie::NodeSource {
  public:
    [[nodiscard]] std::optional<Bytes> load(const trie::TreeId&, BytesView, const Hash256&)
        const override {
        return std::nullopt;
    }
};

/// The root after both changes, applied to the tree one after the other.
Hash256 root_after(const state::StateDiff& pre, const state::StateDiff& diff) {
    const NoNodes no_nodes;
    trie::StateTree tree{no_nodes, empty_trie_root};
    EXPECT_TRUE(tree.apply(tree_updates(pre)).has_value());
    EXPECT_TRUE(tree.apply(tree_updates(diff)).has_value());
    return tree.root();
}

/// Exported without what they depend on: a blob price, block hashes, ommers. Their roots cannot be
/// reached.
bool is_incomplete(const fs::path& path) {
    const std::string name = path.stem().string();
    return path.string().find("evmone") != std::string::npos &&
           (name == "eip7516_blob_base_fee" || name == "known_block_hash" ||
            name == "block_apply_ommers_reward");
}

class Runner {
  public:
    struct Count {
        size_t passed = 0;
        size_t failed = 0;
    };

    /// `leaves_coinbase`: before EIP-161 this set expects a zero coinbase after a refused
    /// transaction.
    void run(const fs::path& root, bool leaves_coinbase) {
        leaves_coinbase_ = leaves_coinbase;
        const char* filter = std::getenv("MEGA_FIXTURE_FILTER");
        std::vector<fs::path> files;
        for (const auto& entry : fs::recursive_directory_iterator(root)) {
            const std::string path = entry.path().string();
            const bool is_wanted = filter == nullptr || path.find(filter) != std::string::npos;
            const bool is_slow = path.find("stTimeConsuming") != std::string::npos &&
                                 std::getenv("MEGA_FIXTURE_SLOW") == nullptr;
            if (entry.path().extension() == ".json" && is_wanted && !is_slow &&
                !is_incomplete(entry.path())) {
                files.push_back(entry.path());
            }
        }
        std::sort(files.begin(), files.end());
        for (size_t i = 0; i < files.size(); i += stride_) {
            run_file(files[i]);
        }
    }
    void set_stride(size_t stride) { stride_ = stride; }

    /// Runs one case of `file` with `field` of its expectation replaced by `value`: the fault
    /// found.
    [[nodiscard]] std::string run_spoilt(
        const fs::path& file, const std::string& field, const json& value
    ) {
        std::ifstream stream{file};
        const json tests = json::parse(stream);
        const json& test = *tests.begin();
        const auto post = test.at("post").begin();
        json expected = post.value().at(0);
        expected[field] = value;
        const state::StateDiff pre = parse_pre(test.at("pre"));
        state::Overlay view{base_};
        view.apply(pre);
        const BlockEnv env = parse_env(fork_from_name(post.key()).value(), test.at("env"));
        return run_case(view, pre, env, test, expected);
    }

    void report(const std::string& set) const {
        size_t failed = 0;
        size_t passed = 0;
        for (const auto& [fork, count] : counts_) {
            std::cout << "  " << to_string(fork) << ": " << count.passed << " passed, "
                      << count.failed << " failed\n";
            passed += count.passed;
            failed += count.failed;
        }
        std::cout << set << ": " << passed << " passed, " << failed << " failed\n";
        EXPECT_GT(passed + failed, 0U) << "no test was found";
        EXPECT_EQ(failed, 0U);
    }

  private:
    void run_file(const fs::path& path) {
        std::ifstream stream{path};
        const json tests = json::parse(stream);
        for (const auto& [name, test] : tests.items()) {
            if (name != "_info") {
                run_test(name, test);
            }
        }
    }

    void run_test(const std::string& name, const json& test) {
        const state::StateDiff pre = parse_pre(test.at("pre"));
        state::Overlay view{base_};
        view.apply(pre);
        for (const auto& [fork_name, cases] : test.at("post").items()) {
            const auto fork = fork_from_name(fork_name);
            if (!fork || !is_wanted(fork_name)) {
                EXPECT_TRUE(fork) << "unknown fork " << fork_name;
                continue;
            }
            const BlockEnv env = parse_env(*fork, test.at("env"));
            for (size_t i = 0; i < cases.size(); ++i) {
                const std::string fault = run_case(view, pre, env, test, cases.at(i));
                ++(fault.empty() ? counts_[*fork].passed : counts_[*fork].failed);
                if (!fault.empty() && ++reported_ <= 40) {
                    ADD_FAILURE() << name << " [" << fork_name << ' ' << i << "]: " << fault;
                }
            }
        }
    }

    [[nodiscard]] static bool is_wanted(const std::string& fork_name) {
        const char* wanted = std::getenv("MEGA_FIXTURE_FORKS");
        return wanted == nullptr ||
               ("," + std::string{wanted} + ",").find("," + fork_name + ",") != std::string::npos;
    }

    /// What went wrong; empty when nothing did.
    [[nodiscard]] std::string run_case(
        const state::StateView& view,
        const state::StateDiff& pre,
        const BlockEnv& env,
        const json& test,
        const json& expected
    ) {
        const auto tx = parse_transaction(test, expected);
        const bool must_fail = expected.contains("expectException");
        if (!tx) {
            return must_fail ? std::string{} : "transaction does not decode";
        }
        const ExecutionOptions options{.block_gas_left = env.context.gas_limit};
        const auto result = execute_transaction(vm_, journal_, view, env, *tx, options);
        if (!result) {
            return must_fail ? check_refusal(view, pre, env, expected)
                             : "refused: " + result.error().message;
        }
        if (must_fail) {
            return "accepted, but must be refused: " + expected.at("expectException").dump();
        }
        const Hash256 logs = crypto::keccak256(encode(result->logs));
        if (read_word(expected.at("logs")).to_hash() != logs) {
            return "wrong logs";
        }
        const Hash256 root = root_after(pre, result->diff);
        if (read_word(expected.at("hash")).to_hash() != root) {
            return "wrong state root; status " + std::string{evm::to_string(result->status)} +
                   ", gas used " + std::to_string(result->gas_used);
        }
        return check_diff(pre, result->diff, root);
    }

    [[nodiscard]] std::string check_refusal(
        const state::StateView& view,
        const state::StateDiff& pre,
        const BlockEnv& env,
        const json& expected
    ) const {
        state::StateDiff diff;
        const Address& coinbase = env.context.beneficiary;
        if (leaves_coinbase_ && env.fork < Fork::spurious_dragon && !view.account(coinbase)) {
            diff.accounts.push_back({coinbase, std::nullopt, Account{}, false});
        }
        return read_word(expected.at("hash")).to_hash() == root_after(pre, diff) ? ""
                                                                                 : "root moved";
    }

    /// Merged with what was there before, and encoded and decoded, the diff means the same.
    [[nodiscard]] static std::string check_diff(
        const state::StateDiff& pre, const state::StateDiff& diff, const Hash256& root
    ) {
        const auto decoded = state::decode_diff(state::encode(diff));
        if (!decoded || !(*decoded == diff)) {
            return "diff does not survive encoding";
        }
        return root_after({}, state::merge(pre, diff)) == root ? ""
                                                               : "merged diff has another root";
    }

    const FixtureBase base_;
    evm::Vm vm_;
    state::Journal journal_;
    std::map<Fork, Count> counts_;
    size_t reported_ = 0;
    size_t stride_ = 1;
    bool leaves_coinbase_ = false;
};

fs::path fixtures() { return fixtures_root().value_or(""); }

void run_set(const std::string& set, size_t default_stride, bool leaves_coinbase) {
    const fs::path root = fixtures() / "state_tests" / set;
    if (!fs::exists(root)) {
        GTEST_SKIP() << fixtures_missing("state_tests/" + set);
    }
    Runner runner;
    const char* stride = std::getenv("MEGA_FIXTURE_STRIDE");
    runner.set_stride(stride != nullptr ? std::stoul(stride) : default_stride);
    runner.run(root, leaves_coinbase);
    runner.report(set);
}

/// The runner itself can fail.
TEST(StateFixtures, WrongExpectationsAreNoticed) {
    const fs::path file = fixtures() / "state_tests/eest_v5.4.0/homestead/identity_precompile" /
                          "test_identity_return_overwrite.json";
    if (!fs::exists(file)) {
        GTEST_SKIP() << fixtures_missing(file.filename().string());
    }
    Runner runner;
    const std::string other = to_hex(Hash256{});
    EXPECT_EQ(runner.run_spoilt(file, "comment", ""), "");
    EXPECT_EQ(runner.run_spoilt(file, "logs", other), "wrong logs");
    EXPECT_NE(runner.run_spoilt(file, "hash", other).find("wrong state root"), std::string::npos);
    EXPECT_NE(runner.run_spoilt(file, "expectException", "any"), "");
    EXPECT_NE(runner.run_spoilt(file, "txbytes", "0x01"), "");
}

TEST(StateFixtures, Eest) { run_set("eest_v5.4.0", 1, false); }
TEST(StateFixtures, LegacyCancun) { run_set("legacytests_cancun/GeneralStateTests", 4, true); }
TEST(StateFixtures, LegacyConstantinople) {
    run_set("legacytests_constantinople/GeneralStateTests", 1, true);
}
TEST(StateFixtures, Evmone) { run_set("evmone_v0.13.0_exported", 1, true); }

}  // namespace
}  // namespace mega::execution
