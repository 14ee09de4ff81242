#pragma once

// A view of a state that notes what is asked of it, for an execution whose block gets a witness.
// One look more per account, slot or code that a transaction asks for the first time.

#include "state/view.hpp"
#include "witness/access_set.hpp"

namespace mega::witness {

class AccessRecorder final : public state::StateView {
  public:
    /// Both must outlive the recorder.
    AccessRecorder(const state::StateView& base, AccessSet& accesses)
        : base_(&base), accesses_(&accesses) {}

    [[nodiscard]] std::optional<Account> account(const Address& address) const override {
        accesses_->note_account(address);
        return base_->account(address);
    }
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override {
        accesses_->note_slot(address, slot);
        return base_->storage(address, slot);
    }
    [[nodiscard]] bool has_storage(const Address& address) const override {
        accesses_->note_account(address);
        return base_->has_storage(address);
    }
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override {
        evm::CodePtr code = base_->code(code_hash);
        accesses_->note_code(code_hash, code);
        return code;
    }
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override {
        accesses_->note_block_hash(number);
        return base_->block_hash(number);
    }

  private:
    const state::StateView* base_;
    AccessSet* accesses_;
};

}  // namespace mega::witness
