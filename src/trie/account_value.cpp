#include "trie/account_value.hpp"

namespace mega::trie {

namespace {

constexpr uint8_t has_storage_bit = 0x10;
constexpr uint8_t has_code_bit = 0x20;

struct Fields {
    BytesView nonce;
    BytesView balance;
    const uint8_t* storage_root;  // null when empty
    const uint8_t* code_hash;     // null when there is no code
};

Fields fields_of(BytesView value) {
    const size_t nonce_size = value[0] & 0x0f;
    const size_t balance_size = value[1];
    const uint8_t* at = value.data() + 2;
    Fields fields{{at, nonce_size}, {at + nonce_size, balance_size}, nullptr, nullptr};
    at += nonce_size + balance_size;
    if ((value[0] & has_storage_bit) != 0) {
        fields.storage_root = at;
        at += 32;
    }
    if ((value[0] & has_code_bit) != 0) {
        fields.code_hash = at;
    }
    return fields;
}

Hash256 hash_or(const uint8_t* from, const Hash256& fallback) {
    return from == nullptr ? fallback : Hash256::from({from, 32});
}

uint8_t* write_hash(uint8_t* out, BytesView hash) {
    std::memcpy(out, hash.data(), 32);
    return out + 32;
}

uint8_t* write_rlp_integer(uint8_t* out, BytesView digits) {
    if (digits.size() != 1 || digits[0] >= 0x80) {
        *out++ = static_cast<uint8_t>(0x80 + digits.size());
    }
    return std::copy(digits.begin(), digits.end(), out);
}

uint8_t* write_rlp_hash(uint8_t* out, const uint8_t* hash, const Hash256& fallback) {
    *out++ = 0xa0;
    return write_hash(out, hash == nullptr ? fallback.view() : BytesView{hash, 32});
}

}  // namespace

size_t write_account_value(uint8_t* out, const Account& account, const Hash256& storage_root) {
    const size_t nonce_size = (static_cast<size_t>(std::bit_width(account.nonce)) + 7) / 8;
    const size_t balance_size = account.balance.byte_length();
    const bool has_storage = storage_root != empty_trie_root;
    out[0] = static_cast<uint8_t>(
        nonce_size | (has_storage ? has_storage_bit : 0u) | (account.has_code() ? has_code_bit : 0u)
    );
    out[1] = static_cast<uint8_t>(balance_size);
    uint8_t* at = out + 2;
    for (size_t i = nonce_size; i > 0; --i) {
        *at++ = static_cast<uint8_t>(account.nonce >> (8 * (i - 1)));
    }
    const Hash256 balance = account.balance.to_hash();
    at = std::copy_n(balance.data() + 32 - balance_size, balance_size, at);
    if (has_storage) {
        at = write_hash(at, storage_root);
    }
    if (account.has_code()) {
        at = write_hash(at, account.code_hash);
    }
    return static_cast<size_t>(at - out);
}

AccountLeaf read_account_value(BytesView value) {
    const Fields fields = fields_of(value);
    AccountLeaf leaf;
    leaf.account.nonce = u256::from_be(fields.nonce).low64();
    leaf.account.balance = u256::from_be(fields.balance);
    leaf.account.code_hash = hash_or(fields.code_hash, crypto::keccak256_of_empty);
    leaf.storage_root = hash_or(fields.storage_root, empty_trie_root);
    return leaf;
}

Hash256 storage_root_of(BytesView value) {
    return hash_or(fields_of(value).storage_root, empty_trie_root);
}

void set_storage_root(std::span<uint8_t> value, const Hash256& root) {
    const Fields fields = fields_of(value);
    MEGA_ASSERT(fields.storage_root != nullptr);
    write_hash(value.data() + (fields.storage_root - value.data()), root);
}

size_t write_account_rlp(uint8_t* out, BytesView value) {
    const Fields fields = fields_of(value);
    uint8_t* at = out + 2;
    at = write_rlp_integer(at, fields.nonce);
    at = write_rlp_integer(at, fields.balance);
    at = write_rlp_hash(at, fields.storage_root, empty_trie_root);
    at = write_rlp_hash(at, fields.code_hash, crypto::keccak256_of_empty);
    // Two hashes make the payload 68 bytes at least and 108 at most: the header is always two
    // bytes.
    out[0] = 0xf8;
    out[1] = static_cast<uint8_t>(at - out - 2);
    return static_cast<size_t>(at - out);
}

}  // namespace mega::trie
