// A block's witness is the same, byte for byte, whether it is made from what the block's execution
// noted or from executing the block again, and on however many threads the block was executed.

#include "sequencer/witness_maker.hpp"

#include "base/seed_test.hpp"
#include "execution/host.hpp"
#include "parallel/test_programs.hpp"
#include "sequencer/test_chain.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"

#include <map>
#include <random>

namespace mega::sequencer::test {
namespace {

using parallel::test::Assembler;
using enum evm::Opcode;

constexpr size_t many_senders = 16;
const Address token = address(0x7001);
const Address looker = address(0x7002);

/// Looks at slot, account, code and block hash as its input says, and keeps the hash in a slot.
Bytes looker_code() {
    Assembler code;
    code.push(0).op({CALLDATALOAD, SLOAD, POP});
    code.push(0x20).op({CALLDATALOAD, BALANCE, POP});
    code.push(0x40).op({CALLDATALOAD, EXTCODESIZE, POP});
    code.push(0x60).op({CALLDATALOAD, NUMBER, SUB, BLOCKHASH});
    code.push(0).op({CALLDATALOAD, SSTORE, STOP});
    return code.code();
}

execution::Genesis make_world() {
    execution::GenesisSpec spec;
    spec.gas_limit = gas_limit;
    spec.timestamp = 1'600'000'000;
    const Bytes token_code = parallel::test::token_code();
    spec.alloc[token] = {0, {}, token_code, {}};
    for (size_t i = 0; i < many_senders; ++i) {
        spec.alloc[sender(i)].balance = gwei * gwei * u256{1000};
        spec.alloc[token].storage[parallel::test::mapping_slot(sender(i), 0)] = 1000;
    }
    spec.alloc[looker] = {0, {}, looker_code(), {{1, 1}, {2, 2}, {3, 3}}};
    spec.alloc[store_address()] = {0, {}, store_code(), {{5, 6}}};
    return execution::make_genesis(current_fork, spec);
}

class Traffic {
  public:
    explicit Traffic(uint64_t seed) : random_(seed) {}

    std::vector<mempool::TxPtr> batch() {
        std::vector<mempool::TxPtr> made;
        for (uint64_t size = 1 + random_() % 80; size > 0; --size) {
            made.push_back(next());
        }
        return made;
    }

  private:
    uint64_t below(uint64_t bound) { return random_() % bound; }
    Address anyone() {
        switch (below(5)) {
            case 0:
                return address(0xabc000 + below(200));  // mostly nobody
            case 1:
                return looker;
            case 2:
                return address(0xfee);
            case 3:
                return made_.empty() ? token : made_[below(made_.size())];
            default:
                return sender(below(many_senders));
        }
    }
    mempool::TxPtr call(size_t from, uint64_t nonce, const Address& to, Bytes data) {
        return transfer(from, nonce, [&](Transaction& tx) {
            tx.to = to;
            tx.value = 0;
            tx.gas_limit = 200'000;
            tx.data = std::move(data);
        });
    }
    mempool::TxPtr create(size_t from, uint64_t nonce, Bytes init_code) {
        made_.push_back(execution::create_address(sender(from), nonce));
        return transfer(from, nonce, [&](Transaction& tx) {
            tx.to.reset();
            tx.value = 3;
            tx.gas_limit = 300'000;
            tx.data = std::move(init_code);
        });
    }
    mempool::TxPtr next() {
        const size_t from = below(many_senders);
        const uint64_t kind = below(24);
        if (kind == 0) {
            return transfer(from, nonces_[from] + 1);  // refused
        }
        if (kind == 1) {
            return transfer(from, nonces_[from], [](Transaction& tx) {
                tx.value = gwei * gwei * u256{5000};  // refused
            });
        }
        const uint64_t nonce = nonces_[from]++;
        if (kind < 9) {
            return transfer(from, nonce, [&](Transaction& tx) {
                tx.to = anyone();
                tx.gas_limit = 60'000;
                tx.value = below(2) * 7;
            });
        }
        if (kind < 14) {
            const Bytes data = parallel::test::token_transfer(anyone(), below(900));  // or reverts
            return call(from, nonce, token, data);
        }
        if (kind < 19) {
            Bytes data = to_bytes(u256{below(6)}.to_hash().view());
            append(data, to_u256(anyone()).to_hash().view());
            append(data, to_u256(anyone()).to_hash().view());
            append(data, u256{1 + below(4)}.to_hash().view());
            return call(from, nonce, looker, data);
        }
        if (kind == 19) {
            return create(from, nonce, *from_hex("0x33ff"));  // ends at once
        }
        if (kind == 20) {
            return create(from, nonce, store_init_code());
        }
        const Address to =
            made_.empty() || below(2) == 0 ? store_address() : made_[below(made_.size())];
        return store(from, nonce, below(8), below(3), to);
    }

