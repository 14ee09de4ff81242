#include "node/keystore.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"

#include <openssl/evp.h>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>

namespace mega::node {
namespace {

using nlohmann::json;

constexpr uint64_t max_scrypt_bytes = 1ULL << 30;
constexpr uint64_t max_pbkdf2_rounds = 10'000'000;
constexpr uint64_t scrypt_n = 1 << 17;  // 128 MiB, a tenth of a second or so
constexpr size_t derived_bytes = 32;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

/// AES-128-CTR is its own inverse.
std::optional<Bytes> aes_128_ctr(BytesView key_16, BytesView iv_16, BytesView input) {
    const CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    Bytes output(input.size());
    int size = 0;
    if (!context ||
        EVP_EncryptInit_ex(
            context.get(), EVP_aes_128_ctr(), nullptr, key_16.data(), iv_16.data()
        ) != 1 ||
        EVP_EncryptUpdate(
            context.get(), output.data(), &size, input.data(), static_cast<int>(input.size())
        ) != 1) {
        return std::nullopt;
    }
    return output;
}

struct Field {
    const json* value;

    [[nodiscard]] Field operator[](const char* name) const {
        if (value == nullptr || !value->is_object()) {
            return {nullptr};
        }
        const auto at = value->find(name);
        return {at == value->end() ? nullptr : &*at};
    }
    [[nodiscard]] std::string text() const {
        return value != nullptr && value->is_string() ? value->get<std::string>() : std::string{};
    }
    [[nodiscard]] uint64_t number() const {
        return value != nullptr && value->is_number_integer() && *value >= 0
                   ? value->get<uint64_t>()
                   : 0;
    }
    [[nodiscard]] Bytes bytes() const { return from_hex(text(), false).value_or(Bytes{}); }
};

Result<Bytes> derive_scrypt(Field params, std::string_view password) {
    const Bytes salt = params["salt"].bytes();
    const uint64_t n = params["n"].number();
    const uint64_t r = params["r"].number();
    const uint64_t p = params["p"].number();
    if (n == 0 || r == 0 || p == 0 || r > 1024 || p > 1024 || n > max_scrypt_bytes / (128 * r)) {
        return Err{Error{"keystore: scrypt parameters are missing or cost more than 1 GiB"}};
    }
    Bytes key(derived_bytes);
    if (EVP_PBE_scrypt(
            password.data(),
            password.size(),
            salt.data(),
            salt.size(),
            n,
            r,
            p,
            max_scrypt_bytes + (64U << 20),
            key.data(),
            key.size()
        ) != 1) {
        return Err{Error{"keystore: scrypt parameters are invalid"}};
    }
    return key;
}

Result<Bytes> derive_pbkdf2(Field params, std::string_view password) {
    const Bytes salt = params["salt"].bytes();
    const uint64_t rounds = params["c"].number();
    if (params["prf"].text() != "hmac-sha256" || rounds == 0 || rounds > max_pbkdf2_rounds) {
        return Err{Error{"keystore: pbkdf2 parameters are missing, unsupported or too costly"}};
    }
    Bytes key(derived_bytes);
    if (PKCS5_PBKDF2_HMAC(
            password.data(),
            static_cast<int>(password.size()),
            salt.data(),
            static_cast<int>(salt.size()),
            static_cast<int>(rounds),
            EVP_sha256(),
            static_cast<int>(key.size()),
            key.data()
        ) != 1) {
        return Err{Error{"keystore: pbkdf2 parameters are invalid"}};
    }
    return key;
}

Result<Bytes> derive_key(Field crypto, std::string_view password) {
    if (crypto["kdfparams"]["dklen"].number() != derived_bytes) {
        return Err{Error{"keystore: derived keys of 32 bytes are supported alone"}};
    }
    const std::string function = crypto["kdf"].text();
    if (function == "scrypt") {
        return derive_scrypt(crypto["kdfparams"], password);
    }
    if (function == "pbkdf2") {
        return derive_pbkdf2(crypto["kdfparams"], password);
    }
    return Err{Error{"keystore: unsupported key derivation \"" + function + "\""}};
}

Hash256 mac_of(BytesView derived_key, BytesView ciphertext) {
    Bytes message = to_bytes(derived_key.subspan(16, 16));
    append(message, ciphertext);
    return crypto::keccak256(message);
}

}  // namespace

Result<crypto::SecretKey> decrypt_keystore(std::string_view text, std::string_view password) {
    const json parsed = json::parse(text, nullptr, false);
    if (parsed.is_discarded() || !parsed.is_object()) {
        return Err{Error{"keystore: the file is not a JSON object"}};
    }
    const Field root{&parsed};
    // Old files write "Crypto".
    const Field crypto = root["crypto"].value != nullptr ? root["crypto"] : root["Crypto"];
    if (root["version"].number() != 3 || crypto["cipher"].text() != "aes-128-ctr") {
        return Err{Error{"keystore: version 3 with cipher aes-128-ctr is supported alone"}};
    }
    const Bytes ciphertext = crypto["ciphertext"].bytes();
    const Bytes iv = crypto["cipherparams"]["iv"].bytes();
    if (ciphertext.size() != 32 || iv.size() != 16) {
        return Err{Error{"keystore: ciphertext or iv has the wrong length"}};
    }
    const auto derived = derive_key(crypto, password);
    if (!derived) {
        return Err{derived.error()};
    }
    if (!equal(mac_of(*derived, ciphertext), crypto["mac"].bytes())) {
        return Err{Error{"keystore: wrong password"}};
    }
    const auto key = aes_128_ctr(BytesView{*derived}.first(16), iv, ciphertext);
    if (!key || !crypto::address_of(crypto::SecretKey::from(*key))) {
        return Err{Error{"keystore: the file does not hold a valid key"}};
    }
    return crypto::SecretKey::from(*key);
}

std::string encrypt_keystore(
    const crypto::SecretKey& key, std::string_view password, const KeystoreRandomness& randomness
) {
    const json params = {
        {"dklen", derived_bytes},
        {"n", scrypt_n},
        {"r", 8},
        {"p", 1},
        {"salt", to_hex_digits(randomness.salt)}
    };
    const auto derived = derive_scrypt(Field{&params}, password);
    MEGA_ASSERT(derived.has_value());
    const auto ciphertext = aes_128_ctr(BytesView{*derived}.first(16), randomness.iv, key);
    const auto address = crypto::address_of(key);
    MEGA_ASSERT(ciphertext.has_value() && address.has_value());
    const std::string id = to_hex_digits(randomness.id);
    const json file = {
        {"version", 3},
        {"id",
         id.substr(0, 8) + "-" + id.substr(8, 4) + "-" + id.substr(12, 4) + "-" + id.substr(16, 4) +
             "-" + id.substr(20)},
        {"address", to_hex_digits(*address)},
        {"crypto",
         {{"cipher", "aes-128-ctr"},
          {"cipherparams", {{"iv", to_hex_digits(randomness.iv)}}},
          {"ciphertext", to_hex_digits(*ciphertext)},
          {"kdf", "scrypt"},
          {"kdfparams", params},
          {"mac", to_hex_digits(mac_of(*derived, *ciphertext))}}}
    };
    return file.dump(2) + "\n";
}

}  // namespace mega::node
