#include "validator/signer.hpp"

#include "base/hex.hpp"

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace mega::validator {
namespace {

namespace bls = crypto::bls;

Result<bls::SecretKey> random_key() {
    FixedBytes<32> seed;
    if (::getrandom(seed.data(), seed.size(), 0) != static_cast<ssize_t>(seed.size())) {
        return Err{Error{"the system gives no random bytes"}};
    }
    const auto key = bls::derive_key(seed);
    return key ? Result<bls::SecretKey>{*key} : Err{Error{"no key comes of the random bytes"}};
}

Err<Error> cannot(const char* what, const std::string& path) {
    return Err{Error{std::string{"cannot "} + what + " " + path + ": " + std::strerror(errno)}};
}

Result<void> write_key(const std::string& path, const bls::SecretKey& key) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) {
        return cannot("create the key file", path);
    }
    const std::string text = to_hex(key) + "\n";
    const bool is_written =
        ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
        ::fsync(file) == 0;
    const bool is_closed = ::close(file) == 0;
    return is_written && is_closed ? Result<void>{} : cannot("write the key file", path);
}

}  // namespace

Result<Signer> Signer::with(const bls::SecretKey& secret) {
    const auto key = bls::public_key_of(secret);
    return key ? Result<Signer>{Signer(secret, *key)} : Err{Error{"this is no BLS12-381 key"}};
}

Result<Signer> Signer::open(const std::string& path) {
    std::ifstream file(path);
    if (!file) {
        if (errno != ENOENT) {
            return cannot("read the key file", path);
        }
        const auto made = random_key();
        if (!made) {
            return Err{made.error()};
        }
        if (auto written = write_key(path, *made); !written) {
            return Err{written.error()};
        }
        return with(*made);
    }
    std::string text;
    file >> text;
    const auto secret = fixed_from_hex<32>(text);
    auto signer = secret ? with(*secret) : Result<Signer>{Err{Error{"want 0x and 64 digits"}}};
    return signer ? std::move(signer)
                  : Err{Error{"the key file " + path + " holds no key: " + signer.error().message}};
}

Result<Signer> Signer::ephemeral() {
    const auto made = random_key();
    return made ? with(*made) : Err{made.error()};
}

bls::Signature Signer::possession() const {
    return bls::prove_possession(secret_).value_or(bls::Signature{});
}

attestation::Attestation Signer::sign(const attestation::Statement& statement) const {
    const auto signature = bls::sign(message_of(statement), secret_);
    MEGA_ASSERT(signature.has_value());
    return {statement, public_key_, *signature};
}

attestation::MismatchNotice Signer::sign(const attestation::MismatchStatement& statement) const {
    const auto signature = bls::sign(message_of(statement), secret_);
    MEGA_ASSERT(signature.has_value());
    return {statement, public_key_, *signature};
}

}  // namespace mega::validator
