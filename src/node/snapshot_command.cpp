#include "base/hex.hpp"
#include "node/commands.hpp"
#include "snapshot/import.hpp"

#include <unistd.h>

#include <cstdio>

namespace mega::node {
namespace {

constexpr int success = 0;
constexpr int failed = 1;
constexpr int bad_usage = 2;
constexpr int bar_width = 40;

/// A bar on a terminal, nothing elsewhere.
class ProgressBar {
  public:
    explicit ProgressBar(const char* what) : what_(what), is_shown_(::isatty(STDERR_FILENO) == 1) {}
    ~ProgressBar() {
        if (is_shown_) {
            std::fprintf(stderr, "\r\033[K");
        }
    }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void show(double part) {
        const int percent = static_cast<int>(part * 100);
        if (!is_shown_ || percent == shown_) {
            return;
        }
        shown_ = percent;
        const int filled = percent * bar_width / 100;
        std::fprintf(
            stderr,
            "\r%s [%s%s] %3d %%",
            what_,
            std::string(static_cast<size_t>(filled), '#').c_str(),
            std::string(static_cast<size_t>(bar_width - filled), '.').c_str(),
            percent
        );
    }

  private:
    const char* what_;
    bool is_shown_;
    int shown_ = -1;
};

void print(const snapshot::Exported& done) {
    std::printf("Block       %llu\n", static_cast<unsigned long long>(done.block_number));
    std::printf("Block hash  %s\n", to_hex(done.block_hash).c_str());
    std::printf("State root  %s\n", to_hex(done.state_root).c_str());
    std::printf(
        "Holds       %llu accounts, %llu slots, %llu codes in %llu bytes\n",
        static_cast<unsigned long long>(done.totals.accounts),
        static_cast<unsigned long long>(done.totals.slots),
        static_cast<unsigned long long>(done.totals.codes),
        static_cast<unsigned long long>(done.file_bytes)
    );
}

int complain(int status, const std::string& words) {
    std::fprintf(stderr, "mega snapshot: %s\n", words.c_str());
    return status;
}

/// Nothing for an empty text.
Result<std::optional<Hash256>> read_hash(const std::string& text, const char* key) {
    if (text.empty()) {
        return std::optional<Hash256>{};
    }
    const auto hash = fixed_from_hex<32>(text);
    if (!hash) {
        return Err{Error{std::string(key) + " must be 0x and 64 hex digits"}};
    }
    return std::optional{*hash};
}

}  // namespace

int run_snapshot_export(const SnapshotCommand& command) {
    // Opened as a node opens it: the lock keeps the two apart.
    std::error_code error;
    const auto path = command.data_directory / "database";
    if (!std::filesystem::exists(path, error)) {
        return complain(failed, command.data_directory.string() + " holds no chain");
    }
    const auto database = storage::Database::open({.path = path});
    if (!database) {
        return complain(
            failed, database.error().message + "; the node that uses it must be stopped first"
        );
    }
    ProgressBar bar("exporting");
    const auto done =
        snapshot::export_to(command.file, **database, [&](double part) { bar.show(part); });
    if (!done) {
        return complain(failed, done.error().message);
    }
    bar.show(1);
    print(*done);
    return success;
}

int run_snapshot_import(const SnapshotCommand& command) {
    const auto root = read_hash(command.state_root, "--state-root");
    const auto block = read_hash(command.trusted_block, "--trusted-block");
    if (!root || !block) {
        return complain(bad_usage, !root ? root.error().message : block.error().message);
    }
    snapshot::ImportOptions options;
    options.file = command.file;
    options.data_directory = command.data_directory;
    options.trust = {*root, *block};
    options.tree_cache_bytes = command.tree_cache_mib << 20;
    ProgressBar bar("importing");
    const auto done = snapshot::import_from(options, [&](double part) { bar.show(part); });
    if (!done) {
        return complain(failed, done.error().message);
    }
    bar.show(1);
    print(*done);
    return success;
}

}  // namespace mega::node
