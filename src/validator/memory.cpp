#include "validator/memory.hpp"

#include <malloc.h>

namespace mega::validator {

void return_memory_at_once() {
    ::mallopt(M_ARENA_MAX, 2);
    ::mallopt(M_TRIM_THRESHOLD, 256 << 10);
    ::mallopt(M_MMAP_THRESHOLD, 256 << 10);
}

BlockMemory::~BlockMemory() {
    constexpr size_t large = size_t{1} << 20;
    if (bytes_ >= large) {
        ::malloc_trim(0);
    }
}

}  // namespace mega::validator
