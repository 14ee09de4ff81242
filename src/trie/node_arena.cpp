#include "trie/node_arena.hpp"

#include <cstring>

namespace mega::trie {

namespace {

constexpr size_t units_of(size_t size_bytes) {
    return (size_bytes + NodeArena::unit_bytes - 1) / NodeArena::unit_bytes;
}

}  // namespace

Ref NodeArena::allocate(size_t size_bytes) {
    MEGA_ASSERT(size_bytes > 0 && size_bytes <= max_block_bytes);
    const size_t units = units_of(size_bytes);
    live_units_ += units;
    if (const Ref head = free_[units]; head != 0) {
        std::memcpy(&free_[units], at(head), sizeof(Ref));
        return head;
    }
    if (next_unit_ + units > chunk_units) {
        MEGA_ASSERT(chunks_.size() < (size_t{1} << (32 - chunk_shift)));
        chunks_.push_back(std::make_unique_for_overwrite<uint8_t[]>(chunk_units * unit_bytes));
        // The first unit of the first chunk is never given out: reference 0 means none.
        next_unit_ = chunks_.size() == 1 ? 1 : 0;
    }
    const Ref ref = static_cast<Ref>(((chunks_.size() - 1) << chunk_shift) + next_unit_);
    next_unit_ += static_cast<uint32_t>(units);
    return ref;
}

void NodeArena::release(Ref ref, size_t size_bytes) {
    const size_t units = units_of(size_bytes);
    MEGA_ASSERT(ref != 0 && live_units_ >= units);
    live_units_ -= units;
    std::memcpy(at(ref), &free_[units], sizeof(Ref));
    free_[units] = ref;
}

}  // namespace mega::trie
