#include "replay/rpc_source.hpp"

#include "ethereum/header_rules.hpp"
#include "ethereum/ommers.hpp"
#include "replay/block_cache.hpp"
#include "replay/block_json.hpp"
#include "replay/endpoint.hpp"
#include "replay/remote_state.hpp"

namespace mega::replay {
namespace {

/// No more in one go; the report of each is kept until the end.
constexpr uint64_t max_blocks = 1'000'000;

json number_param(uint64_t number) { return to_hex_quantity(number); }

/// The header at `number`, with its own hash.
Result<BlockHeader> fetch_header(Endpoint& endpoint, uint64_t number) {
    const auto answer = endpoint.call("eth_getBlockByNumber", {number_param(number), false});
    if (!answer) {
        return Err{answer.error()};
    }
    const std::string name = "block " + std::to_string(number);
    if (answer->is_null()) {
        return Err{Error{"the endpoint has no " + name}};
    }
    Problem problem;
    BlockHeader header = read_header(Fields{*answer, name, problem});
    if (problem.is_noted()) {
        return problem.error();
    }
    if (header.number != number) {
        return Err{
            Error{"the endpoint gave block " + std::to_string(header.number) + " for " + name}
        };
    }
    return header;
}

// ---- rules
// ---------------------------------------------------------------------------------------

/// What anvil says it runs; nothing when it is not anvil.
std::optional<Fork> fork_of_anvil(Endpoint& endpoint) {
    const auto info = endpoint.call("anvil_nodeInfo", json::array());
    if (!info || !info->is_object()) {
        return std::nullopt;
    }
    const json word = info->value("hardFork", json());
    return word.is_string() ? fork_from_word(word.get<std::string>()) : std::nullopt;
}

/// eth_config (EIP-7910) lists the precompiles of the current fork.
std::optional<Fork> fork_of_config(Endpoint& endpoint) {
    const auto config = endpoint.call("eth_config", json::array());
    if (!config || !config->is_object() || !config->value("current", json()).is_object()) {
        return std::nullopt;
    }
    const json precompiles = config->at("current").value("precompiles", json());
    if (!precompiles.is_object()) {
        return std::nullopt;
    }
    if (precompiles.contains("P256VERIFY")) {
        return Fork::osaka;
    }
    return precompiles.contains("BLS12_G1ADD") ? Fork::prague : Fork::cancun;
}

bool is_own_node(Endpoint& endpoint) {
    const auto version = endpoint.call("web3_clientVersion", json::array());
    return version && version->is_string() && version->get<std::string>().starts_with("mega/");
}

Result<std::string> deduce_rules(
    Endpoint& endpoint, const RpcSourceOptions& options, uint64_t chain_id
) {
    if (!options.fork.empty()) {
        const auto fork = fork_from_word(options.fork);
        if (!fork) {
            return Err{Error{"unknown fork \"" + options.fork + "\"; there are " + known_forks()}};
        }
        return std::string(to_string(*fork));
    }
    if (chain_id == 1) {
        return std::string("mainnet");
    }
    if (chain_id == own_chain_id || is_own_node(endpoint)) {
        return std::string("mega");
    }
    std::optional<Fork> fork = fork_of_anvil(endpoint);
    if (!fork) {
        fork = fork_of_config(endpoint);
    }
    if (!fork) {
        const auto header = fetch_header(endpoint, options.from);
        if (!header) {
            return Err{header.error()};
        }
        fork = fork_by_fields(*header);
    }
    if (!fork) {
        return Err{Error{
            "which fork chain " + std::to_string(chain_id) +
            " runs does not show: name it with --fork (" + known_forks() + ")"
        }};
    }
    return std::string(to_string(*fork));
}

// ---- the source
// ----------------------------------------------------------------------------------

void add_wanted(const SignedTransaction& tx, RemoteState::Wanted& wanted) {
    wanted.accounts.insert(tx.sender);
    if (tx.tx.to) {
        wanted.accounts.insert(*tx.tx.to);
    }
    for (const AccessListEntry& entry : tx.tx.access_list) {
        wanted.accounts.insert(entry.address);
        for (const Hash256& key : entry.storage_keys) {
            wanted.slots.emplace(entry.address, to_u256(key));
        }
    }
    for (const Authorization& authorization : tx.tx.authorization_list) {
        wanted.accounts.insert(authorization.address);
        if (const auto authority = recover_authority(authorization)) {
            wanted.accounts.insert(*authority);
        }
    }
}

RemoteState::Wanted wanted_by(const ReplayBlock& block) {
    RemoteState::Wanted wanted;
    wanted.accounts.insert(block.header.beneficiary);
    for (const SignedTransaction& tx : block.transactions) {
        add_wanted(tx, wanted);
    }
    for (const Withdrawal& withdrawal : block.withdrawals) {
        wanted.accounts.insert(withdrawal.address);
    }
    return wanted;
}

/// Before anything is asked for each of them.
Result<void> check_bounds(const json& block) {
    struct List {
        const char* name;
        size_t limit;
    };
    for (const auto& [name, limit] :
         {List{"transactions", max_transactions}, List{"uncles", ethereum::max_ommers}}) {
        const auto list = block.find(name);
        if (list == block.end() || list->is_null()) {
            continue;
        }
        if (!list->is_array()) {
            return Err{Error{"block." + std::string(name) + ": want an array"}};
        }
        if (list->size() > limit) {
            return Err{Error{
                "block." + std::string(name) + ": " + std::to_string(list->size()) +
                " of them, at most " + std::to_string(limit)
            }};
        }
    }
    return {};
}

/// What an endpoint leaves out it cannot be caught lying about.
Result<void> check_claims(const ReplayBlock& block) {
    if (!block.claimed_hash) {
        return Err{Error{"the endpoint gave no block hash"}};
    }
    for (size_t i = 0; i < block.claimed.size(); ++i) {
        if (!block.claimed[i].hash || !block.claimed[i].sender) {
            return Err{Error{
                "transaction " + std::to_string(i) + ": the endpoint gave no " +
                (block.claimed[i].hash ? "sender" : "hash")
            }};
        }
    }
    return {};
}

class RpcSource final : public BlockSource {
  public:
    RpcSource(
        RpcSourceOptions options,
        std::unique_ptr<Endpoint> endpoint,
        uint64_t chain_id,
        std::string rules_word,
        ChainRules rules
    )
        : options_(std::move(options)),
          endpoint_(std::move(endpoint)),
          chain_id_(chain_id),
          rules_word_(std::move(rules_word)),
          rules_(std::move(rules)) {}

