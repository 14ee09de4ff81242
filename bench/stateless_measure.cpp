#include "bench/stateless_measure.hpp"

#include "bench/clock.hpp"
#include "bench/statistics.hpp"
#include "trie/ordered_root.hpp"
#include "witness/access_recorder.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"
#include "witness/record.hpp"

namespace mega::bench {
namespace {

/// Samples of one time, in milliseconds.
class Samples {
  public:
    template <class Work>
    auto take(Work&& work) {
        const uint64_t began = thread_cpu_ns();
        auto result = work();
        ms_.push_back(static_cast<double>(thread_cpu_ns() - began) / 1e6);
        return result;
    }
    [[nodiscard]] double median_ms() const { return ms_.empty() ? 0 : median(ms_); }

  private:
    std::vector<double> ms_;
};

struct AllSamples {
    Samples recover, execute, record, roots, tree, decode, validate, make, encode;
    Samples sequence, sequence_noting, round, round_noting;

    [[nodiscard]] StatelessTimes medians() const {
        return {
            recover.median_ms(),
            execute.median_ms(),
            record.median_ms(),
            sequence.median_ms(),
            sequence_noting.median_ms(),
            round.median_ms(),
            round_noting.median_ms(),
            roots.median_ms(),
            tree.median_ms(),
            decode.median_ms(),
            validate.median_ms(),
            make.median_ms(),
            encode.median_ms()
        };
    }
};

Hash256 tree_after(trie::StateTree& tree, const state::StateDiff& diff) {
    const bool applied = tree.apply(execution::tree_updates(diff)).has_value();
    MEGA_ASSERT(applied);
    return tree.root();
}

void run_full(StatelessBlock& block, trie::StateTree& tree, AllSamples& samples) {
    const auto transactions = samples.recover.take([&] { return block.decode(); });
    const auto made =
        samples.execute.take([&] { return block.execute(block.view(), transactions); });
    samples.roots.take([&] {
        const bool is_right =
            trie::ordered_root(block.block().transactions) ==
                block.block().header.transactions_root &&
            execution::receipts_root(made.receipts) == block.block().header.receipts_root;
        MEGA_ASSERT(is_right);
        return is_right;
    });
    const Hash256 root = samples.tree.take([&] { return tree_after(tree, made.diff); });
    MEGA_ASSERT(root == block.block().header.state_root);
    MEGA_ASSERT(tree_after(tree, state::invert(made.diff)) == block.parent_root());
}

void run_recording(
    StatelessBlock& block, trie::StateTree& tree, bool has_whole_tree, AllSamples& samples
) {
    const auto transactions = block.decode();
    witness::AccessSet accesses;
    const witness::AccessRecorder recorder(block.view(), accesses);
    const auto made =
        samples.record.take([&] { return block.execute(recorder, transactions, &accesses); });
    if (has_whole_tree) {
        const auto updates = execution::tree_updates(made.diff);
        const witness::TreeNodes nodes(tree);
        const auto witness = samples.make.take([&] {
            return witness::record(nodes, block.parent_root(), accesses, updates);
        });
        MEGA_ASSERT(witness->nodes.size() == block.witness().nodes.size());
    }
    const auto encoded =
        samples.encode.take([&] { return witness::encode_compact(block.witness()); });
    MEGA_ASSERT(encoded.has_value());
}

/// What noting adds: with and without it in turns, and each goes first as often.
void run_noting(const StatelessBlock& block, bool is_first, AllSamples& samples) {
    if (!block.is_mega()) {
        return;
    }
    const auto transactions = block.decode();
    parallel::ParallelExecutor one_by_one({});
    parallel::ExecutorOptions in_rounds;
    in_rounds.is_always_parallel = true;
    parallel::ParallelExecutor rounds(in_rounds);
    const auto take = [&](Samples& into, parallel::ParallelExecutor& executor, bool notes) {
        state::AccessLog log;
        into.take([&] {
            block.sequence(executor, transactions, notes ? &log : nullptr);
            return true;
        });
    };
    for (const bool notes : {is_first, !is_first}) {
        take(notes ? samples.sequence_noting : samples.sequence, one_by_one, notes);
    }
    for (const bool notes : {is_first, !is_first}) {
        rounds.forget();
        take(notes ? samples.round_noting : samples.round, rounds, notes);
    }
}

void run_stateless(const StatelessBlock& block, BytesView compact, AllSamples& samples) {
    const auto witness = samples.decode.take([&] { return witness::decode_compact(compact); });
    const auto validated = samples.validate.take([&] {
        return stateless::validate_transition(
            block.parent_root(), block.known_hashes(), block.block(), *witness, block.rules()
        );
    });
    if (!validated) {
        std::fprintf(stderr, "%s: %s\n", block.name().c_str(), validated.error().words.c_str());
    }
    MEGA_ASSERT(validated.has_value());
}

}  // namespace

StatelessFigures measure(
    StatelessBlock& block, trie::StateTree& tree, uint32_t runs, bool has_whole_tree
) {
    const witness::Witness& witness = block.witness();
    const Bytes compact = witness::encode_compact(witness).value();
    StatelessFigures figures;
    figures.name = block.name();
    figures.has_whole_tree = has_whole_tree;
    figures.transactions = block.block().transactions.size();
    figures.gas = block.block().header.gas_used;
    figures.nodes = witness.nodes.size();
    figures.list_bytes = witness.nodes.size_bytes();
    for (const auto& code : witness.codes) {
        figures.list_bytes += code.code->size();
    }
    figures.body_bytes = witness::encode_body(witness)->size();
    figures.compact_bytes = compact.size();
    AllSamples samples;
    for (uint32_t run = 0; run < runs; ++run) {
        run_full(block, tree, samples);
        run_stateless(block, compact, samples);
        run_recording(block, tree, has_whole_tree, samples);
        for (uint32_t turn = 0; turn < 4; ++turn) {
            run_noting(block, turn % 2 == 0, samples);
        }
    }
    figures.times = samples.medians();
    return figures;
}

}  // namespace mega::bench
