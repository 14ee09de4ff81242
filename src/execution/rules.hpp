#pragma once

// What each fork changed about transactions and frames, as far as the interpreter does not know it
// (evm/forks/ holds the rest). `Rules<F>` is constant at compile time; with_fork() turns a run-time
// fork into one, once per transaction.

#include "base/assert.hpp"
#include "evm/fork.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace mega::execution {

template <Fork F>
struct Rules {
    static constexpr Fork fork = F;
    static constexpr bool at_least(Fork other) { return F >= other; }

    // --- intrinsic gas ---
    static constexpr uint64_t tx_gas = 21000;
    static constexpr uint64_t create_tx_gas = at_least(Fork::homestead) ? 32000 : 0;  // EIP-2
    static constexpr uint64_t zero_byte_gas = 4;
    static constexpr uint64_t nonzero_byte_gas = at_least(Fork::istanbul) ? 16 : 68;  // EIP-2028
    static constexpr bool has_access_lists = at_least(Fork::berlin);                  // EIP-2930
    static constexpr uint64_t access_list_address_gas = 2400;
    static constexpr uint64_t access_list_key_gas = 1900;
    static constexpr bool limits_init_code = at_least(Fork::shanghai);  // EIP-3860
    static constexpr size_t max_init_code_size = 49152;
    static constexpr uint64_t init_code_word_gas = 2;
    static constexpr bool has_calldata_floor = at_least(Fork::prague);  // EIP-7623
    static constexpr uint64_t floor_token_gas = 10;
    static constexpr uint64_t tokens_per_nonzero_byte = 4;

    // --- transactions ---
    static constexpr bool has_base_fee = at_least(Fork::london);  // EIP-1559
    static constexpr bool refuses_contract_senders = true;        // EIP-3607, for all of history
    static constexpr uint64_t max_refund_quotient = at_least(Fork::london) ? 5 : 2;  // EIP-3529
    static constexpr bool warms_beneficiary = at_least(Fork::shanghai);              // EIP-3651
    static constexpr bool has_blobs = at_least(Fork::cancun);                        // EIP-4844
    static constexpr bool has_delegations = at_least(Fork::prague);                  // EIP-7702
    static constexpr uint64_t authorization_gas = 25000;
    static constexpr uint64_t authorization_refund = 12500;
    static constexpr bool caps_gas = at_least(Fork::osaka);  // EIP-7825
    static constexpr uint64_t max_tx_gas = uint64_t{1} << 24;
    static constexpr size_t max_blobs_per_tx = at_least(Fork::osaka) ? 6 : SIZE_MAX;  // EIP-7594

    // --- frames ---
    static constexpr bool deletes_empty_accounts = at_least(Fork::spurious_dragon);  // EIP-161
    static constexpr uint64_t first_contract_nonce = deletes_empty_accounts ? 1 : 0;
    static constexpr bool limits_code_size = at_least(Fork::spurious_dragon);  // EIP-170
    static constexpr size_t max_code_size = 24576;
    static constexpr int64_t code_byte_gas = 200;
    static constexpr bool creation_fails_without_deposit = at_least(Fork::homestead);  // EIP-2
    static constexpr bool refuses_ef_code = at_least(Fork::london);                    // EIP-3541
    /// SELFDESTRUCT removes only what the same transaction created (EIP-6780).
    static constexpr bool keeps_old_contracts = at_least(Fork::cancun);
};

/// Calls `run.template operator()<F>()` for the fork.
template <class Run>
decltype(auto) with_fork(Fork fork, Run&& run) {
    switch (fork) {
        case Fork::frontier:
            return run.template operator()<Fork::frontier>();
        case Fork::homestead:
            return run.template operator()<Fork::homestead>();
        case Fork::tangerine_whistle:
            return run.template operator()<Fork::tangerine_whistle>();
        case Fork::spurious_dragon:
            return run.template operator()<Fork::spurious_dragon>();
        case Fork::byzantium:
            return run.template operator()<Fork::byzantium>();
        case Fork::constantinople:
            return run.template operator()<Fork::constantinople>();
        case Fork::petersburg:
            return run.template operator()<Fork::petersburg>();
        case Fork::istanbul:
            return run.template operator()<Fork::istanbul>();
        case Fork::berlin:
            return run.template operator()<Fork::berlin>();
        case Fork::london:
            return run.template operator()<Fork::london>();
        case Fork::paris:
            return run.template operator()<Fork::paris>();
        case Fork::shanghai:
            return run.template operator()<Fork::shanghai>();
        case Fork::cancun:
            return run.template operator()<Fork::cancun>();
        case Fork::prague:
            return run.template operator()<Fork::prague>();
        case Fork::osaka:
            return run.template operator()<Fork::osaka>();
    }
    MEGA_ASSERT(false);
}

}  // namespace mega::execution
