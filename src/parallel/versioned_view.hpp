#pragma once

// The state as one transaction of a round sees it: the writes before it, then the base. Notes every
// read in the transaction's record. One object per worker, pointed at one transaction after the
// other.

#include "parallel/fee_account.hpp"
#include "state/index_table.hpp"

namespace mega::parallel {

/// Who knows when an estimate has been replaced.
class EstimateWaiter {
  public:
    virtual ~EstimateWaiter() = default;
    /// Returns when `tx` may have run again.
    virtual void wait_for(uint32_t tx) = 0;

    EstimateWaiter() = default;
    EstimateWaiter(const EstimateWaiter&) = delete;
    EstimateWaiter& operator=(const EstimateWaiter&) = delete;
};

class VersionedView final : public state::StateView {
  public:
    /// All must outlive the view.
    VersionedView(MultiVersionMemory& memory, Arena& arena)
        : memory_(&memory), arena_(&arena), hash_(state::SeededHash::from_place(this)) {}

    /// Before the first transaction of a round. Reads of these accounts are marked in the records.
    void begin_round(const FeeAddresses& fee_addresses) { fee_addresses_ = fee_addresses; }
    void end_round();
    [[nodiscard]] bool lives_on_fees(const Address& address) const {
        return std::find(fee_addresses_.begin(), fee_addresses_.end(), address) !=
               fee_addresses_.end();
    }
    void begin(uint32_t tx, Record& record, EstimateWaiter& waiter);

    /// The n-th call is the journal's n-th load, and becomes record.account_reads[n].
    [[nodiscard]] std::optional<Account> account(const Address& address) const override;
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override;
    [[nodiscard]] bool has_storage(const Address& address) const override;
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override;
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override;

  private:
    struct KnownCode {
        Hash256 hash;
        evm::CodePtr code;
    };
    [[nodiscard]] const evm::Code* base_code(const Hash256& code_hash) const;
    MultiVersionMemory* memory_;
    Arena* arena_;
    Record* record_ = nullptr;
    EstimateWaiter* waiter_ = nullptr;
    uint32_t tx_ = 0;
    FeeAddresses fee_addresses_;
    mutable std::vector<std::pair<Hash256, const evm::Code*>> codes_;  // that the round gave
    // Of the base, kept for the round, so that contracts which everybody calls do not have their
    // reference counts passed from core to core.
    state::SeededHash hash_;
    mutable std::vector<KnownCode> base_codes_;
    mutable state::IndexTable base_code_table_;
};

}  // namespace mega::parallel
