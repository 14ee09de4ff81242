#pragma once

// mega.toml: a file whose keys are the flags without their dashes. It fills in for flags and
// environment variables that were not given, by way of the environment, so that one rule decides
// what wins.

#include "base/result.hpp"

#include <CLI/App.hpp>

#include <optional>
#include <string>

namespace mega::app {

/// "block-interval-ms" -> "MEGA_BLOCK_INTERVAL_MS"
[[nodiscard]] std::string environment_name(std::string key);

/// The value of --config, else of MEGA_CONFIG.
[[nodiscard]] std::optional<std::string> config_path(int argc, const char* const* argv);

/// Sets the environment variable of each key that has none yet. Fails, naming the key, when
/// `command` has no such flag, and when the file cannot be read.
[[nodiscard]] Result<void> apply_config_file(const std::string& path, const CLI::App& command);

}  // namespace mega::app
