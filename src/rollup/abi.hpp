#pragma once

// The part of Solidity's ABI encoding that the L1 contracts' events and calls need: 32-byte words,
// and dynamic tails found by their offset. Reading is strict: numbers must fit their type, offsets
// and lengths must stay inside the input, padding must be zero.

#include "base/bytes.hpp"
#include "types/u256.hpp"

namespace mega::rollup {

class AbiWriter {
  public:
    void word(const u256& value) { append(out_, value.to_hash().view()); }
    void word(const Hash256& value) { append(out_, value.view()); }
    void word(const Address& value) {
        out_.insert(out_.end(), 12, 0);
        append(out_, value.view());
    }
    /// A tail: length, bytes, zeros up to the next word.
    void bytes(BytesView value) {
        word(u256{value.size()});
        append(out_, value);
        out_.resize((out_.size() + 31) / 32 * 32, 0);
    }
    [[nodiscard]] BytesView view() const { return out_; }
    [[nodiscard]] Bytes take() { return std::move(out_); }

  private:
    Bytes out_;
};

/// The first fault sticks and reads give zeros from then on.
class AbiReader {
  public:
    explicit AbiReader(BytesView data) : data_(data) {}

    [[nodiscard]] bool failed() const { return failed_; }

    [[nodiscard]] Hash256 hash() {
        if (failed_ || data_.size() - position_ < 32) {
            failed_ = true;
            return {};
        }
        const auto word = Hash256::from(data_.subspan(position_));
        position_ += 32;
        return word;
    }
    [[nodiscard]] u256 number() { return to_u256(hash()); }
    [[nodiscard]] uint64_t u64() { return narrow(UINT64_MAX); }
    [[nodiscard]] uint8_t u8() { return static_cast<uint8_t>(narrow(UINT8_MAX)); }
    [[nodiscard]] Address address() {
        const Hash256 word = hash();
        const auto padding = word.view().first(12);
        if (std::any_of(padding.begin(), padding.end(), [](uint8_t b) { return b != 0; })) {
            failed_ = true;
        }
        return Address::from(word.view().subspan(12));
    }
    /// Follows an offset to a tail of bytes.
    [[nodiscard]] BytesView bytes() {
        const BytesView tail = open_tail(1);
        return failed_ ? BytesView{} : tail;
    }
    /// Follows an offset to a tail of words, back to back.
    [[nodiscard]] BytesView words() {
        const BytesView tail = open_tail(32);
        return failed_ ? BytesView{} : tail;
    }

  private:
    [[nodiscard]] uint64_t narrow(uint64_t highest) {
        const u256 value = number();
        if (!value.fits_u64() || value.low64() > highest) {
            failed_ = true;
            return 0;
        }
        return value.low64();
    }
    [[nodiscard]] BytesView open_tail(size_t unit) {
        const uint64_t offset = u64();
        if (failed_ || offset > data_.size() || data_.size() - offset < 32) {
            failed_ = true;
            return {};
        }
        const u256 length = u256::load_be(data_.data() + offset);
        const uint64_t room = data_.size() - offset - 32;
        if (!length.fits_u64() || length.low64() > room / unit) {
            failed_ = true;
            return {};
        }
        const uint64_t size = length.low64() * unit;
        const uint64_t padded = (size + 31) / 32 * 32;
        if (padded > room) {
            failed_ = true;
            return {};
        }
        const BytesView tail = data_.subspan(offset + 32, padded);
        const BytesView padding = tail.subspan(size);
        failed_ = std::any_of(padding.begin(), padding.end(), [](uint8_t b) { return b != 0; });
        return tail.first(size);
    }

    BytesView data_;
    size_t position_ = 0;
    bool failed_ = false;
};

}  // namespace mega::rollup
