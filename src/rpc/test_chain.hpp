#pragma once

// For tests: a whole chain in a temporary directory, with a service on top that is asked without a
// socket. One funded account, whose key is 1.

#include "rpc/accounts.hpp"
#include "rpc/service.hpp"
#include "sequencer/recovery.hpp"
#include "storage/node_store.hpp"
#include "storage/test_directory.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <future>

namespace mega::rpc::test {

inline constexpr uint64_t chain_id = 1337;

class TestChain {
  public:
    explicit TestChain(MethodLimits limits = {}) {
        const auto genesis = make_genesis();
        database_ = *storage::Database::open({.path = directory_.path() / "database"});
        EXPECT_TRUE(sequencer::ensure_genesis(*database_, genesis).has_value());
        states_ = std::make_unique<storage::StateStore>(*database_, storage::StateStoreOptions{});
        blocks_ = std::make_unique<storage::ChainStore>(*database_);
        nodes_ = std::make_unique<storage::NodeReader>(*database_);
        auto [head, checkpoint] = *sequencer::load_head(*blocks_);
        commitment_ = std::make_unique<sequencer::Commitment>(
            *nodes_, head->header.state_root, head->header.number, 64u << 20
        );
        sequencer::ChainConfig config;
        config.chain_id = chain_id;
        config.signing_key = u256{7}.to_hash();
        chain_ = std::make_unique<sequencer::Chain>(
            config, *states_, *commitment_, head, checkpoint.next_mini_block_number
        );
        checkpointer_ = std::make_unique<sequencer::Checkpointer>(
            sequencer::Checkpointer::Parts{*database_, *states_, *blocks_, nullptr}
        );
        start(checkpoint, hash_of(genesis.header), limits);
    }
    ~TestChain() {
        sequencer_->stop();
        checkpointer_->wait();
        publisher_.drain();
    }
    TestChain(const TestChain&) = delete;
    TestChain& operator=(const TestChain&) = delete;

    /// The whole response. Parameters that are no array stand for an array of one.
    nlohmann::json ask(const std::string& method, const nlohmann::json& params) {
        const auto answered = std::make_shared<std::promise<std::string>>();
        auto answer = answered->get_future();
        const auto list = params.is_array() ? params : nlohmann::json::array({params});
        const nlohmann::json request{{"id", 1}, {"method", method}, {"params", list}};
        service_->dispatcher().dispatch({}, request.dump(), [answered](std::string text) {
            answered->set_value(std::move(text));
        });
        return nlohmann::json::parse(answer.get());
    }
    nlohmann::json result(
        const std::string& method, const nlohmann::json& params = nlohmann::json::array()
    ) {
        const nlohmann::json response = ask(method, params);
        EXPECT_TRUE(response.contains("result")) << method << ": " << response.dump();
        return response.value("result", nlohmann::json());
    }
    nlohmann::json error(
        const std::string& method, const nlohmann::json& params = nlohmann::json::array()
    ) {
        const nlohmann::json response = ask(method, params);
        EXPECT_TRUE(response.contains("error")) << method << ": " << response.dump();
        return response.value("error", nlohmann::json::object());
    }

    [[nodiscard]] Address owner() const { return *crypto::address_of(key_); }
    /// A transfer of 5 wei from the owner, or what `change` makes of it, signed and in hex.
    [[nodiscard]] std::string signed_transfer(
        uint64_t nonce, const std::function<void(Transaction&)>& change = {}
    ) const {
        Transaction tx;
        tx.type = TxType::dynamic_fee;
        tx.chain_id = chain_id;
        tx.nonce = nonce;
        tx.gas_limit = 21000;
        tx.max_fee_per_gas = 5'000'000'000;
        tx.max_priority_fee_per_gas = 1;
        tx.to = Address::from(u256{0xbeef}.to_hash().view().subspan(12));
        tx.value = 5;
        if (change) {
            change(tx);
        }
        sign_transaction(tx, key_);
        return to_hex(encode(tx));
    }
    /// Returns once the block is visible as sealed.
    void mine() {
        const uint64_t number = reader_->sealed_number() + 1;
        sequencer_->run([this] { sequencer_->mine_block(); });
        while (reader_->sealed_number() < number) {
            std::this_thread::yield();
        }
    }
    sequencer::Sequencer& sequencer() { return *sequencer_; }
    [[nodiscard]] const Service& service() const { return *service_; }
    /// Empty until the test fills it.
    attestation::CommitteeBoard& committees() { return committees_; }

  private:
    [[nodiscard]] execution::Genesis make_genesis() const {
        execution::GenesisSpec spec;
        spec.gas_limit = 100'000'000;
        spec.alloc[owner()].balance = u256{1'000'000'000} * u256{1'000'000'000} * u256{1000};
        return execution::make_genesis(current_fork, spec);
    }

    void start(
        const storage::Checkpoint& checkpoint, const Hash256& genesis_hash, MethodLimits limits
    ) {
        sequencer::Replay replay(*chain_, *checkpointer_, checkpoint);
        std::filesystem::create_directories(directory_.path() / "log");
        log_ = *storage::WriteAheadLog::open(
            {.directory = directory_.path() / "log",
             .chain_id_hash = genesis_hash,
             .durability = storage::Durability::relaxed},
            [&](storage::WriteAheadLog::Sequence sequence, BytesView payload) {
                return replay.accept(sequence, payload);
            }
        );
        checkpointer_->set_log(*log_);
        sequencer::SequencerOptions options;
        options.block_interval_ms = 0;  // blocks when the test says so
        options.gas_limit = 100'000'000;
        sequencer_ = std::make_unique<sequencer::Sequencer>(
            options, sequencer::Sequencer::Parts{*chain_, *log_, head_, publisher_, *checkpointer_}
        );
        reader_ = std::make_unique<sequencer::ChainReader>(head_, *states_, *blocks_, *commitment_);
        ServiceOptions service;
        service.chain_id = chain_id;
        service.client_version = "mega/test";
        service.is_development = true;
        service.limits = limits;
        service.committees = &committees_;
        service_ = std::make_unique<Service>(
            service, Service::Parts{*reader_, *sequencer_, accounts_, sequencer_.get()}
        );
        for (auto* listener : service_->listeners()) {
            publisher_.add_listener(*listener);
        }
        auto resumption = replay.finish();
        MEGA_ASSERT(resumption.has_value());
        sequencer_->start(std::move(*resumption));
    }

    crypto::SecretKey key_ = u256{1}.to_hash();
    storage::TestDirectory directory_{storage::TestDirectory::in_memory};
    Accounts accounts_{{key_}};
    attestation::CommitteeBoard committees_;
    std::unique_ptr<storage::Database> database_;
    std::unique_ptr<storage::StateStore> states_;
    std::unique_ptr<storage::ChainStore> blocks_;
    std::unique_ptr<storage::NodeReader> nodes_;
    std::unique_ptr<sequencer::Commitment> commitment_;
    std::unique_ptr<sequencer::Chain> chain_;
    sequencer::Head head_;
    std::unique_ptr<storage::WriteAheadLog> log_;
    std::unique_ptr<sequencer::Checkpointer> checkpointer_;
    sequencer::Publisher publisher_;
    std::unique_ptr<sequencer::Sequencer> sequencer_;
    std::unique_ptr<sequencer::ChainReader> reader_;
    std::unique_ptr<Service> service_;
};

}  // namespace mega::rpc::test
