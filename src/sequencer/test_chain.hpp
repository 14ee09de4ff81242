#pragma once

// For tests: a whole chain on a directory, from the database to the sequencer, with a clock that
// the test moves. Four accounts are funded; two contracts stand from the beginning.

#include "sequencer/chain_reader.hpp"
#include "sequencer/recovery.hpp"
#include "storage/node_store.hpp"
#include "storage/test_directory.hpp"

#include <gtest/gtest.h>

#include <future>

namespace mega::sequencer::test {

inline constexpr uint64_t chain_id = 1337;
inline constexpr uint64_t gas_limit = 30'000'000;
inline constexpr uint64_t start_us = 1'700'000'000'000'000;
inline constexpr size_t sender_count = 4;
inline constexpr u256 gwei = 1'000'000'000;

using Clock = std::shared_ptr<std::atomic<uint64_t>>;

inline crypto::SecretKey key_of(size_t sender) { return u256{sender + 1}.to_hash(); }
inline Address sender(size_t index) { return *crypto::address_of(key_of(index)); }
inline crypto::SecretKey signing_key() { return u256{7}.to_hash(); }
inline Address address(uint64_t id) { return u256{id}.to_address(); }

/// Stores its second word of input under its first, and logs with the first as topic.
inline Bytes store_code() {
    return {0x60, 0x20, 0x35, 0x60, 0, 0x35, 0x55, 0x60, 0, 0x35, 0x60, 0, 0x60, 0, 0xa1, 0};
}
inline Address store_address() { return address(0xc0de); }
/// Writes slot 0 and becomes a contract with store_code.
inline Bytes store_init_code() {
    Bytes code{
        0x60, 1, 0x60, 0, 0x55, 0x60, 0x10, 0x60, 0x11, 0x60, 0, 0x39, 0x60, 0x10, 0x60, 0, 0xf3
    };
    append(code, store_code());
    return code;
}

inline execution::Genesis make_genesis(
    uint64_t number = 0, uint64_t salt = 0, size_t senders = sender_count
) {
    execution::GenesisSpec spec;
    spec.gas_limit = gas_limit;
    spec.number = number;
    spec.timestamp = 1'600'000'000 + salt;
    for (size_t i = 0; i < senders; ++i) {
        spec.alloc[sender(i)].balance = gwei * gwei * u256{1000};
    }
    spec.alloc[store_address()] = {1, {}, store_code(), {{5, 6}}};
    // EIP-2935, so that the beginning of a block changes state.
    spec.alloc[*fixed_from_hex<20>("0x0000f90827f1c53a10cb7a02335b175320002935")] = {
        1,
        {},
        *from_hex("0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f3560014303"
                  "81116042"
                  "57611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff6001430306550"
                  "0"),
        {}
    };
    return execution::make_genesis(current_fork, spec);
}

inline mempool::TxPtr finish(Transaction tx, size_t from) {
    sign_transaction(tx, key_of(from));
    auto done = decode_signed_transaction(encode(tx));
    MEGA_ASSERT(done.has_value() && done->sender == sender(from));
    return std::make_shared<const SignedTransaction>(std::move(*done));
}

/// 5 wei to a stranger, or what `change` makes of it.
inline mempool::TxPtr transfer(
    size_t from, uint64_t nonce, const std::function<void(Transaction&)>& change = {}
) {
    Transaction tx;
    tx.type = TxType::dynamic_fee;
    tx.chain_id = chain_id;
    tx.nonce = nonce;
    tx.gas_limit = 21'000;
    tx.max_fee_per_gas = gwei * u256{10};
    tx.max_priority_fee_per_gas = 1;
    tx.to = address(0xbeef);
    tx.value = 5;
    if (change) {
        change(tx);
    }
    return finish(std::move(tx), from);
}
inline mempool::TxPtr with_tip(size_t from, uint64_t nonce, uint64_t tip) {
    return transfer(from, nonce, [&](Transaction& tx) { tx.max_priority_fee_per_gas = tip; });
}
inline mempool::TxPtr store(
    size_t from, uint64_t nonce, const u256& slot, const u256& value, Address to = store_address()
) {
    return transfer(from, nonce, [&](Transaction& tx) {
        tx.to = to;
        tx.value = 0;
        tx.gas_limit = 100'000;
        tx.data = to_bytes(slot.to_hash().view());
        append(tx.data, value.to_hash().view());
    });
}
inline mempool::TxPtr deploy(size_t from, uint64_t nonce) {
    return transfer(from, nonce, [](Transaction& tx) {
        tx.to.reset();
        tx.value = 0;
        tx.gas_limit = 300'000;
        tx.data = store_init_code();
    });
}

struct TestOptions {
    SequencerOptions sequencer;
    execution::Genesis genesis = make_genesis();
    size_t tree_memory_bytes = 64u << 20;
    size_t cached_blocks = 64;
    size_t segment_bytes = 1u << 20;
    storage::Durability durability = storage::Durability::relaxed;
    uint32_t execution_threads = 2;
    std::optional<rollup::L1Position> l1_genesis;
    crypto::SecretKey signing_key = test::signing_key();
    Clock clock = std::make_shared<std::atomic<uint64_t>>(start_us);

