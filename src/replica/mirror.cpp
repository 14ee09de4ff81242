#include "replica/mirror.hpp"

#include "base/hex.hpp"
#include "execution/host.hpp"
#include "sequencer/opening.hpp"
#include "state/overlay.hpp"

#include <algorithm>

namespace mega::replica {
namespace {

using feed::FeedTransaction;
using sequencer::DiffPtr;
using sequencer::ExecutedPtr;
using sequencer::MiniBlockPtr;
using Kind = Refusal::Kind;

constexpr uint64_t min_gas_limit = 5000;

std::string shown(const std::optional<Account>& account) {
    return account ? "nonce " + std::to_string(account->nonce) + ", balance " +
                         to_decimal(account->balance) + ", code " + to_hex(account->code_hash)
                   : std::string("no account");
}

std::string shown(const sequencer::OpenBlockRecord& inputs) {
    return "timestamp " + std::to_string(inputs.timestamp) + ", gas limit " +
           std::to_string(inputs.gas_limit) + ", beneficiary " + to_hex(inputs.beneficiary) +
           ", prev_randao " + to_hex(inputs.prev_randao) + ", base fee " +
           to_decimal(inputs.base_fee_per_gas);
}

struct FieldDifference {
    std::string name;
    std::string expected;
    std::string got;
};

/// The first field in which two headers differ.
FieldDifference difference(const BlockHeader& expected, const BlockHeader& got) {
    const auto number = [](uint64_t value) { return std::to_string(value); };
    const auto base_fee = [](const BlockHeader& header) {
        return to_decimal(header.base_fee_per_gas.value_or(0));
    };
    const FieldDifference fields[] = {
        {"number", number(expected.number), number(got.number)},
        {"parent hash", to_hex(expected.parent_hash), to_hex(got.parent_hash)},
        {"timestamp", number(expected.timestamp), number(got.timestamp)},
        {"gas limit", number(expected.gas_limit), number(got.gas_limit)},
        {"beneficiary", to_hex(expected.beneficiary), to_hex(got.beneficiary)},
        {"prev_randao", to_hex(expected.prev_randao), to_hex(got.prev_randao)},
        {"base fee", base_fee(expected), base_fee(got)},
        {"transactions root", to_hex(expected.transactions_root), to_hex(got.transactions_root)},
        {"gas used", number(expected.gas_used), number(got.gas_used)},
        {"receipts root", to_hex(expected.receipts_root), to_hex(got.receipts_root)},
        {"state root", to_hex(expected.state_root), to_hex(got.state_root)},
        {"logs bloom", to_hex(expected.logs_bloom), to_hex(got.logs_bloom)},
    };
    for (const FieldDifference& field : fields) {
        if (field.expected != field.got) {
            return field;
        }
    }
    return {"hash", to_hex(hash_of(expected)), to_hex(hash_of(got))};
}

/// Where two canonical diffs part.
FieldDifference difference(const state::StateDiff& expected, const state::StateDiff& got) {
    const auto account_words = [](const state::AccountChange& change) {
        return to_hex(change.address) + " becomes " + shown(change.after);
    };
    for (size_t i = 0; i < std::max(expected.accounts.size(), got.accounts.size()); ++i) {
        const bool has_both = i < expected.accounts.size() && i < got.accounts.size();
        if (!has_both || expected.accounts[i] != got.accounts[i]) {
            return {
                "account",
                i < expected.accounts.size() ? account_words(expected.accounts[i]) : "no change",
                i < got.accounts.size() ? account_words(got.accounts[i]) : "no change"
            };
        }
    }
    const auto slot_words = [](const state::SlotChange& change) {
        return "slot " + to_hex(change.slot.to_hash()) + " of " + to_hex(change.address) +
               " becomes " + to_hex(change.after.to_hash());
    };
    for (size_t i = 0; i < std::max(expected.slots.size(), got.slots.size()); ++i) {
        const bool has_both = i < expected.slots.size() && i < got.slots.size();
        if (!has_both || expected.slots[i] != got.slots[i]) {
            return {
                "slot",
                i < expected.slots.size() ? slot_words(expected.slots[i]) : "no change",
                i < got.slots.size() ? slot_words(got.slots[i]) : "no change"
            };
        }
    }
    return {"diff", "", ""};
}

}  // namespace

std::string to_string(const Refusal& refusal) {
    std::string text = "block " + std::to_string(refusal.block_number) + ": " + refusal.words;
    if (!refusal.expected.empty() || !refusal.got.empty()) {
        text += " (computed here: " + refusal.expected + "; told: " + refusal.got + ")";
    }
    return text;
}

Mirror::Mirror(
    const MirrorConfig& config,
    storage::StateStore& store,
    sequencer::Commitment& commitment,
    sequencer::SealedPtr head,
    uint64_t next_mini_block_number
)
    : config_(config),
      store_(&store),
      commitment_(&commitment),
      head_(std::move(head)),
      next_mini_block_number_(next_mini_block_number),
      after_head_(next_mini_block_number) {
    open_guess();
}

Refusal Mirror::refuse(Kind kind, std::string words, std::string expected, std::string got) const {
    return {kind, open_number(), std::move(words), std::move(expected), std::move(got)};
}

Result<Applied, Refusal> Mirror::apply(const feed::Record& record, bool re_execute) {
    return std::visit([&](const auto& fields) { return apply_record(fields, re_execute); }, record);
}

// -------------------------------------------------------------------------------------------------
// openings

void Mirror::open_block(const sequencer::OpenBlockRecord& inputs) {
    BlockHeader header = sequencer::opening_header(head_->header, head_->hash, inputs);
    const auto env = execution::l2_block_env(config_.fork, config_.chain_id, header, parameters_);
    open_ = std::make_shared<sequencer::OpenBlock>(std::move(header), env, inputs.l1);
    is_guess_ = false;
}

/// The state is that of the head.
void Mirror::open_guess() {
    parameters_ = execution::read_l2_parameters(store_->writer_view(), config_.fee_market);
    sequencer::OpenBlockRecord inputs = sequencer::inputs_of(head_->header);
    inputs.number = open_number();
    inputs.timestamp += 1;
    inputs.l1 = head_->l1;
    inputs.base_fee_per_gas = execution::next_base_fee(head_->header, parameters_.fee_market);
    open_block(inputs);
    is_guess_ = true;
}

Mirror::Step Mirror::check_opening(const sequencer::OpenBlockRecord& inputs) const {
    if (inputs.timestamp < head_->header.timestamp) {
        return Err{refuse(
            Kind::mismatch,
            "it opens before its parent",
            "a timestamp of at least " + std::to_string(head_->header.timestamp),
            std::to_string(inputs.timestamp)
        )};
    }
    if (inputs.gas_limit < min_gas_limit) {
        return Err{refuse(
            Kind::mismatch,
            "it has a gas limit that no block can have",
            "at least " + std::to_string(min_gas_limit),
            std::to_string(inputs.gas_limit)
        )};
    }
    return {};
}

Result<Applied, Refusal> Mirror::apply_record(const feed::OpenRecord& record, bool) {
    const sequencer::OpenBlockRecord& inputs = record.opening;
    if (inputs.number < open_number()) {
        return Applied{};
    }
    if (inputs.number > open_number()) {
        return Err{refuse(Kind::gap, "block " + std::to_string(inputs.number) + " opens")};
    }
    const auto present = sequencer::inputs_of(*open_);
    if (!is_guess_ && present == inputs) {
        return Applied{};
    }
    if (has_begun_) {
        return Err{refuse(
            Kind::fork, "it opens anew after mini-blocks in it", shown(present), shown(inputs)
        )};
    }
    if (auto checked = check_opening(inputs); !checked) {
        return Err{checked.error()};
    }
    open_block(inputs);
    return Applied{.block = open_, .is_opened = true, .mini_blocks = {}, .sealed = {}, .next = {}};
}

// -------------------------------------------------------------------------------------------------
// content

Result<std::vector<ExecutedPtr>, Refusal> Mirror::executed_of(
    std::span<const FeedTransaction> transactions
) const {
    const BlockHeader& header = open_->opening_header();
    const u256 base_fee = header.base_fee_per_gas.value_or(0);
    uint64_t gas_before = executed_.empty() ? 0 : executed_.back()->receipt.cumulative_gas_used;
    uint64_t log_index = log_count_;
    auto index = static_cast<uint32_t>(executed_.size());
    std::vector<ExecutedPtr> made;
    made.reserve(transactions.size());
    for (const FeedTransaction& told : transactions) {
        const std::string name = "transaction " + std::to_string(index);
        auto decoded = decode_transaction(told.raw);
        if (!decoded) {
            return Err{refuse(
                Kind::mismatch,
                name + " is malformed: " + std::string(mega::to_string(decoded.error()))
            )};
        }
        const bool is_deposit = decoded->type == TxType::deposit;
        if (told.cumulative_gas_used < gas_before ||
            told.cumulative_gas_used - gas_before > decoded->gas_limit ||
            told.cumulative_gas_used > header.gas_limit) {
            return Err{refuse(
                Kind::mismatch,
                name + " uses gas that it cannot have",
                "more than " + std::to_string(gas_before) + " used by its end, at most its limit",
                std::to_string(told.cumulative_gas_used)
            )};
        }
        if (!is_deposit && decoded->max_fee_per_gas < base_fee) {
            return Err{refuse(Kind::mismatch, name + " pays less than the base fee")};
        }
        if (config_.check_senders) {
            const auto sender = recover_sender(*decoded);
            if (!sender || *sender != told.sender) {
                return Err{refuse(
                    Kind::mismatch,
                    name + " has another sender",
                    sender ? to_hex(*sender) : "no valid signature",
                    to_hex(told.sender)
                )};
            }
        }
        const bool creates = !decoded->to && told.status;
        const bool is_right_address =
            told.created.has_value() == creates &&
            (!creates || is_deposit ||
             *told.created == execution::create_address(told.sender, decoded->nonce));
        if (!is_right_address) {
            return Err{refuse(Kind::mismatch, name + " names a wrong created contract")};
        }
        auto executed = std::make_shared<sequencer::ExecutedTransaction>();
        executed->gas_used = told.cumulative_gas_used - gas_before;
        executed->effective_gas_price =
            is_deposit ? u256{} : effective_gas_price(*decoded, base_fee);
        executed->created = told.created;
        executed->block_number = header.number;
        executed->index = index++;
        executed->first_log_index = log_index;
        Receipt& receipt = executed->receipt;
        receipt.type = decoded->type;
        receipt.status = told.status;
        receipt.cumulative_gas_used = told.cumulative_gas_used;
        receipt.logs = told.logs;
        receipt.bloom = bloom_of(receipt.logs);
        executed->tx = std::make_shared<const SignedTransaction>(SignedTransaction{
            *std::move(decoded), told.sender, transaction_hash(told.raw), told.raw
        });
        gas_before = told.cumulative_gas_used;
        log_index += receipt.logs.size();
        made.push_back(std::move(executed));
    }
    return made;
}

Mirror::Step Mirror::check_signature(const MiniBlockHeader& header) {
    const auto signer = recover_signer(header);
    std::vector<Address>& known = config_.sequencers;
    if (signer && known.empty()) {
        known.push_back(*signer);
    }
    if (!signer || std::ranges::find(known, *signer) == known.end()) {
        std::string expected = known.empty() ? "a signature" : "";
        for (const Address& one : known) {
            expected += (expected.empty() ? "" : " or ") + to_hex(one);
        }
        return Err{refuse(
            Kind::mismatch,
            "mini-block " + std::to_string(header.mini_block_number) +
                " is not signed by the sequencer",
            std::move(expected),
            signer ? to_hex(*signer) : "no valid signature"
        )};
    }
    return {};
}

/// `executed` is the mini-block's own.
Mirror::Step Mirror::check_mini_block(
    const MiniBlockHeader& header, std::span<const ExecutedPtr> executed
) {
    const std::string name = "mini-block " + std::to_string(header.mini_block_number);
    if (auto checked = check_signature(header); !checked) {
        return checked;
    }
    if (header.mini_block_number == UINT64_MAX) {
        return Err{refuse(Kind::mismatch, name + " has a number that nothing can follow")};
    }
    uint64_t gas_used = 0;
    for (const ExecutedPtr& tx : executed) {
        gas_used += tx->gas_used;
    }
    const auto roots = sequencer::roots_of(executed);
    const BlockHeader& opening = open_->opening_header();
    const auto number = [](uint64_t value) { return std::to_string(value); };
    const FieldDifference fields[] = {
        {"block timestamp", number(opening.timestamp), number(header.block_timestamp)},
        {"transaction root", to_hex(roots.transactions), to_hex(header.transaction_root)},
        {"receipt root", to_hex(roots.receipts), to_hex(header.receipt_root)},
        {"gas used", number(gas_used), number(header.gas_used)},
    };
    for (const FieldDifference& field : fields) {
        if (field.expected != field.got) {
            return Err{refuse(
                Kind::mismatch, name + ": the " + field.name + " differs", field.expected, field.got
            )};
        }
    }
    return {};
}

Mirror::Step Mirror::check_before(const state::StateDiff& diff) const {
    const state::StateView& state = store_->writer_view();
    for (const state::AccountChange& change : diff.accounts) {
        const auto present = state.account(change.address);
        if (present != change.before) {
            return Err{refuse(
                Kind::mismatch,
                "the diff begins with another state of account " + to_hex(change.address),
                shown(present),
                shown(change.before)
            )};
        }
        const bool brings_code =
            change.after && change.after->has_code() &&
            (!change.before || change.before->code_hash != change.after->code_hash);
        if (!brings_code) {
            continue;
        }
        const bool is_listed = std::ranges::any_of(diff.codes, [&](const state::CodeAdded& added) {
            return added.code_hash == change.after->code_hash;
        });
        if (!is_listed && !store_->has_code(change.after->code_hash)) {
            return Err{refuse(
                Kind::mismatch,
                "the diff lacks the code of account " + to_hex(change.address),
                to_hex(change.after->code_hash),
                "nothing"
            )};
        }
    }
    for (const state::SlotChange& change : diff.slots) {
        const u256 present = state.storage(change.address, change.slot);
        if (present != change.before) {
            return Err{refuse(
                Kind::mismatch,
                "the diff begins with another value of slot " + to_hex(change.slot.to_hash()) +
                    " of " + to_hex(change.address),
                to_hex(present.to_hash()),
                to_hex(change.before.to_hash())
            )};
        }
    }
    return {};
}

Mirror::Step Mirror::check_execution(
    std::span<const ExecutedPtr> executed, const state::StateDiff& diff
) {
    state::Overlay state{store_->writer_view()};
    sequencer::DiffAccumulator sum;
    const auto take = [&](const state::StateDiff& part) {
        state.apply(part);
        sum.add(part);
    };
    if (!has_begun_) {
        take(execution::begin_block(vm_, state, open_->env(), open_->opening_header()));
    }
    const uint64_t gas_limit = open_->opening_header().gas_limit;
    uint64_t gas_used = executed_.empty() ? 0 : executed_.back()->receipt.cumulative_gas_used;
    for (const ExecutedPtr& tx : executed) {
        const std::string name = "transaction " + std::to_string(tx->index);
        const execution::ExecutionOptions options{
            .skip_sender_code_check = config_.allow_contract_senders,
            .block_gas_left = gas_limit - gas_used
        };
        const auto result =
            execution::execute_transaction(vm_, state, open_->env(), *tx->tx, options);
        if (!result) {
            return Err{
                refuse(Kind::mismatch, name + " cannot be executed: " + result.error().message)
            };
        }
        gas_used += result->gas_used;
        const Receipt receipt = execution::make_receipt(tx->tx->tx, *result, gas_used);
        if (receipt != tx->receipt) {
            return Err{refuse(
                Kind::mismatch,
                name + " has another receipt",
                to_hex(mega::encode(receipt)),
                to_hex(mega::encode(tx->receipt))
            )};
        }
        take(result->diff);
    }
    const state::StateDiff computed = sum.take();
    if (computed.accounts != diff.accounts || computed.slots != diff.slots) {
        const FieldDifference field = difference(computed, diff);
        return Err{refuse(
            Kind::mismatch,
            "the diff is not what its transactions lead to: the first difference is in " +
                std::string(field.name == "slot" ? "a slot" : "an account"),
            field.expected,
            field.got
        )};
    }
    return {};
}

DiffPtr Mirror::take_in(state::StateDiff diff) {
    auto shared = std::make_shared<const state::StateDiff>(std::move(diff));
    has_begun_ = true;
    if (!shared->is_empty()) {
        state_version_ = store_->apply(*shared);
        commitment_->absorb(shared);
        block_.add(*shared);
    }
    return shared;
}

MiniBlockPtr Mirror::add_mini_block(
    const MiniBlockHeader& header, std::vector<ExecutedPtr> executed, DiffPtr diff
) {
    auto mini_block = std::make_shared<sequencer::MiniBlock>();
    mini_block->header = header;
    mini_block->transactions = std::move(executed);
    mini_block->diff = std::move(diff);
    for (const ExecutedPtr& tx : mini_block->transactions) {
        log_count_ += tx->receipt.logs.size();
        executed_.push_back(tx);
    }
    mini_blocks_.push_back(mini_block);
    next_mini_block_number_ = header.mini_block_number + 1;
    return mini_block;
}

Result<Applied, Refusal> Mirror::apply_record(
    const feed::MiniBlockRecord& record, bool re_execute
) {
    const MiniBlockHeader& header = record.header;
    if (header.block_number < open_number()) {
        return Applied{};
    }
    if (header.block_number == open_number() && header.index < mini_blocks_.size()) {
        if (mini_blocks_[header.index]->header != header) {
            return Err{refuse(
                Kind::fork,
                "mini-block " + std::to_string(header.mini_block_number) + " is another one"
            )};
        }
        return Applied{};
    }
    const bool is_next =
        header.block_number == open_number() && !is_guess_ && header.index == mini_blocks_.size();
    if (!is_next) {
        return Err{refuse(
            Kind::gap,
            "mini-block " + std::to_string(header.index) + " of block " +
                std::to_string(header.block_number) + " comes where mini-block " +
                std::to_string(mini_blocks_.size()) + " of block " + std::to_string(open_number()) +
                " is next"
        )};
    }
    auto executed = executed_of(record.transactions);
    if (!executed) {
        return Err{executed.error()};
    }
    if (auto checked = check_mini_block(header, *executed); !checked) {
        return Err{checked.error()};
    }
    if (auto checked = check_before(record.diff); !checked) {
        return Err{checked.error()};
    }
    if (re_execute) {
        if (auto checked = check_execution(*executed, record.diff); !checked) {
            return Err{checked.error()};
        }
    }
    Applied applied{
        .block = open_, .is_opened = false, .mini_blocks = {}, .sealed = {}, .next = {}
    };
    applied.mini_blocks.push_back(add_mini_block(header, *std::move(executed), take_in(record.diff))
    );
    return applied;
}

// -------------------------------------------------------------------------------------------------
// ends

/// The header, but for the state root, from what is here.
Mirror::Step Mirror::check_closing(const BlockHeader& header) {
    const BlockHeader expected =
        sequencer::closing_header(open_->opening_header(), executed_, header.state_root);
    if (expected != header) {
        const FieldDifference field = difference(expected, header);
        return Err{refuse(
            Kind::mismatch,
            "the " + field.name + " of its header differs",
            field.expected,
            field.got
        )};
    }
    return {};
}

Result<Applied, Refusal> Mirror::seal(
    const BlockHeader& header, DiffPtr closing_diff, Applied applied
) {
    const auto root = commitment_->root();
    if (!root) {
        return Err{refuse(Kind::failure, root.error().message)};
    }
    if (*root != header.state_root) {
        return Err{refuse(
            Kind::mismatch,
            "the state root of its header differs",
            to_hex(*root),
            to_hex(header.state_root)
        )};
    }
    auto sealed = std::make_shared<sequencer::SealedBlock>();
    sealed->header = header;
    sealed->hash = hash_of(header);
    sealed->opening_hash = open_->name();
    sealed->l1 = open_->l1();
    sealed->transactions = std::exchange(executed_, {});
    sealed->mini_blocks = std::exchange(mini_blocks_, {});
    sealed->diff = std::make_shared<const state::StateDiff>(block_.take());
    sealed->closing_diff = std::move(closing_diff);
    commitment_->seal(header.number, sealed->diff);
    store_->set_block_hash(header.number, sealed->hash);
    log_count_ = 0;
    has_begun_ = false;
    head_ = sealed;
    head_version_ = state_version_;
    after_head_ = next_mini_block_number_;
    applied.block = std::exchange(open_, nullptr);
    open_guess();
    applied.sealed = head_;
    applied.next = open_;
    return applied;
}

Result<Applied, Refusal> Mirror::apply_record(const feed::SealRecord& record, bool re_execute) {
    if (record.header.number < open_number()) {
        if (record.header.number == head_->header.number && record.header != head_->header) {
            return Err{refuse(
                Kind::fork,
                "its parent is another block",
                to_hex(head_->hash),
                to_hex(hash_of(record.header))
            )};
        }
        return Applied{};
    }
    const bool lacks_content =
        is_guess_ || record.header.number > open_number() ||
        record.header.transactions_root != sequencer::roots_of(executed_).transactions;
    if (lacks_content) {
        return Err{refuse(
            Kind::gap,
            "the seal of block " + std::to_string(record.header.number) +
                " comes before all of its transactions"
        )};
    }
    if (auto checked = check_closing(record.header); !checked) {
        return Err{checked.error()};
    }
    if (auto checked = check_before(record.diff); !checked) {
        return Err{checked.error()};
    }
    // Nothing is executed after the last mini-block; the block's beginning may be all there is.
    if (re_execute) {
        if (auto checked = check_execution({}, record.diff); !checked) {
            return Err{checked.error()};
        }
    }
    return seal(record.header, take_in(record.diff), Applied{});
}

Result<Applied, Refusal> Mirror::apply_record(const feed::BlockRecord& record, bool re_execute) {
    const uint64_t number = record.header.number;
    if (number < open_number()) {
        return Applied{};
    }
    if (number > open_number() || record.opening.number != number) {
        return Err{refuse(Kind::gap, "block " + std::to_string(number) + " comes")};
    }
    if (record.header.parent_hash != head_->hash) {
        return Err{refuse(
            Kind::fork,
            "its parent is another block",
            to_hex(head_->hash),
            to_hex(record.header.parent_hash)
        )};
    }
    // A sealed block's place in L1 is in its transactions.
    sequencer::OpenBlockRecord inputs = record.opening;
    if (!inputs.l1) {
        inputs.l1 = is_guess_ ? head_->l1 : open_->l1();
    }
    const auto opened = apply_record(feed::OpenRecord{inputs}, false);
    if (!opened) {
        return opened;
    }
    if (record.mini_blocks.size() < mini_blocks_.size()) {
        return Err{refuse(Kind::fork, "it has fewer mini-blocks than were told before")};
    }
    size_t first = 0;
    for (size_t i = 0; i < mini_blocks_.size(); ++i) {
        if (record.mini_blocks[i].header != mini_blocks_[i]->header) {
            return Err{refuse(
                Kind::fork,
                "mini-block " + std::to_string(record.mini_blocks[i].header.mini_block_number) +
                    " is another one than was told before"
            )};
        }
        first += mini_blocks_[i]->transactions.size();
    }
    const auto all = std::span(record.transactions);
    if (first > all.size()) {
        return Err{refuse(Kind::fork, "it has fewer transactions than were told before")};
    }
    auto executed = executed_of(all.subspan(first));
    if (!executed) {
        return Err{executed.error()};
    }

    // The mini-blocks that were not told yet, each with its share of the transactions.
    std::vector<std::pair<MiniBlockHeader, std::vector<ExecutedPtr>>> rest;
    size_t at = 0;
    uint64_t next_number = next_mini_block_number_;
    for (size_t i = mini_blocks_.size(); i < record.mini_blocks.size(); ++i) {
        const auto& told = record.mini_blocks[i];
        const bool fits = told.transaction_count <= executed->size() - at &&
                          told.header.block_number == number && told.header.index == i &&
                          told.header.mini_block_number >= next_number;
        if (!fits) {
            return Err{refuse(
                Kind::mismatch,
                "mini-block " + std::to_string(told.header.mini_block_number) +
                    " has no place in it"
            )};
        }
        next_number = told.header.mini_block_number + 1;
        const auto begin = executed->begin() + static_cast<std::ptrdiff_t>(at);
        std::vector<ExecutedPtr> share(
            begin, begin + static_cast<std::ptrdiff_t>(told.transaction_count)
        );
        if (auto checked = check_mini_block(told.header, share); !checked) {
            return Err{checked.error()};
        }
        at += share.size();
        rest.emplace_back(told.header, std::move(share));
    }
    if (at != executed->size()) {
        return Err{refuse(Kind::mismatch, "it has transactions that are in no mini-block")};
    }

    // What is left of the block's diff after what was told before.
    state::StateDiff diff = record.diff;
    if (has_begun_) {
        const state::StateDiff so_far = block_.take();
        block_.add(so_far);
        diff = state::merge(state::invert(so_far), record.diff);
    }
    if (auto checked = check_before(diff); !checked) {
        return Err{checked.error()};
    }
    if (re_execute) {
        if (auto checked = check_execution(*executed, diff); !checked) {
            return Err{checked.error()};
        }
    }
    // Which mini-block changed what is not told: the last one is said to have changed all of it.
    const DiffPtr taken = take_in(std::move(diff));
    const auto nothing = std::make_shared<const state::StateDiff>();
    Applied applied{
        .block = open_, .is_opened = opened->is_opened, .mini_blocks = {}, .sealed = {}, .next = {}
    };
    for (auto& [header, share] : rest) {
        const bool is_last = applied.mini_blocks.size() + 1 == rest.size();
        applied.mini_blocks.push_back(
            add_mini_block(header, std::move(share), is_last ? taken : nothing)
        );
    }
    if (auto checked = check_closing(record.header); !checked) {
        return Err{checked.error()};
    }
    return seal(record.header, rest.empty() ? taken : nothing, std::move(applied));
}

Result<Applied, Refusal> Mirror::apply_record(const feed::RevertRecord& record, bool) {
    return Err{refuse(
        Kind::fork,
        "the chain that is followed has gone back to the end of block " +
            std::to_string(record.number)
    )};
}

void Mirror::give_up_open_block() {
    const state::StateDiff taken = block_.take();
    if (!taken.is_empty()) {
        state_version_ = store_->apply(state::invert(taken));
        head_version_ = state_version_;
    }
    commitment_->abandon_open_block();
    executed_.clear();
    mini_blocks_.clear();
    log_count_ = 0;
    has_begun_ = false;
    next_mini_block_number_ = after_head_;
    open_guess();
}

void Mirror::revert_to(
    sequencer::SealedPtr target, std::span<const DiffPtr> newer, uint64_t next_mini_block_number
) {
    give_up_open_block();
    for (const DiffPtr& diff : newer) {
        state_version_ = store_->apply(state::invert(*diff));
        commitment_->revert_block(diff);
    }
    head_ = std::move(target);
    head_version_ = state_version_;
    next_mini_block_number_ = after_head_ = next_mini_block_number;
    open_guess();
}

Result<Applied, Refusal> Mirror::apply_record(const feed::NoticeRecord&, bool) { return Applied{}; }

}  // namespace mega::replica
