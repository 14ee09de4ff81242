#include "staking/evidence_folder.hpp"

#include "base/hex.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <fstream>

namespace mega::staking {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view done_suffix = ".done";

/// Whole or not at all.
bool write_file(const fs::path& path, const std::string& content) {
    const fs::path unfinished = path.string() + ".new";
    std::ofstream file(unfinished, std::ios::trunc);
    file << content << '\n';
    file.close();
    std::error_code failure;
    if (file) {
        fs::rename(unfinished, path, failure);
    }
    return file && !failure;
}

fs::path done_path(const fs::path& path) { return path.string() + std::string{done_suffix}; }

}  // namespace

std::string EvidenceFolder::prefix() const { return fmt::format("equivocation-{}-", chain_id_); }

fs::path EvidenceFolder::path_of(const Contradiction& found) const {
    constexpr size_t shown = 8;  // bytes of who it is
    return folder_ / fmt::format(
                         "{}{}-{}-{}.json",
                         prefix(),
                         block_of(found),
                         to_hex(who_of(found).first(shown)),
                         name_of(found)
                     );
}

bool EvidenceFolder::keep(const Contradiction& found) const {
    return write_file(path_of(found), evidence_json(found));
}

bool EvidenceFolder::is_done(const Contradiction& found) const {
    std::error_code failure;
    return fs::exists(done_path(path_of(found)), failure);
}

bool EvidenceFolder::mark_done(const Contradiction& found, const std::string& outcome) const {
    return write_file(done_path(path_of(found)), outcome);
}

Result<Contradiction> EvidenceFolder::read(const fs::path& path) const {
    std::error_code failure;
    const bool is_file = fs::is_regular_file(path, failure);
    const auto size = is_file ? fs::file_size(path, failure) : 0;
    if (!is_file || failure || size > max_file_bytes) {
        return Err{Error{is_file ? "it cannot be read, or is too large" : "it is no file"}};
    }
    std::string text(size, '\0');
    std::ifstream file(path, std::ios::binary);
    if (!file.read(text.data(), static_cast<std::streamsize>(size))) {
        return Err{Error{"it cannot be read"}};
    }
    auto found = read_evidence(text);
    if (!found) {
        return found;
    }
    if (path_of(*found).filename() != path.filename()) {
        return Err{Error{"it has not the name that evidence of this content has"}};
    }
    return found;
}

std::vector<Contradiction> EvidenceFolder::read_open(
    const std::function<void(const std::string&)>& log
) const {
    std::vector<fs::path> paths;
    std::error_code failure;
    size_t looked_at = 0;
    for (fs::directory_iterator each(folder_, failure), end; !failure && each != end;
         each.increment(failure)) {
        if (++looked_at > max_files) {
            log("watch: " + folder_.string() + " has more files than are looked at");
            break;
        }
        const std::string name = each->path().filename().string();
        std::error_code ignored;
        if (name.starts_with(prefix()) && name.ends_with(".json") &&
            !fs::exists(done_path(each->path()), ignored)) {
            paths.push_back(each->path());
        }
    }
    if (failure) {
        log("watch: " + folder_.string() + " cannot be read: " + failure.message());
    }
    std::ranges::sort(paths);
    std::vector<Contradiction> open;
    for (const fs::path& path : paths) {
        if (open.size() == max_cases) {
            log("watch: more evidence waits in " + folder_.string() + " than is brought at once");
            break;
        }
        auto found = read(path);
        if (found) {
            open.push_back(*std::move(found));
        } else {
            log("watch: " + path.string() + " is passed over: " + found.error().message);
        }
    }
    return open;
}

}  // namespace mega::staking
