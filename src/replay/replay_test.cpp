#include "replay/replay.hpp"
#include "base/fixtures_test.hpp"
#include "base/seed_test.hpp"
#include "replay/block_cache.hpp"
#include "replay/block_json.hpp"
#include "replay/checks.hpp"
#include "replay/file_source.hpp"

#include <gtest/gtest.h>

#include <random>

namespace mega::replay {
namespace {

namespace fs = std::filesystem;
using Sources = std::vector<std::unique_ptr<BlockSource>>;

const auto no_progress = [](size_t, size_t, const std::string&) {};

/// A path below mainnet/, or the words to skip with.
std::optional<fs::path> recorded(const char* name) {
    const auto root = fixtures_root();
    return root && fs::exists(*root / "mainnet" / name) ? std::optional(*root / "mainnet" / name)
                                                        : std::nullopt;
}

Sources opened(const fs::path& path) {
    auto sources = open_path(path);
    EXPECT_TRUE(sources) << (sources ? "" : sources.error().message);
    return sources ? *std::move(sources) : Sources{};
}

void expect_all_match(const fs::path& path, size_t count, const Method& method = {}) {
    const auto reports = replay_all(opened(path), method, no_progress);
    const Totals totals = totals_of(reports);
    std::printf("%s", table_of(reports).c_str());
    EXPECT_EQ(totals.passed, count);
    EXPECT_EQ(totals.failed + totals.skipped, 0u);
}

TEST(replay, all_recorded_mainnet_blocks_match) {
    const auto path = recorded("pevm");
    if (!path) {
        GTEST_SKIP() << fixtures_missing("57 mainnet blocks");
    }
    expect_all_match(*path, 57);
}

TEST(replay, the_executor_seam_gives_the_same) {
    const auto path = recorded("pevm");
    if (!path) {
        GTEST_SKIP() << fixtures_missing("57 mainnet blocks");
    }
    expect_all_match(*path, 57, {.executor = execute_sequentially});
}

TEST(replay, a_block_with_receipts_and_traces_matches) {
    const auto path = recorded("zksync-os");
    if (!path) {
        GTEST_SKIP() << fixtures_missing("a mainnet block with traces");
    }
    const auto reports = replay_all(opened(*path), {}, no_progress);
    ASSERT_EQ(reports.size(), 1u);
    EXPECT_EQ(reports[0].outcome, Outcome::passed) << reports[0].detail;
    EXPECT_EQ(reports[0].transactions, 125u);
    EXPECT_EQ(reports[0].checked.back(), "state diffs");
}

/// The first block of the folder, with what a test wants to falsify.
std::optional<ReplayBlock> first_block(const char* name) {
    const auto path = recorded(name);
    if (!path) {
        return std::nullopt;
    }
    const Sources sources = opened(*path);
    auto block = sources[0]->load(0);
    EXPECT_TRUE(block) << (block ? "" : block.error().message);
    return block ? std::optional(*std::move(block)) : std::nullopt;
}

/// What a falsified block is found to differ in.
std::string difference_of(const ReplayBlock& block) {
    const ChainRules rules = mainnet_rules();
    if (auto difference = check_inputs(rules, block)) {
        return *difference;
    }
    evm::Vm vm;
    const auto result = execute_block(vm, rules, block);
    if (!result) {
        return result.error().message;
    }
    if (auto difference = check_outcome(rules, block, *result)) {
        return *difference;
    }
    return check_traces(vm, rules, block).value_or("");
}

TEST(replay, every_falsified_expectation_is_noticed) {
    auto block = first_block("zksync-os");
    if (!block) {
        GTEST_SKIP() << fixtures_missing("a mainnet block with traces");
    }
    ASSERT_EQ(difference_of(*block), "");
    block->claimed_hash.reset();  // it would notice all of the header at once
    const auto expect_noticed = [&](const std::string& words, auto&& falsify) {
        ReplayBlock changed = *block;
        falsify(changed);
        const std::string difference = difference_of(changed);
        EXPECT_NE(difference.find(words), std::string::npos) << words << " in: " << difference;
    };
    expect_noticed("gas used", [](auto& b) { ++b.header.gas_used; });
    expect_noticed("receipts root", [](auto& b) { b.header.receipts_root[0] ^= 1; });
    expect_noticed("logs bloom", [](auto& b) { b.header.logs_bloom[9] ^= 1; });
    expect_noticed("transactions root", [](auto& b) { b.header.transactions_root[3] ^= 1; });
    expect_noticed("withdrawals root", [](auto& b) { ++b.withdrawals[0].amount_gwei; });
    expect_noticed("ommers hash", [](auto& b) { b.header.ommers_hash[0] ^= 1; });
    expect_noticed("transaction 3: hash", [](auto& b) { (*b.claimed[3].hash)[0] ^= 1; });
    expect_noticed("transaction 3: sender", [](auto& b) { (*b.claimed[3].sender)[0] ^= 1; });
    expect_noticed("transaction 7: gas used", [](auto& b) { ++(*b.receipts)[7].gas_used; });
    expect_noticed("transaction 7: status", [](auto& b) {
        (*b.receipts)[7].status = !*(*b.receipts)[7].status;
    });
    expect_noticed("cumulative gas", [](auto& b) { ++(*b.receipts)[2].cumulative_gas_used; });
    expect_noticed("effective gas price", [](auto& b) {
        (*b.receipts)[2].effective_gas_price = u256{1};
    });
    expect_noticed("transaction 0: log 0: topic 1", [](auto& b) {
        (*b.receipts)[0].logs[0].topics[1][31] ^= 1;
    });
    expect_noticed("transaction 2: contract address none expected", [](auto& b) {
        (*b.receipts)[2].contract_address = Address{{1}};
    });
    expect_noticed("gas limit 1099511627777 is above", [](auto& b) {
        b.header.gas_limit = max_gas_limit + 1;
    });
    expect_noticed("count", [](auto& b) { b.receipts->pop_back(); });
    expect_noticed("call trace.gasUsed", [](auto& b) {
        b.traces.calls[5]["result"]["gasUsed"] = "0x1";
    });
    expect_noticed("state diff.post", [](auto& b) { b.traces.diffs[5]["result"]["post"].clear(); });
    expect_noticed("call trace for each", [](auto& b) { b.traces.calls = json::array(); });
}

TEST(replay, a_changed_balance_of_a_sender_is_noticed) {
    const auto block = first_block("pevm");
    if (!block) {
        GTEST_SKIP() << fixtures_missing("57 mainnet blocks");
    }
    ASSERT_EQ(difference_of(*block), "");
    auto* state = dynamic_cast<RecordedState*>(block->state.get());
    ASSERT_NE(state, nullptr);
    const Address sender = block->transactions[0].sender;
    Account account = *state->account(sender);
    account.balance = u256{1};
    state->set_account(sender, account);
    EXPECT_NE(difference_of(*block).find("transaction 0: insufficient funds"), std::string::npos);
}

// ---- malformed input
// -----------------------------------------------------------------------------

json small_block() {
    const std::string zeros(64, '0');
    return {
        {"parentHash", "0x" + zeros},
        {"sha3Uncles", to_hex(empty_ommers_hash)},
        {"miner", "0x" + std::string(40, '1')},
        {"stateRoot", "0x" + zeros},
        {"transactionsRoot", to_hex(empty_trie_root)},
        {"receiptsRoot", to_hex(empty_trie_root)},
        {"logsBloom", "0x" + std::string(512, '0')},
        {"difficulty", "0x0"},
        {"number", "0x10"},
        {"gasLimit", "0x1c9c380"},
        {"gasUsed", "0x0"},
        {"timestamp", "0x664f7ed3"},
        {"extraData", "0x"},
        {"mixHash", "0x" + zeros},
        {"nonce", "0x0000000000000000"},
        {"baseFeePerGas", "0x7"},
        {"uncles", json::array()},
        {"withdrawals", json::array()},
        {"transactions",
         {{{"type", "0x2"},
           {"nonce", "0x1"},
           {"gas", "0x5208"},
           {"value", "0x1"},
           {"input", "0x"},
           {"to", "0x" + std::string(40, '2')},
           {"maxFeePerGas", "0x10"},
           {"maxPriorityFeePerGas", "0x1"},
           {"chainId", "0x1"},
           {"accessList", json::array()},
           {"yParity", "0x1"},
           {"r", "0xdc031141fb95499307be14fed475286ff2641c4eb9d7b27f6e1ae7253367b86b"},
           {"s", "0x24e6be317ecff3a3826bfd1d71439f6592a16efc5f9d1e993edc68f326e7d289"}}}},
    };
}

TEST(block_json, reads_a_whole_block) {
    const auto block = read_block(small_block());
    ASSERT_TRUE(block) << block.error().message;
    EXPECT_EQ(block->header.number, 16u);
    EXPECT_EQ(block->transactions.size(), 1u);
}

TEST(block_json, names_what_is_wrong) {
    const auto error_with = [](auto&& change) {
        json block = small_block();
        change(block);
        const auto read = read_block(block);
        return read ? std::string("none") : read.error().message;
    };
    EXPECT_NE(error_with([](json& b) { b.erase("gasUsed"); }).find("gasUsed"), std::string::npos);
    EXPECT_NE(error_with([](json& b) { b["miner"] = "0x12"; }).find("miner"), std::string::npos);
    EXPECT_NE(
        error_with([](json& b) { b["transactions"][0]["type"] = "0x5"; }).find("type 5"),
        std::string::npos
    );
    EXPECT_NE(
        error_with([](json& b) { b["transactions"][0]["r"] = "0x0"; }).find("of nobody"),
        std::string::npos
    );
    EXPECT_NE(
        error_with([](json& b) { b["transactions"] = {"0x12"}; }).find("only a hash"),
        std::string::npos
    );
    EXPECT_NE(
        error_with([](json& b) { b = json::array(); }).find("not an object"), std::string::npos
    );
}

/// Some value of the tree is replaced, removed or doubled.
void spoil(json& value, std::mt19937_64& random) {
    static const json odd[] = {
        nullptr,
        -1,
        1.5,
        "",
        "0x",
        "0xzz",
        json::array(),
        json::object(),
        true,
        "0x" + std::string(200, 'f'),
        uint64_t{1} << 63
    };
    if (value.is_structured() && !value.empty() && random() % 8 != 0) {
        auto it = value.begin();
        std::advance(it, static_cast<ptrdiff_t>(random() % value.size()));
        if (random() % 10 == 0) {
            value.erase(it);
            return;
        }
        spoil(*it, random);
        return;
    }
    if (value.is_string() && random() % 2 == 0 && !value.get_ref<std::string&>().empty()) {
        std::string& text = value.get_ref<std::string&>();
        text[random() % text.size()] = static_cast<char>(random() % 256);
        return;
    }
    value = odd[random() % std::size(odd)];
}

TEST(block_json, malformed_blocks_are_errors_and_never_crash) {
    const uint64_t seed = test_seed();
    std::mt19937_64 random(seed);
    size_t refused = 0;
    for (int i = 0; i < 3000; ++i) {
        json block = small_block();
        for (uint64_t times = 1 + random() % 3; times > 0; --times) {
            spoil(block, random);
        }
        const auto read = read_block(block);
        refused += read ? 0 : 1;
        if (!read) {
            EXPECT_FALSE(read.error().message.empty()) << "seed " << seed;
        }
        (void)read_receipts(block);
    }
    EXPECT_GT(refused, 1000u);
}

TEST(json_fields, deep_nesting_is_refused) {
    EXPECT_FALSE(parse_json(std::string(100'000, '[')));
    EXPECT_FALSE(parse_json("{\"a\":"));
    EXPECT_FALSE(parse_json(""));
    EXPECT_TRUE(parse_json("[\"[[[[\"]"));
}

// ---- cache files
// ---------------------------------------------------------------------------------

class CacheTest : public testing::Test {
  protected:
    CacheTest()
        : directory_(
              fs::temp_directory_path() /
              ("mega-replay-test-" + std::to_string(std::random_device{}()))
          ) {}
    ~CacheTest() override {
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }

    static CachedBlock sample() {
        CachedBlock cached{.chain_id = 5, .rules = "Osaka", .block = small_block()};
        cached.receipts = json::array();
        cached.state = std::make_shared<RecordedState>();
        cached.state->set_account(Address{{1}}, Account{.nonce = 3, .balance = u256{7}});
        cached.state->set_account(Address{{2}}, std::nullopt);
        cached.state->set_storage(Address{{1}}, u256{9}, u256{10});
        cached.state->set_code(Bytes{0x60, 0x00});
        cached.state->set_block_hash(15, Hash256{{9}});
        return cached;
    }

    fs::path directory_;
};

TEST_F(CacheTest, what_was_written_is_read_back) {
    const fs::path file = cache_file(directory_, 5, 16);
    const auto written = write_cache(file, sample());
    ASSERT_TRUE(written) << written.error().message;
    ASSERT_TRUE(is_cache_file(file));
    const auto read = read_cache(file);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->block, sample().block);
    EXPECT_EQ(read->state->account(Address{{1}})->balance, u256{7});
    ASSERT_NE(read->state->known_account(Address{{2}}), nullptr);
    EXPECT_FALSE(read->state->account(Address{{2}}));
    EXPECT_EQ(read->state->storage(Address{{1}}, u256{9}), u256{10});
    EXPECT_EQ(read->state->block_hash(15), (Hash256{{9}}));
    size_t files = 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
        files += entry.is_regular_file() ? 1 : 0;
    }
    EXPECT_EQ(files, 1u) << "something was left beside it";
}

TEST_F(CacheTest, any_changed_byte_is_noticed) {
    const fs::path file = cache_file(directory_, 5, 16);
    ASSERT_TRUE(write_cache(file, sample()));
    const std::string good = *read_file(file);
    std::mt19937_64 random(test_seed());
    for (int i = 0; i < 100; ++i) {
        std::string bad = good;
        bad[random() % bad.size()] ^= static_cast<char>(1 + random() % 255);
        std::ofstream(file, std::ios::binary) << bad;
        EXPECT_FALSE(read_cache(file));
    }
    std::ofstream(file, std::ios::binary) << good.substr(0, good.size() / 2);
    EXPECT_FALSE(read_cache(file));
    std::ofstream(file, std::ios::binary) << good;
    EXPECT_TRUE(read_cache(file));
}

TEST_F(CacheTest, a_whole_file_without_block_or_receipts_is_refused) {
    const fs::path file = cache_file(directory_, 5, 16);
    CachedBlock cached = sample();
    cached.block = json::array();
    ASSERT_TRUE(write_cache(file, cached));
    const auto read = read_cache(file);
    ASSERT_FALSE(read);
    EXPECT_NE(read.error().message.find("block: want an object"), std::string::npos);
    cached = sample();
    ASSERT_TRUE(block_of(cached));
    cached.receipts = json();
    EXPECT_FALSE(block_of(cached));
}

TEST_F(CacheTest, a_place_that_cannot_be_written_is_an_error) {
    EXPECT_FALSE(write_cache("/proc/nowhere/1.block", sample()));
}

TEST_F(CacheTest, paths_that_hold_no_block_are_named) {
    fs::create_directories(directory_);
    EXPECT_NE(
        open_path(directory_ / "none").error().message.find("does not exist"), std::string::npos
    );
    EXPECT_NE(open_path(directory_).error().message.find("holds no block"), std::string::npos);
    std::ofstream(directory_ / "block.json") << "{}";
    EXPECT_NE(open_path(directory_).error().message.find("pre_state.json"), std::string::npos);
    std::ofstream(directory_ / "pre_state.json") << "{}";
    EXPECT_NE(open_path(directory_).error().message.find("bytecodes.txt"), std::string::npos);
}

TEST(chain_rules, forks_have_names) {
    EXPECT_EQ(fork_from_word("osaka"), Fork::osaka);
    EXPECT_EQ(fork_from_word("EIP158"), Fork::spurious_dragon);
    EXPECT_EQ(fork_from_word("merge"), Fork::paris);
    EXPECT_EQ(fork_from_word("atlantis"), std::nullopt);
    BlockHeader header;
    EXPECT_EQ(fork_by_fields(header), std::nullopt);
    header.base_fee_per_gas = u256{7};
    header.difficulty = u256{1};
    EXPECT_EQ(fork_by_fields(header), Fork::london);
    header.requests_hash = empty_requests_hash;
    EXPECT_EQ(fork_by_fields(header), Fork::osaka);
}

}  // namespace
}  // namespace mega::replay
