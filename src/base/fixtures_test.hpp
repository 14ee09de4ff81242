#pragma once

// Where the official test data lies. Tests that need it skip by name when it is absent; nothing of
// it is in the repository.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mega {

/// MEGA_FIXTURES, else ~/.cache/mega/fixtures; nothing when that is not a directory.
[[nodiscard]] inline std::optional<std::filesystem::path> fixtures_root() {
    std::filesystem::path root;
    if (const char* named = std::getenv("MEGA_FIXTURES")) {
        root = named;
    } else if (const char* home = std::getenv("HOME")) {
        root = std::filesystem::path(home) / ".cache/mega/fixtures";
    }
    std::error_code ignored;
    return std::filesystem::is_directory(root, ignored) ? std::optional(root) : std::nullopt;
}

/// What a test says when it skips.
[[nodiscard]] inline std::string fixtures_missing(std::string_view what) {
    return "SKIPPED for lack of fixtures (set MEGA_FIXTURES): " + std::string(what);
}

[[nodiscard]] inline std::string read_fixture(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// All .json files below `directory`, sorted.
[[nodiscard]] inline std::vector<std::filesystem::path> json_files_below(
    const std::filesystem::path& directory
) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
        if (entry.path().extension() == ".json") {
            files.push_back(entry.path());
        }
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace mega
