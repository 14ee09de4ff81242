#pragma once

// What an execution looked at in the state it started from: accounts, slots, codes, block hashes.
// Keys alone matter; values are the tree's business.
//
// It must hold every account and slot that the sequential execution of the block asks its view for,
// those that turn out not to exist too. What the block itself made (code it deployed, storage it
// cleared) is not part of the state before: absorb() says what that is, and later looks at it are
// not noted. A set that holds more gives a larger witness, one that holds less a witness that does
// not validate.
//
// Not thread-safe. Noting a key again costs a table look-up and allocates nothing.

#include "state/diff.hpp"
#include "state/hash.hpp"
#include "state/index_table.hpp"

#include <optional>
#include <unordered_set>
#include <vector>

namespace mega::witness {

/// A code as its readers name it. `code` is null where only the hash is known.
struct WitnessCode {
    Hash256 hash;
    evm::CodePtr code;
    friend bool operator==(const WitnessCode& a, const WitnessCode& b) { return a.hash == b.hash; }
};

/// One account with the slots of it, as lists of them are sorted: by address, by slot.
struct AccountKeys {
    Address address;
    std::vector<u256> slots;
    friend bool operator==(const AccountKeys&, const AccountKeys&) = default;
};

class AccessSet {
  public:
    AccessSet() : hash_(state::SeededHash::from_place(this)) {}

    void note_account(const Address& address) { static_cast<void>(account_index(address)); }
    /// Notes the account as well.
    void note_slot(const Address& address, const u256& slot);
    void note_code(const Hash256& code_hash, const evm::CodePtr& code);
    void note_block_hash(uint64_t number);

    /// Where the set stands, to come back to when a transaction is refused: what it looked at is
    /// not needed then. Nothing may be absorbed or cleared in between.
    struct Mark {
        size_t accounts = 0;
        size_t slots = 0;
        size_t codes = 0;
        std::optional<uint64_t> lowest_block_hash;
    };
    [[nodiscard]] Mark mark() const {
        return {accounts_.size(), slots_.size(), codes_.size(), lowest_block_hash_};
    }
    /// Takes as long as noting all that stays.
    void return_to(const Mark& mark);

    /// The state that is looked at has taken this: what it brought is not of the state before.
    void absorb(const state::StateDiff& diff);
    /// What came after: noted where nothing absorbed covers it. Its own absorbed diffs are not
    /// taken over.
    void add(const AccessSet& later);
    void clear();

    [[nodiscard]] bool is_empty() const {
        return accounts_.empty() && codes_.empty() && !lowest_block_hash_;
    }
    /// Sorted, no repeats.
    [[nodiscard]] std::vector<AccountKeys> keys() const;
    /// By hash, no repeats.
    [[nodiscard]] std::vector<WitnessCode> codes() const;
    /// The oldest block whose hash was asked for.
    [[nodiscard]] std::optional<uint64_t> lowest_block_hash() const { return lowest_block_hash_; }

  private:
    struct AccountEntry {
        Address address;
        bool is_cleared = false;
    };
    struct SlotEntry {
        uint32_t account = 0;
        u256 slot;
    };

    [[nodiscard]] uint32_t account_index(const Address& address);

    state::SeededHash hash_;
    std::vector<AccountEntry> accounts_;
    std::vector<SlotEntry> slots_;
    std::vector<WitnessCode> codes_;
    state::IndexTable account_table_;
    state::IndexTable slot_table_;
    std::unordered_set<Hash256> known_codes_;  // noted or absorbed
    uint32_t last_account_ = state::IndexTable::none;
    std::optional<uint64_t> lowest_block_hash_;
};

}  // namespace mega::witness
