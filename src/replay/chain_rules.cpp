#include "replay/chain_rules.hpp"

#include <algorithm>
#include <cctype>

namespace mega::replay {
namespace {

std::string lowered(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c != '_' && c != '-' && c != ' ') {
            out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        }
    }
    return out;
}

constexpr Fork all_forks[] = {
    Fork::frontier,
    Fork::homestead,
    Fork::tangerine_whistle,
    Fork::spurious_dragon,
    Fork::byzantium,
    Fork::constantinople,
    Fork::petersburg,
    Fork::istanbul,
    Fork::berlin,
    Fork::london,
    Fork::paris,
    Fork::shanghai,
    Fork::cancun,
    Fork::prague,
    Fork::osaka,
};

struct Alias {
    std::string_view word;
    Fork fork;
};
constexpr Alias aliases[] = {
    {"tangerine", Fork::tangerine_whistle},
    {"tangerinewhistle", Fork::tangerine_whistle},
    {"spuriousdragon", Fork::spurious_dragon},
    {"petersburg", Fork::petersburg},
    {"merge", Fork::paris},
    {"arrowglacier", Fork::london},
    {"grayglacier", Fork::london},
    {"muirglacier", Fork::istanbul},
};

}  // namespace

ChainRules mainnet_rules() { return {.config = ethereum::mainnet(), .fork = std::nullopt}; }

ChainRules fixed_rules(uint64_t chain_id, Fork fork) {
    ChainRules rules;
    rules.config.chain_id = chain_id;
    rules.config.blobs.push_back({0, execution::blob_schedule(fork)});
    rules.fork = fork;
    rules.needs_request_contracts = false;
    return rules;
}

ChainRules own_rules(uint64_t chain_id) {
    ChainRules rules = fixed_rules(chain_id, Fork::osaka);
    rules.has_block_end = false;
    return rules;
}

Fork fork_of(const ChainRules& rules, const BlockHeader& header) {
    if (rules.fork) {
        return *rules.fork;
    }
    // Difficulty is what a block before the merge always has and one after it never (EIP-3675).
    const bool is_merged = header.difficulty.is_zero();
    return ethereum::fork_at(rules.config, header.number, header.timestamp, is_merged);
}

std::optional<Fork> fork_from_word(std::string_view word) {
    const std::string wanted = lowered(word);
    for (const Fork fork : all_forks) {
        if (lowered(to_string(fork)) == wanted) {
            return fork;
        }
    }
    for (const Alias& alias : aliases) {
        if (alias.word == wanted) {
            return alias.fork;
        }
    }
    return std::nullopt;
}

std::string known_forks() {
    std::string names;
    for (const Fork fork : all_forks) {
        names += (names.empty() ? "" : ", ") + std::string(to_string(fork));
    }
    return names;
}

std::optional<Fork> fork_by_fields(const BlockHeader& header) {
    if (header.requests_hash) {
        return Fork::osaka;
    }
    if (header.parent_beacon_block_root) {
        return Fork::cancun;
    }
    if (header.withdrawals_root) {
        return Fork::shanghai;
    }
    if (header.base_fee_per_gas) {
        return header.difficulty.is_zero() ? Fork::paris : Fork::london;
    }
    return std::nullopt;
}

}  // namespace mega::replay
