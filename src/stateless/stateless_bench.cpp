// What validation from a witness costs beside full execution, what recording adds to execution, and
// how large a witness is. Transfers between random accounts of a state of 1 million, and a mix of
// calls, creations and deletions; the tree is fully in memory.
//
//   full       decode, recover senders, execute on the flat state, roots, tree
//   validate   the same from a decoded witness
//   bytes/tx   lists: trie nodes and codes as debug_executionWitness has them; body: the compact
//              form before zstd; zstd: as it travels
//
// The numbers after the names are transactions a block.

#include "execution/l2_parameters.hpp"
#include "stateless/test_chain.hpp"
#include "stateless/validate.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"

#include <benchmark/benchmark.h>

namespace mega::stateless {

namespace {

using test::TestChain;

constexpr size_t transfer_accounts = 1'000'000;
constexpr size_t transfer_senders = 10'000;

/// A block that can follow its chain, to be executed again and again: the chain stays where it is.
class Scene {
  public:
    static Scene& of_transfers(size_t count) {
        static TestChain chain(1, transfer_accounts, 0, transfer_senders);
        return kept(count, chain, [count] {
            chain.forget_nonces();
            std::vector<SignedTransaction> transactions;
            for (size_t i = 0; i < count; ++i) {
                const Address& to = chain.quiet()[below(chain.random(), transfer_accounts)];
                transactions.push_back(
                    chain.transfer(below(chain.random(), transfer_senders), to, 1 + i)
                );
            }
            return chain.execute(transactions);
        });
    }
    static Scene& of_mix(size_t count) {
        static TestChain chain(2, 100'000, 10'000);
        return kept(1'000'000 + count, chain, [count] { return chain.next_block(count); });
    }

    /// As a full node imports a block, up to the state root.
    void run_full(benchmark::State& state) {
        for (auto _ : state) {
            std::vector<SignedTransaction> transactions;
            for (const Bytes& envelope : made.block.transactions) {
                transactions.push_back(*decode_signed_transaction(envelope));
            }
            const auto result = execute(chain_->state(), transactions);
            benchmark::DoNotOptimize(trie::ordered_root(made.block.transactions));
            benchmark::DoNotOptimize(execution::receipts_root(result.receipts));
            const bool applied =
                chain_->tree().apply(execution::tree_updates(result.diff)).has_value();
            MEGA_ASSERT(applied && chain_->tree().root() == made.block.header.state_root);
            state.PauseTiming();
            take_back();
            state.ResumeTiming();
        }
    }
    void run_execution(benchmark::State& state, bool records) {
        witness::AccessSet accesses;  // as a sequencer keeps it from block to block
        const witness::AccessRecorder recorder(chain_->state(), accesses);
        const state::StateView& view = chain_->state();
        for (auto _ : state) {
            accesses.clear();
            benchmark::DoNotOptimize(
                execute(records ? recorder : view, transactions_, records ? &accesses : nullptr)
            );
        }
    }
    void run_record(benchmark::State& state) {
        witness::AccessSet accesses;
        const witness::AccessRecorder recorder(chain_->state(), accesses);
        const auto updates =
            execution::tree_updates(execute(recorder, transactions_, &accesses).diff);
        const witness::TreeNodes nodes(chain_->tree());
        for (auto _ : state) {
            const auto made_again =
                witness::record(nodes, made.parent.state_root, accesses, updates);
            MEGA_ASSERT(made_again->nodes.size() == made.witness.nodes.size());
        }
    }

    test::Recorded made;

  private:
    template <class Make>
    static Scene& kept(size_t name, TestChain& chain, Make make) {
        static std::map<size_t, std::unique_ptr<Scene>> scenes;
        std::unique_ptr<Scene>& scene = scenes[name];
        if (scene == nullptr) {
            scene.reset(new Scene(chain, make()));
        }
        return *scene;
    }
    Scene(TestChain& chain, test::Recorded recorded)
        : made(std::move(recorded)),
          chain_(&chain),
          undo_(execution::tree_updates(state::invert(made.diff))) {
        chain.undo(made);
        for (const Bytes& envelope : made.block.transactions) {
            transactions_.push_back(*decode_signed_transaction(envelope));
        }
    }
    void take_back() {
        const bool applied = chain_->tree().apply(undo_).has_value();
        MEGA_ASSERT(applied && chain_->tree().root() == made.parent.state_root);
    }

    struct Result {
        std::vector<Receipt> receipts;
        state::StateDiff diff;
    };
    [[nodiscard]] Result execute(
        const state::StateView& view,
        std::span<const SignedTransaction> transactions,
        witness::AccessSet* accesses = nullptr
    ) {
        const BlockHeader& header = made.block.header;
        const auto env = execution::l2_block_env(current_fork, test::chain_id, header, view);
        state::Overlay overlay{view};
        std::vector<state::StateDiff> diffs;
        Result done;
        uint64_t gas_used = 0;
        const auto take = [&](state::StateDiff diff) {
            overlay.apply(diff);
            if (accesses != nullptr) {
                accesses->absorb(diff);
            }
            diffs.push_back(std::move(diff));
        };
        take(execution::begin_block(vm_, view, env, header));
        for (const SignedTransaction& tx : transactions) {
            auto result = execution::execute_transaction(vm_, journal_, overlay, env, tx);
            MEGA_ASSERT(result.has_value());
            gas_used += result->gas_used;
            done.receipts.push_back(execution::make_receipt(tx.tx, *result, gas_used));
            take(std::move(result->diff));
        }
        done.diff = state::merge_all(std::move(diffs));
        return done;
    }

