#pragma once

// Memory that is given out piece by piece and taken back all at once: what lives as long as a
// round. Blocks are kept from round to round, so that nothing is allocated in the steady state.
// One owner thread gives out; pieces may be read by any thread until reset().

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace mega::parallel {

class Arena {
  public:
    static constexpr size_t block_bytes = size_t{256} << 10;

    /// `total_bytes` is raised with each block that comes into use, and lowered by reset(): a sum
    /// over many arenas, for a limit.
    explicit Arena(std::atomic<size_t>& total_bytes) : total_bytes_(&total_bytes) {}

    template <class T, class... Args>
    [[nodiscard]] T* make(Args&&... args) {
        static_assert(std::is_trivially_destructible_v<T> && sizeof(T) <= block_bytes);
        return ::new (take(sizeof(T), alignof(T))) T{std::forward<Args>(args)...};
    }

    void reset() {
        // Relaxed: a sum that only steers.
        total_bytes_->fetch_sub(used_blocks_ * block_bytes, std::memory_order_relaxed);
        used_blocks_ = 0;
        next_ = nullptr;
        end_ = nullptr;
    }

  private:
    [[nodiscard]] std::byte* take(size_t size, size_t alignment) {
        auto place = (reinterpret_cast<uintptr_t>(next_) + alignment - 1) & ~(alignment - 1);
        if (next_ == nullptr || place + size > reinterpret_cast<uintptr_t>(end_)) {
            use_block();
            place = reinterpret_cast<uintptr_t>(next_);
        }
        std::byte* piece = next_ + (place - reinterpret_cast<uintptr_t>(next_));
        next_ = piece + size;
        return piece;
    }

    void use_block() {
        if (used_blocks_ == blocks_.size()) {
            blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(block_bytes));
        }
        next_ = blocks_[used_blocks_].get();
        end_ = next_ + block_bytes;
        ++used_blocks_;
        total_bytes_->fetch_add(block_bytes, std::memory_order_relaxed);
    }

    std::atomic<size_t>* total_bytes_;
    std::vector<std::unique_ptr<std::byte[]>> blocks_;
    size_t used_blocks_ = 0;
    std::byte* next_ = nullptr;
    std::byte* end_ = nullptr;
};

}  // namespace mega::parallel
