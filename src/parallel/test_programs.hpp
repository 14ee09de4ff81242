#pragma once

// For tests and benchmarks: contracts written by hand, and the transactions that call them.

#include "crypto/keccak.hpp"
#include "evm/opcodes.hpp"
#include "execution/block.hpp"
#include "state/overlay.hpp"

#include <initializer_list>

namespace mega::parallel::test {

using evm::Opcode;

class Assembler {
  public:
    Assembler& op(std::initializer_list<Opcode> opcodes) {
        for (const Opcode opcode : opcodes) {
            code_.push_back(static_cast<uint8_t>(opcode));
        }
        return *this;
    }
    Assembler& push(uint8_t value) {
        code_.push_back(static_cast<uint8_t>(Opcode::PUSH1));
        code_.push_back(value);
        return *this;
    }
    /// Up to 32 bytes.
    Assembler& push_bytes(BytesView bytes) {
        code_.push_back(static_cast<uint8_t>(0x5f + bytes.size()));
        append(code_, bytes);
        return *this;
    }
    Assembler& push(const u256& value) { return push_bytes(value.to_hash().view()); }
    Assembler& push(const Address& address) { return push_bytes(address.view()); }
    /// SLOAD(slot) + add, stored back.
    Assembler& add_to_slot(uint8_t slot, uint8_t amount) {
        push(slot).op({Opcode::SLOAD});
        push(amount).op({Opcode::ADD});
        return push(slot).op({Opcode::SSTORE});
    }
    /// Puts the word on top of the stack into the slot.
    Assembler& store_top(uint8_t slot) { return push(slot).op({Opcode::SSTORE}); }
    /// [key] -> [keccak256(key . index)]: where a mapping keeps the key's value.
    Assembler& mapping_slot(uint8_t index) {
        push(0).op({Opcode::MSTORE});
        push(index).push(0x20).op({Opcode::MSTORE});
        return push(0x40).push(0).op({Opcode::KECCAK256});
    }
    [[nodiscard]] size_t size() const { return code_.size(); }
    /// A jump forward: PUSH1 of a place that land() fills in.
    [[nodiscard]] size_t jump_if() {
        push(0);
        const size_t place = code_.size() - 1;
        op({Opcode::JUMPI});
        return place;
    }
    Assembler& land(size_t place) {
        code_[place] = static_cast<uint8_t>(code_.size());
        return op({Opcode::JUMPDEST});
    }
    [[nodiscard]] const Bytes& code() const { return code_; }

