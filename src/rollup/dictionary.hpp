#pragma once

// Values that a batch uses again and again. Uses are collected in order; values used at least twice
// make up the table, most used first, equals by value; each use then becomes a reference:
//
//   0 for a value that is used once, k + 1 for entry k of the table
//
// Sorting rather than hashing: no input makes it slow.

#include "base/assert.hpp"
#include "base/bytes.hpp"

#include <algorithm>
#include <vector>

namespace mega::rollup {

template <class Value>
class Dictionary {
  public:
    void use(const Value& value) { uses_.push_back(value); }

    /// All uses are known.
    void build() {
        std::vector<uint32_t> order(uses_.size());
        for (uint32_t i = 0; i < order.size(); ++i) {
            order[i] = i;
        }
        std::sort(order.begin(), order.end(), [this](uint32_t a, uint32_t b) {
            return uses_[a] < uses_[b];
        });
        find_runs(order);
        std::sort(runs_.begin(), runs_.end(), [this, &order](const Run& a, const Run& b) {
            return a.count != b.count ? a.count > b.count
                                      : uses_[order[a.first]] < uses_[order[b.first]];
        });
        references_.assign(uses_.size(), 0);
        for (uint32_t k = 0; k < runs_.size(); ++k) {
            table_.push_back(uses_[order[runs_[k].first]]);
            for (uint32_t i = 0; i < runs_[k].count; ++i) {
                references_[order[runs_[k].first + i]] = k + 1;
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
    struct Run {
        uint32_t first = 0;  // in the sorted order
        uint32_t count = 0;
    };

    void find_runs(const std::vector<uint32_t>& order) {
        for (uint32_t first = 0; first < order.size();) {
            uint32_t end = first + 1;
            while (end < order.size() && uses_[order[end]] == uses_[order[first]]) {
                ++end;
            }
            if (end - first > 1) {
                runs_.push_back({first, end - first});
            }
            first = end;
        }
    }

    std::vector<Value> uses_;
    std::vector<Run> runs_;
    std::vector<Value> table_;
    std::vector<uint32_t> references_;
    size_t next_ = 0;
};

}  // namespace mega::rollup
