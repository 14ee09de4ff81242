// prestateTracer: what a transaction looked at, as it was before; or, in diff mode, what it
// changed, before and after.

#include "evm/opcodes.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/trace.hpp"

#include <map>
#include <set>

namespace mega::rpc {
namespace {

using evm::CallKind;
using evm::Opcode;

constexpr size_t account_bytes = 200;
constexpr size_t slot_bytes = 140;

class PrestateTracer final : public JsonTracer {
  public:
    PrestateTracer(const TraceOptions& options, const TraceContext& context, TraceBudget& budget)
        : options_(options), context_(context), budget_(budget) {
        const Transaction& tx = context.tx.tx;
        look_at(context.tx.sender);
        look_at(context.env.context.beneficiary);
        if (tx.to) {
            look_at(*tx.to);
        }
        for (const Authorization& authorization : tx.authorization_list) {
            if (const auto authority = recover_authority(authorization)) {
                look_at(*authority);
            }
        }
    }

    void on_enter(const evm::Message& message) override {
        look_at(message.recipient);
        if (message.kind == CallKind::create || message.kind == CallKind::create2) {
            return;
        }
        look_at(message.code_address);
        if (const auto account = context_.before.account(message.code_address);
            account && account->has_code()) {
            if (const auto target = context_.before.code(account->code_hash)->delegation()) {
                look_at(*target);
            }
        }
    }

    void on_step(const evm::StepInfo& step) override {
        if (step.stack.empty()) {
            return;
        }
        const u256& top = step.stack.back();
        switch (static_cast<Opcode>(step.opcode)) {
            case Opcode::SLOAD:
            case Opcode::SSTORE:
                look_at(step.contract, top);
                break;
            case Opcode::BALANCE:
            case Opcode::EXTCODECOPY:
            case Opcode::EXTCODEHASH:
            case Opcode::EXTCODESIZE:
            case Opcode::SELFDESTRUCT:
                look_at(top.to_address());
                break;
            default:
                break;
        }
    }

    [[nodiscard]] std::string json(const execution::TxResult& result) override {
        return options_.diff_mode ? changes(result.diff) : looked_at(result);
    }

  private:
    void look_at(const Address& address) {
        if (!seen_.contains(address) && budget_.take(1, account_bytes)) {
            seen_.try_emplace(address);
        }
    }
    void look_at(const Address& address, const u256& slot) {
        look_at(address);
        const auto seen = seen_.find(address);
        if (options_.with_slots && seen != seen_.end() && !seen->second.contains(slot) &&
            budget_.take(1, slot_bytes)) {
            seen->second.insert(slot);
        }
    }

    /// Balance, and what is not empty of the rest.
    void write_fields(JsonWriter& out, const Account& account) {
        out.field_quantity("balance", account.balance);
        if (account.nonce != 0) {
            out.key("nonce").number(account.nonce);
        }
        if (account.has_code() && options_.with_code) {
            write_code(out, *context_.before.code(account.code_hash));
        }
    }

    void write_code(JsonWriter& out, const evm::Code& code) {
        if (budget_.take(0, 2 * code.size())) {
            out.field("code", code.bytes());
        }
    }

    [[nodiscard]] std::string looked_at(const execution::TxResult& result) {
        JsonWriter out;
        out.begin_object();
        for (const auto& [address, slots] : seen_) {
            const auto account = context_.before.account(address);
            if (!account && address == result.created) {
                continue;
            }
            out.key(to_hex(address)).begin_object();
            write_fields(out, account.value_or(Account{}));
            if (!slots.empty()) {
                out.key("storage").begin_object();
                for (const u256& slot : slots) {
                    out.field(
                        to_hex(slot.to_hash()), context_.before.storage(address, slot).to_hash()
                    );
                }
                out.end_object();
            }
            out.end_object();
        }
        return out.end_object().take();
    }

    using Slots = std::span<const state::SlotChange>;

    [[nodiscard]] static Slots slots_of(const state::StateDiff& diff, const Address& address) {
        const auto range = std::ranges::equal_range(
            diff.slots,
            address,
            std::less{},
            [](const state::SlotChange& slot) { return slot.address; }
        );
        return {range.begin(), range.end()};
    }

    void write_slots(JsonWriter& out, Slots slots, u256 state::SlotChange::* side) {
        bool is_open = false;
        for (const state::SlotChange& slot : slots) {
            const bool is_shown =
                options_.with_slots && slot.before != slot.after && !(slot.*side).is_zero();
            if (!is_shown || !budget_.take(0, slot_bytes)) {
                continue;
            }
            if (!is_open) {
                out.key("storage").begin_object();
                is_open = true;
            }
            out.field(to_hex(slot.slot.to_hash()), (slot.*side).to_hash());
        }
        if (is_open) {
            out.end_object();
        }
    }

    [[nodiscard]] std::string changes(const state::StateDiff& diff) {
        JsonWriter pre;
        JsonWriter post;
        pre.begin_object();
        post.begin_object();
        for (const state::AccountChange& change : diff.accounts) {
            const Slots slots = slots_of(diff, change.address);
            if (change.before) {
                pre.key(to_hex(change.address)).begin_object();
                write_fields(pre, *change.before);
                write_slots(pre, slots, &state::SlotChange::before);
                pre.end_object();
            }
            if (change.after) {
                post.key(to_hex(change.address)).begin_object();
                write_changed_fields(post, change, diff);
                write_slots(post, slots, &state::SlotChange::after);
                post.end_object();
            }
        }
        JsonWriter out;
        out.begin_object()
            .field_raw("post", post.end_object().text())
            .field_raw("pre", pre.end_object().text());
        return out.end_object().take();
    }

    void write_changed_fields(
        JsonWriter& out, const state::AccountChange& change, const state::StateDiff& diff
    ) {
        const Account before = change.before.value_or(Account{});
        const Account& after = *change.after;
        if (after.balance != before.balance) {
            out.field_quantity("balance", after.balance);
        }
        if (after.nonce != before.nonce) {
            out.key("nonce").number(after.nonce);
        }
        if (after.code_hash == before.code_hash || !options_.with_code) {
            return;
        }
        const auto added = std::ranges::find(diff.codes, after.code_hash, [](const auto& code) {
            return code.code_hash;
        });
        if (added != diff.codes.end()) {
            write_code(out, *added->code);
        } else if (after.has_code()) {
            write_code(out, *context_.before.code(after.code_hash));
        } else {
            out.field("code", BytesView{});  // a delegation was taken back
        }
    }

    const TraceOptions options_;
    const TraceContext& context_;
    TraceBudget& budget_;
    std::map<Address, std::set<u256>> seen_;
};

}  // namespace

std::unique_ptr<JsonTracer> make_prestate_tracer(
    const TraceOptions& options, const TraceContext& context, TraceBudget& budget
) {
    return std::make_unique<PrestateTracer>(options, context, budget);
}

}  // namespace mega::rpc
