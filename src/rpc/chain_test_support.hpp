#pragma once

// For this library's tests: a development chain from database to dispatcher, in a directory that is
// gone afterwards. Blocks are mined by hand.

#include "rpc/accounts.hpp"
#include "rpc/backend.hpp"
#include "rpc/dispatcher.hpp"
#include "rpc/timer.hpp"
#include "rpc/worker_pool.hpp"
#include "sequencer/recovery.hpp"
#include "storage/node_store.hpp"
#include "storage/test_directory.hpp"

#include <gtest/gtest.h>
#include <future>
#include <nlohmann/json.hpp>

namespace mega::rpc::test {

inline constexpr uint64_t chain_id = 1337;
inline constexpr crypto::SecretKey rich_key{{0x01, 0x02}};

inline execution::Genesis rich_genesis() {
    execution::GenesisSpec spec;
    spec.gas_limit = 100'000'000;
    spec.timestamp = 1'700'000'000;
    spec.base_fee_per_gas = u256{1'000'000};
    spec.alloc[*crypto::address_of(rich_key)].balance = u256{1} << 100;
    return execution::make_genesis(current_fork, spec);
}

/// What recovery leaves.
struct Ground {
    explicit Ground(const std::filesystem::path& directory) {
        auto opened = storage::Database::open({.path = directory / "db", .cache_bytes = 8u << 20});
        EXPECT_TRUE(opened.has_value());
        database = std::move(*opened);
        EXPECT_TRUE(sequencer::ensure_genesis(*database, rich_genesis()).has_value());
        states = std::make_unique<storage::StateStore>(*database, storage::StateStoreOptions{});
        blocks = std::make_unique<storage::ChainStore>(*database);
        auto stored = sequencer::load_head(*blocks);
        EXPECT_TRUE(stored.has_value());
        nodes = std::make_unique<storage::NodeReader>(*database);
        commitment = std::make_unique<sequencer::Commitment>(
            *nodes, stored->head->header.state_root, 0, size_t{64} << 20
        );
        sequencer::ChainConfig config;
        config.chain_id = chain_id;
        config.signing_key = rich_key;
        chain = std::make_unique<sequencer::Chain>(config, *states, *commitment, stored->head, 0);
        auto log_opened = storage::WriteAheadLog::open(
            {.directory = directory / "log",
             .chain_id_hash = stored->head->hash,
             .durability = storage::Durability::relaxed},
            [](storage::WriteAheadLog::Sequence, BytesView) { return true; }
        );
        EXPECT_TRUE(log_opened.has_value());
        log = std::move(*log_opened);
        checkpointer = std::make_unique<sequencer::Checkpointer>(
            sequencer::Checkpointer::Parts{*database, *states, *blocks, log.get()}
        );
    }

    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::StateStore> states;
    std::unique_ptr<storage::ChainStore> blocks;
    std::unique_ptr<storage::NodeReader> nodes;
    std::unique_ptr<sequencer::Commitment> commitment;
    std::unique_ptr<sequencer::Chain> chain;
    std::unique_ptr<storage::WriteAheadLog> log;
    std::unique_ptr<sequencer::Checkpointer> checkpointer;
    sequencer::Head head;
    sequencer::Publisher publisher;
};

class ChainTest : public ::testing::Test {
  protected:
    ChainTest()
        : ground_(directory_.path()),
          sequencer_(
              options(),
              {*ground_.chain, *ground_.log, ground_.head, ground_.publisher, *ground_.checkpointer}
          ),
          reader_(ground_.head, *ground_.states, *ground_.blocks, *ground_.commitment),
          backend_{
              .reader = reader_,
              .intake = sequencer_,
              .accounts = accounts_,
              .timer = timer_,
              .chain_id = chain_id,
              .fee_market = {},
              .client_version = "mega/test",
              .is_development = true,
              .limits = {}
          } {}
    ~ChainTest() override { sequencer_.stop(); }

    static sequencer::SequencerOptions options() {
        sequencer::SequencerOptions options;
        options.block_interval_ms = 0;
        options.mini_block_interval_ms = 1;
        return options;
    }

    /// After the methods were added and the listeners, too.
    void start() { sequencer_.start({}); }

    nlohmann::json ask(const std::string& method, const nlohmann::json& params = {}) {
        const nlohmann::json request{{"id", 1}, {"method", method}, {"params", params}};
        std::promise<std::string> answer;
        dispatcher_.dispatch({}, request.dump(), [&](std::string text) {
            answer.set_value(std::move(text));
        });
        return nlohmann::json::parse(answer.get_future().get());
    }
    nlohmann::json result(const std::string& method, const nlohmann::json& params = {}) {
        const auto answer = ask(method, params);
        EXPECT_TRUE(answer.contains("result")) << method << ": " << answer;
        return answer.value("result", nlohmann::json{});
    }

    /// Executed, and visible, when this returns.
    Hash256 send(const std::optional<Address>& to, Bytes data = {}) {
        Transaction tx;
        tx.type = TxType::dynamic_fee;
        tx.chain_id = chain_id;
        tx.nonce = nonce_++;
        tx.gas_limit = 500'000;
        tx.max_fee_per_gas = 1'000'000'000;
        tx.to = to;
        tx.value = to ? 1 : 0;
        tx.data = std::move(data);
        sign_transaction(tx, rich_key);
        auto decoded = decode_signed_transaction(encode(tx));
        const auto shared = std::make_shared<const SignedTransaction>(std::move(*decoded));
        std::promise<void> done;
        sequencer_.submit(
            shared,
            sequencer::SubmitMode::executed,
            [&](const sequencer::SubmitOutcome& outcome) {
                EXPECT_EQ(outcome.kind, sequencer::SubmitOutcome::Kind::executed)
                    << outcome.message;
                done.set_value();
            }
        );
        done.get_future().wait();
        return shared->hash;
    }

    storage::TestDirectory directory_{storage::TestDirectory::in_memory};
    Ground ground_;
    sequencer::Sequencer sequencer_;
    sequencer::ChainReader reader_;
    Accounts accounts_;
    Timer timer_;
    Backend backend_;
    WorkerPool workers_{1, 100};
    Dispatcher dispatcher_{{}, workers_};
    uint64_t nonce_ = 0;
};

}  // namespace mega::rpc::test
