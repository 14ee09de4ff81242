// Every block of the official blockchain tests that lies on a straight line from its genesis:
// executed in full, recorded, and validated from the witness in all forms. What a test says must be
// refused must not validate either (from Paris on: before it, seals and ommers are not checked).
//
//   MEGA_FIXTURE_STRIDE     every n-th file only; 1 is all. Without it the oldest set, which takes
//                           longer than all others together, runs every 8th.

#include "base/fixtures_test.hpp"
#include "base/hex.hpp"
#include "ethereum/block_transition.hpp"
#include "ethereum/body_rules.hpp"
#include "execution/genesis.hpp"
#include "stateless/validate.hpp"
#include "trie/tree_test_support.hpp"
#include "witness/access_recorder.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"
#include "witness/record.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::stateless {

namespace {

using Json = nlohmann::json;

Bytes bytes_of(const Json& value) {
    auto text = value.get<std::string>();
    return from_hex(text.size() % 2 == 0 ? text : "0x0" + text.substr(2)).value();
}
u256 number_of(const Json& value) {
    const Bytes bytes = bytes_of(value);
    const BytesView view = bytes;
    return u256::from_be(view.last(std::min<size_t>(view.size(), 32)));
}

state::StateDiff allocation_of(const Json& accounts) {
    std::map<Address, execution::GenesisAccount> alloc;
    for (const auto& [address, fields] : accounts.items()) {
        auto& account = alloc[fixed_from_hex<20>(address).value()];
        account.nonce = number_of(fields.at("nonce")).low64();
        account.balance = number_of(fields.at("balance"));
        account.code = bytes_of(fields.at("code"));
        for (const auto& [slot, value] : fields.at("storage").items()) {
            account.storage[number_of(slot)] = number_of(value);
        }
    }
    return execution::allocate(alloc);
}

ethereum::ChainConfig config_of(const Json& test) {
    ethereum::BlobSchedules schedules;
    const Json settings = test.value("config", Json::object());
    for (const auto& [fork, fields] : settings.value("blobSchedule", Json::object()).items()) {
        schedules[fork] = {
            number_of(fields.at("target")).low64(),
            number_of(fields.at("max")).low64(),
            number_of(fields.at("baseFeeUpdateFraction")).low64()
        };
    }
    return ethereum::config_of_network(test.at("network").get<std::string>(), schedules).value();
}

bool must_be_refused(const Json& block, const std::string& network) {
    return block.contains("expectException") || block.contains("expectExceptionALL") ||
           block.contains("expectException" + network) || !block.contains("blockHeader");
}

struct Count {
    size_t blocks = 0;
    size_t refused = 0;
    size_t off_the_line = 0;
    size_t cases_without_genesis = 0;
};

/// A full node at the last block of one case.
class Line {
  public:
    Line(const Json& test, const BlockHeader& genesis)
        : config_(config_of(test)),
          state_(nothing_),
          tree_(no_nodes_, empty_trie_root),
          head_(genesis),
          total_difficulty_(genesis.difficulty) {
        take(allocation_of(test.at("pre")));
        EXPECT_EQ(tree_.root(), genesis.state_root);
        headers_.push_back(genesis);
    }

    void import(const Block& block, bool must_refuse, Count& count) {
        if (block.header.parent_hash != hash_of(head_)) {
            ++count.off_the_line;
            return;
        }
        const EthereumRules rules{
            config_,
            config_.terminal_total_difficulty &&
                total_difficulty_ >= *config_.terminal_total_difficulty
        };
        fork_ = ethereum::fork_at(
            config_, block.header.number, block.header.timestamp, rules.is_merged
        );
        auto recorded = record(block);
        if (!must_refuse) {
            ASSERT_TRUE(recorded) << "the full node refuses the block";
            expect_valid(block, *recorded, rules);
            ++count.blocks;
            take(recorded->diff);
            headers_.push_back(block.header);
            total_difficulty_ += block.header.difficulty;
            head_ = block.header;
        } else if (recorded && fork_ >= Fork::paris) {
            recorded->witness.is_minimal = false;
            const auto validated = validate_block(head_, block, recorded->witness, rules);
            ASSERT_FALSE(validated) << "accepted, but must be refused";
            ASSERT_FALSE(validated.error().is_of_witness()) << validated.error().words;
            ++count.refused;
        }
    }

  private:
    struct Recorded {
        witness::Witness witness;
        state::StateDiff diff;
    };

    void take(const state::StateDiff& diff) {
        state_.apply(diff);
        ASSERT_TRUE(tree_.apply(execution::tree_updates(diff)));
        static_cast<void>(tree_.root());
    }