    TestOptions() {
        sequencer.gas_limit = gas_limit;
        sequencer.beneficiary = address(0xfee);
        sequencer.block_interval_ms = 0;  // blocks when the test says so
    }
};

/// One life of a chain on a directory. Ends like a process that is told to stop.
class TestChain {
  public:
    /// Without a sequencer until `start`.
    [[nodiscard]] static Result<std::unique_ptr<TestChain>> open(
        const std::filesystem::path& directory, const TestOptions& options
    ) {
        auto chain = std::unique_ptr<TestChain>(new TestChain(options));
        if (auto opened = chain->open_parts(directory); !opened) {
            return Err{opened.error()};
        }
        return chain;
    }
    ~TestChain() {
        if (sequencer) {
            sequencer->stop();
        }
        if (checkpointer) {
            checkpointer->wait();
        }
        publisher.drain();
    }
    TestChain(const TestChain&) = delete;
    TestChain& operator=(const TestChain&) = delete;

    void start() {
        SequencerOptions chosen = options.sequencer;
        if (!chosen.now_us) {
            chosen.now_us = [clock = options.clock] { return clock->load(); };
        }
        sequencer = std::make_unique<Sequencer>(
            chosen, Sequencer::Parts{*chain, *log, head, publisher, *checkpointer}
        );
        reader = std::make_unique<ChainReader>(head, *states, *blocks, *commitment);
        sequencer->start(std::move(resumption));
    }

    /// What the sequencer would open next, without its clock.
    [[nodiscard]] OpenBlockRecord next_inputs() const {
        const BlockHeader& parent = chain->head()->header;
        return {
            .number = parent.number + 1,
            .timestamp = parent.timestamp + 1,
            .gas_limit = gas_limit,
            .beneficiary = address(0xfee),
            .prev_randao = u256{parent.number}.to_hash(),
            .base_fee_per_gas = chain->next_base_fee()
        };
    }
    /// Cuts a mini-block and seals, without a sequencer.
    SealedPtr seal() {
        if (chain->has_unclosed_transactions()) {
            (void)chain->close_mini_block(1);
        }
        auto sealed = chain->seal_block();
        MEGA_ASSERT(sealed.has_value());
        checkpointer->remember(*sealed);
        return *sealed;
    }
    void save(std::vector<SealedPtr> sealed, uint64_t log_sequence) {
        storage::WriteBatch batch;
        storage::NodeWriter writer(batch);
        commitment->flush(writer);
        checkpointer->save({
            .batch = std::move(batch),
            .blocks = std::move(sealed),
            .state_version = chain->head_version(),
            .log_sequence = log_sequence,
            .next_mini_block_number = chain->next_mini_block_number(),
            .commitment = commitment.get(),
        });
        checkpointer->wait();
    }

    [[nodiscard]] std::future<SubmitOutcome> submit(
        mempool::TxPtr tx, SubmitMode mode = SubmitMode::executed
    ) {
        const auto promise = std::make_shared<std::promise<SubmitOutcome>>();
        sequencer->submit(std::move(tx), mode, [promise](const SubmitOutcome& outcome) {
            promise->set_value(outcome);
        });
        return promise->get_future();
    }
    [[nodiscard]] SubmitOutcome submit_now(
        mempool::TxPtr tx, SubmitMode mode = SubmitMode::executed
    ) {
        return answer(submit(std::move(tx), mode));
    }
    /// An answer that does not come fails the test instead of stopping it.
    [[nodiscard]] static SubmitOutcome answer(std::future<SubmitOutcome> future) {
        if (future.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
            ADD_FAILURE() << "a submission was never answered";
            return {};
        }
        return future.get();
    }
    /// Returns when the sequencer has looked at the clock and all that followed is published.
    void settle() {
        sequencer->run([] {});
        sequencer->run([] {});
    }
    void advance_ms(uint64_t ms) {
        settle();
        *options.clock += ms * 1000;
        settle();
    }
    void mine() {
        sequencer->run([this] { sequencer->mine_block(); });
    }

