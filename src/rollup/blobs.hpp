#pragma once

// Bytes in blobs (EIP-4844). A blob has 4096 field elements of 32 bytes, big endian, each below the
// BLS12-381 scalar field's modulus; the first byte of each stays zero and 31 carry data:
//
//   element = 00 ‖ data[31]          blob = element[4096]          126,976 bytes of data a blob
//
// The blobs of a transaction are one stretch of data. Zeros fill the last one.

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace mega::rollup {

inline constexpr size_t blob_size_bytes = 131'072;
inline constexpr size_t field_elements_per_blob = 4096;
inline constexpr size_t data_bytes_per_blob = field_elements_per_blob * 31;

[[nodiscard]] inline size_t blobs_needed(size_t data_size_bytes) {
    return (data_size_bytes + data_bytes_per_blob - 1) / data_bytes_per_blob;
}
/// At least one blob.
[[nodiscard]] std::vector<Bytes> pack_blobs(BytesView data);
/// All data bytes of the blobs, the zeros at the end with them. Words when a blob has another size
/// or an element that does not begin with zero.
[[nodiscard]] Result<Bytes> unpack_blobs(std::span<const Bytes> blobs);

}  // namespace mega::rollup
