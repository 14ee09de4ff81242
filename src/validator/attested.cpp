#include "validator/attested.hpp"

#include "base/hex.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace mega::validator {
namespace {

using attestation::Statement;

constexpr size_t max_chains = 1024;

Err<Error> cannot(const char* what, const std::string& path) {
    return Err{Error{std::string{"cannot "} + what + " " + path + ": " + std::strerror(errno)}};
}

std::optional<Statement> read_line(const std::string& line) {
    std::istringstream in(line);
    Statement statement;
    std::string hash;
    std::string root;
    std::string more;
    if (!(in >> statement.chain_id >> statement.block_number >> hash >> root) || in >> more) {
        return std::nullopt;
    }
    const auto block_hash = fixed_from_hex<32>(hash);
    const auto state_root = fixed_from_hex<32>(root);
    if (!block_hash || !state_root) {
        return std::nullopt;
    }
    statement.block_hash = *block_hash;
    statement.state_root = *state_root;
    return statement;
}

/// Makes a rename in the directory of `path` durable.
bool sync_directory_of(const std::string& path) {
    const std::string directory = std::filesystem::path{path}.parent_path().string();
    const int opened =
        ::open(directory.empty() ? "." : directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) {
        return false;
    }
    const bool is_synced = ::fsync(opened) == 0;
    return ::close(opened) == 0 && is_synced;
}

}  // namespace

Result<Attested> Attested::open(const std::string& path) {
    Attested made;
    made.path_ = path;
    // The file itself is replaced with each write: the lock is one beside it.
    const std::string lock = path + ".lock";
    made.lock_ = ::open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (made.lock_ < 0) {
        return cannot("open", lock);
    }
    if (::flock(made.lock_, LOCK_EX | LOCK_NB) != 0) {
        return Err{Error{"another validator attests with this key: it holds " + lock}};
    }
    std::ifstream file(path);
    if (!file && errno != ENOENT) {
        return cannot("read", path);
    }
    for (std::string line; std::getline(file, line);) {
        const auto statement = read_line(line);
        if (!statement || made.newest_.size() >= max_chains) {
            // Whoever goes on without it may attest a number twice.
            return Err{Error{path + " is damaged: what was attested is not known"}};
        }
        made.newest_[statement->chain_id] = *statement;
    }
    if (file.bad()) {
        return cannot("read", path);
    }
    return made;
}

Attested::~Attested() {
    if (lock_ >= 0) {
        ::close(lock_);
    }
}

Attested::Attested(Attested&& other) noexcept
    : path_(std::move(other.path_)),
      lock_(std::exchange(other.lock_, -1)),
      newest_(std::move(other.newest_)) {}

Result<Attested::Verdict> Attested::grant(const Statement& statement) {
    const auto newest = newest_.find(statement.chain_id);
    if (newest != newest_.end() && newest->second.block_number >= statement.block_number) {
        return newest->second == statement ? Verdict::repeats : Verdict::refused;
    }
    newest_[statement.chain_id] = statement;
    if (auto written = write(); !written) {
        return Err{written.error()};
    }
    return Verdict::granted;
}

Result<void> Attested::write() const {
    if (path_.empty()) {
        return {};
    }
    std::string text;
    for (const auto& [chain_id, statement] : newest_) {
        text += fmt::format(
            "{} {} {} {}\n",
            chain_id,
            statement.block_number,
            to_hex(statement.block_hash),
            to_hex(statement.state_root)
        );
    }
    const std::string fresh = path_ + ".new";
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return cannot("create", fresh);
    }
    const bool is_written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    const bool is_closed = ::close(file) == 0;
    if (!is_written || !is_closed || ::rename(fresh.c_str(), path_.c_str()) != 0 ||
        !sync_directory_of(path_)) {
        return cannot("write", path_);
    }
    return {};
}

}  // namespace mega::validator
