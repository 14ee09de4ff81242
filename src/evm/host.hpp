#pragma once

// What a running contract can ask of the world. The interpreter knows nothing of accounts, journals
// or tries: it calls a Host. The one real implementation is execution::TransactionHost; tests bring
// their own.
//
// Flow of a nested call: the interpreter charges gas and builds a Message, Host::call checks depth
// and balance, takes a journal snapshot, moves value, runs a precompile or, through the same Vm,
// the callee's code, and rolls back on failure. A call refused before it starts (depth, balance,
// nonce) gives back all of message.gas in gas_left; any other failure but a revert leaves 0.

#include "base/bytes.hpp"
#include "evm/code.hpp"
#include "types/receipt.hpp"
#include "types/u256.hpp"

#include <cstdint>
#include <span>

namespace mega::evm {

/// Constant during one block.
struct BlockContext {
    uint64_t number = 0;
    uint64_t timestamp = 0;  // seconds
    uint64_t gas_limit = 0;
    Address beneficiary;
    Hash256 prev_randao;  // difficulty, big endian, before the merge
    u256 base_fee_per_gas;
    u256 blob_base_fee;
    uint64_t chain_id = 1;
};

/// Constant during one transaction.
struct TxContext {
    Address origin;
    u256 gas_price;  // effective
    std::span<const Hash256> blob_hashes;
};

enum class CallKind : uint8_t { call, callcode, delegatecall, staticcall, create, create2 };

struct Message {
    CallKind kind = CallKind::call;
    bool is_static = false;
    uint32_t depth = 0;  // 0 is the transaction's own frame
    int64_t gas = 0;
    Address recipient;  // whose storage and balance; for a creation, filled in by the host
    /// Whose code runs, as the instruction named it: the host follows a delegation (EIP-7702),
    /// whose access the caller paid.
    Address code_address;
    Address sender;
    u256 value;       // what CALLVALUE gives; DELEGATECALL inherits it without moving it
    u256 salt;        // CREATE2
    BytesView input;  // calldata, or init code of a creation
};

enum class Status : uint8_t {
    success,
    revert,
    out_of_gas,
    invalid_instruction,
    undefined_instruction,
    stack_overflow,
    stack_underflow,
    bad_jump_destination,
    invalid_memory_access,
    static_mode_violation,
    call_depth_exceeded,
    insufficient_balance,
    nonce_overflow,
    address_collision,
    code_size_exceeded,
    code_starts_with_ef,
    precompile_failure,
};

[[nodiscard]] std::string_view to_string(Status status);

struct CallResult {
    Status status = Status::success;
    int64_t gas_left = 0;
    int64_t gas_refund =
        0;  // of this frame and the successful ones below it, may be negative; 0 unless success
    /// Return or revert data. Valid until the Vm that produced it enters its next frame.
    BytesView output;
    Address created;  // of a successful creation
};

enum class Access : uint8_t { cold, warm };

/// What SSTORE's gas needs: the value before the transaction and before this write.
struct StoredValue {
    u256 original;
    u256 current;
};

class Host {
  public:
    virtual ~Host() = default;

    [[nodiscard]] virtual const BlockContext& block() const = 0;
    [[nodiscard]] virtual const TxContext& transaction() const = 0;
    [[nodiscard]] virtual Hash256 block_hash(uint64_t number) = 0;

    /// Not "dead": before EIP-161 existence, from then on non-emptiness.
    [[nodiscard]] virtual bool account_exists(const Address& address) = 0;
    [[nodiscard]] virtual u256 balance(const Address& address) = 0;
    [[nodiscard]] virtual uint64_t nonce(const Address& address) = 0;
    /// Zero for an account that does not exist or is empty (EIP-1052).
    [[nodiscard]] virtual Hash256 code_hash(const Address& address) = 0;
    /// The account's own code: a delegation designator (EIP-7702) is not followed. Never null.
    /// Valid for the transaction.
    [[nodiscard]] virtual const Code* code(const Address& address) = 0;

    [[nodiscard]] virtual u256 storage(const Address& address, const u256& slot) = 0;
    /// Writes and returns what stood there.
    virtual StoredValue set_storage(
        const Address& address, const u256& slot, const u256& value
    ) = 0;
    [[nodiscard]] virtual u256 transient_storage(const Address& address, const u256& slot) = 0;
    virtual void set_transient_storage(
        const Address& address, const u256& slot, const u256& value
    ) = 0;

    /// Marks as accessed and tells whether it was warm already (EIP-2929).
    virtual Access access_account(const Address& address) = 0;
    virtual Access access_storage(const Address& address, const u256& slot) = 0;

    /// True when this is the first SELFDESTRUCT of `address` in the transaction (refund before
    /// London).
    virtual bool selfdestruct(const Address& address, const Address& beneficiary) = 0;
    virtual void emit_log(Log log) = 0;
    virtual CallResult call(const Message& message) = 0;

    Host() = default;
    Host(const Host&) = delete;
    Host& operator=(const Host&) = delete;
};

}  // namespace mega::evm
