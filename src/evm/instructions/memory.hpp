#pragma once

// Instructions that read and write memory, and those that copy into it.

#include "evm/instructions/stack.hpp"

namespace mega::evm::instructions {

/// Makes the `size` bytes at the offset on top of the stack accessible.
template <uint64_t size>
[[gnu::always_inline]] inline bool reach_top(Machine& m) {
    return is_reachable(m.top[0]) && reach(m, m.top[0].low64(), size);
}

template <class M>
[[gnu::always_inline]] inline bool load(Machine& m) {
    if (!reach_top<32>(m)) [[unlikely]] {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    *m.top = u256::load_be(m.frame.memory + m.top[0].low64());
    return true;
}
template <class M>
[[gnu::always_inline]] inline bool store(Machine& m) {
    if (!reach_top<32>(m)) [[unlikely]] {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    load_word(m.top[-1]).store_be(m.frame.memory + m.top[0].low64());
    m.top -= 2;
    return true;
}
template <class M>
[[gnu::always_inline]] inline bool store_byte(Machine& m) {
    if (!reach_top<1>(m)) [[unlikely]] {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    m.frame.memory[m.top[0].low64()] = static_cast<uint8_t>(m.top[-1].low64());
    m.top -= 2;
    return true;
}

/// Pays for copying `size` bytes to memory at `offset`.
[[nodiscard]] inline bool pay_copy(Machine& m, const u256& offset, const u256& size) {
    return reach(m, offset, size) && charge(m, 3 * words_of(size.low64()));
}

/// Fills memory at `to` with source[from …], zeros behind its end.
inline void copy_padded(
    Frame& frame, const u256& to, const u256& from, const u256& size, BytesView source
) {
    if (size.is_zero()) {
        return;
    }
    uint8_t* const place = frame.memory + to.low64();
    const size_t count = size.low64();
    const size_t start =
        from.fits_u64() ? std::min<size_t>(from.low64(), source.size()) : source.size();
    const size_t available = std::min(count, source.size() - start);
    if (available != 0) {
        std::memcpy(place, source.data() + start, available);
    }
    std::memset(place + available, 0, count - available);
}

/// CALLDATACOPY and CODECOPY.
template <class M>
inline bool copy_from(Machine& m, BytesView source) {
    if (!pay_copy(m, m.top[0], m.top[-2])) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    copy_padded(m.frame, m.top[0], m.top[-1], m.top[-2], source);
    m.top -= 3;
    return true;
}

/// Reading behind the end of return data fails (EIP-211).
template <class M>
inline bool copy_return_data(Machine& m) {
    if (!pay_copy(m, m.top[0], m.top[-2])) {
        return out_of_gas(m);
    }
    const AddResult end = add_with_carry(m.top[-1], m.top[-2]);
    if (end.carry || end.value > u256{m.frame.return_data.size()}) {
        return fail(m, Status::invalid_memory_access);
    }
    gas_is_paid<M>(m);
    copy_padded(m.frame, m.top[0], m.top[-1], m.top[-2], m.frame.return_data);
    m.top -= 3;
    return true;
}

template <class M>
inline bool copy_memory(Machine& m) {
    const u256& to = m.top[0];
    const u256& from = m.top[-1];
    const u256& size = m.top[-2];
    if (!reach(m, from, size) || !pay_copy(m, to, size)) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    if (!size.is_zero()) {
        std::memmove(m.frame.memory + to.low64(), m.frame.memory + from.low64(), size.low64());
    }
    m.top -= 3;
    return true;
}

inline bool load_calldata(Machine& m) {
    const BytesView data = m.frame.calldata;
    const u256& offset = m.top[0];
    if (!offset.fits_u64() || offset.low64() >= data.size()) {
        *m.top = u256{};
        return true;
    }
    const size_t start = offset.low64();
    if (data.size() - start >= 32) [[likely]] {
        *m.top = u256::load_be(data.data() + start);
        return true;
    }
    uint8_t padded[32] = {};
    std::memcpy(padded, data.data() + start, data.size() - start);
    *m.top = u256::load_be(padded);
    return true;
}

template <class M, Status status>
inline bool end_with_output(Machine& m) {
    if (!reach(m, m.top[0], m.top[-1])) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    return finish(m, status, memory_view(m.frame, m.top[0], m.top[-1]));
}

template <class M, unsigned topic_count>
[[gnu::noinline]] bool log(Machine& m) {
    Frame& frame = m.frame;
    if (frame.message.is_static) {
        return fail(m, Status::static_mode_violation);
    }
    const u256& offset = m.top[0];
    const u256& size = m.top[-1];
    if (!reach(m, offset, size) || !charge(m, 8 * static_cast<int64_t>(size.low64()))) {
        return out_of_gas(m);
    }
    gas_is_paid<M>(m);
    Log entry{
        .address = frame.message.recipient,
        .topics = {},
        .data = to_bytes(memory_view(frame, offset, size))
    };
    for (int i = 0; i < static_cast<int>(topic_count); ++i) {
        entry.topics.push_back(m.top[-2 - i].to_hash());
    }
    m.top -= topic_count + 2;
    frame.host.emit_log(std::move(entry));
    return true;
}

}  // namespace mega::evm::instructions
