#include "settlement/abi.hpp"

#include "crypto/keccak.hpp"

namespace mega::settlement::abi {
namespace {

constexpr size_t word_size = 32;

size_t padded(size_t size) { return (size + word_size - 1) / word_size * word_size; }

Bytes length_and(size_t count) { return to_bytes(u256{count}.to_hash().view()); }

}  // namespace

Selector selector(std::string_view signature) {
    return Selector::from(crypto::keccak256(as_bytes(signature)).view());
}

Hash256 event_topic(std::string_view signature) { return crypto::keccak256(as_bytes(signature)); }

Hash256 to_word(const Address& address) { return to_u256(address).to_hash(); }

Address to_address(const Hash256& word) { return Address::from(word.view().subspan(12)); }

Encoder& Encoder::word(const u256& value) { return word(value.to_hash()); }

Encoder& Encoder::word(const Hash256& value) {
    heads_.push_back({value});
    return *this;
}

Encoder& Encoder::word(const Address& value) { return word(to_word(value)); }

Encoder& Encoder::bytes(BytesView value) {
    Bytes tail = length_and(value.size());
    append(tail, value);
    tail.resize(word_size + padded(value.size()));
    heads_.push_back({{}, true, std::move(tail)});
    return *this;
}

Encoder& Encoder::words(const std::vector<Hash256>& values) {
    Bytes tail = length_and(values.size());
    for (const Hash256& value : values) {
        append(tail, value);
    }
    heads_.push_back({{}, true, std::move(tail)});
    return *this;
}

Encoder& Encoder::bytes_list(const std::vector<Bytes>& values) {
    Encoder elements;
    for (const Bytes& value : values) {
        elements.bytes(value);
    }
    Bytes tail = length_and(values.size());
    append(tail, elements.take());
    heads_.push_back({{}, true, std::move(tail)});
    return *this;
}

Encoder& Encoder::dynamic(BytesView encoded) {
    heads_.push_back({{}, true, to_bytes(encoded)});
    return *this;
}

Bytes Encoder::take() const {
    Bytes out;
    Bytes tails;
    for (const Head& head : heads_) {
        if (head.is_offset) {
            append(out, u256{heads_.size() * word_size + tails.size()}.to_hash());
            append(tails, head.tail);
        } else {
            append(out, head.word);
        }
    }
    append(out, tails);
    return out;
}

Bytes Encoder::call(std::string_view signature) const {
    Bytes out = to_bytes(selector(signature).view());
    append(out, take());
    return out;
}

Hash256 Decoder::word() {
    if (data_.size() - position_ < word_size) {
        is_good_ = false;
        position_ = data_.size();
        return {};
    }
    const Hash256 value = Hash256::from(data_.subspan(position_));
    position_ += word_size;
    return value;
}

u256 Decoder::number() { return to_u256(word()); }

uint64_t Decoder::u64() {
    const u256 value = number();
    if (!value.fits_u64()) {
        is_good_ = false;
        return 0;
    }
    return value.low64();
}

Address Decoder::address() {
    const Hash256 value = word();
    for (size_t i = 0; i < 12; ++i) {
        is_good_ = is_good_ && value[i] == 0;
    }
    return to_address(value);
}

bool Decoder::boolean() {
    const u256 value = number();
    is_good_ = is_good_ && value <= u256{1};
    return !value.is_zero();
}

BytesView Decoder::tail() {
    const u256 offset = number();
    if (!is_good_ || !offset.fits_u64() || offset.low64() > data_.size()) {
        is_good_ = false;
        return {};
    }
    return data_.subspan(offset.low64());
}

Bytes Decoder::bytes() {
    Decoder body(tail());
    const uint64_t size = body.u64();
    if (!is_good_ || !body.is_good_ || size > body.data_.size() - word_size) {
        is_good_ = false;
        return {};
    }
    return to_bytes(body.data_.subspan(word_size, size));
}

std::vector<Hash256> Decoder::words() {
    Decoder body(tail());
    const uint64_t count = body.u64();
    if (!is_good_ || !body.is_good_ || count > (body.data_.size() - word_size) / word_size) {
        is_good_ = false;
        return {};
    }
    std::vector<Hash256> values;
    values.reserve(count);
    for (uint64_t i = 0; i < count; ++i) {
        values.push_back(body.word());
    }
    return values;
}

Decoder Decoder::dynamic() {
    Decoder body(tail());
    body.is_good_ = is_good_;
    return body;
}

}  // namespace mega::settlement::abi
