#pragma once

// What the transactions of a block asked of the state that the block started from: enough to make
// the block's witness without executing it again. Noting costs an append; repeats stay in, and
// whoever makes a witness sorts them out (witness::AccessSet).
//
// What the block itself made is not of the state before, and is left out: codes after the
// transaction that brought them, slots of an account after its storage was dropped. absorb() says
// so, after each transaction, in order.
//
// Not thread-safe.

#include "state/diff.hpp"

#include <unordered_set>

namespace mega::state {

class AccessLog {
  public:
    struct Slot {
        Address address;
        u256 slot;
        friend bool operator==(const Slot&, const Slot&) = default;
    };

    void note_account(const Address& address) { accounts_.push_back(address); }
    void note_slot(const Address& address, const u256& slot) {
        if (!cleared_.empty() && cleared_.contains(address)) {
            note_account(address);
            return;
        }
        slots_.push_back({address, slot});
    }
    void note_code(const Hash256& code_hash);
    void note_block_hash(uint64_t number);

    /// Where the log stands, to come back to when a transaction is refused: what it asked for is
    /// not needed then. Nothing may be absorbed in between.
    struct Mark {
        size_t accounts = 0;
        size_t slots = 0;
        size_t codes = 0;
        std::optional<uint64_t> lowest_block_hash;
    };
    [[nodiscard]] Mark mark() const {
        return {accounts_.size(), slots_.size(), codes_.size(), lowest_block_hash_};
    }
    void return_to(const Mark& mark);

    /// A transaction has changed this.
    void absorb(const StateDiff& diff);

    [[nodiscard]] const std::vector<Address>& accounts() const { return accounts_; }
    /// Their accounts were asked for, too, and are not in accounts() for that.
    [[nodiscard]] const std::vector<Slot>& slots() const { return slots_; }
    /// No repeats.
    [[nodiscard]] const std::vector<Hash256>& codes() const { return codes_; }
    /// The oldest block whose hash was asked for.
    [[nodiscard]] std::optional<uint64_t> lowest_block_hash() const { return lowest_block_hash_; }
    [[nodiscard]] size_t size_bytes() const;
    void shrink();

  private:
    std::vector<Address> accounts_;
    std::vector<Slot> slots_;
    std::vector<Hash256> codes_;
    std::unordered_set<Hash256> known_codes_;  // noted or absorbed
    std::unordered_set<Address> cleared_;
    std::optional<uint64_t> lowest_block_hash_;
};

}  // namespace mega::state
