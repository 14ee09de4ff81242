#pragma once

// One batcher a data directory, and the name under which it posts: it outlives restarts, and a copy
// of the directory on another machine has another one.

#include "base/result.hpp"
#include "settlement/batcher_lease.hpp"

#include <filesystem>

namespace mega::node {

/// Held until the process ends or the object does.
class BatcherLock {
  public:
    /// Fails when another process holds it.
    [[nodiscard]] static Result<BatcherLock> take(const std::filesystem::path& file);
    ~BatcherLock();
    BatcherLock(BatcherLock&& other) noexcept;
    BatcherLock& operator=(BatcherLock&&) = delete;

    [[nodiscard]] const settlement::HolderId& holder() const { return holder_; }

  private:
    BatcherLock(int descriptor, const settlement::HolderId& holder)
        : descriptor_(descriptor), holder_(holder) {}
    int descriptor_;
    settlement::HolderId holder_;
};

}  // namespace mega::node
