#pragma once

// For this library's tests and benchmarks: a directory that is gone afterwards.

#include <unistd.h>
#include <filesystem>
#include <string>

namespace mega::storage {

class TestDirectory {
  public:
    /// For tests that make thousands of files and care about their bytes, not about syncs.
    struct InMemory {};
    static constexpr InMemory in_memory{};

    TestDirectory() : TestDirectory(std::filesystem::temp_directory_path()) {}
    explicit TestDirectory(InMemory)
        : TestDirectory(
              std::filesystem::is_directory("/dev/shm") ? "/dev/shm"
                                                        : std::filesystem::temp_directory_path()
          ) {}
    ~TestDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TestDirectory(const TestDirectory&) = delete;
    TestDirectory& operator=(const TestDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  private:
    explicit TestDirectory(const std::filesystem::path& base) {
        std::string pattern = (base / "mega-storage-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }

    std::filesystem::path path_;
};

}  // namespace mega::storage