    TestOptions options;
    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::StateStore> states;
    std::unique_ptr<storage::ChainStore> blocks;
    std::unique_ptr<storage::NodeReader> nodes;
    std::unique_ptr<Commitment> commitment;
    std::unique_ptr<Chain> chain;
    Head head;
    std::unique_ptr<storage::WriteAheadLog> log;
    std::unique_ptr<Checkpointer> checkpointer;
    Publisher publisher;
    std::unique_ptr<Sequencer> sequencer;
    std::unique_ptr<ChainReader> reader;
    Resumption resumption;
    uint64_t replayed_transactions = 0;

  private:
    explicit TestChain(TestOptions given) : options(std::move(given)) {}

    [[nodiscard]] Result<void> open_parts(const std::filesystem::path& directory) {
        auto opened = storage::Database::open({.path = directory / "database"});
        if (!opened) {
            return Err{opened.error()};
        }
        database = std::move(*opened);
        if (auto ensured = ensure_genesis(*database, options.genesis); !ensured) {
            return ensured;
        }
        states = std::make_unique<storage::StateStore>(*database, storage::StateStoreOptions{});
        blocks = std::make_unique<storage::ChainStore>(*database, options.cached_blocks);
        nodes = std::make_unique<storage::NodeReader>(*database);
        const auto stored = load_head(*blocks, options.l1_genesis);
        if (!stored) {
            return Err{stored.error()};
        }
        commitment = std::make_unique<Commitment>(
            *nodes,
            stored->head->header.state_root,
            stored->head->header.number,
            options.tree_memory_bytes,
            options.execution_threads
        );
        ChainConfig config;
        config.chain_id = chain_id;
        config.signing_key = options.signing_key;
        config.execution_threads = options.execution_threads;
        config.l1_genesis = options.l1_genesis;
        chain = std::make_unique<Chain>(
            config, *states, *commitment, stored->head, stored->checkpoint.next_mini_block_number
        );
        checkpointer =
            std::make_unique<Checkpointer>(Checkpointer::Parts{*database, *states, *blocks, nullptr}
            );
        return open_log(directory, stored->checkpoint);
    }

    [[nodiscard]] Result<void> open_log(
        const std::filesystem::path& directory, const storage::Checkpoint& checkpoint
    ) {
        Replay replay(*chain, *checkpointer, checkpoint);
        auto opened = storage::WriteAheadLog::open(
            {.directory = directory / "log",
             .chain_id_hash = hash_of(options.genesis.header),
             .durability = options.durability,
             .segment_bytes = options.segment_bytes},
            [&](storage::WriteAheadLog::Sequence sequence, BytesView payload) {
                return replay.accept(sequence, payload);
            }
        );
        if (!replay.failure().empty()) {
            return Err{Error{replay.failure()}};
        }
        if (!opened) {
            return Err{opened.error()};
        }
        log = std::move(*opened);
        checkpointer->set_log(*log);
        auto finished = replay.finish();
        if (!finished) {
            return Err{finished.error()};
        }
        replayed_transactions = replay.replayed_transactions();
        resumption = std::move(*finished);
        return {};
    }
};

/// Opens, or ends the test program: for tests that are about something else.
inline std::unique_ptr<TestChain> must_open(
    const std::filesystem::path& directory, const TestOptions& options = {}
) {
    auto opened = TestChain::open(directory, options);
    if (!opened) {
        ADD_FAILURE() << opened.error().message;
        std::abort();
    }
    return std::move(*opened);
}
inline std::unique_ptr<TestChain> must_start(
    const std::filesystem::path& directory, const TestOptions& options = {}
) {
    auto chain = must_open(directory, options);
    chain->start();
    return chain;
}

}  // namespace mega::sequencer::test
