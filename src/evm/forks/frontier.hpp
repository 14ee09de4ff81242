#pragma once

// Frontier: the first rules of Ethereum (Yellow Paper appendix G, first edition), and the list of
// everything that a later fork may change. A fork inherits its predecessor's rules and redefines
// what its EIPs say.

#include "evm/fork.hpp"
#include "evm/instruction_set.hpp"

namespace mega::evm {

/// How SSTORE is priced, apart from EIP-2929's cold surcharge.
struct StorageGas {
    bool is_net_metered = false;         // by original, current and new value (EIP-1283, EIP-2200)
    bool needs_stipend_reserve = false;  // fails at 2300 gas or less (EIP-2200)
    int64_t unchanged =
        5000;              // the value stays, or the slot was already changed in the transaction
    int64_t set = 20000;   // from zero
    int64_t reset = 5000;  // from non-zero
    int64_t clear_refund = 15000;
};

constexpr InstructionSet frontier_instructions() {
    InstructionSet set;
    const auto add = [&set](Opcode first, Opcode last, int16_t gas, uint8_t in, uint8_t out) {
        for (unsigned op = static_cast<uint8_t>(first); op <= static_cast<uint8_t>(last); ++op) {
            set.set(static_cast<uint8_t>(op), gas, in, out);
        }
    };
    using enum Opcode;
    set.set(STOP, 0, 0, 0);
    add(ADD, SUB, 3, 2, 1);
    add(DIV, SMOD, 5, 2, 1);
    set.reprice(MUL, 5);
    add(ADDMOD, MULMOD, 8, 3, 1);
    set.set(EXP, 10, 2, 1);
    set.set(SIGNEXTEND, 5, 2, 1);
    add(LT, EQ, 3, 2, 1);
    set.set(ISZERO, 3, 1, 1);
    add(AND, XOR, 3, 2, 1);
    set.set(NOT, 3, 1, 1);
    set.set(BYTE, 3, 2, 1);
    set.set(KECCAK256, 30, 2, 1);

    set.set(ADDRESS, 2, 0, 1);
    set.set(BALANCE, 20, 1, 1);
    add(ORIGIN, CALLVALUE, 2, 0, 1);
    set.set(CALLDATALOAD, 3, 1, 1);
    set.set(CALLDATASIZE, 2, 0, 1);
    set.set(CALLDATACOPY, 3, 3, 0);
    set.set(CODESIZE, 2, 0, 1);
    set.set(CODECOPY, 3, 3, 0);
    set.set(GASPRICE, 2, 0, 1);
    set.set(EXTCODESIZE, 20, 1, 1);
    set.set(EXTCODECOPY, 20, 4, 0);
    set.set(BLOCKHASH, 20, 1, 1);
    add(COINBASE, GASLIMIT, 2, 0, 1);

    set.set(POP, 2, 1, 0);
    set.set(MLOAD, 3, 1, 1);
    set.set(MSTORE, 3, 2, 0);
    set.set(MSTORE8, 3, 2, 0);
    set.set(SLOAD, 50, 1, 1);
    set.set(SSTORE, 0, 2, 0);
    set.set(JUMP, 8, 1, 0);
    set.set(JUMPI, 10, 2, 0);
    add(PC, GAS, 2, 0, 1);
    set.set(JUMPDEST, 1, 0, 0);
    add(PUSH1, PUSH32, 3, 0, 1);
    for (uint8_t n = 1; n <= 16; ++n) {
        set.set(static_cast<uint8_t>(0x7f + n), 3, n, static_cast<uint8_t>(n + 1));
        set.set(
            static_cast<uint8_t>(0x8f + n),
            3,
            static_cast<uint8_t>(n + 1),
            static_cast<uint8_t>(n + 1)
        );
    }
    for (uint8_t n = 0; n <= 4; ++n) {
        set.set(
            static_cast<uint8_t>(0xa0 + n),
            static_cast<int16_t>(375 * (n + 1)),
            static_cast<uint8_t>(n + 2),
            0
        );
    }
    // CREATE's 32000 is charged by the instruction: it does not fit the table's narrow field.
    set.set(CREATE, 0, 3, 1);
    set.set(CALL, 40, 7, 1);
    set.set(CALLCODE, 40, 7, 1);
    set.set(RETURN, 0, 2, 0);
    set.set(SELFDESTRUCT, 0, 1, 0);
    return set;
}

struct FrontierRules {
    static constexpr Fork fork = Fork::frontier;
    static constexpr InstructionSet instructions = frontier_instructions();
    static constexpr StorageGas storage_gas{};

    static constexpr int64_t exp_byte_gas = 10;
    /// A call may pass on at most all but one 64th of the gas (EIP-150), instead of failing when it
    /// asks for too much.
    static constexpr bool keeps_one_64th = false;
    /// Paying an account into existence costs gas by emptiness and value (EIP-161), not by
    /// existence alone.
    static constexpr bool has_empty_accounts = true;
    static constexpr bool selfdestruct_pays_for_account = false;
    static constexpr int64_t selfdestruct_refund = 24000;
    /// Warm and cold accounts and slots (EIP-2929).
    static constexpr bool has_access_lists = false;
    /// Limit and price of init code (EIP-3860).
    static constexpr bool limits_init_code = false;
    /// Accounts may delegate to another's code (EIP-7702).
    static constexpr bool has_delegations = false;
};

}  // namespace mega::evm
