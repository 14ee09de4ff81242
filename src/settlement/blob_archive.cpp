#include "settlement/blob_archive.hpp"

#include "base/hex.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace mega::settlement {
namespace {

Err<Error> failed(const std::string& what, const std::filesystem::path& file) {
    return Err{Error{"cannot " + what + " " + file.string() + ": " + std::strerror(errno)}};
}

}  // namespace

std::filesystem::path BlobArchive::file_of(const Hash256& versioned_hash) const {
    return directory_ / (to_hex(versioned_hash) + ".blob");
}

/// Written under another name and moved: a file is whole or absent.
Result<void> BlobArchive::store(const Hash256& versioned_hash, const Blob& blob) const {
    const auto file = file_of(versioned_hash);
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (std::filesystem::exists(file, error)) {
        return {};
    }
    const auto unfinished = file.string() + ".part";
    const int descriptor = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (descriptor < 0) {
        return failed("create", unfinished);
    }
    size_t written = 0;
    while (written < blob.size()) {
        const ssize_t some = ::write(descriptor, blob.data() + written, blob.size() - written);
        if (some <= 0) {
            ::close(descriptor);
            return failed("write", unfinished);
        }
        written += static_cast<size_t>(some);
    }
    const bool is_synced = ::fdatasync(descriptor) == 0;
    ::close(descriptor);
    if (!is_synced || ::rename(unfinished.c_str(), file.c_str()) != 0) {
        return failed("write", file);
    }
    return {};
}

Result<Blob> BlobArchive::load(const Hash256& versioned_hash) const {
    const auto file = file_of(versioned_hash);
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return Err{Error{"the blob archive has no " + file.string()}};
    }
    Blob blob(crypto::kzg::blob_size_bytes);
    in.read(reinterpret_cast<char*>(blob.data()), static_cast<std::streamsize>(blob.size()));
    const bool is_whole = static_cast<size_t>(in.gcount()) == blob.size() && in.peek() == EOF;
    if (!is_whole || versioned_hash_of(blob) != versioned_hash) {
        return Err{Error{file.string() + " is not the blob that its name says"}};
    }
    return blob;
}

}  // namespace mega::settlement