  private:
    Bytes code_;
};

inline constexpr auto DUP2 = static_cast<Opcode>(0x81);
inline constexpr auto DUP3 = static_cast<Opcode>(0x82);
inline constexpr auto DUP4 = static_cast<Opcode>(0x83);
inline constexpr auto SWAP2 = static_cast<Opcode>(0x91);

inline Address address_of(uint64_t id) { return u256{id}.to_address(); }

/// An ERC-20 token's transfer(address,uint256) and nothing else: checks and moves balances in
/// mapping 0, logs Transfer, returns true.
inline Bytes token_code() {
    using enum Opcode;
    Assembler code;
    code.push(0x24).op({CALLDATALOAD, CALLER}).mapping_slot(0);
    code.op({DUP1, SLOAD, DUP3, DUP2, LT});  // [amount, slot, balance, balance < amount]
    const size_t refusal = code.jump_if();
    code.op({DUP3, SWAP1, SUB, SWAP1, SSTORE});  // [amount]
    code.push(0x04).op({CALLDATALOAD, DUP1}).mapping_slot(0);
    code.op({DUP1, SLOAD, DUP4, ADD, SWAP1, SSTORE});  // [amount, to]
    code.op({SWAP1}).push(0).op({MSTORE, CALLER});     // [to, from]
    code.push_bytes(crypto::keccak256(as_bytes("Transfer(address,address,uint256)")).view());
    code.push(0x20).push(0).op({LOG3});
    code.push(1).push(0).op({MSTORE}).push(0x20).push(0).op({RETURN});
    code.land(refusal).push(0).push(0).op({REVERT});
    return code.code();
}
inline u256 mapping_slot(const Address& key, uint64_t index) {
    Bytes preimage = to_bytes(to_u256(key).to_hash().view());
    append(preimage, u256{index}.to_hash().view());
    return to_u256(crypto::keccak256(preimage));
}
inline Bytes token_transfer(const Address& to, const u256& amount) {
    Bytes call = *from_hex("0xa9059cbb");
    append(call, to_u256(to).to_hash().view());
    append(call, amount.to_hash().view());
    return call;
}

/// A pool of constant product: swap(uint256 amount) takes token 0 from the caller's balance in
/// mapping 0 and gives token 1 to that in mapping 1, out of reserves in slots 2 and 3; counts in
/// slot 4 and logs.
inline Bytes pool_code() {
    using enum Opcode;
    Assembler code;
    code.push(0x04).op({CALLDATALOAD, CALLER}).mapping_slot(0);  // [amount, slot]
    code.op({DUP1, SLOAD, DUP3, DUP2, LT});
    const size_t refusal = code.jump_if();
    code.op({DUP3, SWAP1, SUB, SWAP1, SSTORE});  // [amount]
    code.push(2).op({SLOAD, DUP2, DUP2, ADD});   // [amount, r0, r0 + amount]
    code.op({DUP1}).store_top(2);                // [amount, r0, sum]
    code.push(3).op({SLOAD});                    // [amount, r0, sum, r1]
    code.op({DUP1, DUP4, MUL});                  // [amount, r0, sum, r1, r1 * r0]
    code.op({DUP3, SWAP1, DIV});                 // [amount, r0, sum, r1, rest]
    code.op({DUP1}).store_top(3);                // [amount, r0, sum, r1, rest]
    code.op({SWAP1, SUB});                       // [amount, r0, sum, out]
    code.op({CALLER}).mapping_slot(1);           // [amount, r0, sum, out, slot]
    code.op({DUP1, SLOAD, DUP3, ADD, SWAP1, SSTORE});
    code.add_to_slot(4, 1);
    code.push(0).op({MSTORE, CALLER}).push(0x20).push(0).op({LOG1, STOP});
    code.land(refusal).push(0).push(0).op({REVERT});
    return code.code();
}
inline Bytes pool_swap(const u256& amount) {
    Bytes call = *from_hex("0x0badcafe");
    append(call, amount.to_hash().view());
    return call;
}

/// Adds one to slot 0.
inline Bytes counter_code() { return Assembler{}.add_to_slot(0, 1).op({Opcode::STOP}).code(); }

/// A state, an environment, and transactions under way.
struct Scenario {
    state::EmptyState nothing;
    state::Overlay state{nothing};
    execution::BlockEnv env;
    std::vector<SignedTransaction> transactions;

    Scenario() {
        env.context.number = 100;
        env.context.timestamp = 1'700'000'000;
        env.context.gas_limit = uint64_t{1} << 40;
        env.context.base_fee_per_gas = 7;
        env.context.beneficiary = address_of(0xbe9ef1c1a7);
    }
    void fund(const Address& account) {
        state.set_balance(account, u256{1'000'000'000} * u256{1'000'000'000'000});
    }
    /// The nonce is one more than that of the sender's transaction before.
    SignedTransaction& add(const Address& sender, const Address& to, const u256& value) {
        SignedTransaction& added = transactions.emplace_back();
        added.sender = sender;
        added.tx.type = TxType::dynamic_fee;
        added.tx.chain_id = env.context.chain_id;
        added.tx.nonce = nonces[sender]++;
        added.tx.gas_limit = 21000;
        added.tx.max_fee_per_gas = 20;
        added.tx.max_priority_fee_per_gas = 2;
        added.tx.to = to;
        added.tx.value = value;
        return added;
    }
    SignedTransaction& call(const Address& sender, const Address& to, Bytes data) {
        SignedTransaction& added = add(sender, to, 0);
        added.tx.gas_limit = 200'000;
        added.tx.data = std::move(data);
        return added;
    }
    std::unordered_map<Address, uint64_t> nonces;
};

}  // namespace mega::parallel::test
