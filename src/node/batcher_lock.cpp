#include "node/batcher_lock.hpp"

#include "crypto/keccak.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <random>
#include <utility>

namespace mega::node {
namespace {

using settlement::HolderId;

constexpr size_t seed_size = 16;
constexpr size_t longest_host_name = 255;

/// What the file holds; drawn the first time. Nothing when it can neither be read nor written.
std::optional<Bytes> seed_of(int descriptor) {
    Bytes seed(seed_size);
    if (::pread(descriptor, seed.data(), seed.size(), 0) == static_cast<ssize_t>(seed_size)) {
        return seed;
    }
    std::random_device random;
    for (uint8_t& byte : seed) {
        byte = static_cast<uint8_t>(random());
    }
    const bool is_kept =
        ::pwrite(descriptor, seed.data(), seed.size(), 0) == static_cast<ssize_t>(seed_size) &&
        ::fsync(descriptor) == 0;
    return is_kept ? std::optional(std::move(seed)) : std::nullopt;
}

HolderId holder_from(Bytes seed) {
    std::array<char, longest_host_name + 1> host{};
    if (::gethostname(host.data(), longest_host_name) == 0) {
        append(seed, BytesView(reinterpret_cast<const uint8_t*>(host.data()), host.size()));
    }
    return HolderId::from(BytesView(crypto::keccak256(seed)).first(settlement::holder_size));
}

}  // namespace

Result<BatcherLock> BatcherLock::take(const std::filesystem::path& file) {
    const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        return Err{Error{file.string() + " cannot be opened"}};
    }
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        ::close(descriptor);
        return Err{Error{"another batcher holds " + file.string()}};
    }
    auto seed = seed_of(descriptor);
    if (!seed) {
        ::close(descriptor);
        return Err{Error{file.string() + " cannot be written"}};
    }
    return BatcherLock(descriptor, holder_from(*std::move(seed)));
}

BatcherLock::~BatcherLock() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

BatcherLock::BatcherLock(BatcherLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), holder_(other.holder_) {}

}  // namespace mega::node
