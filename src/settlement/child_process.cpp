#include "settlement/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

namespace mega::settlement {
namespace {

constexpr int exit_not_started = 127;

/// Between fork and exec only calls that are safe in a process with threads.
[[noreturn]] void become(
    const char* program, char* const* arguments, int output, int report, pid_t parent
) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) {
        ::_exit(exit_not_started);  // it died before the kernel was told to watch
    }
    // The node blocks the signals that end it; the child wants them.
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    std::signal(SIGPIPE, SIG_DFL);
    std::signal(SIGXFSZ, SIG_DFL);
    // Away from the terminal's group: Ctrl-C reaches the parent, which ends its children in order.
    ::setpgid(0, 0);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::execv(program, arguments);
    const int error = errno;

    (void)!::write(report, &error, sizeof(error));
    ::_exit(exit_not_started);
}

int open_output(const std::filesystem::path& file) {
    const char* path = file.empty() ? "/dev/null" : file.c_str();
    return ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

std::string words_of(int status) {
    return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                               : "status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const ChildOptions& options) {
    const int output = open_output(options.output_file);
    if (output < 0) {
        return Err{
            Error{"cannot open " + options.output_file.string() + ": " + std::strerror(errno)}
        };
    }
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0) {
        ::close(output);
        return Err{Error{std::string("cannot make a pipe: ") + std::strerror(errno)}};
    }
    std::vector<std::string> texts{options.program.string()};
    texts.insert(texts.end(), options.arguments.begin(), options.arguments.end());
    std::vector<char*> arguments;
    arguments.reserve(texts.size() + 1);
    for (std::string& text : texts) {
        arguments.push_back(text.data());
    }
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid == 0) {
        become(texts.front().c_str(), arguments.data(), output, report[1], parent);
    }
    const int fork_error = errno;
    ::close(output);
    ::close(report[1]);
    int error = pid < 0 ? fork_error : 0;
    if (pid > 0 && ::read(report[0], &error, sizeof(error)) != sizeof(error)) {
        error = 0;  // the pipe closed with the exec
    }
    ::close(report[0]);
    if (error != 0) {
        if (pid > 0) {
            ::waitpid(pid, nullptr, 0);
        }
        return Err{Error{"cannot start " + texts.front() + ": " + std::strerror(error)}};
    }
    return std::unique_ptr<ChildProcess>(new ChildProcess(pid, options.grace_ms));
}

ChildProcess::~ChildProcess() { stop(); }

std::optional<std::string> ChildProcess::ended() {
    int status = 0;
    if (!ended_ && ::waitpid(pid_, &status, WNOHANG) == pid_) {
        ended_ = words_of(status);
    }
    return ended_;
}

void ChildProcess::stop() {
    constexpr auto step = std::chrono::milliseconds(10);
    if (ended()) {
        return;
    }
    ::kill(pid_, SIGTERM);
    for (uint32_t waited = 0; waited < grace_ms_; waited += 10) {
        if (ended()) {
            return;
        }
        std::this_thread::sleep_for(step);
    }
    ::kill(pid_, SIGKILL);
    int status = 0;
    if (::waitpid(pid_, &status, 0) == pid_) {
        ended_ = words_of(status);
    }
}

std::optional<std::filesystem::path> find_program(
    const std::string& name, const std::vector<std::filesystem::path>& directories
) {
    std::vector<std::filesystem::path> places = directories;
    const char* variable = std::getenv("PATH");
    std::string_view rest = variable == nullptr ? "" : variable;
    while (!rest.empty()) {
        const size_t end = std::min(rest.find(':'), rest.size());
        places.emplace_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    for (const auto& place : places) {
        const auto candidate = place / name;
        std::error_code ignored;
        if (std::filesystem::is_regular_file(candidate, ignored) &&
            ::access(candidate.c_str(), X_OK) == 0) {
            return candidate;
        }
    }
    return std::nullopt;
}

}  // namespace mega::settlement
