#pragma once

// TransactionHost: the world as the frames of one transaction see it. Implements evm::Host over a
// journal: calls and creations with their checks, snapshots and value transfers, precompiles,
// delegations, SELFDESTRUCT, logs, and the tracer's hooks for all of these. What depends on the
// fork is decided at compile time.
//
// It charges no gas but that of precompiles and of storing created code: the rest is the
// interpreter's.

#include "evm/vm.hpp"
#include "execution/rules.hpp"
#include "state/journal.hpp"

namespace mega::execution {

/// keccak256(rlp([sender, nonce]))[12:]
[[nodiscard]] Address create_address(const Address& sender, uint64_t nonce);
/// keccak256(0xff ‖ sender ‖ salt ‖ keccak256(init_code))[12:] (EIP-1014)
[[nodiscard]] Address create2_address(const Address& sender, const u256& salt, BytesView init_code);

template <Fork F>
class TransactionHost final : public evm::Host {
  public:
    using R = Rules<F>;

    /// Everything must outlive the host; the journal has begun.
    TransactionHost(
        evm::Vm& vm,
        state::Journal& journal,
        const state::StateView& view,
        const evm::BlockContext& block,
        const evm::TxContext& transaction
    )
        : vm_(vm), journal_(journal), view_(view), block_(block), transaction_(transaction) {}

    [[nodiscard]] const evm::BlockContext& block() const override { return block_; }
    [[nodiscard]] const evm::TxContext& transaction() const override { return transaction_; }
    [[nodiscard]] Hash256 block_hash(uint64_t number) override { return view_.block_hash(number); }

    [[nodiscard]] bool account_exists(const Address& address) override;
    [[nodiscard]] u256 balance(const Address& address) override;
    [[nodiscard]] uint64_t nonce(const Address& address) override;
    [[nodiscard]] Hash256 code_hash(const Address& address) override;
    [[nodiscard]] const evm::Code* code(const Address& address) override;

    [[nodiscard]] u256 storage(const Address& address, const u256& slot) override;
    evm::StoredValue set_storage(const Address& address, const u256& slot, const u256& value)
        override;
    [[nodiscard]] u256 transient_storage(const Address& address, const u256& slot) override;
    void set_transient_storage(const Address& address, const u256& slot, const u256& value)
        override;

    evm::Access access_account(const Address& address) override;
    evm::Access access_storage(const Address& address, const u256& slot) override;

    bool selfdestruct(const Address& address, const Address& beneficiary) override;
    void emit_log(Log log) override;
    /// A message of depth 0 is the transaction's own: its sender's nonce has been raised already.
    evm::CallResult call(const evm::Message& message) override;

  private:
    [[nodiscard]] evm::CallResult dispatch(const evm::Message& message);
    [[nodiscard]] evm::CallResult call_account(const evm::Message& message);
    [[nodiscard]] evm::CallResult call_precompile(const evm::Message& message);
    [[nodiscard]] evm::CallResult create(const evm::Message& message);
    [[nodiscard]] evm::CallResult run_init_code(const evm::Message& message);
    void store_code(const evm::Message& message, evm::CallResult& result);
    [[nodiscard]] Address address_of_creation(const evm::Message& message);
    [[nodiscard]] bool is_taken(const Address& address);
    void move_value(const evm::Message& message);

    evm::Vm& vm_;
    state::Journal& journal_;
    const state::StateView& view_;
    const evm::BlockContext& block_;
    const evm::TxContext& transaction_;
};

}  // namespace mega::execution
