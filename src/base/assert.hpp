#pragma once

// Assertions for bugs. They stay on in release builds: a wrong state is worse than a stopped
// process. Bad input is never asserted; it is a value (base/result.hpp).

namespace mega {

/// Prints the failed condition with its place and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line) noexcept;

}  // namespace mega

#define MEGA_ASSERT(condition)                                        \
    do {                                                              \
        if (!(condition)) [[unlikely]] {                              \
            ::mega::assertion_failed(#condition, __FILE__, __LINE__); \
        }                                                             \
    } while (false)
