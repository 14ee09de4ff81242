#pragma once

// A program that lives no longer than the one that started it: it is told to end with it
// (destructor), and killed by the kernel when it dies without a word (PR_SET_PDEATHSIG, Linux).
// What it writes goes to a file.
//
// The thread that starts a child must live as long as the child: the kernel watches that thread.

#include "base/result.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace mega::settlement {

struct ChildOptions {
    std::filesystem::path program;  // a path, or a name to be found in PATH
    std::vector<std::string> arguments;
    std::filesystem::path output_file;  // stdout and stderr are appended; none: thrown away
    uint32_t grace_ms = 5'000;          // between SIGTERM and SIGKILL
};

class ChildProcess {
  public:
    [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> start(const ChildOptions& options);
    /// Ends it, when it still runs.
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// SIGTERM, and SIGKILL after the grace period.
    void stop();
    /// How it ended, in words ("status 1", "signal 9"); nothing while it runs.
    [[nodiscard]] std::optional<std::string> ended();
    [[nodiscard]] pid_t pid() const { return pid_; }

  private:
    ChildProcess(pid_t pid, uint32_t grace_ms) : pid_(pid), grace_ms_(grace_ms) {}

    pid_t pid_;
    uint32_t grace_ms_;
    std::optional<std::string> ended_;
};

/// `name` in `directories`, then in PATH.
[[nodiscard]] std::optional<std::filesystem::path> find_program(
    const std::string& name, const std::vector<std::filesystem::path>& directories
);

}  // namespace mega::settlement
