// The byte form of a StateDiff. Numbers are LEB128 varints (7 bits a byte, lowest first, no
// padding) or words: one length byte 0..32, then that many big-endian bytes without leading zeros.
//
//   version (1 byte, 0x01)
//   varint  number of accounts, each:
//           address (20) ‖ presence (1: bit 0 before, 1 after, 2 storage cleared, 3 after repeats
//           before) ‖ before? ‖ after?
//             account = varint nonce ‖ word balance ‖ has_code (1) ‖ code hash (32)?
//   varint  number of accounts with slots, each: address (20) ‖ varint number of slots (>= 1),
//   each:
//           word slot ‖ word before ‖ word after
//   varint  number of codes, each: varint size ‖ bytes                the hash is recomputed

#include "state/diff.hpp"

namespace mega::state {

namespace {

constexpr uint8_t version = 1;
constexpr uint8_t bit_before = 1;
constexpr uint8_t bit_after = 2;
constexpr uint8_t bit_cleared = 4;
constexpr uint8_t bit_same = 8;

// ----------------------------------------------------------------------------------------------------------
// writing

void write_varint(Bytes& out, uint64_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<uint8_t>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<uint8_t>(value));
}

void write_word(Bytes& out, const u256& value) {
    const unsigned length = value.byte_length();
    out.push_back(static_cast<uint8_t>(length));
    append(out, value.to_hash().view().subspan(32 - length));
}

void write_account(Bytes& out, const Account& account) {
    write_varint(out, account.nonce);
    write_word(out, account.balance);
    out.push_back(account.has_code() ? 1 : 0);
    if (account.has_code()) {
        append(out, account.code_hash);
    }
}

void write_change(Bytes& out, const AccountChange& change) {
    const bool is_same = change.before && change.before == change.after;
    append(out, change.address);
    out.push_back(static_cast<uint8_t>(
        (change.before ? bit_before : 0) | (change.after ? bit_after : 0) |
        (change.storage_cleared ? bit_cleared : 0) | (is_same ? bit_same : 0)
    ));
    if (change.before) {
        write_account(out, *change.before);
    }
    if (change.after && !is_same) {
        write_account(out, *change.after);
    }
}

/// One past the last slot of the account at `begin`.
size_t end_of_account(const std::vector<SlotChange>& slots, size_t begin) {
    size_t end = begin;
    while (end < slots.size() && slots[end].address == slots[begin].address) {
        ++end;
    }
    return end;
}

void write_slots(Bytes& out, const std::vector<SlotChange>& slots) {
    uint64_t groups = 0;
    for (size_t i = 0; i < slots.size(); i = end_of_account(slots, i)) {
        ++groups;
    }
    write_varint(out, groups);
    for (size_t i = 0; i < slots.size();) {
        const size_t end = end_of_account(slots, i);
        append(out, slots[i].address);
        write_varint(out, end - i);
        for (; i < end; ++i) {
            write_word(out, slots[i].slot);
            write_word(out, slots[i].before);
            write_word(out, slots[i].after);
        }
    }
}

// ----------------------------------------------------------------------------------------------------------
// reading

/// Reads hostile bytes. The first fault is kept; after it every read gives zeros.
class Reader {
  public:
    explicit Reader(BytesView rest) : rest_(rest) {}

    [[nodiscard]] bool is_good() const { return fault_ == nullptr; }
    [[nodiscard]] const char* fault() const { return fault_; }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    void fail(const char* fault) {
        if (fault_ == nullptr) {
            fault_ = fault;
            rest_ = {};
        }
    }

    BytesView bytes(uint64_t count) {
        if (count > rest_.size()) {
            fail("input too short");
            return {};
        }
        const BytesView taken = rest_.first(static_cast<size_t>(count));
        rest_ = rest_.subspan(static_cast<size_t>(count));
        return taken;
    }

    uint8_t byte() {
        const BytesView taken = bytes(1);
        return taken.empty() ? uint8_t{0} : taken[0];
    }

    template <size_t N>
    FixedBytes<N> fixed() {
        const BytesView taken = bytes(N);
        return taken.empty() ? FixedBytes<N>{} : FixedBytes<N>::from(taken);
    }

    uint64_t varint() {
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const uint8_t next = byte();
            if (shift == 63 && next > 1) {
                break;
            }
            value |= static_cast<uint64_t>(next & 0x7f) << shift;
            if (next < 0x80) {
                if (next == 0 && shift > 0) {
                    fail("padded varint");
                }
                return value;
            }
        }
        fail("varint above 64 bits");
        return 0;
    }

    /// How many entries follow; each takes at least `entry_bytes`, so that a count cannot exceed
    /// what is there.
    uint64_t count(size_t entry_bytes) {
        const uint64_t value = varint();
        if (value > rest_.size() / entry_bytes) {
            fail("count exceeds input");
            return 0;
        }
        return value;
    }

