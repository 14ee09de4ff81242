#include "replay/block_cache.hpp"

#include "replay/block_json.hpp"
#include "replay/file_source.hpp"

#include <unistd.h>

#include <array>
#include <cstdio>

namespace mega::replay {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view magic = "mega-replay 1 ";
constexpr size_t head_size = magic.size() + 66 + 1;

// ---- state to JSON
// -------------------------------------------------------------------------------

json accounts_json(const RecordedState& state) {
    json accounts = json::object();
    for (const auto& [address, account] : state.accounts()) {
        accounts[to_hex(address)] =
            account ? json{{"nonce", to_hex_quantity(account->nonce)},
                           {"balance", to_hex_quantity(account->balance)},
                           {"codeHash", to_hex(account->code_hash)}}
                    : json();
    }
    return accounts;
}

json storage_json(const RecordedState& state) {
    json storage = json::object();
    for (const auto& [address, slots] : state.storage()) {
        json& values = storage[to_hex(address)] = json::object();
        for (const auto& [slot, value] : slots) {
            values[to_hex(slot.to_hash())] = to_hex_quantity(value);
        }
    }
    return storage;
}

json codes_json(const RecordedState& state) {
    json codes = json::array();
    for (const auto& [hash, code] : state.set_codes()) {
        codes.push_back(to_hex(code->bytes()));
    }
    return codes;
}

json block_hashes_json(const RecordedState& state) {
    json hashes = json::object();
    for (const auto& [number, hash] : state.block_hashes()) {
        hashes[std::to_string(number)] = to_hex(hash);
    }
    return hashes;
}

json nodes_json(const RecordedState& state) {
    json nodes = json::array();
    for (const auto& [hash, rlp] : state.nodes()) {
        nodes.push_back(to_hex(rlp));
    }
    return nodes;
}

// ---- and back
// ------------------------------------------------------------------------------------

void read_accounts(const Fields& file, RecordedState& state) {
    file.each_field("accounts", [&](const std::string& key, const Fields& fields) {
        const Address address = address_key(key, fields);
        if (fields.value().is_null()) {
            state.set_account(address, std::nullopt);
            return;
        }
        state.set_account(
            address,
            Account{
                .nonce = fields.u64("nonce"),
                .balance = fields.word("balance"),
                .code_hash = fields.hash("codeHash"),
            }
        );
    });
    file.each_field("storage", [&](const std::string& key, const Fields& slots) {
        const Address address = address_key(key, slots);
        slots.each_field([&](const std::string& slot, const Fields& value) {
            state.set_storage(address, slot_key(slot, value), value.as_word());
        });
    });
}

std::shared_ptr<RecordedState> read_state(const Fields& file) {
    auto state = std::make_shared<RecordedState>();
    read_accounts(file, *state);
    file.each("codes", [&](const Fields& code) { state->set_code(code.as_data()); });
    file.each_field("blockHashes", [&](const std::string& key, const Fields& hash) {
        const auto number = u256_from_text(key);
        state->set_block_hash(number ? number->low64() : 0, hash.as_hash());
    });
    if (file.has("provenRoot")) {
        state->set_proof(file.hash("provenRoot"), {});
        file.each("nodes", [&](const Fields& node) { state->add_node(node.as_data()); });
    }
    return state;
}

class CachedSource final : public BlockSource {
  public:
    CachedSource(fs::path path, ChainRules rules, CachedBlock cached)
        : path_(std::move(path)), rules_(std::move(rules)), cached_(std::move(cached)) {}

    [[nodiscard]] size_t size() const override { return 1; }
    [[nodiscard]] std::string name(size_t) const override { return path_.string(); }
    [[nodiscard]] const ChainRules& rules() const override { return rules_; }
    [[nodiscard]] Result<ReplayBlock> load(size_t) override {
        auto block = block_of(cached_);
        if (block) {
            block->state = cached_.state;
        }
        return block;
    }

  private:
    fs::path path_;
    ChainRules rules_;
    CachedBlock cached_;
};

/// Writes and syncs; the file is gone again when that fails.
Result<void> write_synced(const fs::path& path, std::string_view text) {
    std::FILE* out = std::fopen(path.c_str(), "wb");
    if (out == nullptr) {
        return Err{Error{path.string() + " cannot be created"}};
    }
    bool is_good = std::fwrite(text.data(), 1, text.size(), out) == text.size();
    is_good = std::fflush(out) == 0 && is_good;
    is_good = ::fsync(::fileno(out)) == 0 && is_good;
    is_good = std::fclose(out) == 0 && is_good;
    if (!is_good) {
        std::error_code ignored;
        fs::remove(path, ignored);
        return Err{Error{path.string() + " cannot be written"}};
    }
    return {};
}

}  // namespace

