#include "parallel/preimages.hpp"

#include <cstring>
#include <optional>
#include <utility>

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

std::optional<Word> key_word(const SignedTransaction& tx, uint8_t key) {
    return key == PreimageRule::sender ? word_of(tx.sender) : input_word(tx.tx, key);
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

evm::HashCache::Words join(const Word& first, const Hash256& second) {
    evm::HashCache::Words words;
    auto* bytes = reinterpret_cast<uint8_t*>(words.data());
    std::memcpy(bytes, first.data(), word_size);
    std::memcpy(bytes + word_size, second.data(), word_size);
    return words;
}

}  // namespace

// -----------------------------------------------------------------------------------------------
// learning

void PreimageRules::learn(
    const SignedTransaction& tx, std::span<const evm::HashCache::Hashed> hashed
) {
    constexpr size_t most_hashed = 16;
    if (++executions_ == remembered_executions) {
        fade();
    }
    std::array<uint8_t, most_hashed> rule_of;
    rule_of.fill(PreimageRule::none);
    const size_t count = std::min(hashed.size(), most_hashed);
    for (size_t i = 0; i < count; ++i) {
        const auto end = hashed.begin() + i;
        if (std::find_if(hashed.begin(), end, [&](const auto& other) {
                return other.words == hashed[i].words;
            }) != end) {
            continue;  // counted already
        }
        Word key;
        PreimageRule rule;
        split(hashed[i].words, key, rule.slot);
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
    rules_[least] = {rule, 1};
    return static_cast<uint8_t>(least);
}

void PreimageRules::fade() {
    executions_ /= 2;
    for (Counted& counted : rules_) {
        counted.hits /= 2;
    }
}

HashForecast PreimageRules::forecast() const {
    HashForecast forecast;
    for (size_t i = 0; i < rules_.size(); ++i) {
        forecast.rules[i] = rules_[i].rule;
        forecast.holds[i] = executions_ >= 2 && 2 * rules_[i].hits > executions_;
    }
    return forecast;
}

// -----------------------------------------------------------------------------------------------
// hashing ahead

void HashAhead::add(const SignedTransaction& tx, const HashForecast* forecast) {
    MEGA_ASSERT(count_ < most);
    Call& call = calls_[count_++];
    call.tx = &tx;
    call.forecast = forecast;
    call.is_known.fill(false);
}

void HashAhead::run(const evm::HashCache& cache) {
    constexpr int deepest = 2;  // a mapping in a mapping
    for (int depth = 0; depth < deepest; ++depth) {
        for (Call& call : std::span{calls_}.first(count_)) {
            if (call.forecast != nullptr) {
                gather(cache, call);
            }
        }
        hash_gathered();
    }
}

void HashAhead::gather(const evm::HashCache& cache, Call& call) {
    const HashForecast& forecast = *call.forecast;
    const auto was_known = call.is_known;
    for (size_t i = 0; i < forecast.rules.size(); ++i) {
        const PreimageRule& rule = forecast.rules[i];
        const bool is_inner = rule.outer != PreimageRule::none;
        if (!forecast.holds[i] || was_known[i] || (is_inner && !was_known[rule.outer])) {
            continue;
        }
        const auto key = key_word(*call.tx, rule.key);
        if (!key) {
            continue;
        }
        Hashed& hashed = call.hashed[i];
        hashed.words = join(*key, is_inner ? call.hashed[rule.outer].hash : rule.slot);
        call.is_known[i] = true;
        if (const Hash256* known = cache.find(hashed.words)) {
            hashed.hash = *known;
        } else {
            wanted_[wanted_count_++] = &hashed;
        }
    }
}

void HashAhead::hash_gathered() {
    std::array<BytesView, most * HashForecast::most_rules> inputs;
    std::array<Hash256, most * HashForecast::most_rules> hashes;
    const size_t count = std::exchange(wanted_count_, 0);
    for (size_t i = 0; i < count; ++i) {
        inputs[i] = evm::HashCache::as_view(wanted_[i]->words);
    }
    crypto::keccak256_many(std::span{inputs}.first(count), std::span{hashes}.first(count));
    for (size_t i = 0; i < count; ++i) {
        wanted_[i]->hash = hashes[i];
    }
}

void HashAhead::give(size_t index, evm::HashCache& cache) const {
    const Call& call = calls_[index];
    for (size_t i = 0; i < call.hashed.size(); ++i) {
        if (call.is_known[i]) {
            cache.put(call.hashed[i]);
        }
    }
}

}  // namespace mega::parallel
