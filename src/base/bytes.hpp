#pragma once

// Byte strings: owned (Bytes), viewed (BytesView), and of fixed size (FixedBytes<N>: hashes,
// addresses, keys).

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mega {

__extension__ using uint128 = unsigned __int128;

using Bytes = std::vector<uint8_t>;
using BytesView = std::span<const uint8_t>;

/// N bytes, compared lexicographically; zero by default.
template <size_t N>
struct FixedBytes {
    static constexpr size_t size_bytes = N;

    std::array<uint8_t, N> bytes{};

    /// Copies the first N bytes of `view`, which must hold at least N.
    static constexpr FixedBytes from(BytesView view) {
        FixedBytes result;
        std::copy_n(view.begin(), N, result.bytes.begin());
        return result;
    }

    [[nodiscard]] constexpr BytesView view() const { return {bytes.data(), N}; }
    constexpr operator BytesView() const { return view(); }  // NOLINT(google-explicit-constructor)
    [[nodiscard]] constexpr const uint8_t* data() const { return bytes.data(); }
    constexpr uint8_t* data() { return bytes.data(); }
    [[nodiscard]] constexpr size_t size() const { return N; }
    constexpr uint8_t& operator[](size_t i) { return bytes[i]; }
    constexpr const uint8_t& operator[](size_t i) const { return bytes[i]; }
    [[nodiscard]] constexpr bool is_zero() const {
        return std::all_of(bytes.begin(), bytes.end(), [](uint8_t b) { return b == 0; });
    }

    friend constexpr auto operator<=>(const FixedBytes&, const FixedBytes&) = default;
    friend constexpr bool operator==(const FixedBytes&, const FixedBytes&) = default;
};

/// A Keccak-256 or SHA-256 digest, or any 32-byte string.
using Hash256 = FixedBytes<32>;
/// The rightmost 20 bytes of the hash of a public key, or of a creation preimage.
using Address = FixedBytes<20>;

[[nodiscard]] inline Bytes to_bytes(BytesView view) { return {view.begin(), view.end()}; }
[[nodiscard]] inline BytesView as_bytes(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
[[nodiscard]] inline std::string_view as_text(BytesView view) {
    return {reinterpret_cast<const char*>(view.data()), view.size()};
}
inline void append(Bytes& out, BytesView more) { out.insert(out.end(), more.begin(), more.end()); }
[[nodiscard]] inline bool equal(BytesView a, BytesView b) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin());
}

/// Unaligned little-endian load, for hashing and tables.
[[nodiscard]] inline uint64_t load_le64(const uint8_t* from) {
    uint64_t word = 0;
    std::memcpy(&word, from, sizeof(word));
    return word;
}

/// Mixes 64-bit words into a table index: not for anything an attacker must not collide.
[[nodiscard]] constexpr uint64_t mix64(uint64_t a, uint64_t b) {
    const uint128 product =
        static_cast<uint128>(a ^ 0x9e3779b97f4a7c15ULL) * (b ^ 0xe7037ed1a0b428dbULL);
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace mega

// ::mega, because inside std the plain name finds std::mega, the ratio of 10^6.
template <size_t N>
struct std::hash<::mega::FixedBytes<N>> {
    size_t operator()(const ::mega::FixedBytes<N>& value) const noexcept {
        static_assert(N >= 16);
        // NOLINTNEXTLINE(misc-const-correctness): changes where N is above 16
        uint64_t h =
            ::mega::mix64(::mega::load_le64(value.data()), ::mega::load_le64(value.data() + 8));
        if constexpr (N > 16) {
            h = ::mega::mix64(h, ::mega::load_le64(value.data() + N - 8));
        }
        if constexpr (N > 24) {
            h = ::mega::mix64(h, ::mega::load_le64(value.data() + N - 16));
        }
        return h;
    }
};
