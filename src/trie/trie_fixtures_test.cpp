// TrieTests of ethereum/tests: from scratch (all files but trietestnextprev.json,
// which tests an iterator, and there is none here), and one by one with deletions through the
// updater (the secure ones, whose keys have the 32 bytes that trees in memory are made for).

#include "base/fixtures_test.hpp"
#include "crypto/keccak.hpp"
#include "trie/hasher.hpp"
#include "trie/ordered_root.hpp"
#include "trie/update.hpp"
#include "types/block.hpp"

#include <nlohmann/json.hpp>

#include <gtest/gtest.h>

#include <map>

namespace mega::trie {

namespace {

struct Step {
    Bytes key;
    Bytes value;  // empty deletes
};

struct Case {
    std::string name;
    std::vector<Step> steps;
    Hash256 root;
    bool any_order = false;
};

Bytes bytes_of(const nlohmann::json& text) {
    if (text.is_null()) {
        return {};
    }
    const auto& string = text.get_ref<const std::string&>();
    return string.starts_with("0x") ? *from_hex(string) : to_bytes(as_bytes(string));
}

std::vector<Case> cases_of(const std::filesystem::path& file) {
    std::ifstream stream(file);
    const auto json = nlohmann::json::parse(stream);
    std::vector<Case> cases;
    for (const auto& [name, test] : json.items()) {
        Case entry{name, {}, *fixed_from_hex<32>(test.at("root").get<std::string>()), false};
        if (test.at("in").is_array()) {
            for (const auto& pair : test.at("in")) {
                entry.steps.push_back({bytes_of(pair.at(0)), bytes_of(pair.at(1))});
            }
        } else {
            entry.any_order = true;
            for (const auto& [key, value] : test.at("in").items()) {
                entry.steps.push_back({bytes_of(key), bytes_of(value)});
            }
        }
        cases.push_back(std::move(entry));
    }
    return cases;
}

Bytes trie_key(const Bytes& key, bool is_secure) {
    return is_secure ? to_bytes(crypto::keccak256(key)) : key;
}

Hash256 root_from_scratch(const Case& test, bool is_secure) {
    std::map<Bytes, Bytes> pairs;
    for (const Step& step : test.steps) {
        if (step.value.empty()) {
            pairs.erase(trie_key(step.key, is_secure));
        } else {
            pairs[trie_key(step.key, is_secure)] = step.value;
        }
    }
    return root_of({pairs.begin(), pairs.end()});
}

class NoNodes : public NodeSource {
  public:
    [[nodiscard]] std::optional<Bytes> load(
        const TreeId& /*tree*/, BytesView /*path*/, const Hash256& /*hash*/
    ) const override {
        return std::nullopt;
    }
};

/// A trie whose leaves hold any bytes: the values of these tests are neither accounts nor slots.
class PlainTrie {
  public:
    void apply(std::span<const Step> steps) {
        std::map<Hash256, BytesView> sorted;
        for (const Step& step : steps) {
            sorted[crypto::keccak256(step.key)] = step.value;
        }
        std::vector<LeafUpdate> updates;
        for (const auto& [key, value] : sorted) {
            updates.push_back({.key = &key, .is_deletion = value.empty(), .value = value});
        }
        const NoNodes source;
        ASSERT_TRUE(Resolver(arena_, source, trie_).resolve(updates));
        RemovedNodes removed;
        trie_.top = Updater(arena_, trie_, removed).update(updates);
    }
    [[nodiscard]] Hash256 root() {
        const std::array tops{trie_.top};
        Hasher(arena_).hash(tops);
        return root_at(arena_, trie_.top);
    }

  private:
    NodeArena arena_;
    Trie trie_{Hash256{}, NodeKind::slot_leaf, make_top(arena_, empty_trie_root)};
};

void check_incrementally(const Case& test) {
    for (const size_t step : {size_t{1}, size_t{3}, test.steps.size()}) {
        PlainTrie trie;
        for (size_t i = 0; i < test.steps.size(); i += step) {
            trie.apply(std::span(test.steps).subspan(i, std::min(step, test.steps.size() - i)));
            if (i % 2 == 0) {
                static_cast<void>(trie.root());
            }
        }
        EXPECT_EQ(trie.root(), test.root) << test.name << " by " << step;
    }
}

void check_file(const char* name, bool is_secure, size_t expected_cases) {
    const auto file =
        fixtures_root().value_or("") / "misc_tests/ethereum_tests_develop/TrieTests" / name;
    if (!std::filesystem::exists(file)) {
        GTEST_SKIP() << fixtures_missing("TrieTests/" + std::string(name));
    }
    const auto cases = cases_of(file);
    EXPECT_EQ(cases.size(), expected_cases);
    for (const Case& test : cases) {
        EXPECT_EQ(root_from_scratch(test, is_secure), test.root) << test.name;
        if (is_secure) {
            check_incrementally(test);
        }
    }
}

}  // namespace

TEST(trie_fixtures, any_order) { check_file("trieanyorder.json", false, 7); }
TEST(trie_fixtures, any_order_secure) { check_file("trieanyorder_secureTrie.json", true, 7); }
TEST(trie_fixtures, in_order) { check_file("trietest.json", false, 5); }
TEST(trie_fixtures, in_order_secure) { check_file("trietest_secureTrie.json", true, 3); }
TEST(trie_fixtures, hex_encoded_secure) { check_file("hex_encoded_securetrie_test.json", true, 3); }

}  // namespace mega::trie
