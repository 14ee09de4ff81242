#include "parallel/record_store.hpp"

#include <algorithm>

namespace mega::parallel {

void RecordStore::fill(RecordShelf& shelf) {
    constexpr size_t most = most_idle / 4;
    const std::lock_guard lock{mutex_};
    if (shared_.empty()) {
        shared_.push_back(&records_.emplace_back());
    }
    const auto count = static_cast<std::ptrdiff_t>(std::min(most, shared_.size()));
    shelf.idle_.assign(shared_.end() - count, shared_.end());
    shared_.erase(shared_.end() - count, shared_.end());
}

/// The older half, which has left the cache.
void RecordStore::pass_on(RecordShelf& shelf) {
    const auto half = shelf.idle_.begin() + most_idle / 2;
    const std::lock_guard lock{mutex_};
    shared_.insert(shared_.end(), shelf.idle_.begin(), half);
    shelf.idle_.erase(shelf.idle_.begin(), half);
}

}  // namespace mega::parallel
