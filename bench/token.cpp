#include "bench/token.hpp"

#include "crypto/keccak.hpp"
#include "evm/opcodes.hpp"

#include <initializer_list>

namespace mega::bench {
namespace {

using enum evm::Opcode;

// DUP2 and its kin are DUP1 and a number.
constexpr auto DUP2 = static_cast<evm::Opcode>(0x81);
constexpr auto DUP3 = static_cast<evm::Opcode>(0x82);
constexpr auto DUP4 = static_cast<evm::Opcode>(0x83);

constexpr std::string_view transfer_event = "Transfer(address,address,uint256)";
constexpr std::string_view transfer_signature = "transfer(address,uint256)";
constexpr uint8_t to_offset = 0x04;
constexpr uint8_t amount_offset = 0x24;

class Assembler {
  public:
    void add(std::initializer_list<evm::Opcode> opcodes) {
        for (const evm::Opcode opcode : opcodes) {
            code_.push_back(static_cast<uint8_t>(opcode));
        }
    }
    /// Returns the place of the pushed byte.
    size_t push(uint8_t value) {
        add({PUSH1});
        code_.push_back(value);
        return code_.size() - 1;
    }
    void push(const Hash256& value) {
        add({PUSH32});
        append(code_, value.view());
    }
    void patch(size_t place, size_t value) { code_[place] = static_cast<uint8_t>(value); }
    [[nodiscard]] size_t size() const { return code_.size(); }
    [[nodiscard]] Bytes take() { return std::move(code_); }

  private:
    Bytes code_;
};

/// [holder] -> [slot of its balance]; memory from 0x20 on is zero, the mapping's own slot.
void add_balance_slot(Assembler& code) {
    code.add({PUSH0, MSTORE});
    code.push(0x40);
    code.add({PUSH0, KECCAK256});
}

}  // namespace

Bytes token_code() {
    Assembler code;
    code.push(amount_offset);
    code.add({CALLDATALOAD, CALLER});  // [amount, caller]
    add_balance_slot(code);
    code.add({DUP1, SLOAD, DUP3, DUP2, LT});  // [amount, slot, balance, balance < amount]
    const size_t refusal = code.push(0);
    code.add({JUMPI, DUP3, SWAP1, SUB, SWAP1, SSTORE});  // [amount]
    code.push(to_offset);
    code.add({CALLDATALOAD, DUP1});  // [amount, to, to]
    add_balance_slot(code);
    code.add({DUP1, SLOAD, DUP4, ADD, SWAP1, SSTORE});  // [amount, to]
    code.add({SWAP1, PUSH0, MSTORE, CALLER});           // [to, from]
    code.push(crypto::keccak256(as_bytes(transfer_event)));
    code.push(0x20);
    code.add({PUSH0, LOG3});
    code.push(0x01);
    code.add({PUSH0, MSTORE});
    code.push(0x20);
    code.add({PUSH0, RETURN});
    code.patch(refusal, code.size());
    code.add({JUMPDEST, PUSH0, PUSH0, REVERT});
    return code.take();
}

u256 token_balance_slot(const Address& holder) {
    Bytes preimage = to_bytes(to_u256(holder).to_hash().view());
    append(preimage, Hash256{}.view());
    return to_u256(crypto::keccak256(preimage));
}

Bytes token_transfer_call(const Address& to, const u256& amount) {
    Bytes call = to_bytes(crypto::keccak256(as_bytes(transfer_signature)).view().first(4));
    append(call, to_u256(to).to_hash().view());
    append(call, amount.to_hash().view());
    return call;
}

}  // namespace mega::bench
