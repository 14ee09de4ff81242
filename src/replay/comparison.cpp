#include "replay/comparison.hpp"

namespace mega::replay {
namespace {

using execution::BlockResult;
using execution::TxResult;

std::string numbers(std::string_view what, uint64_t expected, uint64_t actual) {
    return std::string(what) + " " + std::to_string(actual) + ", sequentially " +
           std::to_string(expected);
}

/// Diffs are the block's: they are not looked at here.
Difference compare_results(const TxResult& expected, const TxResult& actual) {
    if (expected.gas_used != actual.gas_used) {
        return numbers("gas used", expected.gas_used, actual.gas_used);
    }
    if (expected.gas_refunded != actual.gas_refunded) {
        return numbers("gas refunded", expected.gas_refunded, actual.gas_refunded);
    }
    if (expected.status != actual.status) {
        return "another status";
    }
    if (expected.effective_gas_price != actual.effective_gas_price) {
        return "another gas price";
    }
    if (expected.logs != actual.logs) {
        return "other logs";
    }
    if (expected.output != actual.output) {
        return "another output";
    }
    return expected.created == actual.created ? Difference{} : "another created contract";
}

/// Which account or slot it is that differs.
std::string name_difference(const state::StateDiff& expected, const state::StateDiff& actual) {
    const size_t accounts = std::min(expected.accounts.size(), actual.accounts.size());
    for (size_t i = 0; i < accounts; ++i) {
        if (expected.accounts[i] != actual.accounts[i]) {
            return "another state diff at account " + to_hex(expected.accounts[i].address);
        }
    }
    const size_t slots = std::min(expected.slots.size(), actual.slots.size());
    for (size_t i = 0; i < slots; ++i) {
        if (expected.slots[i] != actual.slots[i]) {
            return "another state diff at slot " + to_hex_quantity(expected.slots[i].slot) +
                   " of " + to_hex(expected.slots[i].address);
        }
    }
    return "another state diff";
}

Difference compare_receipts(const BlockResult& expected, const BlockResult& actual) {
    if (expected.receipts.size() != actual.receipts.size()) {
        return numbers("receipts:", expected.receipts.size(), actual.receipts.size());
    }
    for (size_t i = 0; i < expected.receipts.size(); ++i) {
        if (encode(expected.receipts[i]) != encode(actual.receipts[i])) {
            return "transaction " + std::to_string(i) + ": another receipt";
        }
    }
    return std::nullopt;
}

}  // namespace

Difference first_difference(const BlockResult& expected, const BlockResult& actual) {
    if (expected.results.size() != actual.results.size()) {
        return numbers("results:", expected.results.size(), actual.results.size());
    }
    for (size_t i = 0; i < expected.results.size(); ++i) {
        if (const auto difference = compare_results(expected.results[i], actual.results[i])) {
            return "transaction " + std::to_string(i) + ": " + *difference;
        }
    }
    if (auto difference = compare_receipts(expected, actual)) {
        return difference;
    }
    if (expected.diff != actual.diff || encode(expected.diff) != encode(actual.diff)) {
        return name_difference(expected.diff, actual.diff);
    }
    if (expected.gas_used != actual.gas_used) {
        return numbers("gas used", expected.gas_used, actual.gas_used);
    }
    if (expected.logs_bloom != actual.logs_bloom) {
        return "another logs bloom";
    }
    if (expected.requests != actual.requests) {
        return "other requests";
    }
    return expected.fault == actual.fault ? Difference{} : "another fault";
}

}  // namespace mega::replay