fs::path cache_file(const fs::path& directory, uint64_t chain_id, uint64_t number) {
    return directory / std::to_string(chain_id) / (std::to_string(number) + ".block");
}

bool is_cache_file(const fs::path& path) {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) {
        return false;
    }
    std::array<char, magic.size()> start{};
    const size_t size = std::fread(start.data(), 1, start.size(), file);
    (void)std::fclose(file);
    return std::string_view(start.data(), size) == magic;
}

Result<CachedBlock> read_cache(const fs::path& path) {
    const auto text = read_file(path);
    if (!text) {
        return Err{text.error()};
    }
    const auto fail = [&](const std::string& why) {
        return Err{Error{path.string() + ": " + why}};
    };
    const std::string_view whole = *text;
    if (whole.size() < head_size || !whole.starts_with(magic)) {
        return fail("is not a block that --cache wrote");
    }
    const std::string_view body = whole.substr(head_size);
    if (whole.substr(magic.size(), 66) != to_hex(crypto::keccak256(as_bytes(body)))) {
        return fail("has changed since it was written");
    }
    auto parsed = parse_json(body);
    if (!parsed) {
        return fail(parsed.error().message);
    }
    Problem problem;
    const Fields fields{*parsed, path.string(), problem};
    CachedBlock cached{.chain_id = fields.u64("chainId")};
    cached.state = read_state(fields);
    if (problem.is_noted()) {
        return problem.error();
    }
    cached.rules = parsed->value("rules", json()).is_string()
                       ? parsed->at("rules").get<std::string>()
                       : std::string{};
    cached.block = parsed->value("block", json());
    if (!cached.block.is_object()) {
        return fail("block: want an object");
    }
    cached.ommers = parsed->value("ommers", json::array());
    cached.receipts = parsed->value("receipts", json());
    return cached;
}

Result<void> write_cache(const fs::path& path, const CachedBlock& block) {
    json file{
        {"chainId", block.chain_id},
        {"rules", block.rules},
        {"block", block.block},
        {"ommers", block.ommers},
        {"receipts", block.receipts},
        {"accounts", accounts_json(*block.state)},
        {"storage", storage_json(*block.state)},
        {"codes", codes_json(*block.state)},
        {"blockHashes", block_hashes_json(*block.state)},
    };
    if (const auto root = block.state->proven_root()) {
        file["provenRoot"] = to_hex(*root);
        file["nodes"] = nodes_json(*block.state);
    }
    const std::string body = file.dump(-1, ' ', false, json::error_handler_t::replace);
    const std::string text =
        std::string(magic) + to_hex(crypto::keccak256(as_bytes(body))) + "\n" + body;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (error) {
        return Err{Error{path.parent_path().string() + " cannot be created: " + error.message()}};
    }
    const fs::path aside = path.string() + "." + std::to_string(::getpid()) + ".part";
    if (auto written = write_synced(aside, text); !written) {
        return written;
    }
    fs::rename(aside, path, error);
    if (error) {
        std::error_code ignored;
        fs::remove(aside, ignored);
        return Err{Error{path.string() + " cannot be put in place: " + error.message()}};
    }
    return {};
}

std::optional<ChainRules> rules_from_word(std::string_view word, uint64_t chain_id) {
    if (word == "mainnet") {
        return mainnet_rules();
    }
    if (word == "mega") {
        return own_rules(chain_id);
    }
    const auto fork = fork_from_word(word);
    return fork ? std::optional(fixed_rules(chain_id, *fork)) : std::nullopt;
}

Result<ReplayBlock> block_of(const CachedBlock& cached) {
    auto block = read_block(cached.block);
    if (!block) {
        return block;
    }
    Problem problem;
    const json wrapped{{"ommers", cached.ommers}};
    Fields{wrapped, "block", problem}.each("ommers", [&](const Fields& ommer) {
        block->ommers.push_back(read_header(ommer));
    });
    if (problem.is_noted()) {
        return problem.error();
    }
    auto receipts = read_receipts(cached.receipts);
    if (!receipts) {
        return Err{Error{"receipts: " + receipts.error().message}};
    }
    block->receipts = *std::move(receipts);
    return block;
}

Result<std::unique_ptr<BlockSource>> open_cached_block(const fs::path& path) {
    auto cached = read_cache(path);
    if (!cached) {
        return Err{cached.error()};
    }
    auto rules = rules_from_word(cached->rules, cached->chain_id);
    if (!rules) {
        return Err{Error{path.string() + ": unknown rules \"" + cached->rules + "\""}};
    }
    return std::unique_ptr<BlockSource>(
        std::make_unique<CachedSource>(path, *std::move(rules), *std::move(cached))
    );
}

}  // namespace mega::replay
