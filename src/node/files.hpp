#pragma once

// Whole files in and out, with words when they fail.

#include "base/result.hpp"

#include <filesystem>
#include <string>

namespace mega::node {

/// At most `max_bytes`; more is an error.
[[nodiscard]] Result<std::string> read_file(const std::filesystem::path& path, size_t max_bytes);
/// Readable by the owner alone; fails when the file exists.
[[nodiscard]] Result<void> write_new_private_file(
    const std::filesystem::path& path, const std::string& content
);
/// The first line, without its end: what password files hold.
[[nodiscard]] Result<std::string> read_first_line(const std::filesystem::path& path);

}  // namespace mega::node
