// Describes the machine: /proc, uname, and how long its disk takes to sync.

#include "bench/clock.hpp"
#include "bench/report.hpp"
#include "bench/statistics.hpp"

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <fstream>
#include <string_view>
#include <thread>

namespace mega::bench {
namespace {

/// What follows the colon in the first line of `file` that begins with `field`.
std::string field_of(const char* file, std::string_view field) {
    std::ifstream in(file);
    std::string line;
    while (std::getline(in, line)) {
        const size_t colon = line.find(':');
        if (line.starts_with(field) && colon != std::string::npos) {
            const size_t begin = line.find_first_not_of(" \t", colon + 1);
            return begin == std::string::npos ? "" : line.substr(begin);
        }
    }
    return "";
}

std::string kernel() {
    utsname names{};
    return ::uname(&names) == 0 ? std::string(names.sysname) + " " + names.release : "unknown";
}

std::string time_now() {
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    std::array<char, 32> text{};
    const size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return {text.data(), size};
}

std::string compiler() {
#ifdef __clang__
    std::string text = "clang " + std::string(__clang_version__);
#else
    std::string text = "g++ " + std::string(__VERSION__);
#endif
    text = text.substr(0, text.find(" ("));
#ifdef NDEBUG
    return text + ", release build";
#else
    return text + ", NOT a release build: figures mean little";
#endif
}

double sync_us(const std::filesystem::path& directory) {
    constexpr int samples = 200;
    const std::filesystem::path path = directory / "sync-probe";
    const int file = ::open(path.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) {
        return 0;
    }
    std::array<char, 4096> block{};
    std::vector<double> times;
    for (int i = 0; i < samples; ++i) {
        const uint64_t started = now_ns();
        if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0) {
            break;
        }
        times.push_back(static_cast<double>(now_ns() - started) / 1000);
    }
    ::close(file);
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
    return median(times);
}

}  // namespace

Machine describe_machine(const std::filesystem::path& directory) {
    Machine machine;
    machine.processor = field_of("/proc/cpuinfo", "model name");
    machine.cores = std::thread::hardware_concurrency();
    const double kib = std::strtod(field_of("/proc/meminfo", "MemTotal").c_str(), nullptr);
    machine.memory_gib = kib / (1024 * 1024);
    machine.system = kernel();
    machine.compiler = compiler();
    machine.time = time_now();
    machine.sync_us = sync_us(directory);
    return machine;
}

}  // namespace mega::bench