    std::mt19937_64 random_;
    std::map<size_t, uint64_t> nonces_;
    std::vector<Address> made_;
};

/// A chain that is told its blocks by hand, with a reader beside it.
class Line {
  public:
    explicit Line(uint32_t threads) {
        TestOptions options;
        options.genesis = make_world();
        options.execution_threads = threads;
        chain_ = must_open(directory_.path(), options);
        chain_->reader = std::make_unique<ChainReader>(
            chain_->head, *chain_->states, *chain_->blocks, *chain_->commitment
        );
    }
    void make_block(Traffic& traffic) {
        if (chain_->chain->open() == nullptr || chain_->chain->is_untouched()) {
            chain_->chain->open_block(chain_->next_inputs()
            );  // one that is given up leaves nothing
        }
        for (int i = 0; i < 3; ++i) {
            (void)chain_->chain->execute(traffic.batch());
            (void)chain_->chain->close_mini_block(1 + i);
        }
        const SealedPtr sealed = chain_->seal();
        chain_->chain->open_block(chain_->next_inputs());
        chain_->head.move_to(sealed, chain_->chain->open());
    }
    [[nodiscard]] BlockViewPtr block(uint64_t number) const {
        return *chain_->reader->block(number);
    }
    [[nodiscard]] BlockWitnessPtr witness(uint64_t number, bool executes_always) const {
        WitnessMaker maker(
            *chain_->reader, {.chain_id = chain_id, .executes_always = executes_always}
        );
        const auto made = maker.witness_of(*block(number));
        EXPECT_TRUE(made.has_value()) << made.error().message;
        return made ? *made : nullptr;
    }
    [[nodiscard]] bool has_noted(uint64_t number) const {
        return chain_->reader->noted_execution(number, block(number)->hash).has_value();
    }
    Chain& chain() { return *chain_->chain; }
    [[nodiscard]] const ChainReader& reader() const { return *chain_->reader; }

  private:
    storage::TestDirectory directory_{storage::TestDirectory::in_memory};
    std::unique_ptr<TestChain> chain_;
};

Bytes compact(const BlockWitness& made) {
    const auto encoded =
        witness::encode_compact(made.witness, [](const Hash256&) { return false; });
    EXPECT_TRUE(encoded.has_value());
    return encoded ? *encoded : Bytes{};
}

TEST(witness_maker, what_was_noted_gives_the_bytes_that_execution_gives) {
    const uint64_t seed = test_seed();
    for (const uint32_t threads : {1U, 2U, 4U}) {
        Line run(threads);
        Traffic traffic(seed);
        constexpr uint64_t blocks = 12;
        for (uint64_t number = 1; number <= blocks; ++number) {
            run.make_block(traffic);
        }
        for (uint64_t number = 1; number <= blocks; ++number) {
            SCOPED_TRACE(testing::Message() << threads << " threads, block " << number);
            ASSERT_TRUE(run.has_noted(number));
            const auto noted = run.witness(number, false);
            const auto executed = run.witness(number, true);
            ASSERT_TRUE(noted != nullptr && executed != nullptr);
            EXPECT_EQ(noted->witness.keys, executed->witness.keys);
            EXPECT_EQ(noted->witness.headers.size(), executed->witness.headers.size());
            ASSERT_EQ(compact(*noted), compact(*executed));
            const auto lists = to_execution_witness(noted->witness, noted->parent);
            const auto expected = to_execution_witness(executed->witness, executed->parent);
            EXPECT_EQ(lists.state, expected.state);
            EXPECT_EQ(lists.codes, expected.codes);
            EXPECT_EQ(lists.keys, expected.keys);
            EXPECT_EQ(lists.headers, expected.headers);
        }
    }
}

TEST(witness_maker, a_block_changed_by_hand_has_nothing_noted) {
    Line run(1);
    Traffic traffic(7);
    run.make_block(traffic);
    OverrideRecord change;
    change.address = address(0x1234);
    change.account.balance = 5;
    run.chain().override_state(change);
    run.make_block(traffic);
    EXPECT_TRUE(run.has_noted(1));
    EXPECT_FALSE(run.has_noted(2));
    WitnessMaker maker(run.reader(), {.chain_id = chain_id});
    EXPECT_FALSE(maker.witness_of(*run.block(2)).has_value());
}

}  // namespace
}  // namespace mega::sequencer::test
