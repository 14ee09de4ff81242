#pragma once

// A directory that exists as long as the object does.

#include "base/result.hpp"

#include <filesystem>

namespace mega::node {

class EphemeralDirectory {
  public:
    /// Under the system's directory for temporary files.
    [[nodiscard]] static Result<EphemeralDirectory> create();
    ~EphemeralDirectory();
    EphemeralDirectory(EphemeralDirectory&& other) noexcept
        : path_(std::exchange(other.path_, {})) {}
    EphemeralDirectory& operator=(EphemeralDirectory&&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    explicit EphemeralDirectory(std::filesystem::path path) : path_(std::move(path)) {}
    std::filesystem::path path_;
};

}  // namespace mega::node
