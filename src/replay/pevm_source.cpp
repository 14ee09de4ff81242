#include "replay/pevm_source.hpp"

#include "replay/block_json.hpp"
#include "replay/file_source.hpp"

#include <algorithm>
#include <map>
#include <mutex>

namespace mega::replay {
namespace {

namespace fs = std::filesystem;

/// bytecodes.txt, kept as text: a block needs few of the codes.
class CodeFile final : public CodeSource {
  public:
    [[nodiscard]] static Result<std::shared_ptr<const CodeFile>> read(const fs::path& path) {
        auto text = read_file(path);
        if (!text) {
            return Err{text.error()};
        }
        auto codes = std::make_shared<CodeFile>();
        codes->text_ = *std::move(text);
        if (const size_t bad_line = codes->index(); bad_line != 0) {
            return Err{Error{
                path.string() + ": line " + std::to_string(bad_line) +
                " is not \"0x<hash> 0x<code>\""
            }};
        }
        return std::shared_ptr<const CodeFile>(std::move(codes));
    }

    [[nodiscard]] evm::CodePtr find(const Hash256& code_hash) const override {
        const std::lock_guard lock{mutex_};
        if (const auto made = made_.find(code_hash); made != made_.end()) {
            return made->second;
        }
        const auto line = lines_.find(code_hash);
        if (line == lines_.end()) {
            return nullptr;
        }
        const auto bytes = from_hex(line->second);
        if (!bytes || crypto::keccak256(*bytes) != code_hash) {
            return nullptr;
        }
        return made_[code_hash] = std::make_shared<const evm::Code>(*bytes);
    }

  private:
    /// The number of the first bad line, from 1; 0 when there is none.
    size_t index() {
        std::string_view rest = text_;
        for (size_t number = 1; !rest.empty(); ++number) {
            const size_t end = std::min(rest.find('\n'), rest.size());
            const std::string_view line = rest.substr(0, end);
            rest.remove_prefix(std::min(end + 1, rest.size()));
            const size_t space = line.find(' ');
            const auto hash = fixed_from_hex<32>(line.substr(0, space));
            if (space == std::string_view::npos || !hash) {
                return number;
            }
            lines_.emplace(*hash, line.substr(space + 1));
        }
        return 0;
    }

    std::string text_;
    std::unordered_map<Hash256, std::string_view> lines_;
    mutable std::mutex mutex_;
    mutable std::unordered_map<Hash256, evm::CodePtr> made_;  // guarded by mutex_
};

using BlockHashes = std::map<uint64_t, Hash256>;

Result<BlockHashes> read_block_hashes(const fs::path& path) {
    const auto parsed = read_json_file(path);
    if (!parsed) {
        return Err{parsed.error()};
    }
    Problem problem;
    BlockHashes hashes;
    Fields{*parsed, path.string(), problem}.each_field([&](const std::string& key,
                                                           const Fields& hash) {
        const auto number = u256_from_text(key);
        if (!number || !number->fits_u64()) {
            hash.note("its name is not a block number");
            return;
        }
        hashes[number->low64()] = hash.as_hash();
    });
    if (problem.is_noted()) {
        return problem.error();
    }
    return hashes;
}

void read_account(const std::string& key, const Fields& fields, RecordedState& state) {
    const Address address = address_key(key, fields);
    Account account{.nonce = fields.u64("nonce"), .balance = fields.word("balance")};
    if (fields.has("code_hash")) {
        account.code_hash = fields.hash("code_hash");
        if (!state.known_code(account.code_hash)) {
            fields.note("code " + to_hex(account.code_hash) + " is not in bytecodes.txt");
        }
    }
    state.set_account(address, account);
    if (fields.has("storage")) {
        fields.each_field("storage", [&](const std::string& slot, const Fields& value) {
            state.set_storage(address, slot_key(slot, value), value.as_word());
        });
    }
}

class PevmSource final : public BlockSource {
  public:
    PevmSource(
        std::vector<fs::path> folders, std::shared_ptr<const CodeSource> codes, BlockHashes hashes
    )
        : rules_(mainnet_rules()),
          folders_(std::move(folders)),
          codes_(std::move(codes)),
          hashes_(std::move(hashes)) {}

