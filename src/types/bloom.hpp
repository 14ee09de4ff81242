#pragma once

// The 2048-bit logs bloom (Yellow Paper section 4.4.3).

#include "base/bytes.hpp"

namespace mega {

using Bloom = FixedBytes<256>;

/// Sets the three bits of keccak256(`entry`), where entry is a log address or topic.
void add_to_bloom(Bloom& bloom, BytesView entry);
/// The same for many entries, hashed side by side; repeated ones once.
void add_to_bloom(Bloom& bloom, std::span<const BytesView> entries);
/// False means that `entry` is surely absent.
[[nodiscard]] bool may_contain(const Bloom& bloom, BytesView entry);
void merge(Bloom& into, const Bloom& other);

}  // namespace mega
