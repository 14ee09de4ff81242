#pragma once

// The commitment: Ethereum's state trie (hashed address -> account leaf) with one storage trie per
// account (hashed slot -> value), kept in memory across blocks and updated incrementally.
//
// Nodes live in arenas. A subtree that is not in memory is a hash; it is loaded through a
// NodeSource when an update or a proof walks into it, so a tree may be larger than memory, and a
// witness is just another NodeSource.
//
// Not thread-safe: one owner at a time.

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "trie/jobs.hpp"
#include "types/account.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace mega::trie {

/// Which trie: the account trie, or the storage trie of the account with this hashed address.
using TreeId = std::optional<Hash256>;

/// A path from the root: one nibble a byte, at most 64.
using NibblePath = Bytes;

class NodeSource {
  public:
    virtual ~NodeSource() = default;
    /// RLP of the node at `path` of `tree`, whose hash the tree will check. Nothing when it is not
    /// to be had.
    [[nodiscard]] virtual std::optional<Bytes> load(
        const TreeId& tree, BytesView path, const Hash256& hash
    ) const = 0;
    /// What load() gives has the hash that was asked for, always: the tree need not check it.
    [[nodiscard]] virtual bool has_checked_hashes() const { return false; }

    NodeSource() = default;
    NodeSource(const NodeSource&) = default;
    NodeSource& operator=(const NodeSource&) = default;
};

/// Receives what changed since the last flush, for a store keyed by (tree, path).
class NodeSink {
  public:
    virtual ~NodeSink() = default;
    virtual void put(const TreeId& tree, BytesView path, BytesView rlp) = 0;
    virtual void remove(const TreeId& tree, BytesView path) = 0;
    /// The whole storage trie of an account is gone.
    virtual void remove_tree(const Hash256& hashed_address) = 0;

    NodeSink() = default;
    NodeSink(const NodeSink&) = default;
    NodeSink& operator=(const NodeSink&) = default;
};

struct SlotUpdate {
    Hash256 hashed_slot;
    u256 value;  // zero deletes
};

struct AccountUpdate {
    Hash256 hashed_address;
    std::optional<Account> account;  // nothing deletes, storage included
    bool storage_cleared = false;    // drop the storage trie before applying `slots`
    std::vector<SlotUpdate> slots;   // sorted by hashed_slot, no repeats
};

/// A node that was needed could not be loaded, or did not hash to what its parent says.
struct MissingNode {
    TreeId tree;
    NibblePath path;
    Hash256 hash;
};

struct AccountProof {
    AccountLeaf leaf;  // the empty account with the empty root when absent
    bool exists = false;
    std::vector<Bytes> account_proof;  // nodes from the root down
    struct Slot {
        Hash256 hashed_slot;
        u256 value;
        std::vector<Bytes> proof;
    };
    std::vector<Slot> slots;
};

class StateTree {
  public:
    /// Continues from `root`; `source` must outlive the tree.
    StateTree(const NodeSource& source, const Hash256& root);
    ~StateTree();
    StateTree(StateTree&&) noexcept;
    StateTree& operator=(StateTree&&) noexcept;

    /// `updates` sorted by hashed_address, no repeats. On error the tree is as before and may be
    /// tried again.
    [[nodiscard]] Result<void, MissingNode> apply(std::span<const AccountUpdate> updates);
    /// Hashes what is dirty.
    [[nodiscard]] Hash256 root();
    /// Lends the tree threads for hashing; null: it has its caller's alone. They must outlive it,
    /// or be taken back.
    void lend(Jobs* jobs);
    // Reads of the present state. They load what they need and hash nothing.
    [[nodiscard]] Result<std::optional<Account>, MissingNode> account(const Hash256& hashed_address
    );
    /// Zero when the account or the slot is not there.
    [[nodiscard]] Result<u256, MissingNode> storage(
        const Hash256& hashed_address, const Hash256& hashed_slot
    );
    /// The account has a slot that is not zero.
    [[nodiscard]] Result<bool, MissingNode> has_storage(const Hash256& hashed_address);
    [[nodiscard]] Result<AccountProof, MissingNode> prove(
        const Hash256& hashed_address, std::span<const Hash256> hashed_slots
    );
    /// RLP of the node at `path` of `tree`, dirty or clean, as NodeSource::load gives it: lets
    /// another tree start from this one's present state.
    [[nodiscard]] std::optional<Bytes> node(const TreeId& tree, BytesView path);

    /// Reports every node written or removed since the last flush. Hashes first.
    void flush(NodeSink& sink);
    /// Bytes of nodes in memory.
    [[nodiscard]] size_t memory_bytes() const;
    /// Forgets clean nodes, lowest levels first, until at most `limit_bytes` remain. Dirty nodes
    /// stay, and so does the account trie's root where the limit has room for it.
    void evict(size_t limit_bytes);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace mega::trie
