#pragma once

// The state that a test or a transition starts from: to read, and to ask which root a change of it
// would give.

#include "state/overlay.hpp"
#include "trie/state_tree.hpp"

namespace mega::conformance {

class PreState final {
  public:
    /// `base` answers what is not in `alloc`: block hashes; it holds no accounts and must outlive
    /// this object.
    PreState(const state::StateView& base, state::StateDiff alloc);

    [[nodiscard]] const state::StateView& view() const { return view_; }
    [[nodiscard]] const state::StateDiff& alloc() const { return alloc_; }
    /// The root with `diff` on top; the state stays as it is.
    [[nodiscard]] Hash256 root_after(const state::StateDiff& diff);

  private:
    state::StateDiff alloc_;
    state::Overlay view_;
    trie::StateTree tree_;
    Hash256 root_;
};

/// The root of a state that holds `alloc` alone.
[[nodiscard]] Hash256 root_of(const state::StateDiff& alloc);

}  // namespace mega::conformance
