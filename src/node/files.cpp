#include "node/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace mega::node {
namespace {

Err<Error> failure(const std::filesystem::path& path, const char* verb) {
    return Err{
        Error{std::string("cannot ") + verb + " " + path.string() + ": " + std::strerror(errno)}
    };
}

/// Closes the descriptor at the end of the scope.
class Descriptor {
  public:
    explicit Descriptor(int value) : value_(value) {}
    ~Descriptor() {
        if (value_ >= 0) {
            ::close(value_);
        }
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return value_; }

  private:
    int value_;
};

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path, size_t max_bytes) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) {
        return failure(path, "read");
    }
    std::string content;
    char buffer[65536];
    while (true) {
        const ssize_t got = ::read(file.get(), buffer, sizeof(buffer));
        if (got < 0) {
            return failure(path, "read");
        }
        if (got == 0) {
            return content;
        }
        content.append(buffer, static_cast<size_t>(got));
        if (content.size() > max_bytes) {
            return Err{
                Error{path.string() + " is larger than " + std::to_string(max_bytes) + " bytes"}
            };
        }
    }
}

Result<void> write_new_private_file(const std::filesystem::path& path, const std::string& content) {
    const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (file.get() < 0) {
        return failure(path, "create");
    }
    size_t written = 0;
    while (written < content.size()) {
        const ssize_t done =
            ::write(file.get(), content.data() + written, content.size() - written);
        if (done < 0) {
            return failure(path, "write");
        }
        written += static_cast<size_t>(done);
    }
    if (::fsync(file.get()) != 0) {
        return failure(path, "write");
    }
    return {};
}

Result<std::string> read_first_line(const std::filesystem::path& path) {
    auto content = read_file(path, 4096);
    if (!content) {
        return content;
    }
    const size_t end = content->find_first_of("\r\n");
    return content->substr(0, end);
}

}  // namespace mega::node
