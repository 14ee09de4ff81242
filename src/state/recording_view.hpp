#pragma once

// A view that notes what is asked of it in an AccessLog.

#include "state/access_log.hpp"
#include "state/view.hpp"

namespace mega::state {

class RecordingView final : public StateView {
  public:
    /// Both must outlive the view.
    RecordingView(const StateView& base, AccessLog& log) : base_(&base), log_(&log) {}

    [[nodiscard]] std::optional<Account> account(const Address& address) const override {
        log_->note_account(address);
        return base_->account(address);
    }
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override {
        log_->note_slot(address, slot);
        return base_->storage(address, slot);
    }
    [[nodiscard]] bool has_storage(const Address& address) const override {
        log_->note_account(address);
        return base_->has_storage(address);
    }
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override {
        log_->note_code(code_hash);
        return base_->code(code_hash);
    }
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override {
        log_->note_block_hash(number);
        return base_->block_hash(number);
    }

  private:
    const StateView* base_;
    AccessLog* log_;
};

}  // namespace mega::state
