#include "ethereum/chain_config.hpp"

#include <algorithm>

namespace mega::ethereum {

namespace {

/// One name of a network's grammar: rules of execution, and what else a fork of that name sets.
struct NamedRules {
    std::string_view name;
    Fork fork;
    uint64_t bomb_delay_blocks;
    std::optional<execution::BlobSchedule> blobs = std::nullopt;
};

constexpr execution::BlobSchedule cancun_blobs{3, 6, 3338477};   // EIP-4844
constexpr execution::BlobSchedule prague_blobs{6, 9, 5007716};   // EIP-7691
constexpr execution::BlobSchedule bpo1_blobs{10, 15, 8346193};   // mainnet's
constexpr execution::BlobSchedule bpo2_blobs{14, 21, 11684671};  // mainnet's
constexpr execution::BlobSchedule bpo3_blobs{21, 32, 20609697};  // of the official tests alone
constexpr execution::BlobSchedule bpo4_blobs{14, 21, 13739630};  // of the official tests alone

/// In the order of history.
constexpr NamedRules named_rules[] = {
    {"Frontier", Fork::frontier, 0},
    {"Homestead", Fork::homestead, 0},
    {"Dao", Fork::homestead, 0},
    {"EIP150", Fork::tangerine_whistle, 0},
    {"EIP158", Fork::spurious_dragon, 0},
    {"Byzantium", Fork::byzantium, 3'000'000},            // EIP-649
    {"Constantinople", Fork::constantinople, 5'000'000},  // EIP-1234
    {"ConstantinopleFix", Fork::petersburg, 5'000'000},
    {"Istanbul", Fork::istanbul, 5'000'000},
    {"MuirGlacier", Fork::istanbul, 9'000'000},  // EIP-2384
    {"Berlin", Fork::berlin, 9'000'000},
    {"London", Fork::london, 9'700'000},         // EIP-3554
    {"ArrowGlacier", Fork::london, 10'700'000},  // EIP-4345
    {"GrayGlacier", Fork::london, 11'400'000},   // EIP-5133
    {"Paris", Fork::paris, 11'400'000},
    {"Shanghai", Fork::shanghai, 11'400'000},
    {"Cancun", Fork::cancun, 11'400'000, cancun_blobs},
    {"Prague", Fork::prague, 11'400'000, prague_blobs},
    {"Osaka", Fork::osaka, 11'400'000},
    {"BPO1", Fork::osaka, 11'400'000, bpo1_blobs},
    {"BPO2", Fork::osaka, 11'400'000, bpo2_blobs},
    {"BPO3", Fork::osaka, 11'400'000, bpo3_blobs},
    {"BPO4", Fork::osaka, 11'400'000, bpo4_blobs},
};

const NamedRules* rules_named(std::string_view name) {
    const std::string_view sought = name == "Merge" ? "Paris" : name;
    const auto* found = std::ranges::find(named_rules, sought, &NamedRules::name);
    return found == std::end(named_rules) ? nullptr : found;
}

/// Where a transition happens: each kind of fork has its own measure.
struct ActivationPoint {
    uint64_t block_number = 0;
    u256 total_difficulty;
    uint64_t timestamp = 0;
};

/// Adds what sets `rules` apart from what came before; every fork in between comes with it.
void activate(
    ChainConfig& config,
    const NamedRules& rules,
    const ActivationPoint& at,
    const BlobSchedules& overrides
) {
    const Fork pre_merge = std::min(rules.fork, Fork::london);
    if (config.by_block.empty() || config.by_block.back().fork < pre_merge) {
        config.by_block.push_back({at.block_number, pre_merge});
    }
    if (rules.fork < Fork::paris || config.bomb_delays.empty()) {
        config.bomb_delays.push_back({at.block_number, rules.bomb_delay_blocks});
    }
    if (rules.name == "Dao") {
        config.dao_block = at.block_number;
    }
    if (rules.fork >= Fork::paris && !config.terminal_total_difficulty) {
        config.terminal_total_difficulty = at.total_difficulty;
    }
    if (rules.fork >= Fork::shanghai &&
        (config.by_time.empty() || config.by_time.back().fork < rules.fork)) {
        config.by_time.push_back({at.timestamp, rules.fork});
    }
    // The latest schedule up to these rules: Osaka goes on with Prague's.
    std::optional<execution::BlobSchedule> blobs;
    for (const NamedRules& each : named_rules) {
        const auto given = overrides.find(each.name);
        if (given != overrides.end()) {
            blobs = given->second;
        } else if (each.blobs) {
            blobs = each.blobs;
        }
        if (&each == &rules) {
            break;
        }
    }
    if (blobs && rules.fork >= Fork::cancun) {
        config.blobs.push_back({at.timestamp, *blobs});
    }
}

std::optional<uint64_t> parse(std::string_view digits, unsigned base) {
    if (digits.empty() || digits.size() > 15) {
        return std::nullopt;
    }
    uint64_t value = 0;
    for (const char c : digits) {
        const bool is_decimal = c >= '0' && c <= '9';
        if (!is_decimal && !(base == 16 && c >= 'A' && c <= 'F')) {
            return std::nullopt;
        }
        value = value * base + static_cast<uint64_t>(is_decimal ? c - '0' : c - 'A' + 10);
    }
    return value;
}

/// "5", "Time15k" or "DiffC0000".
std::optional<ActivationPoint> parse_point(std::string_view text) {
    ActivationPoint point;
    if (text.starts_with("Time")) {
        const bool in_thousands = text.ends_with('k');
        const auto value = parse(text.substr(4, text.size() - 4 - (in_thousands ? 1 : 0)), 10);
        point.timestamp = value.value_or(0) * (in_thousands ? 1000 : 1);
        return value && *value <= UINT64_MAX / 1000 ? std::optional{point} : std::nullopt;
    }
    if (text.starts_with("Diff")) {
        const auto value = parse(text.substr(4), 16);
        point.total_difficulty = value.value_or(0);
        return value ? std::optional{point} : std::nullopt;
    }
    const auto value = parse(text, 10);
    point.block_number = value.value_or(0);
    return value ? std::optional{point} : std::nullopt;
}

/// The last entry that has begun; nothing when none has.
template <class Entry, class Member>
const Entry* latest(const std::vector<Entry>& entries, Member member, uint64_t at) {
    const Entry* found = nullptr;
    for (const Entry& entry : entries) {
        if (entry.*member > at) {
            break;
        }
        found = &entry;
    }
    return found;
}

ChainConfig make_mainnet() {
    ChainConfig config;
    config.chain_id = 1;
    config.by_block = {
        {0, Fork::frontier},
        {1'150'000, Fork::homestead},
        {2'463'000, Fork::tangerine_whistle},
        {2'675'000, Fork::spurious_dragon},
        {4'370'000, Fork::byzantium},
        {7'280'000, Fork::petersburg},  // and Constantinople, which never ran alone
        {9'069'000, Fork::istanbul},
        {12'244'000, Fork::berlin},
        {12'965'000, Fork::london}
    };
    config.dao_block = 1'920'000;
    config.bomb_delays = {
        {4'370'000, 3'000'000},
        {7'280'000, 5'000'000},
        {9'200'000, 9'000'000},
        {12'965'000, 9'700'000},
        {13'773'000, 10'700'000},
        {15'050'000, 11'400'000}
    };
    // 58,750,000,000,000,000,000,000 (EIP-3675's TERMINAL_TOTAL_DIFFICULTY)
    config.terminal_total_difficulty = u256{58'750} * u256{1'000'000'000'000'000'000};
    config.by_time = {
        {1'681'338'455, Fork::shanghai},
        {1'710'338'135, Fork::cancun},
        {1'746'612'311, Fork::prague},
        {1'764'798'551, Fork::osaka}
    };
    config.blobs = {
        {1'710'338'135, cancun_blobs},
        {1'746'612'311, prague_blobs},
        {1'765'290'071, bpo1_blobs},
        {1'767'747'671, bpo2_blobs}
    };
    return config;
}

}  // namespace

const ChainConfig& mainnet() {
    static const ChainConfig config = make_mainnet();
    return config;
}

std::optional<ChainConfig> config_of_network(
    std::string_view network, const BlobSchedules& overrides
) {
    ChainConfig config;
    if (const NamedRules* rules = rules_named(network)) {
        activate(config, *rules, {}, overrides);
        return config;
    }
    const size_t to = network.find("To");
    const size_t at = network.rfind("At");
    if (to == std::string_view::npos || at == std::string_view::npos || at < to + 2) {
        return std::nullopt;
    }
    const NamedRules* before = rules_named(network.substr(0, to));
    const NamedRules* after = rules_named(network.substr(to + 2, at - to - 2));
    const auto point = parse_point(network.substr(at + 2));
    if (before == nullptr || after == nullptr || !point || before >= after) {
        return std::nullopt;
    }
    activate(config, *before, {}, overrides);
    activate(config, *after, *point, overrides);
    return config;
}

Fork fork_at(const ChainConfig& config, uint64_t block_number, uint64_t timestamp, bool is_merged) {
    if (is_merged) {
        const auto* entry = latest(config.by_time, &ForkByTime::timestamp, timestamp);
        return entry != nullptr ? entry->fork : Fork::paris;
    }
    const auto* entry = latest(config.by_block, &ForkByBlock::block_number, block_number);
    return entry != nullptr ? entry->fork : Fork::frontier;
}

execution::BlobSchedule blobs_at(const ChainConfig& config, uint64_t timestamp) {
    const auto* entry = latest(config.blobs, &BlobsByTime::timestamp, timestamp);
    return entry != nullptr ? entry->schedule : execution::BlobSchedule{};
}

uint64_t bomb_delay_at(const ChainConfig& config, uint64_t block_number) {
    const auto* entry = latest(config.bomb_delays, &BombDelay::block_number, block_number);
    return entry != nullptr ? entry->delay_blocks : 0;
}

}  // namespace mega::ethereum