    TestChain* chain_;
    std::vector<trie::AccountUpdate> undo_;
    std::vector<SignedTransaction> transactions_;
    evm::Vm vm_;
    state::Journal journal_;
};

Scene& transfers(benchmark::State& state) {
    return Scene::of_transfers(static_cast<size_t>(state.range(0)));
}
Scene& mix(benchmark::State& state) { return Scene::of_mix(static_cast<size_t>(state.range(0))); }

using Pick = Scene& (*)(benchmark::State&);

void count_transactions(benchmark::State& state, const Scene& scene) {
    state.counters["us/tx"] = benchmark::Counter(
        static_cast<double>(scene.made.block.transactions.size()) * 1e-6,
        benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert
    );
}

void full(benchmark::State& state, Pick pick) {
    Scene& scene = pick(state);
    scene.run_full(state);
    count_transactions(state, scene);
}

void validate(benchmark::State& state, Pick pick) {
    const Scene& scene = pick(state);
    const Bytes compact = witness::encode_compact(scene.made.witness).value();
    const auto witness = witness::decode_compact(compact);
    MegaRules rules;
    rules.chain_id = test::chain_id;
    for (auto _ : state) {
        const auto validated = validate_block(scene.made.parent, scene.made.block, *witness, rules);
        MEGA_ASSERT(validated.has_value());
    }
    count_transactions(state, scene);
}

void execute(benchmark::State& state, Pick pick) {
    Scene& scene = pick(state);
    scene.run_execution(state, false);
    count_transactions(state, scene);
}
void execute_recording(benchmark::State& state, Pick pick) {
    Scene& scene = pick(state);
    scene.run_execution(state, true);
    count_transactions(state, scene);
}
void record(benchmark::State& state, Pick pick) {
    Scene& scene = pick(state);
    scene.run_record(state);
    count_transactions(state, scene);
}

void encode(benchmark::State& state, Pick pick) {
    const Scene& scene = pick(state);
    const witness::Witness& witness = scene.made.witness;
    size_t size = 0;
    for (auto _ : state) {
        size = witness::encode_compact(witness)->size();
    }
    const auto transactions = static_cast<double>(scene.made.block.transactions.size());
    size_t lists = witness.nodes.size_bytes();
    for (const auto& code : witness.codes) {
        lists += code.code->size();
    }
    count_transactions(state, scene);
    state.counters["lists_B/tx"] = static_cast<double>(lists) / transactions;
    state.counters["body_B/tx"] =
        static_cast<double>(witness::encode_body(witness)->size()) / transactions;
    state.counters["zstd_B/tx"] = static_cast<double>(size) / transactions;
    state.counters["nodes/tx"] = static_cast<double>(witness.nodes.size()) / transactions;
}

void decode(benchmark::State& state, Pick pick) {
    const Scene& scene = pick(state);
    const Bytes compact = witness::encode_compact(scene.made.witness).value();
    for (auto _ : state) {
        MEGA_ASSERT(witness::decode_compact(compact).has_value());
    }
    count_transactions(state, scene);
}

void declare(benchmark::internal::Benchmark* it) {
    it->Arg(100)->Arg(1000)->Arg(10000)->Unit(benchmark::kMillisecond);
}
void declare_mix(benchmark::internal::Benchmark* it) {
    it->Arg(1000)->Unit(benchmark::kMillisecond);
}

BENCHMARK_CAPTURE(full, transfers, transfers)->Apply(declare);
BENCHMARK_CAPTURE(validate, transfers, transfers)->Apply(declare);
BENCHMARK_CAPTURE(execute, transfers, transfers)->Apply(declare);
BENCHMARK_CAPTURE(execute_recording, transfers, transfers)->Apply(declare);
BENCHMARK_CAPTURE(record, transfers, transfers)->Apply(declare);
BENCHMARK_CAPTURE(encode, transfers, transfers)->Apply(declare);
BENCHMARK_CAPTURE(decode, transfers, transfers)->Apply(declare);
BENCHMARK_CAPTURE(full, mix, mix)->Apply(declare_mix);
BENCHMARK_CAPTURE(validate, mix, mix)->Apply(declare_mix);
BENCHMARK_CAPTURE(execute, mix, mix)->Apply(declare_mix);
BENCHMARK_CAPTURE(execute_recording, mix, mix)->Apply(declare_mix);
BENCHMARK_CAPTURE(record, mix, mix)->Apply(declare_mix);
BENCHMARK_CAPTURE(encode, mix, mix)->Apply(declare_mix);
BENCHMARK_CAPTURE(decode, mix, mix)->Apply(declare_mix);

}  // namespace

}  // namespace mega::stateless
