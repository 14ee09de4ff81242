#pragma once

// The parent state as far as a witness shows it.
//
// A StateView cannot say "unknown": where the witness lacks something, the answer is that of an
// empty state, and the first lack is kept. Whoever executes on this view must look at missing()
// before believing anything that came of it.

#include "state/view.hpp"
#include "stateless/mismatch.hpp"
#include "witness/witness.hpp"

#include <vector>

namespace mega::stateless {

/// Hashes of the blocks before the one that is validated, proven by their headers.
class BlockHashes {
  public:
    /// Follows parent hashes from the parent's header through `headers`, in whatever order these
    /// are; at most 256 back.
    BlockHashes(const BlockHeader& parent, std::span<const BlockHeader> headers);
    /// Given by who knows them: newest first, the parent's own hash at the front.
    BlockHashes(uint64_t parent_number, std::vector<Hash256> hashes)
        : parent_number_(parent_number), hashes_(std::move(hashes)) {}

    /// Nothing when no header shows it.
    [[nodiscard]] std::optional<Hash256> find(uint64_t number) const;
    [[nodiscard]] uint64_t parent_number() const { return parent_number_; }

  private:
    uint64_t parent_number_;
    std::vector<Hash256> hashes_;  // [i] is that of block parent_number_ - i
};

/// The witness's nodes, as the source of a tree; knows which were asked for.
class UsedNodes final : public trie::NodeSource {
  public:
    explicit UsedNodes(const witness::NodeSet& nodes)
        : nodes_(&nodes), is_used_(nodes.size(), false) {}

    [[nodiscard]] std::optional<Bytes> load(
        const trie::TreeId& tree, BytesView path, const Hash256& hash
    ) const override;
    [[nodiscard]] bool has_checked_hashes() const override { return true; }
    [[nodiscard]] std::optional<Hash256> first_unused() const;

  private:
    const witness::NodeSet* nodes_;
    mutable std::vector<bool> is_used_;
};

class WitnessState final : public state::StateView {
  public:
    /// All must outlive the view; `tree` stands at the parent state and must not change while the
    /// view is read.
    WitnessState(
        trie::StateTree& tree,
        std::span<const witness::WitnessCode> codes,
        const BlockHashes& block_hashes
    )
        : tree_(&tree),
          codes_(codes),
          block_hashes_(&block_hashes),
          is_code_used_(codes.size(), false) {}

    [[nodiscard]] std::optional<Account> account(const Address& address) const override;
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override;
    [[nodiscard]] bool has_storage(const Address& address) const override;
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override;
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override;

    /// The first thing that was asked for and is not in the witness.
    [[nodiscard]] const std::optional<Mismatch>& missing() const { return missing_; }
    [[nodiscard]] std::optional<Hash256> first_unused_code() const;
    [[nodiscard]] std::optional<uint64_t> lowest_block_hash() const { return lowest_block_hash_; }

  private:
    [[nodiscard]] const Hash256& hash_of(const Address& address) const;
    struct Hashed {
        Address address;
        Hash256 hash;
        bool is_set = false;
    };
    static constexpr size_t hashed_places = 1024;
    void note(Mismatch missing) const {
        if (!missing_) {
            missing_ = std::move(missing);
        }
    }

    trie::StateTree* tree_;
    std::span<const witness::WitnessCode> codes_;
    const BlockHashes* block_hashes_;
    // What reading leaves behind: a StateView reads as const.
    // One address a place, chosen by its last bytes; the newest stays. Most are asked for again by
    // the same transaction or by all.
    mutable std::vector<Hashed> hashed_addresses_ = std::vector<Hashed>(hashed_places);
    mutable std::vector<bool> is_code_used_;
    mutable std::optional<uint64_t> lowest_block_hash_;
    mutable std::optional<Mismatch> missing_;
};

}  // namespace mega::stateless
