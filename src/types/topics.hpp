#pragma once

// The topics of a log: at most four (LOG0 to LOG4), in the log itself, so that a log with data
// takes one piece of memory and not two.

#include "base/assert.hpp"
#include "base/bytes.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace mega {

class Topics {
  public:
    static constexpr size_t most = 4;

    Topics() = default;
    /// No more than `most`, as in push_back.
    Topics(std::initializer_list<Hash256> topics) {
        for (const Hash256& topic : topics) {
            push_back(topic);
        }
    }

    void push_back(const Hash256& topic) { emplace_back() = topic; }
    /// A zero at the end.
    Hash256& emplace_back() {
        MEGA_ASSERT(size_ < most);
        topics_[size_] = {};
        return topics_[size_++];
    }
    void pop_back() {
        MEGA_ASSERT(size_ > 0);
        --size_;
    }

    [[nodiscard]] size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] const Hash256& operator[](size_t index) const { return topics_[index]; }
    [[nodiscard]] Hash256& operator[](size_t index) { return topics_[index]; }
    [[nodiscard]] const Hash256* begin() const { return topics_.data(); }
    [[nodiscard]] const Hash256* end() const { return topics_.data() + size_; }
    [[nodiscard]] Hash256& back() { return topics_[size_ - 1]; }

    friend bool operator==(const Topics& a, const Topics& b) { return std::ranges::equal(a, b); }

  private:
    std::array<Hash256, most> topics_;
    uint8_t size_ = 0;
};

}  // namespace mega
