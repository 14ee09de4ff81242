#include "storage/database_log.hpp"

#include <fcntl.h>
#include <rocksdb/env.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>

namespace mega::storage {
namespace {

class DatabaseLog final : public rocksdb::Logger {
  public:
    explicit DatabaseLog(const std::filesystem::path& file)
        : Logger(rocksdb::WARN_LEVEL),
          descriptor_(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)) {}
    ~DatabaseLog() override {
        if (descriptor_ >= 0) {
            ::close(descriptor_);
        }
    }
    DatabaseLog(const DatabaseLog&) = delete;
    DatabaseLog& operator=(const DatabaseLog&) = delete;

    using Logger::Logv;
    void Logv(const char* format, va_list arguments) override {
        std::array<char, 1024> line{};
        const int length = std::vsnprintf(line.data(), line.size() - 1, format, arguments);
        if (length < 0) {
            return;
        }
        size_t size = std::min(static_cast<size_t>(length), line.size() - 2);
        line[size++] = '\n';
        const std::scoped_lock lock{mutex_};
        if (descriptor_ < 0 || written_ + size > max_database_log_bytes) {
            return;
        }
        if (const ssize_t done = ::write(descriptor_, line.data(), size); done > 0) {
            written_ += static_cast<size_t>(done);
        }
    }

  private:
    const int descriptor_;
    std::mutex mutex_;
    size_t written_ = 0;  // guarded by mutex_
};

}  // namespace

std::shared_ptr<rocksdb::Logger> open_database_log(const std::filesystem::path& directory) {
    std::error_code ignored;
    std::filesystem::rename(directory / "LOG", directory / "LOG.old", ignored);
    return std::make_shared<DatabaseLog>(directory / "LOG");
}

}  // namespace mega::storage