    /// Nothing when the block cannot be executed.
    [[nodiscard]] std::optional<Recorded> record(const Block& block) {
        const auto transactions = ethereum::decode_transactions(fork_, block.transactions);
        if (!transactions) {
            return std::nullopt;
        }
        state_.set_block_hash(head_.number, hash_of(head_));
        witness::AccessSet accesses;
        const witness::AccessRecorder recorder(state_, accesses);
        const witness::TreeNodes nodes(tree_);
        witness::RecordingNodes intermediate(nodes);  // for the roots in receipts before Byzantium
        const auto root_after = [&](const state::StateDiff& diff) {
            trie::StateTree tree(intermediate, head_.state_root);
            EXPECT_TRUE(tree.apply(execution::tree_updates(diff)));
            return tree.root();
        };
        const auto result = ethereum::execute_block(
            vm_,
            recorder,
            {config_,
             fork_,
             block.header,
             *transactions,
             block.ommers,
             block.withdrawals ? std::span<const Withdrawal>{*block.withdrawals}
                               : std::span<const Withdrawal>{},
             root_after}
        );
        if (!result) {
            return std::nullopt;
        }
        auto witness = witness::record(
            nodes, head_.state_root, accesses, execution::tree_updates(result->diff)
        );
        EXPECT_TRUE(witness);
        const witness::NodeSet more = intermediate.take();
        for (size_t i = 0; i < more.size(); ++i) {
            witness->nodes.add(more.hash(i), more.rlp(i));
        }
        witness->nodes.seal();
        const uint64_t count = witness::headers_needed(head_.number, accesses.lowest_block_hash());
        for (uint64_t i = 0; i < count && headers_.size() >= 2 + i; ++i) {
            witness->headers.push_back(headers_[headers_.size() - 2 - i]);
        }
        return Recorded{*std::move(witness), result->diff};
    }

    void expect_valid(const Block& block, const Recorded& recorded, const Rules& rules) const {
        const auto check = [&](const witness::Witness& witness, const char* form) {
            const auto validated = validate_block(head_, block, witness, rules);
            ASSERT_TRUE(validated) << form << ": " << validated.error().words;
            ASSERT_EQ(validated->diff, recorded.diff);
        };
        check(recorded.witness, "recorded");
        const auto compact = witness::encode_compact(recorded.witness);
        ASSERT_TRUE(compact);
        check(witness::decode_compact(*compact).value(), "compact");
        const auto lists = witness::to_execution_witness(recorded.witness, head_);
        check(witness::from_execution_witness(lists, head_).value(), "lists");
    }

    ethereum::ChainConfig config_;
    const trie::test::MapStore no_nodes_;
    state::EmptyState nothing_;
    state::Overlay state_;
    trie::StateTree tree_;
    evm::Vm vm_;
    BlockHeader head_;
    u256 total_difficulty_;
    std::vector<BlockHeader> headers_;
    Fork fork_ = Fork::frontier;
};

void run_case(const Json& test, Count& count) {
    if (!test.contains("genesisRLP")) {
        ++count.cases_without_genesis;
        return;
    }
    const auto genesis = decode_block(bytes_of(test.at("genesisRLP")));
    ASSERT_TRUE(genesis);
    const auto network = test.at("network").get<std::string>();
    Line line(test, genesis->header);
    for (const Json& json : test.at("blocks")) {
        const auto block = decode_block(bytes_of(json.at("rlp")));
        if (block) {
            line.import(*block, must_be_refused(json, network), count);
        }
        if (::testing::Test::HasFatalFailure()) {
            return;
        }
    }
}

void run_set(const std::string& set, size_t usual_stride = 1) {
    const auto root = fixtures_root();
    if (!root) {
        GTEST_SKIP() << fixtures_missing("blockchain_tests");
    }
    const char* stride_text = std::getenv("MEGA_FIXTURE_STRIDE");
    const size_t stride = stride_text == nullptr ? usual_stride : std::stoul(stride_text);
    const auto files = json_files_below(*root / "blockchain_tests" / set);
    ASSERT_FALSE(files.empty());
    Count count;
    for (size_t i = 0; i < files.size(); i += stride) {
        const Json file = Json::parse(read_fixture(files[i]));
        for (const auto& [name, test] : file.items()) {
            if (test.is_object() && test.contains("blocks")) {
                SCOPED_TRACE(name);
                run_case(test, count);
            }
            if (::testing::Test::HasFatalFailure()) {
                return;
            }
        }
    }
    std::printf(
        "%s: 1 of %zu of its %zu files: %zu blocks validated, %zu refused; %zu not on the line, "
        "%zu cases without genesisRLP\n",
        set.c_str(),
        stride,
        files.size(),
        count.blocks,
        count.refused,
        count.off_the_line,
        count.cases_without_genesis
    );
    EXPECT_GT(count.blocks, 0);
}

}  // namespace

TEST(blockchain_fixtures, eest) { run_set("eest_v5.4.0"); }
TEST(blockchain_fixtures, eest_newer) { run_set("eest_bal_v5.7.0_prefork"); }
TEST(blockchain_fixtures, legacy_up_to_cancun) { run_set("legacytests_cancun"); }
TEST(blockchain_fixtures, legacy_up_to_constantinople) { run_set("legacytests_constantinople", 8); }

}  // namespace mega::stateless
