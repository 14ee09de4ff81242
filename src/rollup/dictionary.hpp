#pragma once

// Values that a batch uses again and again. Uses are collected in order; values used at least twice
// make up the table, most used first, equals by value; each use then becomes a reference:
//
//   0 for a value that is used once, k + 1 for entry k of the table
//
// Sorted rather than hashed, so that no input makes it slow: by 64 bits of the values, and by whole
// values only where those bits are equal.

#include "base/assert.hpp"
#include "base/bytes.hpp"

#include <algorithm>
#include <vector>

namespace mega::rollup {

template <class Value>
class Dictionary {
  public:
    /// `key` is any function of the value.
    void use(const Value& value, uint64_t key) {
        order_.push_back({key, static_cast<uint32_t>(uses_.size())});
        uses_.push_back(value);
    }

    /// All uses are known.
    void build() {
        std::sort(order_.begin(), order_.end(), [](const Use& a, const Use& b) {
            return a.key != b.key ? a.key < b.key : a.index < b.index;
        });
        std::vector<Run> runs;
        for (size_t first = 0; first < order_.size();) {
            size_t end = first + 1;
            while (end < order_.size() && order_[end].key == order_[first].key) {
                ++end;
            }
            if (end - first > 1) {
                split(first, end, runs);
            }
            first = end;
        }
        std::sort(runs.begin(), runs.end(), [this](const Run& a, const Run& b) {
            return a.count != b.count ? a.count > b.count : value_at(a.first) < value_at(b.first);
        });
        references_.assign(uses_.size(), 0);
        for (uint32_t k = 0; k < runs.size(); ++k) {
            table_.push_back(value_at(runs[k].first));
            for (size_t i = 0; i < runs[k].count; ++i) {
                references_[order_[runs[k].first + i].index] = k + 1;
            }
        }
    }

    [[nodiscard]] const std::vector<Value>& table() const { return table_; }
    /// Of the next use, in the order in which they were collected.
    [[nodiscard]] uint32_t next_reference() {
        MEGA_ASSERT(next_ < references_.size());
        return references_[next_++];
    }

  private:
    struct Use {
        uint64_t key;
        uint32_t index;
    };
    struct Run {
        size_t first = 0;  // in order_
        size_t count = 0;
    };

    [[nodiscard]] const Value& value_at(size_t position) const {
        return uses_[order_[position].index];
    }

    /// The runs of equal values among uses of equal keys, which are mostly one.
    void split(size_t first, size_t end, std::vector<Run>& runs) {
        bool is_one = true;
        for (size_t i = first + 1; i < end && is_one; ++i) {
            is_one = value_at(i) == value_at(first);
        }
        if (!is_one) {
            std::sort(
                order_.begin() + static_cast<std::ptrdiff_t>(first),
                order_.begin() + static_cast<std::ptrdiff_t>(end),
                [this](const Use& a, const Use& b) { return uses_[a.index] < uses_[b.index]; }
            );
        }
        while (first < end) {
            size_t next = first + 1;
            while (next < end && value_at(next) == value_at(first)) {
                ++next;
            }
            if (next - first > 1) {
                runs.push_back({first, next - first});
            }
            first = next;
        }
    }

    std::vector<Value> uses_;
    std::vector<Use> order_;
    std::vector<Value> table_;
    std::vector<uint32_t> references_;
    size_t next_ = 0;
};

}  // namespace mega::rollup
