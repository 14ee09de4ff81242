#pragma once

// Contract codes that were part of verified blocks, so that they need not travel again. Bounded by
// bytes; what was used longest ago goes first.

#include "witness/witness.hpp"

#include <list>
#include <unordered_map>

namespace mega::attestation {

class CodeCache {
  public:
    /// At most `max_codes` entries, which a request names one by one.
    explicit CodeCache(size_t max_bytes, size_t max_codes = 1024)
        : max_bytes_(max_bytes), max_codes_(max_codes) {}

    /// The codes that are there, in no particular order.
    [[nodiscard]] std::vector<Hash256> hashes() const;
    /// Puts codes in place of the null ones of a witness, as far as they are known; returns those.
    std::vector<witness::WitnessCode> fill(witness::Witness& witness);
    /// Keeps the codes of a block that was verified.
    void keep(const witness::Witness& witness);

    [[nodiscard]] size_t size_bytes() const { return bytes_; }

  private:
    using Order = std::list<witness::WitnessCode>;

    size_t max_bytes_;
    size_t max_codes_;
    size_t bytes_ = 0;
    Order order_;  // the last used first
    std::unordered_map<Hash256, Order::iterator> places_;
};

}  // namespace mega::attestation
