#pragma once

// Threads of somebody else's. The tree starts none itself, so that it can run where there are none;
// whoever has cores to spare lends them for what falls apart into independent parts.

#include <cstddef>
#include <functional>

namespace mega::trie {

class Jobs {
  public:
    virtual ~Jobs() = default;
    /// How many jobs may run at once, one on the caller's thread; at least 1.
    [[nodiscard]] virtual size_t width() const = 0;
    /// Calls `job(i)` for every i below `count`, side by side or one after the other, and returns
    /// when all have ended: what they wrote is the caller's to read.
    virtual void run(size_t count, const std::function<void(size_t)>& job) = 0;

    Jobs() = default;
    Jobs(const Jobs&) = delete;
    Jobs& operator=(const Jobs&) = delete;
};

}  // namespace mega::trie