    [[nodiscard]] size_t size() const override { return options_.to - options_.from + 1; }
    [[nodiscard]] std::string name(size_t index) const override {
        return "block " + std::to_string(options_.from + index);
    }
    [[nodiscard]] const ChainRules& rules() const override { return rules_; }
    [[nodiscard]] bool is_lost() const override { return endpoint_->is_lost(); }

    [[nodiscard]] Result<ReplayBlock> load(size_t index) override {
        const uint64_t number = options_.from + index;
        if (number == 0) {
            return Err{Error{"it has no parent: the first block to replay is 1"}};
        }
        auto cached = fetch_or_take(number);
        if (!cached) {
            return Err{cached.error()};
        }
        auto block = block_of(*cached);
        if (!block) {
            return block;
        }
        if (auto checked = check_place(*block, number); !checked) {
            return Err{checked.error()};
        }
        if (auto checked = check_claims(*block); !checked) {
            return Err{checked.error()};
        }
        const auto parent = fetch_header(*endpoint_, number - 1);
        if (!parent) {
            return Err{parent.error()};
        }
        if (hash_of(*parent) != block->header.parent_hash) {
            return Err{Error{
                "parent hash " + to_hex(block->header.parent_hash) + " but the endpoint's block " +
                std::to_string(number - 1) + " has hash " + to_hex(hash_of(*parent))
            }};
        }
        if (auto checked = check_beside(*parent, block->header); !checked) {
            return Err{checked.error()};
        }
        forget_unproven(*parent, *cached);
        attach_state(*block, *parent, *cached);
        loaded_ = *std::move(cached);
        return block;
    }

    [[nodiscard]] Result<void> keep(size_t index, const ReplayBlock& block) override {
        if (options_.cache_directory.empty() || is_from_cache_) {
            return {};
        }
        if (const auto root = block.state->proven_root()) {
            loaded_.state->set_proof(*root, block.state->nodes());
        }
        return write_cache(file_of(options_.from + index), loaded_);
    }

  private:
    [[nodiscard]] std::filesystem::path file_of(uint64_t number) const {
        return cache_file(options_.cache_directory, chain_id_, number);
    }

    /// From the cache when it holds the endpoint's block of today, else from the endpoint.
    [[nodiscard]] Result<CachedBlock> fetch_or_take(uint64_t number) {
        is_from_cache_ = false;
        if (!options_.cache_directory.empty() && is_cache_file(file_of(number))) {
            auto cached = read_cache(file_of(number));
            const bool is_enough =
                cached && (cached->state->proven_root() || !options_.with_proofs);
            if (is_enough && cached->rules == rules_word_) {
                const auto header = fetch_header(*endpoint_, number);
                if (!header) {
                    return Err{header.error()};
                }
                if (cached->block.value("hash", json()) == json(to_hex(hash_of(*header)))) {
                    is_from_cache_ = true;
                    return cached;
                }
            }
        }
        return fetch(number);
    }

    [[nodiscard]] Result<CachedBlock> fetch(uint64_t number) {
        auto answer = endpoint_->call("eth_getBlockByNumber", {number_param(number), true});
        if (!answer) {
            return Err{answer.error()};
        }
        if (!answer->is_object()) {
            return Err{Error{"the endpoint does not have it"}};
        }
        if (auto checked = check_bounds(*answer); !checked) {
            return Err{checked.error()};
        }
        CachedBlock fetched{
            .chain_id = chain_id_,
            .rules = rules_word_,
            .block = *std::move(answer),
            .state = std::make_shared<RecordedState>(),
        };
        auto receipts = fetch_receipts(number, fetched.block);
        if (!receipts) {
            return Err{receipts.error()};
        }
        fetched.receipts = *std::move(receipts);
        auto ommers = fetch_ommers(number, fetched.block);
        if (!ommers) {
            return Err{ommers.error()};
        }
        fetched.ommers = *std::move(ommers);
        return fetched;
    }

