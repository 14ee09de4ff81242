#pragma once

// Transactions in a row, seen from outside: either they lie side by side, or they are pointed at.
// Neither is owned.

#include "types/transaction.hpp"

#include <span>
#include <vector>

namespace mega::parallel {

class TransactionSpan {
  public:
    TransactionSpan() = default;
    // Both convert by themselves, as a span does.
    // NOLINTBEGIN(google-explicit-constructor)
    TransactionSpan(std::span<const SignedTransaction> in_a_row)
        : in_a_row_(in_a_row.data()), size_(in_a_row.size()) {}
    TransactionSpan(const std::vector<SignedTransaction>& in_a_row)
        : TransactionSpan(std::span{in_a_row}) {}
    TransactionSpan(std::span<const SignedTransaction* const> pointed_at)
        : pointed_at_(pointed_at.data()), size_(pointed_at.size()) {}
    // NOLINTEND(google-explicit-constructor)

    [[nodiscard]] size_t size() const { return size_; }
    [[nodiscard]] const SignedTransaction& operator[](size_t index) const {
        return pointed_at_ != nullptr ? *pointed_at_[index] : in_a_row_[index];
    }
    [[nodiscard]] TransactionSpan subspan(size_t first, size_t count) const {
        TransactionSpan part = *this;
        part.in_a_row_ = in_a_row_ != nullptr ? in_a_row_ + first : nullptr;
        part.pointed_at_ = pointed_at_ != nullptr ? pointed_at_ + first : nullptr;
        part.size_ = count;
        return part;
    }

  private:
    const SignedTransaction* in_a_row_ = nullptr;
    const SignedTransaction* const* pointed_at_ = nullptr;
    size_t size_ = 0;
};

}  // namespace mega::parallel
