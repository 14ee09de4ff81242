#include "storage/state_records.hpp"

#include "storage/block_codec.hpp"

namespace mega::storage {
namespace {

/// Splits the first `size` bytes off `rest`.
std::optional<BytesView> take(BytesView& rest, size_t size) {
    if (rest.size() < size) {
        return std::nullopt;
    }
    const BytesView taken = rest.first(size);
    rest = rest.subspan(size);
    return taken;
}

void append_sized(Bytes& out, const u256& value) {
    const Bytes word = encode_word(value);
    out.push_back(static_cast<uint8_t>(word.size()));
    append(out, word);
}

std::optional<u256> take_sized(BytesView& rest) {
    const auto size = take(rest, 1);
    const auto word = size ? take(rest, (*size)[0]) : std::nullopt;
    return word ? decode_word(*word) : std::nullopt;
}

}  // namespace

Bytes slot_table_key(const SlotKey& key) {
    Bytes bytes = to_bytes(key.address);
    append(bytes, key.slot.to_hash());
    return bytes;
}

Bytes history_key(BytesView table_key, uint64_t block_number) {
    Bytes key = to_bytes(table_key);
    append(key, number_key(block_number));
    return key;
}

Bytes encode_word(const u256& value) {
    const Hash256 word = value.to_hash();
    return to_bytes(word.view().subspan(32 - (value.bit_length() + 7) / 8));
}

std::optional<u256> decode_word(BytesView record) {
    if (record.size() > 32 || (!record.empty() && record[0] == 0)) {
        return std::nullopt;
    }
    return u256::from_be(record);
}

Bytes encode_account_record(const Account& account) {
    Bytes record;
    append_sized(record, account.nonce);
    append_sized(record, account.balance);
    if (account.has_code()) {
        append(record, account.code_hash);
    }
    return record;
}

std::optional<Account> decode_account_record(BytesView record) {
    Account account;
    const auto nonce = take_sized(record);
    if (!nonce || !nonce->fits_u64()) {
        return std::nullopt;
    }
    const auto balance = take_sized(record);
    if (!balance || (!record.empty() && record.size() != 32)) {
        return std::nullopt;
    }
    account.nonce = nonce->low64();
    account.balance = *balance;
    if (!record.empty()) {
        account.code_hash = Hash256::from(record);
        if (!account.has_code()) {
            return std::nullopt;
        }
    }
    return account;
}

}  // namespace mega::storage