    [[nodiscard]] Result<json> fetch_receipts(uint64_t number, const json& block) {
        auto answer = endpoint_->call("eth_getBlockReceipts", json::array({number_param(number)}));
        if (answer && answer->is_null()) {
            return Err{Error{"the endpoint has no receipts of it"}};
        }
        if (answer || !endpoint_->is_method_unknown()) {
            return answer;
        }
        std::vector<RpcCall> calls;
        const json transactions = block.value("transactions", json::array());
        calls.reserve(transactions.size());
        for (const json& tx : transactions) {
            const json hash = tx.is_object() ? tx.value("hash", json()) : json();
            calls.push_back({"eth_getTransactionReceipt", json::array({hash})});
        }
        auto answers = endpoint_->call_all(calls);
        return answers ? Result<json>(json(*std::move(answers))) : Err{answers.error()};
    }

    [[nodiscard]] Result<json> fetch_ommers(uint64_t number, const json& block) {
        const json hashes = block.value("uncles", json::array());
        std::vector<RpcCall> calls;
        calls.reserve(hashes.size());
        for (size_t i = 0; i < hashes.size(); ++i) {
            calls.push_back(
                {"eth_getUncleByBlockNumberAndIndex", {number_param(number), to_hex_quantity(i)}}
            );
        }
        auto answers = endpoint_->call_all(calls);
        return answers ? Result<json>(json(*std::move(answers))) : Err{answers.error()};
    }

    [[nodiscard]] Result<void> check_place(const ReplayBlock& block, uint64_t number) {
        if (block.header.number != number) {
            return Err{
                Error{"the endpoint gave block " + std::to_string(block.header.number) + " for it"}
            };
        }
        if (block.header.state_root.is_zero()) {
            return Err{Error{"is still open: it has no state root"}};
        }
        return {};
    }

    /// Other chains than Ethereum set their gas limits and fees as they like.
    [[nodiscard]] Result<void> check_beside(const BlockHeader& parent, const BlockHeader& header) {
        if (rules_.fork) {
            return {};
        }
        const auto checked =
            ethereum::check_header(rules_.config, fork_of(rules_, header), parent, header);
        if (checked) {
            return {};
        }
        return Err{Error{
            "header: " + std::string(ethereum::to_string(checked.error().code)) + ": " +
            checked.error().details
        }};
    }

    /// A kept state that was proven against another root than the parent's is fetched anew.
    void forget_unproven(const BlockHeader& parent, CachedBlock& cached) {
        if (is_from_cache_ && options_.with_proofs &&
            cached.state->proven_root() != parent.state_root) {
            cached.state = std::make_shared<RecordedState>();
            is_from_cache_ = false;
        }
    }

    void attach_state(ReplayBlock& block, const BlockHeader& parent, CachedBlock& cached) {
        const StateAnchor anchor{
            .number = parent.number,
            .hash = block.header.parent_hash,
            .state_root = options_.with_proofs ? std::optional(parent.state_root) : std::nullopt,
        };
        auto state = std::make_shared<RemoteState>(*endpoint_, anchor, cached.state);
        state->prefetch(wanted_by(block));
        block.state = std::move(state);
    }

    RpcSourceOptions options_;
    std::unique_ptr<Endpoint> endpoint_;
    uint64_t chain_id_;
    std::string rules_word_;
    ChainRules rules_;
    CachedBlock loaded_;
    bool is_from_cache_ = false;
};

Result<uint64_t> fetch_chain_id(Endpoint& endpoint) {
    const auto answer = endpoint.call("eth_chainId", json::array());
    if (!answer) {
        return Err{answer.error()};
    }
    const auto id = rpc::read_u64(*answer, "eth_chainId");
    return id ? Result<uint64_t>(*id) : Err{Error{id.error().message}};
}

}  // namespace

Result<std::unique_ptr<BlockSource>> open_rpc(const RpcSourceOptions& options) {
    if (options.to < options.from || options.to - options.from >= max_blocks) {
        return Err{Error{"no more than " + std::to_string(max_blocks) + " blocks in one go"}};
    }
    auto endpoint = Endpoint::open(options.url, options.timeout_ms);
    if (!endpoint) {
        return Err{endpoint.error()};
    }
    const auto chain_id = fetch_chain_id(**endpoint);
    if (!chain_id) {
        return Err{chain_id.error()};
    }
    auto word = deduce_rules(**endpoint, options, *chain_id);
    if (!word) {
        return Err{word.error()};
    }
    auto rules = rules_from_word(*word, *chain_id);
    MEGA_ASSERT(rules.has_value());
    return std::unique_ptr<BlockSource>(std::make_unique<RpcSource>(
        options, *std::move(endpoint), *chain_id, *std::move(word), *std::move(rules)
    ));
}

}  // namespace mega::replay
