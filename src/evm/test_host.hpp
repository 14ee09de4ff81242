#pragma once

// A small world for the interpreter's own tests and benchmarks: accounts in ordered maps, snapshots
// by copying everything. It follows the protocol where the interpreter can tell the difference and
// nowhere else: no fees, no code deposit.

#include "crypto/keccak.hpp"
#include "evm/vm.hpp"

#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

namespace mega::evm {

class TestHost : public Host {
  public:
    struct Account {
        u256 balance;
        uint64_t nonce = 0;
        CodePtr code;
        std::map<u256, u256> storage;
        std::map<u256, u256> original;  // of slots written, before the transaction
        std::map<u256, u256> transient;
    };

    Fork fork = current_fork;
    BlockContext block_context;
    TxContext tx_context;
    std::map<Address, Account> accounts;
    std::set<Address> warm_accounts;
    std::set<std::pair<Address, u256>> warm_slots;
    std::set<Address> destroyed;
    std::vector<Log> logs;
    std::vector<Message> calls;  // as received; input is not kept
    uint32_t deepest = 0;
    Vm vm;

    void set_code(const Address& address, BytesView code) {
        accounts[address].code = std::make_shared<const Code>(code);
    }

    /// Runs the code of `address` as a transaction's own frame.
    CallResult run(
        const Address& address, int64_t gas, BytesView input = {}, bool is_static = false
    ) {
        Message message;
        message.is_static = is_static;
        message.gas = gas;
        message.recipient = address;
        message.code_address = address;
        message.sender = tx_context.origin;
        message.input = input;
        return vm.execute(fork, *this, message, *code(address));
    }

    const BlockContext& block() const override { return block_context; }
    const TxContext& transaction() const override { return tx_context; }
    Hash256 block_hash(uint64_t number) override { return u256{number + 1}.to_hash(); }

    bool account_exists(const Address& address) override {
        const auto found = accounts.find(address);
        if (found == accounts.end()) {
            return false;
        }
        const Account& account = found->second;
        return fork < Fork::spurious_dragon || account.nonce != 0 || !account.balance.is_zero() ||
               (account.code && account.code->size() != 0);
    }
    u256 balance(const Address& address) override {
        const auto found = accounts.find(address);
        return found == accounts.end() ? u256{} : found->second.balance;
    }
    uint64_t nonce(const Address& address) override {
        const auto found = accounts.find(address);
        return found == accounts.end() ? 0 : found->second.nonce;
    }
    Hash256 code_hash(const Address& address) override {
        return account_exists(address) ? crypto::keccak256(code(address)->bytes()) : Hash256{};
    }
    const Code* code(const Address& address) override {
        const auto found = accounts.find(address);
        return found == accounts.end() || !found->second.code ? &Code::empty()
                                                              : found->second.code.get();
    }

    u256 storage(const Address& address, const u256& slot) override {
        const auto& storage = accounts[address].storage;
        const auto found = storage.find(slot);
        return found == storage.end() ? u256{} : found->second;
    }
    StoredValue set_storage(const Address& address, const u256& slot, const u256& value) override {
        const u256 current = storage(address, slot);
        Account& account = accounts[address];
        const u256 original = account.original.try_emplace(slot, current).first->second;
        account.storage[slot] = value;
        return {original, current};
    }
    u256 transient_storage(const Address& address, const u256& slot) override {
        return accounts[address].transient[slot];
    }
    void set_transient_storage(const Address& address, const u256& slot, const u256& value)
        override {
        accounts[address].transient[slot] = value;
    }

    Access access_account(const Address& address) override {
        return warm_accounts.insert(address).second ? Access::cold : Access::warm;
    }
    Access access_storage(const Address& address, const u256& slot) override {
        return warm_slots.emplace(address, slot).second ? Access::cold : Access::warm;
    }

    bool selfdestruct(const Address& address, const Address& beneficiary) override {
        const u256 amount = std::exchange(accounts[address].balance, u256{});
        accounts[beneficiary].balance += amount;
        return destroyed.insert(address).second;
    }
    void emit_log(Log log) override { logs.push_back(std::move(log)); }

    CallResult call(const Message& message) override {
        calls.push_back(message);
        calls.back().input = {};
        deepest = std::max(deepest, message.depth);
        const bool moves_value = message.kind != CallKind::delegatecall && !message.value.is_zero();
        if (message.depth > 1024) {
            return refused(Status::call_depth_exceeded, message);
        }
        if (moves_value && balance(message.sender) < message.value) {
            return refused(Status::insufficient_balance, message);
        }
        const auto saved = std::tuple(accounts, warm_accounts, warm_slots, destroyed, logs.size());
        const CallResult result = is_creation(message) ? create(message) : enter(message);
        if (result.status != Status::success) {
            size_t log_count = 0;
            std::tie(accounts, warm_accounts, warm_slots, destroyed, log_count) = saved;
            logs.resize(log_count);
        }
        return result;
    }

  private:
    static CallResult refused(Status status, const Message& message) {
        CallResult result;
        result.status = status;
        result.gas_left = message.gas;
        return result;
    }
    static bool is_creation(const Message& message) {
        return message.kind == CallKind::create || message.kind == CallKind::create2;
    }
    void move_value(const Address& from, const Address& to, const u256& value) {
        accounts[from].balance -= value;
        accounts[to].balance += value;
    }
    CallResult enter(const Message& message) {
        if (message.kind == CallKind::call) {
            move_value(message.sender, message.recipient, message.value);
        }
        const Code* callee = code(message.code_address);
        if (const auto delegate = callee->delegation()) {
            callee = code(*delegate);
        }
        // Held, because the callee may destroy the account.
        const Code held = *callee;
        return vm.execute(fork, *this, message, held);
    }
    CallResult create(Message message) {
        const uint64_t sender_nonce = accounts[message.sender].nonce++;
        const u256 seed = to_u256(message.sender) + message.salt + u256{sender_nonce};
        message.recipient = u256{0xc0de0000 + seed.low64()}.to_address();
        move_value(message.sender, message.recipient, message.value);
        CallResult result = vm.execute(fork, *this, message, Code(message.input));
        if (result.status == Status::success) {
            set_code(message.recipient, result.output);
            result.created = message.recipient;
            result.output = {};
        }
        return result;
    }
};

}  // namespace mega::evm