    u256 word() {
        const uint8_t length = byte();
        if (length > 32) {
            fail("word above 32 bytes");
            return {};
        }
        const BytesView taken = bytes(length);
        if (!taken.empty() && taken[0] == 0) {
            fail("padded word");
        }
        return u256::from_be(taken);
    }

  private:
    BytesView rest_;
    const char* fault_ = nullptr;
};

Account read_account(Reader& in) {
    Account account;
    account.nonce = in.varint();
    account.balance = in.word();
    const uint8_t has_code = in.byte();
    if (has_code > 1) {
        in.fail("bad code mark");
    } else if (has_code == 1) {
        account.code_hash = in.fixed<32>();
        if (!account.has_code()) {
            in.fail("code hash of empty code");
        }
    }
    return account;
}

AccountChange read_change(Reader& in) {
    AccountChange change;
    change.address = in.fixed<20>();
    const uint8_t presence = in.byte();
    const bool is_same = (presence & bit_same) != 0;
    constexpr uint8_t both = bit_before | bit_after;
    if (presence > 15 || (is_same && (presence & both) != both)) {
        in.fail("bad presence mark");
        return change;
    }
    if ((presence & bit_before) != 0) {
        change.before = read_account(in);
    }
    if ((presence & bit_after) != 0) {
        change.after = is_same ? change.before : read_account(in);
    }
    change.storage_cleared = (presence & bit_cleared) != 0;
    if (is_same != (change.before && change.before == change.after)) {
        in.fail("repeated account not marked as such");
    }
    return change;
}

void read_accounts(Reader& in, StateDiff& diff) {
    for (uint64_t n = in.count(21); n > 0 && in.is_good(); --n) {
        const AccountChange change = read_change(in);
        if (!diff.accounts.empty() && change.address <= diff.accounts.back().address) {
            in.fail("accounts out of order");
        }
        diff.accounts.push_back(change);
    }
}

void read_slots(Reader& in, StateDiff& diff) {
    for (uint64_t groups = in.count(24); groups > 0 && in.is_good(); --groups) {
        const auto address = in.fixed<20>();
        const uint64_t count = in.count(3);
        if (count == 0) {
            in.fail("account without slots");
        }
        if (!diff.slots.empty() && address <= diff.slots.back().address) {
            in.fail("accounts with slots out of order");
        }
        for (uint64_t n = count; n > 0 && in.is_good(); --n) {
            SlotChange change{address, in.word(), in.word(), in.word()};
            if (n < count && change.slot <= diff.slots.back().slot) {
                in.fail("slots out of order");
            }
            diff.slots.push_back(change);
        }
    }
}

void read_codes(Reader& in, StateDiff& diff) {
    for (uint64_t n = in.count(1); n > 0 && in.is_good(); --n) {
        const BytesView code = in.bytes(in.varint());
        if (code.empty()) {
            in.fail("empty code");
            return;
        }
        CodeAdded added{crypto::keccak256(code), std::make_shared<const evm::Code>(code)};
        if (!diff.codes.empty() && added.code_hash <= diff.codes.back().code_hash) {
            in.fail("codes out of order");
        }
        diff.codes.push_back(std::move(added));
    }
}

/// Accounts and slots are sorted: every slot has its account, and every entry says something.
const char* find_surplus(const StateDiff& diff) {
    size_t next = 0;
    for (const AccountChange& change : diff.accounts) {
        const size_t first = next;
        while (next < diff.slots.size() && diff.slots[next].address == change.address) {
            const SlotChange& slot = diff.slots[next++];
            const bool is_rewritten = change.storage_cleared && !slot.after.is_zero();
            if (slot.before == slot.after && !is_rewritten) {
                return "slot without change";
            }
        }
        if (change.before == change.after && !change.storage_cleared && first == next) {
            return "account without change";
        }
    }
    return next == diff.slots.size() ? nullptr : "slots without account";
}

}  // namespace

Bytes encode(const StateDiff& diff) {
    Bytes out{version};
    write_varint(out, diff.accounts.size());
    for (const AccountChange& change : diff.accounts) {
        write_change(out, change);
    }
    write_slots(out, diff.slots);
    write_varint(out, diff.codes.size());
    for (const CodeAdded& added : diff.codes) {
        write_varint(out, added.code->size());
        append(out, added.code->bytes());
    }
    return out;
}

Result<StateDiff> decode_diff(BytesView encoded) {
    Reader in{encoded};
    if (in.byte() != version) {
        in.fail("unknown version");
    }
    StateDiff diff;
    read_accounts(in, diff);
    read_slots(in, diff);
    read_codes(in, diff);
    if (in.is_good() && !in.at_end()) {
        in.fail("trailing bytes");
    }
    if (in.is_good()) {
        if (const char* surplus = find_surplus(diff)) {
            in.fail(surplus);
        }
    }
    if (!in.is_good()) {
        return Err{Error{std::string{"state diff: "} + in.fault()}};
    }
    return diff;
}

}  // namespace mega::state
