#include "replay/file_source.hpp"

#include "replay/block_cache.hpp"
#include "replay/pevm_source.hpp"
#include "replay/trace_source.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>

namespace mega::replay {
namespace {

namespace fs = std::filesystem;

constexpr uintmax_t max_file_bytes = uintmax_t{2} << 30;

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}
bool is_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_directory(path, ignored);
}

/// By number where the names are numbers, by name otherwise.
bool comes_before(const fs::path& a, const fs::path& b) {
    const std::string left = a.filename().string();
    const std::string right = b.filename().string();
    return left.size() != right.size() ? left.size() < right.size() : left < right;
}

std::vector<fs::path> entries_of(const fs::path& folder) {
    std::vector<fs::path> entries;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        entries.push_back(it->path());
    }
    std::ranges::sort(entries, comes_before);
    return entries;
}

enum class Kind : uint8_t { unknown, pevm_block, pevm_folder, traced_block, cache_file };

Kind kind_of(const fs::path& path) {
    if (is_file(path)) {
        return is_cache_file(path) ? Kind::cache_file : Kind::unknown;
    }
    if (is_file(path / "block.json")) {
        if (is_file(path / "pre_state.json")) {
            return Kind::pevm_block;
        }
        return is_file(path / "prestatetrace.json") ? Kind::traced_block : Kind::unknown;
    }
    return is_folder(path / "blocks") ? Kind::pevm_folder : Kind::unknown;
}

std::string what_is_missing(const fs::path& path) {
    if (is_file(path)) {
        return "is a file, but not one that --cache wrote";
    }
    if (!is_folder(path)) {
        return "does not exist";
    }
    if (is_file(path / "block.json")) {
        return "holds block.json, but neither pre_state.json nor prestatetrace.json beside it";
    }
    if (is_file(path / "pre_state.json") || is_file(path / "prestatetrace.json")) {
        return "holds a state, but no block.json beside it";
    }
    return "holds no block: want block.json with pre_state.json or prestatetrace.json, or a folder "
           "of such folders";
}

Result<std::unique_ptr<BlockSource>> open_one(const fs::path& path, Kind kind) {
    switch (kind) {
        case Kind::pevm_block:
            return open_pevm_block(path);
        case Kind::pevm_folder:
            return open_pevm_folder(path);
        case Kind::traced_block:
            return open_traced_block(path);
        case Kind::cache_file:
            return open_cached_block(path);
        case Kind::unknown:
            break;
    }
    return Err{Error{path.string() + " " + what_is_missing(path)}};
}

}  // namespace

Result<std::string> read_file(const fs::path& path) {
    const auto fail = [&](const char* why) { return Err{Error{path.string() + ": " + why}}; };
    std::error_code error;
    const uintmax_t size = fs::file_size(path, error);
    if (error) {
        return fail("cannot be read");
    }
    if (size > max_file_bytes) {
        return fail("is larger than 2 GiB");
    }
    const auto closer = [](std::FILE* file) { (void)std::fclose(file); };
    const std::unique_ptr<std::FILE, decltype(closer)> file(std::fopen(path.c_str(), "rb"), closer);
    if (!file) {
        return fail("cannot be opened");
    }
    std::string text(size, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file.get()));
    if (std::ferror(file.get()) != 0) {
        return fail("cannot be read");
    }
    return text;
}

Result<json> read_json_file(const fs::path& path) {
    auto text = read_file(path);
    if (!text) {
        return Err{text.error()};
    }
    auto parsed = parse_json(*text);
    if (!parsed) {
        return Err{Error{path.string() + ": " + parsed.error().message}};
    }
    return parsed;
}

Result<std::vector<std::unique_ptr<BlockSource>>> open_path(const fs::path& path) {
    std::vector<fs::path> paths{path};
    if (kind_of(path) == Kind::unknown && is_folder(path) && !is_file(path / "block.json")) {
        std::vector<fs::path> known;
        for (const fs::path& entry : entries_of(path)) {
            if (kind_of(entry) != Kind::unknown) {
                known.push_back(entry);
            }
        }
        if (!known.empty()) {
            paths = std::move(known);
        }
    }
    std::vector<std::unique_ptr<BlockSource>> sources;
    for (const fs::path& one : paths) {
        auto source = open_one(one, kind_of(one));
        if (!source) {
            return Err{source.error()};
        }
        sources.push_back(*std::move(source));
    }
    return sources;
}

}  // namespace mega::replay
