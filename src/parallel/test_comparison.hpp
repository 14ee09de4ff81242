#pragma once

// For tests: a batch executed one transaction after the other, the plain way, and the comparison
// with what an executor made of it, field by field and bit by bit.

#include "parallel/executor.hpp"
#include "state/recording_view.hpp"

#include <gtest/gtest.h>

#include <set>

namespace mega::parallel::test {

/// The reference. Shares no code with this library's own sequential stretches.
inline BatchResult execute_one_by_one(const state::StateView& view, const Batch& batch) {
    BatchResult expected;
    evm::Vm vm;
    state::Overlay overlay{view};
    state::AccessLog unused;
    state::AccessLog& accesses = batch.accesses == nullptr ? unused : *batch.accesses;
    const state::RecordingView recorder{overlay, accesses};
    uint64_t blobs = 0;
    for (size_t i = 0; i < batch.transactions.size(); ++i) {
        const SignedTransaction& tx = batch.transactions[i];
        std::optional<execution::TxError> error;
        const uint64_t all_blobs = blobs + tx.tx.blob_versioned_hashes.size();
        if (tx.tx.type == TxType::blob && all_blobs > batch.env.max_blobs) {
            error = {execution::TxErrorCode::too_many_blobs, "block holds too many blobs"};
        } else {
            execution::ExecutionOptions options = batch.options;
            options.block_gas_left = batch.env.context.gas_limit - expected.gas_used;
            const auto mark = accesses.mark();
            auto result = execution::execute_transaction(vm, recorder, batch.env, tx, options);
            if (result) {
                accesses.absorb(result->diff);
                blobs = all_blobs;
                overlay.apply(result->diff);
                expected.gas_used += result->gas_used;
                expected.receipts.push_back(
                    execution::take_receipt(tx.tx, *result, expected.gas_used)
                );
                merge(expected.logs_bloom, expected.receipts.back().bloom);
                expected.results.push_back(std::move(*result));
                expected.indices.push_back(i);
                continue;
            }
            accesses.return_to(mark);
            error = result.error();
        }
        expected.refusals.push_back({i, *error});
        if (batch.policy == RefusalPolicy::stop) {
            break;
        }
    }
    return expected;
}

inline void expect_same(const execution::TxResult& expected, const execution::TxResult& actual) {
    EXPECT_EQ(expected.status, actual.status);
    EXPECT_EQ(expected.gas_used, actual.gas_used);
    EXPECT_EQ(expected.data_gas, actual.data_gas);
    EXPECT_EQ(expected.gas_refunded, actual.gas_refunded);
    EXPECT_EQ(expected.effective_gas_price, actual.effective_gas_price);
    EXPECT_EQ(expected.logs, actual.logs);
    EXPECT_EQ(expected.output, actual.output);
    EXPECT_EQ(expected.created, actual.created);
    EXPECT_EQ(expected.diff, actual.diff);
    EXPECT_EQ(encode(expected.diff), encode(actual.diff));
}

/// False, with failures noted, at the first transaction that differs.
inline bool expect_same(const BatchResult& expected, const BatchResult& actual) {
    EXPECT_EQ(expected.indices, actual.indices);
    EXPECT_EQ(expected.gas_used, actual.gas_used);
    EXPECT_EQ(expected.logs_bloom, actual.logs_bloom);
    EXPECT_EQ(expected.refusals.size(), actual.refusals.size());
    for (size_t i = 0; i < std::min(expected.refusals.size(), actual.refusals.size()); ++i) {
        EXPECT_EQ(expected.refusals[i].index, actual.refusals[i].index);
        EXPECT_EQ(expected.refusals[i].error.code, actual.refusals[i].error.code);
        EXPECT_EQ(expected.refusals[i].error.message, actual.refusals[i].error.message);
    }
    for (size_t i = 0; i < std::min(expected.results.size(), actual.results.size()); ++i) {
        expect_same(expected.results[i], actual.results[i]);
        EXPECT_EQ(encode(expected.receipts[i]), encode(actual.receipts[i]));
        if (testing::Test::HasFailure()) {
            ADD_FAILURE() << "result " << i << " of " << expected.results.size() << ", transaction "
                          << expected.indices[i];
            return false;
        }
    }
    return !testing::Test::HasFailure();
}

/// What two logs come to, sorted and without repeats; a slot stands for its account as well.
inline void expect_same(const state::AccessLog& expected, const state::AccessLog& actual) {
    const auto accounts = [](const state::AccessLog& log) {
        std::set<Address> all(log.accounts().begin(), log.accounts().end());
        for (const auto& [address, slot] : log.slots()) {
            all.insert(address);
        }
        return all;
    };
    const auto slots = [](const state::AccessLog& log) {
        std::set<std::pair<Address, u256>> all;
        for (const auto& [address, slot] : log.slots()) {
            all.emplace(address, slot);
        }
        return all;
    };
    const auto codes = [](const state::AccessLog& log) {
        return std::set<Hash256>(log.codes().begin(), log.codes().end());
    };
    EXPECT_EQ(accounts(expected), accounts(actual));
    EXPECT_EQ(slots(expected), slots(actual));
    EXPECT_EQ(codes(expected), codes(actual));
    EXPECT_EQ(expected.lowest_block_hash(), actual.lowest_block_hash());
}

/// Executes both ways and compares, also what was asked of the view; also that results were
/// announced in order, once each.
inline bool expect_sameness(ParallelExecutor& executor, const state::StateView& view, Batch batch) {
    state::AccessLog expected_accesses;
    batch.accesses = &expected_accesses;
    const BatchResult expected = execute_one_by_one(view, batch);
    state::AccessLog accesses;
    batch.accesses = &accesses;
    std::vector<size_t> announced;
    const BatchResult actual = executor.execute(
        view,
        batch,
        [&](size_t index, const execution::TxResult& result, const Receipt& /*receipt*/) {
            accesses.absorb(result.diff);
            announced.push_back(index);
        }
    );
    expect_same(expected_accesses, accesses);
    EXPECT_EQ(announced, expected.indices);
    return expect_same(expected, actual);
}

}  // namespace mega::parallel::test
