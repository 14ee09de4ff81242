#include "faults.hpp"

#include "sequencer/second_mini_block.hpp"
#include "sequencer/witness_of_lies.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace mega::app {

namespace {

constexpr Address untouched{{0xfa, 0x17}};

constexpr std::array<std::pair<std::string_view, FaultKind>, 6> names{{
    {"wrong-balance", FaultKind::wrong_balance},
    {"skipped-tx", FaultKind::skipped_tx},
    {"wrong-gas", FaultKind::wrong_gas},
    {"wrong-root", FaultKind::wrong_root},
    {"two-mini-blocks", FaultKind::two_mini_blocks},
    {"left-out-mini-block", FaultKind::left_out_mini_block},
}};

class PlannedFault final : public sequencer::SealFault {
  public:
    explicit PlannedFault(const FaultPlan& plan) : plan_(plan) {}

    state::StateDiff state_lie(
        const state::StateView& state,
        uint64_t block_number,
        std::span<const sequencer::ExecutedPtr> transactions
    ) override {
        if (!chosen_ && block_number >= plan_.first_block && !transactions.empty()) {
            chosen_ = block_number;
        }
        if (!lies_in(block_number, FaultKind::wrong_balance)) {
            return {};
        }
        const auto before = state.account(untouched);
        Account richer = before.value_or(Account{});
        richer.balance += 1;
        state::StateDiff diff;
        diff.accounts.push_back({untouched, before, richer, false});
        return diff;
    }
    void spoil_transactions(
        uint64_t block_number, std::vector<sequencer::ExecutedPtr>& transactions
    ) override {
        if (lies_in(block_number, FaultKind::skipped_tx)) {
            transactions.pop_back();
        }
    }
    void spoil_header(BlockHeader& header, std::span<const sequencer::ExecutedPtr> transactions)
        override {
        if (lies_in(header.number, FaultKind::skipped_tx)) {
            header.gas_used =
                transactions.empty() ? 0 : transactions.back()->receipt.cumulative_gas_used;
        } else if (lies_in(header.number, FaultKind::wrong_gas)) {
            header.gas_used += 1;
        } else if (lies_in(header.number, FaultKind::wrong_root)) {
            header.state_root[31] ^= 1;
        }
    }

  private:
    [[nodiscard]] bool lies_in(uint64_t block_number, FaultKind kind) const {
        return plan_.kind == kind && chosen_ == block_number;
    }

    FaultPlan plan_;
    std::optional<uint64_t> chosen_;  // the block that lies, once it is known
};

/// What is signed beside mini-blocks. Set before the sequencer runs, asked by its thread alone.
class SecondSignature {
  public:
    void plan(const FaultPlan& plan) { plan_ = plan; }
    std::optional<MiniBlockHeader> beside(const MiniBlockHeader& truth) {
        const bool is_place = plan_ && plan_->kind == FaultKind::two_mini_blocks;
        const bool is_extra = plan_ && plan_->kind == FaultKind::left_out_mini_block;
        if ((!is_place && !is_extra) || truth.block_number < plan_->first_block ||
            truth.gas_used == 0 || truth.index == 0) {
            return std::nullopt;
        }
        MiniBlockHeader lie = truth;
        lie.receipt_root[31] ^= 1;
        if (is_place) {
            plan_.reset();
        } else {
            // One in each block: what lies behind the end of a batch may have been handed over to
            // another sequencer. In a place and with a number that nothing will have.
            plan_->first_block = truth.block_number + 1;
            lie.index += 1'000'000;
            lie.mini_block_number += uint64_t{1} << 40;
        }
        return lie;
    }

  private:
    std::optional<FaultPlan> plan_;
};

SecondSignature& second_signature() {
    static SecondSignature only;
    return only;
}

}  // namespace

std::optional<FaultPlan> read_fault_plan(std::string_view text) {
    const size_t at = text.find('@');
    FaultPlan plan;
    const auto* const name = std::find_if(names.begin(), names.end(), [&](const auto& entry) {
        return entry.first == text.substr(0, at);
    });
    if (name == names.end()) {
        return std::nullopt;
    }
    plan.kind = name->second;
    if (at != std::string_view::npos) {
        const std::string_view digits = text.substr(at + 1);
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), plan.first_block);
        if (error != std::errc{} || end != digits.data() + digits.size()) {
            return std::nullopt;
        }
    }
    return plan;
}

std::unique_ptr<sequencer::SealFault> make_fault(const FaultPlan& plan) {
    second_signature().plan(plan);
    return std::make_unique<PlannedFault>(plan);
}

}  // namespace mega::app

// In place of the library's answers.
bool mega::sequencer::serves_witnesses_of_lies() { return true; }
std::optional<mega::MiniBlockHeader> mega::sequencer::second_mini_block(const MiniBlockHeader& truth
) {
    return app::second_signature().beside(truth);
}
