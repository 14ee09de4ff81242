#include "parallel/preimages.hpp"

#include <cstring>

namespace mega::parallel {

namespace {

constexpr size_t word_size = 32;
constexpr size_t selector_size = 4;
constexpr size_t most_input_words = 16;  // that are compared with a key
constexpr uint32_t remembered_executions = 64;

using Word = std::array<uint8_t, word_size>;

std::optional<Word> input_word(const Transaction& tx, size_t number) {
    const size_t begin = selector_size + number * word_size;
    if (begin + word_size > tx.data.size()) {
        return std::nullopt;
    }
    Word word;
    std::memcpy(word.data(), tx.data.data() + begin, word_size);
    return word;
}

Word word_of(const Address& address) {
    Word word{};
    std::memcpy(
        word.data() + word_size - address.view().size(), address.data(), address.view().size()
    );
    return word;
}

/// The sender or the word of the input that this is.
std::optional<uint8_t> key_of(const SignedTransaction& tx, const Word& word) {
    if (word == word_of(tx.sender)) {
        return PreimageRule::sender;
    }
    for (size_t i = 0; i < most_input_words; ++i) {
        const auto input = input_word(tx.tx, i);
        if (!input) {
            break;
        }
        if (*input == word) {
            return static_cast<uint8_t>(i);
        }
    }
    return std::nullopt;
}

void split(const evm::HashCache::Words& words, Word& first, Hash256& second) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(words.data());
    std::memcpy(first.data(), bytes, word_size);
    std::memcpy(second.data(), bytes + word_size, word_size);
}

}  // namespace

std::optional<evm::HashCache::Words> preimage_by(
    const PreimageRule& rule, const SignedTransaction& tx, const Hash256& second
) {
    const auto first = rule.key == PreimageRule::sender ? std::optional{word_of(tx.sender)}
                                                        : input_word(tx.tx, rule.key);
    if (!first) {
        return std::nullopt;
    }
    evm::HashCache::Words words;
    auto* bytes = reinterpret_cast<uint8_t*>(words.data());
    std::memcpy(bytes, first->data(), word_size);
    std::memcpy(bytes + word_size, second.data(), word_size);
    return words;
}

// -----------------------------------------------------------------------------------------------
// learning

void PreimageRules::learn(
    const SignedTransaction& tx,
    std::span<const evm::HashCache::Hashed> hashed,
    std::span<const SlotKey> slots
) {
    constexpr size_t most_hashed = 16;
    if (++executions_ == remembered_executions) {
        fade();
    }
    std::array<uint8_t, most_hashed> rule_of;
    rule_of.fill(PreimageRule::none);
    const size_t count = std::min(hashed.size(), most_hashed);
    for (size_t i = 0; i < count; ++i) {
        const auto before = hashed.first(i);
        const auto& words = hashed[i].words;
        if (std::ranges::find(before, words, &evm::HashCache::Hashed::words) != before.end()) {
            continue;  // counted already
        }
        Word key;
        PreimageRule rule;
        split(words, key, rule.slot);
        const auto number = key_of(tx, key);
        if (!number) {
            continue;
        }
        rule.key = *number;
        for (size_t outer = 0; outer < i; ++outer) {
            if (hashed[outer].hash == rule.slot && rule_of[outer] != PreimageRule::none) {
                rule.outer = rule_of[outer];
                rule.slot = {};
                break;
            }
        }
        rule_of[i] = note(rule);
        const auto place = std::ranges::find(slots, to_u256(hashed[i].hash), &SlotKey::slot);
        if (rule_of[i] != PreimageRule::none && place != slots.end()) {
            note_contract(rules_[rule_of[i]], place->address);
        }
    }
}

/// Its number; none where there is no room.
uint8_t PreimageRules::note(const PreimageRule& rule) {
    size_t least = 0;
    for (size_t i = 0; i < rules_.size(); ++i) {
        if (rules_[i].hits != 0 && rules_[i].rule == rule) {
            ++rules_[i].hits;
            return static_cast<uint8_t>(i);
        }
        least = rules_[i].hits < rules_[least].hits ? i : least;
    }
    if (rules_[least].hits > 1) {
        --rules_[least].hits;
        return PreimageRule::none;
    }
    rules_[least] = {.rule = rule, .hits = 1, .contract = {}, .contracts = 0};
    return static_cast<uint8_t>(least);
}

void PreimageRules::note_contract(Counted& counted, const Address& contract) {
    if (counted.contracts == 0) {
        counted.contract = contract;
    }
    counted.contracts += counted.contract == contract ? 1 : -1;
}

void PreimageRules::fade() {
    executions_ /= 2;
    for (Counted& counted : rules_) {
        counted.hits /= 2;
        counted.contracts /= 2;
    }
}

HashForecast PreimageRules::forecast() const {
    HashForecast forecast;
    for (size_t i = 0; i < rules_.size(); ++i) {
        forecast.rules[i] = rules_[i].rule;
        forecast.holds[i] = executions_ >= 2 && 2 * rules_[i].hits > executions_;
        if (4 * rules_[i].contracts > rules_[i].hits) {
            forecast.contracts[i] = rules_[i].contract;
        }
    }
    return forecast;
}

}  // namespace mega::parallel
