#include "base/hex.hpp"
#include "node/commands.hpp"
#include "node/files.hpp"
#include "node/keystore.hpp"

#include <openssl/rand.h>

#include <cstdio>

namespace mega::node {
namespace {

int complain(const std::string& message) {
    std::fprintf(stderr, "mega: %s\n", message.c_str());
    return 1;
}

template <size_t N>
bool fill_randomly(FixedBytes<N>& out) {
    return RAND_bytes(out.data(), static_cast<int>(N)) == 1;
}

}  // namespace

int run_account_new(const AccountCommand& command) {
    const auto password = read_first_line(command.password_file);
    if (!password) {
        return complain(password.error().message);
    }
    crypto::SecretKey key;
    KeystoreRandomness randomness;
    if (!fill_randomly(key) || !fill_randomly(randomness.salt) || !fill_randomly(randomness.iv) ||
        !fill_randomly(randomness.id) || !crypto::address_of(key)) {
        return complain("the system gave no randomness, try again");
    }
    const auto written =
        write_new_private_file(command.file, encrypt_keystore(key, *password, randomness));
    if (!written) {
        return complain(written.error().message);
    }
    std::printf("%s\n", to_hex(*crypto::address_of(key)).c_str());
    return 0;
}

int run_account_show(const AccountCommand& command) {
    const auto password = read_first_line(command.password_file);
    const auto file = read_file(command.file, 1U << 20);
    if (!password || !file) {
        return complain(!password ? password.error().message : file.error().message);
    }
    const auto key = decrypt_keystore(*file, *password);
    if (!key) {
        return complain(key.error().message);
    }
    std::printf("%s\n", to_hex(*crypto::address_of(*key)).c_str());
    return 0;
}

}  // namespace mega::node
