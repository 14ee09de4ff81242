#include "config_file.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <string_view>

namespace mega::app {
namespace {

std::string joined(const std::vector<std::string>& values) {
    std::string text;
    for (const std::string& value : values) {
        text += (text.empty() ? "" : ",") + value;
    }
    return text;
}

}  // namespace

std::string environment_name(std::string key) {
    std::ranges::transform(key, key.begin(), [](char c) {
        return c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    });
    return "MEGA_" + key;
}

std::optional<std::string> config_path(int argc, const char* const* argv) {
    constexpr std::string_view flag = "--config";
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == flag && i + 1 < argc) {
            return argv[i + 1];
        }
        if (argument.starts_with("--config=")) {
            return std::string(argument.substr(flag.size() + 1));
        }
    }
    if (const char* named = std::getenv("MEGA_CONFIG")) {
        return named;
    }
    return std::nullopt;
}

Result<void> apply_config_file(const std::string& path, const CLI::App& command) {
    std::vector<CLI::ConfigItem> items;
    try {
        items = CLI::ConfigTOML().from_file(path);
    } catch (const CLI::Error& error) {
        return Err{Error{"cannot read " + path + ": " + error.what()}};
    }
    for (const CLI::ConfigItem& item : items) {
        if (item.name == "++" || item.name == "--") {
            continue;  // how CLI11 marks a section's begin and end
        }
        const auto* option = command.get_option_no_throw("--" + item.name);
        if (option == nullptr || item.name == "config" || !item.parents.empty()) {
            return Err{Error{
                path + ": unknown key \"" + item.fullname() + "\"; `mega " + command.get_name() +
                " --help` lists them"
            }};
        }
        ::setenv(environment_name(item.name).c_str(), joined(item.inputs).c_str(), /*overwrite=*/0);
    }
    return {};
}

}  // namespace mega::app
