#pragma once

// Instructions that ask the host: accounts, code, storage, block hashes, self-destruction.

#include "evm/forks/frontier.hpp"
#include "evm/instructions/memory.hpp"

namespace mega::evm::instructions {

inline constexpr int64_t warm_access_gas = 100;          // EIP-2929
inline constexpr int64_t cold_account_surcharge = 2500;  // a cold access costs 2600 in all
inline constexpr int64_t cold_slot_surcharge = 2000;     // a cold load costs 2100 in all
inline constexpr int64_t cold_slot_write_surcharge = 2100;
inline constexpr int64_t new_account_gas = 25000;
inline constexpr int64_t call_stipend = 2300;

/// The cold surcharge of an account whose warm access is paid already.
template <class M>
[[nodiscard]] inline bool pay_account_access(Machine& m, const Address& address) {
    if constexpr (M::has_access_lists) {
        return m.frame.host.access_account(address) == Access::warm ||
               charge(m, cold_account_surcharge);
    }
    return true;
}

template <class M>
inline bool balance(Machine& m) {
    const Address address = store_address(m.top[0]);
    if (!pay_account_access<M>(m, address)) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    *m.top = m.frame.host.balance(address);
    return true;
}
template <class M>
inline bool external_code_size(Machine& m) {
    const Address address = store_address(m.top[0]);
    if (!pay_account_access<M>(m, address)) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    *m.top = u256{m.frame.host.code(address)->size()};
    return true;
}
template <class M>
inline bool external_code_hash(Machine& m) {
    const Address address = store_address(m.top[0]);
    if (!pay_account_access<M>(m, address)) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    *m.top = to_u256(m.frame.host.code_hash(address));
    return true;
}
template <class M>
inline bool external_code_copy(Machine& m) {
    const Address address = store_address(m.top[0]);
    if (!pay_copy(m, m.top[-1], m.top[-3]) || !pay_account_access<M>(m, address)) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    if (!m.top[-3].is_zero()) {
        copy_padded(m.frame, m.top[-1], m.top[-2], m.top[-3], m.frame.host.code(address)->bytes());
    }
    m.top -= 4;
    return true;
}

/// Only the last 256 blocks have a hash.
inline bool block_hash(Machine& m) {
    const u256& number = m.top[0];
    const uint64_t current = m.frame.host.block().number;
    const bool is_recent =
        number.fits_u64() && number.low64() < current && current - number.low64() <= 256;
    *m.top = is_recent ? to_u256(m.frame.host.block_hash(number.low64())) : u256{};
    return true;
}
inline bool blob_hash(Machine& m) {
    const std::span<const Hash256> hashes = m.frame.host.transaction().blob_hashes;
    const u256& index = m.top[0];
    const bool exists = index.fits_u64() && index.low64() < hashes.size();
    *m.top = exists ? to_u256(hashes[index.low64()]) : u256{};
    return true;
}

template <class M>
inline bool load_storage(Machine& m) {
    Frame& frame = m.frame;
    if constexpr (M::has_access_lists) {
        if (frame.host.access_storage(frame.message.recipient, m.top[0]) == Access::cold &&
            !charge(m, cold_slot_surcharge)) {
            return out_of_gas(m);
        }
    }
    gas_is_paid<M>(m);
    *m.top = frame.host.storage(frame.message.recipient, m.top[0]);
    return true;
}

struct StorageWriteGas {
    int64_t cost = 0;
    int64_t refund = 0;
};

/// EIP-1283, EIP-2200 and their later prices; before them original is of no account.
constexpr StorageWriteGas storage_write_gas(
    const StorageGas& gas, const StoredValue& stored, const u256& value
) {
    const bool clears = !stored.current.is_zero() && value.is_zero();
    if (!gas.is_net_metered) {
        const bool sets = stored.current.is_zero() && !value.is_zero();
        return {sets ? gas.set : gas.reset, clears ? gas.clear_refund : 0};
    }
    if (stored.current == value) {
        return {gas.unchanged, 0};
    }
    if (stored.original == stored.current) {
        return {stored.original.is_zero() ? gas.set : gas.reset, clears ? gas.clear_refund : 0};
    }
    StorageWriteGas result{gas.unchanged, 0};
    if (!stored.original.is_zero()) {
        if (stored.current.is_zero()) {
            result.refund -= gas.clear_refund;
        } else if (value.is_zero()) {
            result.refund += gas.clear_refund;
        }
    }
    if (stored.original == value) {
        result.refund += (stored.original.is_zero() ? gas.set : gas.reset) - gas.unchanged;
    }
    return result;
}

template <class M>
[[gnu::noinline]] bool store_storage(Machine& m) {
    Frame& frame = m.frame;
    if (frame.message.is_static) {
        return fail(m, Status::static_mode_violation);
    }
    if (M::storage_gas.needs_stipend_reserve && m.gas <= call_stipend) {
        return out_of_gas(m);
    }
    const u256& slot = m.top[0];
    const u256& value = m.top[-1];
    if constexpr (M::has_access_lists) {
        if (frame.host.access_storage(frame.message.recipient, slot) == Access::cold &&
            !charge(m, cold_slot_write_surcharge)) {
            return out_of_gas(m);
        }
    }
    // The price depends on what the host finds, so the write comes first; a frame that cannot pay
    // is undone as a whole.
    const StoredValue stored = frame.host.set_storage(frame.message.recipient, slot, value);
    const StorageWriteGas gas = storage_write_gas(M::storage_gas, stored, value);
    if (!charge(m, gas.cost)) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    frame.gas_refund += gas.refund;
    m.top -= 2;
    return true;
}

inline bool load_transient(Machine& m) {
    *m.top = m.frame.host.transient_storage(m.frame.message.recipient, m.top[0]);
    return true;
}
inline bool store_transient(Machine& m) {
    if (m.frame.message.is_static) {
        return fail(m, Status::static_mode_violation);
    }
    m.frame.host.set_transient_storage(m.frame.message.recipient, m.top[0], m.top[-1]);
    m.top -= 2;
    return true;
}

template <class M>
[[gnu::noinline]] bool selfdestruct(Machine& m) {
    Frame& frame = m.frame;
    if (frame.message.is_static) {
        return fail(m, Status::static_mode_violation);
    }
    const Address& self = frame.message.recipient;
    const Address beneficiary = store_address(m.top[0]);
    if constexpr (M::has_access_lists) {
        constexpr int64_t cold_gas = warm_access_gas + cold_account_surcharge;
        if (frame.host.access_account(beneficiary) == Access::cold && !charge(m, cold_gas)) {
            return out_of_gas(m);
        }
    }
    if constexpr (M::selfdestruct_pays_for_account) {
        const bool may_create = M::has_empty_accounts || !frame.host.balance(self).is_zero();
        if (may_create && !frame.host.account_exists(beneficiary) && !charge(m, new_account_gas)) {
            return out_of_gas(m);
        }
    }
    gas_is_paid<M>(m);
    if (frame.host.selfdestruct(self, beneficiary)) {
        frame.gas_refund += M::selfdestruct_refund;
    }
    return finish(m, Status::success, {});
}

}  // namespace mega::evm::instructions
