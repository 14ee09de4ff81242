// Call traces and state diffs of a block's transactions against recorded ones.

#include "replay/checks.hpp"
#include "replay/json_fields.hpp"
#include "rpc/trace.hpp"

#include <limits>

namespace mega::replay {
namespace {

/// Shows a value no longer than a line.
std::string shortened(const json& value) {
    constexpr size_t longest = 160;
    const std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
    return text.size() <= longest ? text : text.substr(0, longest) + "…";
}

/// The first place where two JSON values differ, with both sides; `path` leads there.
Difference first_difference(const json& found, const json& expected, const std::string& path);

Difference difference_of_objects(const json& found, const json& expected, const std::string& path) {
    for (auto it = expected.begin(); it != expected.end(); ++it) {
        const auto other = found.find(it.key());
        if (other == found.end()) {
            return path + "." + it.key() + " is missing, expected " + shortened(it.value());
        }
        if (auto difference = first_difference(*other, it.value(), path + "." + it.key())) {
            return difference;
        }
    }
    for (auto it = found.begin(); it != found.end(); ++it) {
        if (!expected.contains(it.key())) {
            return path + "." + it.key() + " " + shortened(it.value()) + " is too much";
        }
    }
    return std::nullopt;
}

Difference difference_of_lists(const json& found, const json& expected, const std::string& path) {
    for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
        if (auto difference =
                first_difference(found[i], expected[i], path + "[" + std::to_string(i) + "]")) {
            return difference;
        }
    }
    if (found.size() != expected.size()) {
        return path + ", count " + std::to_string(found.size()) + " expected " +
               std::to_string(expected.size());
    }
    return std::nullopt;
}

// Depth is bounded by parse_json and by the EVM's depth of calls.
// NOLINTNEXTLINE(misc-no-recursion)
Difference first_difference(const json& found, const json& expected, const std::string& path) {
    if (found.is_object() && expected.is_object()) {
        return difference_of_objects(found, expected, path);
    }
    if (found.is_array() && expected.is_array()) {
        return difference_of_lists(found, expected, path);
    }
    if (found == expected) {
        return std::nullopt;
    }
    return path + " " + shortened(found) + " expected " + shortened(expected);
}

/// In diff mode clients agree on what changed, but some list an account that comes into being under
/// `pre` as one without anything, and some leave it out: left out here on both sides.
json without_absent_accounts(json diff) {
    const auto before = diff.find("pre");
    if (before == diff.end() || !before->is_object()) {
        return diff;
    }
    for (auto it = before->begin(); it != before->end();) {
        it = *it == json{{"balance", "0x0"}} ? before->erase(it) : std::next(it);
    }
    return diff;
}

/// Two tracers that watch the same execution.
class Both final : public evm::Tracer {
  public:
    Both(evm::Tracer& first, evm::Tracer& second) : first_(first), second_(second) {}
    void on_step(const evm::StepInfo& step) override {
        first_.on_step(step);
        second_.on_step(step);
    }
    void on_fault(const evm::StepInfo& step, evm::Status status) override {
        first_.on_fault(step, status);
        second_.on_fault(step, status);
    }
    void on_enter(const evm::Message& message) override {
        first_.on_enter(message);
        second_.on_enter(message);
    }
    void on_exit(const evm::Message& message, const evm::CallResult& result) override {
        first_.on_exit(message, result);
        second_.on_exit(message, result);
    }
    void on_log(const Log& log) override {
        first_.on_log(log);
        second_.on_log(log);
    }
    void on_selfdestruct(const Address& contract, const Address& beneficiary, const u256& balance)
        override {
        first_.on_selfdestruct(contract, beneficiary, balance);
        second_.on_selfdestruct(contract, beneficiary, balance);
    }

  private:
    evm::Tracer& first_;
    evm::Tracer& second_;
};

class TraceComparison {
  public:
    TraceComparison(evm::Vm& vm, const ReplayBlock& block) : vm_(vm), block_(block) {}

    void before(size_t index, const state::StateView& view, const execution::BlockEnv& env) {
        context_.emplace(rpc::TraceContext{
            .tx = block_.transactions[index],
            .before = view,
            .env = env,
            .block_hash = hash_of(block_.header),
            .index = static_cast<uint32_t>(index),
        });
        budget_ = {std::numeric_limits<size_t>::max(), std::numeric_limits<size_t>::max()};
        calls_ = rpc::make_tracer({.kind = rpc::TracerKind::calls}, *context_, budget_);
        diff_ = rpc::make_tracer(
            {.kind = rpc::TracerKind::prestate, .diff_mode = true}, *context_, budget_
        );
        both_.emplace(*calls_, *diff_);
        vm_.set_tracer(&*both_);
    }

    void after(size_t index, const execution::TxResult& result) {
        vm_.set_tracer(nullptr);
        compare("call trace", *calls_, result, block_.traces.calls, index);
        compare("state diff", *diff_, result, block_.traces.diffs, index);
    }

    [[nodiscard]] const Difference& difference() const { return difference_; }

  private:
    void compare(
        const std::string& what,
        rpc::JsonTracer& tracer,
        const execution::TxResult& result,
        const json& recorded,
        size_t index
    ) {
        const bool is_diff = &tracer == diff_.get();
        if (difference_ || recorded.is_null()) {
            return;
        }
        const std::string name = "transaction " + std::to_string(index) + ": " + what;
        if (!recorded[index].is_object() || !recorded[index].contains("result")) {
            difference_ = name + " is not recorded";
            return;
        }
        const auto found = parse_json(tracer.json(result));
        if (!found) {
            difference_ = name + ": " + found.error().message;
            return;
        }
        const json& expected = recorded[index]["result"];
        difference_ =
            is_diff ? first_difference(
                          without_absent_accounts(*found), without_absent_accounts(expected), name
                      )
                    : first_difference(*found, expected, name);
    }

    evm::Vm& vm_;
    const ReplayBlock& block_;
    rpc::TraceBudget budget_;
    std::optional<rpc::TraceContext> context_;
    std::unique_ptr<rpc::JsonTracer> calls_;
    std::unique_ptr<rpc::JsonTracer> diff_;
    std::optional<Both> both_;
    Difference difference_;
};

Difference check_count(const json& traces, const std::string& what, size_t expected) {
    if (traces.is_null()) {
        return std::nullopt;
    }
    if (!traces.is_array() || traces.size() != expected) {
        return "there is not one " + what + " for each of the " + std::to_string(expected) +
               " transactions";
    }
    return std::nullopt;
}

}  // namespace

Difference check_traces(evm::Vm& vm, const ChainRules& rules, const ReplayBlock& block) {
    const size_t count = block.transactions.size();
    if (auto difference = check_count(block.traces.calls, "call trace", count)) {
        return difference;
    }
    if (auto difference = check_count(block.traces.diffs, "state diff", count)) {
        return difference;
    }
    if (block.traces.calls.is_null() && block.traces.diffs.is_null()) {
        return std::nullopt;
    }
    TraceComparison comparison{vm, block};
    const Watcher watcher{
        .before = [&](size_t index, const state::StateView& view, const execution::BlockEnv& env
                  ) { comparison.before(index, view, env); },
        .after = [&](size_t index,
                     const execution::TxResult& result) { comparison.after(index, result); },
    };
    if (const auto watched = watch_block(vm, rules, block, watcher); !watched) {
        return watched.error().message;
    }
    return comparison.difference();
}

}  // namespace mega::replay
