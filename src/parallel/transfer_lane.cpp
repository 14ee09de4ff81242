#include "evm/precompiles.hpp"
#include "execution/data_fee.hpp"
#include "parallel/lanes.hpp"

#include <utility>

namespace mega::parallel {

namespace {

constexpr uint64_t transfer_gas = 21000;  // Yellow Paper appendix G, in every fork

/// Figures of a transfer that sums of balances below 2^255 can hold.
struct Costs {
    u256 price;
    u256 tip;
    u256 needed;  // at the start
    uint64_t data_gas = 0;
    uint64_t gas_used = transfer_gas;
    u256 to_vault;
};

/// Nothing where the limit does not hold the gas: who is refused is refused in full words
/// elsewhere.
bool add_l2_fees(
    const execution::BlockEnv& env, const SignedTransaction& tx, const u256& base_fee, Costs& costs
) {
    if (!env.l2_fees.pays_vault()) {
        return true;
    }
    costs.data_gas = execution::data_gas(env.l2_fees, tx);
    costs.gas_used += costs.data_gas;
    costs.to_vault = execution::vault_credit(env.l2_fees, base_fee, costs.gas_used, costs.data_gas);
    const Address& vault = execution::fee_vault_address;
    return costs.gas_used <= tx.tx.gas_limit && tx.sender != vault && *tx.tx.to != vault &&
           env.context.beneficiary != vault;
}

std::optional<Costs> costs_of(const execution::BlockEnv& env, const SignedTransaction& signed_tx) {
    const Transaction& tx = signed_tx.tx;
    const bool has_base_fee = env.fork >= Fork::london;
    const u256 base_fee = has_base_fee ? env.context.base_fee_per_gas : u256{};
    if (tx.max_fee_per_gas < base_fee || tx.value >= state::high_balance ||
        multiply_overflows(u256{tx.gas_limit}, tx.max_fee_per_gas)) {
        return std::nullopt;
    }
    Costs costs;
    costs.price = has_base_fee ? effective_gas_price(tx, base_fee) : tx.max_fee_per_gas;
    costs.tip = costs.price - base_fee;
    const u256 most_for_gas = u256{tx.gas_limit} * tx.max_fee_per_gas;
    if (most_for_gas >= state::high_balance) {
        return std::nullopt;
    }
    costs.needed = most_for_gas + tx.value;
    const bool fits =
        costs.needed < state::high_balance && add_l2_fees(env, signed_tx, base_fee, costs);
    return fits ? std::optional{costs} : std::nullopt;
}

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
    const Costs& costs,
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

bool looks_like_transfer(Fork fork, const Transaction& tx) {
    const bool has_plain_type = tx.type == TxType::legacy || tx.type == TxType::dynamic_fee ||
                                tx.type == TxType::access_list;
    return has_plain_type && tx.to && tx.data.empty() && tx.access_list.empty() &&
           !evm::is_precompile(fork, *tx.to);
}

bool run_transfer(
    Lane& lane, const RoundContext& round, const SignedTransaction& tx, Record& record
) {
    const execution::BlockEnv& env = *round.env;
    const auto costs = costs_of(env, tx);
    if (!costs || tx.tx.nonce == UINT64_MAX ||
        !execution::check_stateless(env.fork, env.context.chain_id, tx.tx, round.options)) {
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