    [[nodiscard]] size_t size() const override { return folders_.size(); }
    [[nodiscard]] std::string name(size_t index) const override { return folders_[index].string(); }
    [[nodiscard]] const ChainRules& rules() const override { return rules_; }

    [[nodiscard]] Result<ReplayBlock> load(size_t index) override {
        const fs::path file = folders_[index] / "block.json";
        const auto parsed = read_json_file(file);
        if (!parsed) {
            return Err{parsed.error()};
        }
        auto block = read_block(unwrapped(*parsed));
        if (!block) {
            return Err{Error{file.string() + ": " + block.error().message}};
        }
        auto state = read_state(folders_[index] / "pre_state.json");
        if (!state) {
            return Err{state.error()};
        }
        set_block_hashes(**state, block->header);
        block->state = *std::move(state);
        return block;
    }

  private:
    [[nodiscard]] Result<std::shared_ptr<RecordedState>> read_state(const fs::path& file) const {
        const auto parsed = read_json_file(file);
        if (!parsed) {
            return Err{parsed.error()};
        }
        Problem problem;
        auto state = std::make_shared<RecordedState>(codes_);
        Fields{*parsed, file.string(), problem}.each_field([&](const std::string& key,
                                                               const Fields& account) {
            read_account(key, account, *state);
        });
        if (problem.is_noted()) {
            return problem.error();
        }
        return state;
    }

    void set_block_hashes(RecordedState& state, const BlockHeader& header) const {
        const uint64_t first = header.number > 256 ? header.number - 256 : 0;
        for (auto it = hashes_.lower_bound(first); it != hashes_.end() && it->first < header.number;
             ++it) {
            state.set_block_hash(it->first, it->second);
        }
        if (header.number > 0) {
            state.set_block_hash(header.number - 1, header.parent_hash);
        }
    }

    ChainRules rules_;
    std::vector<fs::path> folders_;
    std::shared_ptr<const CodeSource> codes_;
    BlockHashes hashes_;
};

Result<std::unique_ptr<BlockSource>> make_source(
    std::vector<fs::path> folders, const fs::path& shared_files
) {
    auto codes = CodeFile::read(shared_files / "bytecodes.txt");
    if (!codes) {
        return Err{codes.error()};
    }
    auto hashes = read_block_hashes(shared_files / "block_hashes.json");
    if (!hashes) {
        return Err{hashes.error()};
    }
    return std::unique_ptr<BlockSource>(
        std::make_unique<PevmSource>(std::move(folders), *std::move(codes), *std::move(hashes))
    );
}

}  // namespace

Result<std::unique_ptr<BlockSource>> open_pevm_block(const fs::path& folder) {
    std::error_code ignored;
    const fs::path above = fs::weakly_canonical(folder, ignored).parent_path().parent_path();
    const bool is_beside = fs::exists(folder / "bytecodes.txt", ignored);
    return make_source({folder}, is_beside ? folder : above);
}

Result<std::unique_ptr<BlockSource>> open_pevm_folder(const fs::path& folder) {
    std::vector<std::pair<uint64_t, fs::path>> numbered;
    std::error_code error;
    for (fs::directory_iterator it(folder / "blocks", error), end; !error && it != end;
         it.increment(error)) {
        const auto number = u256_from_text(it->path().filename().string());
        if (number && number->fits_u64()) {
            numbered.emplace_back(number->low64(), it->path());
        }
    }
    if (error || numbered.empty()) {
        return Err{Error{(folder / "blocks").string() + " holds no block folders"}};
    }
    std::ranges::sort(numbered);
    std::vector<fs::path> folders;
    for (auto& [number, path] : numbered) {
        folders.push_back(std::move(path));
    }
    return make_source(std::move(folders), folder);
}

}  // namespace mega::replay
