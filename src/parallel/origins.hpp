#pragma once

// Proves of an execution that it would have been the same for other values of the slots it loaded,
// by following where the words of the stack come from. A balance that is compared, added to and
// stored back is such a slot: what the execution did is then a change of the slot, not a value, and
// two executions that change one slot do not disturb each other.
//
//   SLOAD slot          a word whose origin is `start + 0`, start being the slot's value before the
//                       transaction
//   ADD, SUB constant   start + k
//   LT, GT, EQ, ISZERO  a constant, under the starts for which it comes out the same: a range
//   SSTORE slot         start + k in the slot it came from: a change by k, under the starts for
//                       which gas and refund come out the same (which of the original, the present
//                       and the new value are zero)
//   DUP, SWAP, POP      move or drop origins
//   anything else       takes the word at its value: the slot is exact, as without this class
//
// A slot whose word was taken anywhere else, and one that is given a value of another origin, is
// exact. So is everything once an instruction faults, an account is created or destroyed, or too
// many words have origins at a time. Words in memory never have one: MSTORE takes them at their
// value.
//
// Costs a call an instruction: for executions that are foreseen to meet at a slot (profiles.hpp),
// and for those that have met.

#include "evm/tracer.hpp"
#include "parallel/record.hpp"

namespace mega::parallel {

class OriginTracker final : public evm::Tracer {
  public:
    /// Before an execution; its loads appear in `record` while it goes on.
    void begin(const Record& record);
    /// After it: gives the slot reads of `record` the ranges that were found.
    void end(Record& record) const;

    void on_step(const evm::StepInfo& step) override;
    void on_fault(const evm::StepInfo& /*step*/, evm::Status /*status*/) override { give_up(); }

  private:
    static constexpr uint8_t none = UINT8_MAX;
    static constexpr size_t max_slots = 16;  // more are exact
    static constexpr size_t max_words = 32;  // at a time; with more all is exact

    struct Slot {
        Address address;
        u256 slot;
        size_t read = SIZE_MAX;  // in Record::slot_reads, once a load has been seen through
        u256 start;
        SlotRange range;
        bool is_exact = false;
    };
    /// A word on a stack that is `start + offset` of a slot.
    struct Word {
        uint32_t depth = 0;
        size_t position = 0;  // from the bottom of its frame's stack
        uint8_t slot = none;
        u256 offset;
    };
    /// A load whose result the next step shows.
    struct Load {
        uint8_t slot = none;
        uint32_t depth = 0;
        size_t position = 0;
    };

    void give_up() { has_given_up_ = true; }
    [[nodiscard]] uint8_t slot_at(const Address& address, const u256& slot);
    void see_load_through(const evm::StepInfo& step);
    [[nodiscard]] bool find_read(Slot& slot) const;
    [[nodiscard]] Word* word_at(uint32_t depth, size_t position);
    void add_word(const Word& word);
    void drop_words(uint32_t depth, size_t from_position);
    void take(const Word* word);
    void take(const Word& word);

    void load(const evm::StepInfo& step);
    void store(const evm::StepInfo& step);
    void add_or_subtract(const evm::StepInfo& step, bool subtracts);
    void compare(const evm::StepInfo& step);
    void duplicate(const evm::StepInfo& step, size_t from_top);
    void swap(const evm::StepInfo& step, size_t from_top);

    /// The outcome changes where `start` passes `border`: keeps to the side it is on.
    static void keep_side(Slot& slot, const u256& border);
    static void keep_zero_side(Slot& slot, const u256& offset);

    const Record* record_ = nullptr;
    std::vector<Slot> slots_;
    std::vector<Word> words_;  // few: those with an origin, in no order
    Load pending_;
    bool has_given_up_ = false;
};

}  // namespace mega::parallel
