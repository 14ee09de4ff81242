#pragma once

// What the execution of a large block leaves behind, transaction by transaction, held in as little
// memory as it can be.

#include "state/diff.hpp"
#include "trie/ordered_root.hpp"
#include "types/receipt.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace mega::stateless {

/// The sum of many diffs, a power of two of them at a time, so that none is merged often. Large
/// parts wait for take(): merging takes as much memory once more, and more is free then.
class DiffPile {
  public:
    void add(state::StateDiff diff) {
        pile_.push_back({std::move(diff), 1});
        while (pile_.size() > 1 && pile_[pile_.size() - 2].count == pile_.back().count &&
               pile_.back().count < most) {
            merge_last();
        }
    }
    [[nodiscard]] state::StateDiff take() {
        std::vector<state::StateDiff> diffs;
        for (Part& part : pile_) {
            diffs.push_back(std::move(part.diff));
        }
        pile_.clear();
        return state::merge_all(std::move(diffs));
    }

  private:
    static constexpr size_t most = 1024;  // in a part

    struct Part {
        state::StateDiff diff;
        size_t count = 0;
    };
    void merge_last() {
        const Part last = std::move(pile_.back());
        pile_.pop_back();
        pile_.back() = {merge(pile_.back().diff, last.diff), pile_.back().count + last.count};
    }

    std::vector<Part> pile_;
};

/// Receipts in the making. A bloom takes several times as much as all else in one without logs,
/// where it is zero: there it comes with take(), when more memory is free.
class ReceiptPile {
  public:
    void reserve(size_t count) { slim_.reserve(count); }
    void add(Receipt receipt) {
        if (!receipt.logs.empty()) {
            blooms_.push_back(receipt.bloom);
        }
        slim_.push_back(
            {receipt.type,
             receipt.status,
             receipt.post_state,
             receipt.cumulative_gas_used,
             std::move(receipt.logs)}
        );
    }
    /// Of all of them, which are never there in full and encoded at once.
    [[nodiscard]] Hash256 root() {
        std::vector<Bytes> encoded;
        encoded.reserve(slim_.size());
        auto bloom = blooms_.cbegin();
        for (Slim& one : slim_) {
            Receipt receipt = whole(one, bloom);
            encoded.push_back(encode(receipt));
            one.logs = std::move(receipt.logs);
        }
        return trie::ordered_root(encoded);
    }
    [[nodiscard]] std::vector<Receipt> take() {
        std::vector<Receipt> receipts;
        receipts.reserve(slim_.size());
        auto bloom = blooms_.cbegin();
        for (Slim& one : slim_) {
            receipts.push_back(whole(one, bloom));
        }
        slim_ = std::vector<Slim>{};  // not {}, which keeps the memory
        blooms_ = std::vector<Bloom>{};
        return receipts;
    }

  private:
    struct Slim {
        TxType type;
        bool status;
        std::optional<Hash256> post_state;
        uint64_t cumulative_gas_used;
        std::vector<Log> logs;
    };
    /// With its logs, which it takes.
    static Receipt whole(Slim& slim, std::vector<Bloom>::const_iterator& bloom) {
        Receipt receipt;
        receipt.type = slim.type;
        receipt.status = slim.status;
        receipt.post_state = slim.post_state;
        receipt.cumulative_gas_used = slim.cumulative_gas_used;
        if (!slim.logs.empty()) {
            receipt.bloom = *bloom++;
            receipt.logs = std::move(slim.logs);
        }
        return receipt;
    }

    std::vector<Slim> slim_;
    std::vector<Bloom> blooms_;  // of those with logs
};

}  // namespace mega::stateless
