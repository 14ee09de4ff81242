#pragma once

// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78; RFC 3720 appendix B.4): what guards records
// on disk against torn writes and decay. Not against forgery.

#include "base/bytes.hpp"

namespace mega::storage {

/// Continues `crc` (0 at the start) over `data`. Uses the CPU's CRC instructions where the build
/// targets them.
[[nodiscard]] uint32_t crc32c(uint32_t crc, BytesView data);

/// The same, by table: the path of CPUs without the instructions, and the reference in tests.
[[nodiscard]] uint32_t crc32c_portable(uint32_t crc, BytesView data);

}  // namespace mega::storage
