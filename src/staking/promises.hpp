#pragma once

// Mini-blocks that sequencers signed, until the batch is known that holds their block: a sequencer
// answers for those that it left out of a batch which it posted itself.
//
// Bounded for each signer, so that nobody pushes out what another signed; who signs more than that
// before it posts loses sight of nothing but its own oldest. Not thread-safe.

#include "types/mini_block.hpp"

#include <deque>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace mega::staking {

class Promises {
  public:
    static constexpr size_t max_settled = 8;                // batches whose hashes are remembered
    static constexpr size_t max_settled_hashes = 1U << 16;  // of all of them

    /// `max_of_signer`: about 250 bytes each.
    explicit Promises(size_t max_of_signer = 16'384) : max_of_signer_(max_of_signer) {}

    /// Unless it is settled already: nodes tell the same, some of them late.
    void add(const Address& signer, const MiniBlockHeader& header);
    /// The lowest block that something was promised for.
    [[nodiscard]] std::optional<uint64_t> lowest_block() const;
    /// Of everybody, by place, in the blocks [first, last].
    [[nodiscard]] std::vector<MiniBlockHeader> in(uint64_t first, uint64_t last) const;
    [[nodiscard]] std::vector<MiniBlockHeader> of(
        const Address& signer, uint64_t first, uint64_t last
    ) const;
    /// Blocks [first, last] have been looked at. `signing_hashes` count as kept from now on.
    void settle(uint64_t first, uint64_t last, std::span<const Hash256> signing_hashes);
    [[nodiscard]] size_t size() const;

  private:
    struct OfSigner {
        std::map<uint64_t, std::map<Hash256, MiniBlockHeader>> blocks;
        size_t count = 0;
    };
    struct Settled {
        uint64_t first = 0;
        uint64_t last = 0;
        std::set<Hash256> hashes;
    };

    size_t max_of_signer_;
    std::map<Address, OfSigner> signers_;
    std::deque<Settled> settled_;  // the newest last
};

struct Judgement {
    std::vector<MiniBlockHeader> left_out;
    /// Not in the batch because another sequencer went on in their place, or may have: it was
    /// handed over, or took over, before it was told of them. Who leads again may have to post what
    /// the other made.
    size_t handed_over = 0;
};

/// `promised` by `signer`, who posted a batch of these mini-blocks, all signed by registered keys,
/// that ends with `last_block`. What would lie behind all of the last block's may have been handed
/// over to the sequencer of what the next batch holds: it counts as handed over.
[[nodiscard]] Judgement judge(
    const Address& signer,
    std::span<const MiniBlockHeader> promised,
    std::span<const MiniBlockHeader> posted,
    uint64_t last_block
);

}  // namespace mega::staking
