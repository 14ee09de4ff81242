#pragma once

// The part of the Solidity ABI that the contracts of settlement need: arguments in, results and
// events out. No types at run time: the caller writes and reads the words in order.
//
//   arguments = heads || tails; a head is a word, or for what is dynamic the offset of its tail
//
// A tuple without dynamic members is written member by member. Nested dynamic values (tuples,
// arrays of bytes) are encodings of their own, passed to `dynamic`.

#include "base/bytes.hpp"
#include "types/u256.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace mega::settlement::abi {

using Selector = FixedBytes<4>;

/// First four bytes of keccak256 of "name(type,type)".
[[nodiscard]] Selector selector(std::string_view signature);
/// keccak256 of "Name(type,type)".
[[nodiscard]] Hash256 event_topic(std::string_view signature);

[[nodiscard]] Hash256 to_word(const Address& address);
/// The last 20 bytes of a word.
[[nodiscard]] Address to_address(const Hash256& word);

class Encoder {
  public:
    Encoder& word(const u256& value);
    Encoder& word(const Hash256& value);
    Encoder& word(const Address& value);
    Encoder& boolean(bool value) { return word(u256{uint64_t{value}}); }
    /// `bytes` or `string`.
    Encoder& bytes(BytesView value);
    Encoder& words(const std::vector<Hash256>& values);     // bytes32[], uint256[]
    Encoder& bytes_list(const std::vector<Bytes>& values);  // bytes[]
    /// The encoding of a dynamic tuple, behind an offset.
    Encoder& dynamic(BytesView encoded);

    [[nodiscard]] Bytes take() const;
    /// With the selector in front.
    [[nodiscard]] Bytes call(std::string_view signature) const;

  private:
    struct Head {
        Hash256 word;
        bool is_offset = false;
        Bytes tail{};
    };
    std::vector<Head> heads_;
};

/// Reads heads in order. What does not fit the data reads as zero and makes `is_good` false: asked
/// once, at the end.
class Decoder {
  public:
    explicit Decoder(BytesView data) : data_(data) {}

    [[nodiscard]] Hash256 word();
    [[nodiscard]] u256 number();
    [[nodiscard]] uint64_t u64();  // beyond 64 bits is not good
    [[nodiscard]] Address address();
    [[nodiscard]] bool boolean();
    [[nodiscard]] Bytes bytes();
    [[nodiscard]] std::vector<Hash256> words();
    /// A decoder over a dynamic tuple.
    [[nodiscard]] Decoder dynamic();

    [[nodiscard]] bool is_good() const { return is_good_; }

  private:
    /// Where the tail that the next head points to begins; nothing when outside.
    [[nodiscard]] BytesView tail();

    BytesView data_;
    size_t position_ = 0;
    bool is_good_ = true;
};

}  // namespace mega::settlement::abi
