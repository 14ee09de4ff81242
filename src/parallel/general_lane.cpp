#include "parallel/lanes.hpp"

namespace mega::parallel {

namespace {

/// A call touches every account it meets. Where there is surely something in the account already,
/// that changes nothing, and publishing it would only make readers walk.
bool is_noticeable(const state::AccountEffect& effect, const AccountVersion& change) {
    if (!change.is_bare_touch()) {
        return true;
    }
    const bool surely_not_empty =
        ((effect.seen & state::Seen::code) != 0 && effect.original.has_code()) ||
        ((effect.seen & state::Seen::nonce) != 0 && effect.original.nonce != 0);
    return effect.is_touched && !surely_not_empty;
}

void note_read(Record& record, const state::AccountEffect& effect) {
    AccountRead& read = record.account_reads[effect.load_order];
    read.seen = effect.seen;
    read.has_range = effect.range != nullptr;
    if (effect.range != nullptr) {
        read.range = *effect.range;
    }
}

/// Where something is published, it is made in its place at once.
void note_write(Lane& lane, Record& record, const state::AccountEffect& effect) {
    if (!effect.is_loaded && lane.view.lives_on_fees(effect.address)) {
        // Nobody asked for the account: all that came was the fee (Journal::credit).
        record.fees.push_back({effect.address, effect.current.balance});
        return;
    }
    const AccountVersion change = AccountVersion::change(effect);
    const bool is_published = is_noticeable(effect, change);
    if (!is_published && !effect.has_slot_changes) {
        return;
    }
    AccountWrite& write = record.account_writes.emplace_back();
    write.location = effect.is_loaded ? record.account_reads[effect.load_order].location
                                      : &lane.memory->account(lane.arena, effect.address);
    write.change = is_published ? lane.arena.make<AccountVersion>(change) : nullptr;
    write.has_slot_changes = effect.has_slot_changes;
    if (change.sets_code) {
        if (evm::CodePtr code = lane.journal.code_given(effect.address)) {
            lane.kept_codes.push_back(code);
            record.codes.push_back({change.account.code_hash, std::move(code)});
        }
    }
}

void sort_writes(Record& record) {
    sort_account_writes(record);
    std::sort(record.fees.begin(), record.fees.end(), [](const Fee& a, const Fee& b) {
        return a.address < b.address;
    });
    std::sort(
        record.slot_writes.begin(),
        record.slot_writes.end(),
        [](const SlotWrite& a, const SlotWrite& b) {
            return a.change.address != b.change.address ? a.change.address < b.change.address
                                                        : a.change.slot < b.change.slot;
        }
    );
}

void note_slot_write(
    Lane& lane, Record& record, const state::SlotChange& change, uint32_t load_order
) {
    SlotWrite& write = record.slot_writes.emplace_back();
    write.change = change;
    if (load_order == state::Journal::not_loaded) {
        // A contract made by this very transaction has slots that nobody loaded.
        write.location = &lane.memory->slot(lane.arena, change.address, change.slot);
        return;
    }
    const SlotRead& read = record.slot_reads[load_order];
    write.location = read.location;
    write.is_sum = read.has_range;
}

Result<execution::TxResult, execution::TxError> execute(
    Lane& lane, const RoundContext& round, const SignedTransaction& tx
) {
    return execution::execute_transaction(
        lane.vm, lane.journal, lane.view, *round.env, tx, round.options
    );
}

Result<execution::TxResult, execution::TxError> execute_tracked(
    Lane& lane, const RoundContext& round, const SignedTransaction& tx, Record& record
) {
    record.is_tracked = true;
    lane.origins.begin(record);
    lane.vm.set_tracer(&lane.origins);
    auto result = execute(lane, round, tx);
    lane.vm.set_tracer(nullptr);
    lane.origins.end(record);
    return result;
}

}  // namespace

void run_general(
    Lane& lane,
    const RoundContext& round,
    const SignedTransaction& tx,
    Record& record,
    bool tracks_origins
) {
    lane.vm.hashes().note_in(record.notes_hashes ? &record.hashed : nullptr);
    // Code that runs in an account under construction may leave no account behind.
    auto result = tracks_origins && tx.tx.to ? execute_tracked(lane, round, tx, record)
                                             : execute(lane, round, tx);
    lane.vm.hashes().note_in(nullptr);
    const bool is_refused = !result;
    lane.journal.visit_effects(
        lane.memory->sweeps_empty(),
        [&](const state::SlotChange& change, uint32_t load_order) {
            if (!is_refused) {
                note_slot_write(lane, record, change, load_order);
            }
        },
        [&](const state::AccountEffect& effect) {
            if (effect.is_loaded) {
                note_read(record, effect);
            }
            if (!is_refused) {
                note_write(lane, record, effect);
            }
        }
    );
    if (is_refused) {
        record.refusal = result.error();
        return;
    }
    sort_writes(record);
    record.result = std::move(*result);
    record.receipt = execution::take_receipt(tx.tx, record.result, 0);
}

}  // namespace mega::parallel
