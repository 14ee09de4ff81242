#include "parallel/origins.hpp"

#include "evm/opcodes.hpp"

namespace mega::parallel {

namespace {

using evm::Opcode;
using evm::StepInfo;

/// The n-th word from the top.
const u256& operand(const StepInfo& step, size_t n) {
    return step.stack[step.stack.size() - 1 - n];
}

}  // namespace

void OriginTracker::begin(const Record& record) {
    record_ = &record;
    slots_.clear();
    words_.clear();
    pending_ = {};
    has_given_up_ = false;
}

void OriginTracker::end(Record& record) const {
    if (has_given_up_) {
        return;
    }
    for (const Slot& slot : slots_) {
        if (!slot.is_exact && slot.read < record.slot_reads.size() &&
            slot.range.least != slot.range.most) {
            record.slot_reads[slot.read].has_range = true;
            record.slot_reads[slot.read].range = slot.range;
        }
    }
}

void OriginTracker::on_step(const StepInfo& step) {
    using enum Opcode;
    if (has_given_up_) {
        return;
    }
    if (step.stack.size() < evm::stack_inputs(step.opcode)) {
        return give_up();  // reported before it faults
    }
    if (pending_.slot != none) {
        see_load_through(step);
    }
    const auto op = static_cast<Opcode>(step.opcode);
    if (op == SLOAD) {
        return load(step);
    }
    if (op == SSTORE) {
        return store(step);
    }
    if (op == CREATE || op == CREATE2 || op == SELFDESTRUCT) {
        return give_up();
    }
    if (words_.empty()) {
        return;
    }
    drop_words(step.depth + 1, 0);  // of frames that have ended
    if (op >= DUP1 && op <= DUP16) {
        return duplicate(step, step.opcode - static_cast<uint8_t>(DUP1));
    }
    if (op >= SWAP1 && op <= SWAP16) {
        return swap(step, step.opcode - static_cast<uint8_t>(SWAP1) + size_t{1});
    }
    if (op == ADD || op == SUB) {
        return add_or_subtract(step, op == SUB);
    }
    const size_t inputs = evm::stack_inputs(step.opcode);
    const size_t kept = step.stack.size() - inputs;
    if (op == LT || op == GT || op == EQ || op == ISZERO) {
        compare(step);
    } else if (op != POP) {
        for (const Word& word : words_) {
            if (word.depth == step.depth && word.position >= kept) {
                take(word);
            }
        }
    }
    drop_words(step.depth, kept);
}

// -----------------------------------------------------------------------------------------------
// slots

/// `none` where no more are followed.
uint8_t OriginTracker::slot_at(const Address& address, const u256& slot) {
    for (size_t i = 0; i < slots_.size(); ++i) {
        if (slots_[i].slot == slot && slots_[i].address == address) {
            return static_cast<uint8_t>(i);
        }
    }
    if (slots_.size() == max_slots) {
        return none;
    }
    Slot& added = slots_.emplace_back();
    added.address = address;
    added.slot = slot;
    return static_cast<uint8_t>(slots_.size() - 1);
}

void OriginTracker::load(const StepInfo& step) {
    const size_t position = step.stack.size() - 1;
    if (!words_.empty()) {
        drop_words(step.depth + 1, 0);
        take(word_at(step.depth, position));
        drop_words(step.depth, position);
    }
    pending_ = {slot_at(step.contract, step.stack.back()), step.depth, position};
}

void OriginTracker::see_load_through(const StepInfo& step) {
    const Load load = std::exchange(pending_, {});
    Slot& slot = slots_[load.slot];
    if (slot.is_exact || step.depth != load.depth || step.stack.size() != load.position + 1) {
        slot.is_exact = true;
        return;
    }
    if (slot.read == SIZE_MAX && !find_read(slot)) {
        slot.is_exact = true;  // nothing that was there before the transaction
        return;
    }
    add_word({load.depth, load.position, load.slot, step.stack.back() - slot.start});
}

bool OriginTracker::find_read(Slot& slot) const {
    for (size_t i = record_->slot_reads.size(); i-- > 0;) {
        const SlotRead& read = record_->slot_reads[i];
        if (read.location->key.slot == slot.slot && read.location->key.address == slot.address) {
            slot.read = i;
            slot.start = read.value;
            return true;
        }
    }
    return false;
}

void OriginTracker::store(const StepInfo& step) {
    drop_words(step.depth + 1, 0);
    const size_t kept = step.stack.size() - 2;
    take(word_at(step.depth, kept + 1));  // the key
    const uint8_t index = slot_at(step.contract, operand(step, 0));
    const Word* value = word_at(step.depth, kept);
    if (index != none) {
        Slot& slot = slots_[index];
        if (value != nullptr && value->slot == index && !slot.is_exact) {
            // Of the present value this is known since it was stored, or it is the original.
            keep_zero_side(slot, {});
            keep_zero_side(slot, value->offset);
            value = nullptr;
        } else {
            slot.is_exact = true;
        }
    }
    take(value);
    drop_words(step.depth, kept);
}

// -----------------------------------------------------------------------------------------------
// words

OriginTracker::Word* OriginTracker::word_at(uint32_t depth, size_t position) {
    for (Word& word : words_) {
        if (word.depth == depth && word.position == position) {
            return &word;
        }
    }
    return nullptr;
}

/// Each step looks through all words: who keeps many gets nothing for it.
void OriginTracker::add_word(const Word& word) {
    if (words_.size() == max_words) {
        give_up();
    } else {
        words_.push_back(word);
    }
}

/// Of this frame from that position on, and all of frames above it.
void OriginTracker::drop_words(uint32_t depth, size_t from_position) {
    std::erase_if(words_, [&](const Word& word) {
        return word.depth > depth || (word.depth == depth && word.position >= from_position);
    });
}

/// The word is used at its value.
void OriginTracker::take(const Word* word) {
    if (word != nullptr) {
        slots_[word->slot].is_exact = true;
    }
}
void OriginTracker::take(const Word& word) { slots_[word.slot].is_exact = true; }

void OriginTracker::add_or_subtract(const StepInfo& step, bool subtracts) {
    const size_t result = step.stack.size() - 2;
    const Word* a = word_at(step.depth, result + 1);
    const Word* b = word_at(step.depth, result);
    Word sum{step.depth, result, none, {}};
    if (a != nullptr && b == nullptr) {
        const u256& constant = operand(step, 1);
        sum.slot = a->slot;
        sum.offset = subtracts ? a->offset - constant : a->offset + constant;
    } else if (a == nullptr && b != nullptr && !subtracts) {
        sum.slot = b->slot;
        sum.offset = b->offset + operand(step, 0);
    } else if (!(subtracts && a != nullptr && b != nullptr && a->slot == b->slot)) {
        take(a);  // but the difference of two words of one slot is a constant
        take(b);
    }
    drop_words(step.depth, result);
    if (sum.slot != none) {
        add_word(sum);
    }
}

void OriginTracker::compare(const StepInfo& step) {
    using enum Opcode;
    const auto op = static_cast<Opcode>(step.opcode);
    const size_t top = step.stack.size() - 1;
    const Word* a = word_at(step.depth, top);
    if (op == ISZERO) {
        if (a != nullptr) {
            keep_zero_side(slots_[a->slot], a->offset);
        }
        return;
    }
    const Word* b = word_at(step.depth, top - 1);
    if (a != nullptr && b != nullptr) {
        if (a->slot != b->slot) {
            take(a);
            take(b);
        } else if (op != EQ) {
            // Between the points where one of them wraps their order is that of the offsets.
            keep_side(slots_[a->slot], -a->offset);
            keep_side(slots_[b->slot], -b->offset);
        }
        return;
    }
    const Word* word = a != nullptr ? a : b;
    if (word == nullptr) {
        return;
    }
    const u256& constant = operand(step, a != nullptr ? 1 : 0);
    Slot& slot = slots_[word->slot];
    if (op == EQ) {
        keep_zero_side(slot, word->offset - constant);
        return;
    }
    // `word < constant` turns where the word wraps and where it reaches the constant; `word >
    // constant` one later.
    const bool is_below = (op == LT) == (a != nullptr);
    keep_side(slot, -word->offset);
    keep_side(slot, (is_below ? constant : constant + u256{1}) - word->offset);
}

void OriginTracker::duplicate(const StepInfo& step, size_t from_top) {
    const size_t size = step.stack.size();
    if (const Word* found = word_at(step.depth, size - 1 - from_top)) {
        Word copy = *found;
        copy.position = size;
        add_word(copy);
    }
}

void OriginTracker::swap(const StepInfo& step, size_t from_top) {
    const size_t top = step.stack.size() - 1;
    Word* a = word_at(step.depth, top);
    Word* b = word_at(step.depth, top - from_top);
    if (a != nullptr) {
        a->position = top - from_top;
    }
    if (b != nullptr) {
        b->position = top;
    }
}

// -----------------------------------------------------------------------------------------------
// ranges

void OriginTracker::keep_side(Slot& slot, const u256& border) {
    if (slot.start >= border) {
        slot.range.least = std::max(slot.range.least, border);
    } else {
        slot.range.most = std::min(slot.range.most, border - u256{1});
    }
}

/// Whether `start + offset` is zero.
void OriginTracker::keep_zero_side(Slot& slot, const u256& offset) {
    keep_side(slot, -offset);
    keep_side(slot, u256{1} - offset);
}

}  // namespace mega::parallel
