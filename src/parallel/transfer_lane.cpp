#include "execution/transfer.hpp"
#include "parallel/lanes.hpp"

#include <utility>

namespace mega::parallel {

namespace {

AccountVersion& add_change(Lane& lane, Record& record, AccountLocation* location) {
    AccountVersion* change = lane.arena.make<AccountVersion>();
    change->is_touched = true;
    AccountWrite& write = record.account_writes.emplace_back();
    write.location = location;
    write.change = change;
    return *change;
}

/// The sender's and the recipient's locations are those of the first two reads.
void write_changes(
    Lane& lane,
    const RoundContext& round,
    const SignedTransaction& tx,
    const execution::TransferCosts& costs,
    Record& record
) {
    AccountLocation* from = record.account_reads[0].location;
    AccountLocation* to = record.account_reads[1].location;
    AccountVersion& sender = add_change(lane, record, from);
    sender.sets_nonce = true;
    sender.account.nonce = tx.tx.nonce + 1;
    sender.account.balance -= costs.price * u256{costs.gas_used} + tx.tx.value;
    AccountVersion& recipient = to == from ? sender : add_change(lane, record, to);
    recipient.account.balance += tx.tx.value;
    const u256 fee = costs.tip * u256{costs.gas_used};
    const Address& beneficiary = round.env->context.beneficiary;
    if (beneficiary == from->key) {
        sender.account.balance += fee;
    } else if (beneficiary == to->key) {
        recipient.account.balance += fee;
    } else {
        record.fees.push_back({beneficiary, fee});
    }
    if (round.env->l2_fees.pays_vault()) {
        record.fees.push_back({execution::fee_vault_address, costs.to_vault});
        if (record.fees.size() == 2 && record.fees[1].address < record.fees[0].address) {
            std::swap(record.fees[0], record.fees[1]);  // as commit wants them
        }
    }
    sort_account_writes(record);
}

}  // namespace

bool run_transfer(
    Lane& lane, const RoundContext& round, const SignedTransaction& tx, Record& record
) {
    const execution::BlockEnv& env = *round.env;
    const auto costs = execution::transfer_costs(env, tx, round.options);
    if (!costs) {
        return false;
    }
    const auto sender = lane.view.account(tx.sender);
    const bool pays = sender && sender->nonce == tx.tx.nonce && !sender->has_code() &&
                      sender->balance >= costs->needed && sender->balance < state::high_balance;
    const auto recipient = pays ? lane.view.account(*tx.tx.to) : std::nullopt;
    if (!pays || (recipient && recipient->has_code())) {
        record.clear_outcome();
        return false;
    }
    AccountRead& funds = record.account_reads[0];
    funds.seen = state::Seen::nonce | state::Seen::code;
    funds.has_range = true;
    funds.range = {costs->needed, state::high_balance - 1};
    record.account_reads[1].seen = state::Seen::code;
    write_changes(lane, round, tx, *costs, record);
    record.result = {};
    record.result.gas_used = costs->gas_used;
    record.result.data_gas = costs->data_gas;
    record.result.effective_gas_price = costs->price;
    record.receipt = {};
    record.receipt.type = tx.tx.type;
    record.receipt.status = true;
    record.is_native = true;
    return true;
}

}  // namespace mega::parallel
