#include "replay/trace_source.hpp"

#include "replay/block_json.hpp"
#include "replay/file_source.hpp"

#include <map>
#include <set>

namespace mega::replay {
namespace {

namespace fs = std::filesystem;

/// The block's pre-state, put together from what each transaction found: the first time an account
/// or slot shows it is as before the block, unless an earlier transaction had made it.
class PrestateReader {
  public:
    explicit PrestateReader(RecordedState& state) : state_(state) {}

    void add_prestate(const Fields& trace) {
        trace.each_field("result", [&](const std::string& key, const Fields& account) {
            add_account(address_key(key, account), account);
        });
    }
    /// What the transaction wrote is no part of the block's pre-state from here on.
    void add_diff(const Fields& trace) {
        trace.object("result").each_field(
            "post",
            [&](const std::string& key, const Fields& account) {
                written_.insert(address_key(key, account));
            }
        );
    }

  private:
    void add_account(const Address& address, const Fields& fields) {
        const bool is_made_in_block = written_.contains(address) && !seen_.contains(address);
        if (!is_made_in_block && seen_.insert(address).second) {
            Account account{.balance = fields.word("balance")};
            if (fields.has("nonce")) {
                account.nonce = fields.u64("nonce");
            }
            if (fields.has("code")) {
                account.code_hash = state_.set_code(fields.data("code"));
            }
            // The tracer shows an account that does not exist as one without anything.
            state_.set_account(address, account.is_empty() ? std::nullopt : std::optional(account));
        }
        if (fields.has("storage") && !is_made_in_block) {
            fields.each_field("storage", [&](const std::string& key, const Fields& value) {
                const u256 slot = slot_key(key, value);
                if (state_.known_storage(address, slot) == nullptr) {
                    state_.set_storage(address, slot, value.as_word());
                }
            });
        }
    }

    RecordedState& state_;
    std::set<Address> seen_;
    std::set<Address> written_;
};

class TraceSource final : public BlockSource {
  public:
    explicit TraceSource(fs::path folder) : rules_(mainnet_rules()), folder_(std::move(folder)) {}

    [[nodiscard]] size_t size() const override { return 1; }
    [[nodiscard]] std::string name(size_t) const override { return folder_.string(); }
    [[nodiscard]] const ChainRules& rules() const override { return rules_; }

    [[nodiscard]] Result<ReplayBlock> load(size_t) override {
        const auto parsed = read("block.json");
        if (!parsed) {
            return Err{parsed.error()};
        }
        auto block = read_block(*parsed);
        if (!block) {
            return Err{Error{(folder_ / "block.json").string() + ": " + block.error().message}};
        }
        if (auto taken = take_receipts(*block); !taken) {
            return Err{taken.error()};
        }
        if (auto taken = take_traces(*block); !taken) {
            return Err{taken.error()};
        }
        if (auto taken = take_state(*block); !taken) {
            return Err{taken.error()};
        }
        return block;
    }

  private:
    [[nodiscard]] Result<json> read(const char* name) const {
        auto parsed = read_json_file(folder_ / name);
        return parsed ? Result<json>(unwrapped(*parsed)) : Result<json>(Err{parsed.error()});
    }
    /// Null when there is no such file.
    [[nodiscard]] Result<json> read_if_there(const char* name) const {
        std::error_code ignored;
        return fs::exists(folder_ / name, ignored) ? read(name) : Result<json>(json());
    }

    [[nodiscard]] Result<void> take_receipts(ReplayBlock& block) const {
        const auto parsed = read_if_there("receipts.json");
        if (!parsed) {
            return Err{parsed.error()};
        }
        if (parsed->is_null()) {
            return {};
        }
        auto receipts = read_receipts(*parsed);
        if (!receipts) {
            return Err{Error{(folder_ / "receipts.json").string() + ": " + receipts.error().message}
            };
        }
        block.receipts = *std::move(receipts);
        return {};
    }

    [[nodiscard]] Result<void> take_traces(ReplayBlock& block) const {
        auto calls = read_if_there("calltrace.json");
        if (!calls) {
            return Err{calls.error()};
        }
        auto diffs = read_if_there("difftrace.json");
        if (!diffs) {
            return Err{diffs.error()};
        }
        block.traces = {*std::move(calls), *std::move(diffs)};
        return {};
    }

    [[nodiscard]] Result<void> take_state(ReplayBlock& block) const {
        const auto prestate = read("prestatetrace.json");
        if (!prestate) {
            return Err{prestate.error()};
        }
        const json lists{{"prestate", *prestate}, {"diffs", block.traces.diffs}};
        Problem problem;
        const Fields all{lists, folder_.string(), problem};
        auto state = std::make_shared<RecordedState>();
        PrestateReader reader{*state};
        size_t index = 0;
        all.each("prestate", [&](const Fields& trace) {
            reader.add_prestate(trace);
            if (block.traces.diffs.is_array() && index < block.traces.diffs.size()) {
                reader.add_diff(Fields{
                    lists["diffs"][index], "difftrace[" + std::to_string(index) + "]", problem
                });
            }
            ++index;
        });
        if (problem.is_noted()) {
            return problem.error();
        }
        if (block.header.number > 0) {
            state->set_block_hash(block.header.number - 1, block.header.parent_hash);
        }
        block.state = std::move(state);
        return {};
    }

    ChainRules rules_;
    fs::path folder_;
};

}  // namespace

Result<std::unique_ptr<BlockSource>> open_traced_block(const fs::path& folder) {
    return std::unique_ptr<BlockSource>(std::make_unique<TraceSource>(folder));
}

}  // namespace mega::replay
