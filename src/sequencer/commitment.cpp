#include "sequencer/commitment.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"
#include "sequencer/witness_of_lies.hpp"

#include <algorithm>
#include <optional>

namespace mega::sequencer {
namespace {

std::string describe(const trie::MissingNode& missing) {
    return "state tree node " + to_hex(missing.hash) + " at path " + to_hex(missing.path) +
           (missing.tree ? " of storage tree " + to_hex(*missing.tree)
                         : std::string{" of the account tree"}) +
           " is missing from the database";
}

}  // namespace

Commitment::Commitment(
    const trie::NodeSource& source,
    const Hash256& root,
    uint64_t head_number,
    size_t memory_limit_bytes,
    size_t hash_threads
)
    : memory_limit_bytes_(memory_limit_bytes),
      pool_(hash_threads),
      tree_(source, root),
      oldest_number_(head_number) {
    thread_.run([this] { tree_.lend(&pool_); });
}

void Commitment::apply(const state::StateDiff& diff) {
    const auto updates = execution::tree_updates(diff);
    if (auto applied = tree_.apply(updates); !applied && failure_.empty()) {
        failure_ = describe(applied.error());
    }
}

void Commitment::absorb(DiffPtr diff) {
    thread_.post([this, diff = std::move(diff)] {
        apply(*diff);
        // Hashing now leaves only the last diff's nodes for the moment when the block closes.
        (void)tree_.root();
        open_.push_back(diff);
    });
}

void Commitment::seal(uint64_t number, DiffPtr diff, NotedAccesses noted) {
    thread_.post([this, number, diff = std::move(diff), noted = std::move(noted)] {
        open_.clear();
        noted_bytes_ += noted.log == nullptr ? 0 : noted.log->size_bytes();
        sealed_.push_back({number, diff, noted});
        if (sealed_.size() > proof_window) {
            oldest_number_ = sealed_.front().number;
            forget_noted(sealed_.front());
            sealed_.pop_front();
        }
        for (auto old = sealed_.begin(); old != sealed_.end() && noted_bytes_ > max_noted_bytes;
             ++old) {
            forget_noted(*old);
        }
    });
}

void Commitment::forget_noted(Sealed& block) {
    noted_bytes_ -= block.noted.log == nullptr ? 0 : block.noted.log->size_bytes();
    block.noted.log.reset();
}

std::optional<Commitment::Execution> Commitment::noted(uint64_t number, const Hash256& block_hash) {
    std::optional<Execution> found;
    thread_.run([&] {
        const auto block = std::ranges::find(sealed_, number, &Sealed::number);
        if (block != sealed_.end() && block->noted.log != nullptr &&
            block->noted.block_hash == block_hash) {
            found = Execution{block->noted.log, block->diff};
        }
    });
    return found;
}

void Commitment::abandon_open_block() {
    thread_.post([this] {
        while (!open_.empty()) {
            apply(state::invert(*open_.back()));
            open_.pop_back();
        }
    });
}

void Commitment::revert_block(DiffPtr diff) {
    thread_.post([this, diff = std::move(diff)] {
        MEGA_ASSERT(open_.empty());
        apply(state::invert(*diff));
        if (sealed_.empty()) {
            --oldest_number_;
        } else {
            forget_noted(sealed_.back());
            sealed_.pop_back();
        }
    });
}

Result<Hash256> Commitment::root() {
    Hash256 root;
    std::string failure;
    thread_.run([&] {
        root = tree_.root();
        failure = failure_;
    });
    if (!failure.empty()) {
        return Err{Error{failure}};
    }
    return root;
}

void Commitment::flush(trie::NodeSink& sink) {
    thread_.run([&] {
        tree_.flush(sink);
        ++unwritten_flushes_;
    });
}

void Commitment::flush_written() {
    thread_.post([this] {
        MEGA_ASSERT(unwritten_flushes_ > 0);
        if (--unwritten_flushes_ == 0) {
            tree_.evict(memory_limit_bytes_);
        }
    });
}

Result<Commitment::Proof> Commitment::prove(
    const Address& address, std::span<const u256> slots, std::optional<uint64_t> number
) {
    std::vector<Hash256> hashed_slots;
    hashed_slots.reserve(slots.size());
    for (const u256& slot : slots) {
        hashed_slots.push_back(crypto::keccak256(slot.to_hash().view()));
    }
    const Hash256 hashed_address = crypto::keccak256(address.view());
    std::optional<Result<Proof>> result;
    thread_.run([&] { result.emplace(prove_now(hashed_address, hashed_slots, number)); });
    return std::move(*result);
}

Result<std::vector<DiffPtr>> Commitment::diffs_after(uint64_t number) const {
    std::vector<DiffPtr> undo(open_.rbegin(), open_.rend());
    for (auto block = sealed_.rbegin(); block != sealed_.rend() && block->number > number;
         ++block) {
        undo.push_back(block->diff);
    }
    if (number < oldest_number_) {
        return Err{Error{
            "proofs are available from block " + std::to_string(oldest_number_) +
            " on, not for block " + std::to_string(number)
        }};
    }
    return undo;
}

Result<Commitment::Proof> Commitment::prove_now(
    const Hash256& hashed_address,
    std::span<const Hash256> hashed_slots,
    std::optional<uint64_t> number
) {
    std::vector<DiffPtr> undo;
    if (number) {
        auto diffs = diffs_after(*number);
        if (!diffs) {
            return Err{diffs.error()};
        }
        undo = std::move(*diffs);
    }
    const Hash256 present_root = tree_.root();
    const witness::TreeNodes nodes{tree_};
    trie::StateTree past{nodes, present_root};
    if (auto done = take_back(past, undo); !done) {
        return Err{done.error()};
    }
    trie::StateTree& tree = undo.empty() ? tree_ : past;
    const Hash256 root = tree.root();
    auto proof = tree.prove(hashed_address, hashed_slots);
    if (!proof) {
        return Err{Error{describe(proof.error())}};
    }
    return Proof{root, std::move(*proof)};
}

Result<void> Commitment::take_back(trie::StateTree& tree, std::span<const DiffPtr> newest_first) {
    for (const DiffPtr& diff : newest_first) {
        if (auto applied = tree.apply(execution::tree_updates(state::invert(*diff))); !applied) {
            return Err{Error{describe(applied.error())}};
        }
    }
    return {};
}

Result<witness::Witness> Commitment::record_witness(
    uint64_t number, const witness::AccessSet& accesses, const state::StateDiff& diff
) {
    std::optional<Result<witness::Witness>> result;
    thread_.run([&] { result.emplace(record_now(number, accesses, diff)); });
    return std::move(*result);
}

Result<witness::Witness> Commitment::record_now(
    uint64_t number, const witness::AccessSet& accesses, const state::StateDiff& diff
) {
    const auto block = std::ranges::find(sealed_, number, &Sealed::number);
    if (block == sealed_.end()) {
        return Err{Error{
            "witnesses are available from block " + std::to_string(oldest_number_ + 1) +
            " on, not for block " + std::to_string(number)
        }};
    }
    const bool is_all = block->diff->accounts == diff.accounts && block->diff->slots == diff.slots;
    if (!is_all && !serves_witnesses_of_lies()) {
        return Err{Error{
            "block " + std::to_string(number) +
            " has no witness: its state was changed by hand, besides what its transactions did"
        }};
    }
    const auto undo = diffs_after(number - 1);
    if (!undo) {
        return Err{undo.error()};
    }
    const Hash256 present_root = tree_.root();
    const witness::TreeNodes present{tree_};
    trie::StateTree past{present, present_root};
    if (auto done = take_back(past, *undo); !done) {
        return Err{done.error()};
    }
    const Hash256 parent_root = past.root();
    const witness::TreeNodes nodes{undo->empty() ? tree_ : past};
    auto recorded = witness::record(nodes, parent_root, accesses, execution::tree_updates(diff));
    if (!recorded) {
        return Err{Error{describe(recorded.error())}};
    }
    return *std::move(recorded);
}

size_t Commitment::memory_bytes() {
    size_t bytes = 0;
    thread_.run([&] { bytes = tree_.memory_bytes(); });
    return bytes;
}

}  // namespace mega::sequencer
