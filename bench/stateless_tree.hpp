#pragma once

// A state tree of many accounts that nobody looks at, for blocks to stand in as deep as they would
// in a large state.

#include "trie/state_tree.hpp"

#include <functional>

namespace mega::bench {

class NoNodes final : public trie::NodeSource {
  public:
    [[nodiscard]] std::optional<Bytes> load(
        const trie::TreeId& /*tree*/, BytesView /*path*/, const Hash256& /*hash*/
    ) const override {
        return std::nullopt;
    }
};

/// Puts `accounts` externally owned accounts under random hashed addresses; a share at a time, so
/// that what is handed to the tree stays small. The same count gives the same tree. `told` is
/// called now and then with how many there are.
void fill(trie::StateTree& tree, uint64_t accounts, const std::function<void(uint64_t)>& told = {});

/// Random slots, sorted; none of them zero. The same seed gives the same.
[[nodiscard]] std::vector<trie::SlotUpdate> filler_slots(uint64_t seed, size_t count);

}  // namespace mega::bench
