#include "stateless/validate.hpp"

#include "base/hex.hpp"
#include "ethereum/block_transition.hpp"
#include "ethereum/body_rules.hpp"
#include "ethereum/header_rules.hpp"
#include "state/overlay.hpp"
#include "stateless/mega_rules.hpp"

namespace mega::stateless {

namespace {

using Checked = Result<void, Mismatch>;
using Executed = Result<execution::BlockResult, Mismatch>;

Err<Mismatch> in_words(MismatchCode code, std::string words) {
    return Err{Mismatch{code, std::move(words), {}, {}, std::nullopt}};
}

MismatchCode code_of(ethereum::BlockFaultCode code) {
    using Fault = ethereum::BlockFaultCode;
    switch (code) {
        case Fault::wrong_transactions_root:
            return MismatchCode::transactions_root;
        case Fault::wrong_withdrawals_root:
            return MismatchCode::withdrawals_root;
        case Fault::invalid_transaction:
            return MismatchCode::transaction;
        default:
            return code < Fault::wrong_transactions_root ? MismatchCode::header
                                                         : MismatchCode::body;
    }
}

Err<Mismatch> of_fault(const ethereum::BlockFault& fault) {
    return in_words(code_of(fault.code), fault.message());
}

std::span<const Withdrawal> withdrawals_of(const Block& block) {
    return block.withdrawals ? std::span<const Withdrawal>{*block.withdrawals}
                             : std::span<const Withdrawal>{};
}

// --------------------------------------------------------------------------------------------------
// The rules of the two kinds of chain: the same questions.

Fork fork_of(const EthereumRules& rules, const BlockHeader& header) {
    return ethereum::fork_at(rules.config, header.number, header.timestamp, rules.is_merged);
}

Checked check_header(const MegaRules& rules, const BlockHeader& parent, const BlockHeader& header) {
    return check_mega_header(rules, parent, header);
}

Checked check_header(
    const EthereumRules& rules, const BlockHeader& parent, const BlockHeader& header
) {
    auto checked = ethereum::check_header(rules.config, fork_of(rules, header), parent, header);
    return checked ? Checked{} : of_fault(checked.error());
}

Checked check_body(const MegaRules& /*rules*/, const Block& block) {
    return check_mega_body(block);
}

Checked check_body(const EthereumRules& rules, const Block& block) {
    const Fork fork = fork_of(rules, block.header);
    // Who comes from validate_block knows that already.
    if ((fork >= Fork::shanghai && !block.header.withdrawals_root) ||
        (fork >= Fork::prague && !block.header.requests_hash)) {
        return in_words(MismatchCode::header, "the header lacks fields of its fork");
    }
    auto checked = ethereum::check_block_size(fork, fork < Fork::osaka ? 0 : encode(block).size());
    if (checked) {
        checked = ethereum::check_body(fork, block);
    }
    return checked ? Checked{} : of_fault(checked.error());
}

/// What is slow to find out of a transaction. The rest is decoded again when its turn comes: a
/// large block's transactions take several times as much memory decoded.
struct Derived {
    Address sender;
    Hash256 hash;
};

Result<std::vector<Derived>, Mismatch> decode_transactions(
    const MegaRules& /*rules*/, const Block& block
) {
    std::vector<Derived> transactions;
    transactions.reserve(block.transactions.size());
    for (const Bytes& envelope : block.transactions) {
        const std::string name = "transaction " + std::to_string(transactions.size()) + ": ";
        auto tx = decode_signed_transaction(envelope);
        if (!tx) {
            return in_words(MismatchCode::transaction, name + std::string{to_string(tx.error())});
        }
        if (tx->tx.type == TxType::blob) {
            return in_words(MismatchCode::transaction, name + "blob transactions are not allowed");
        }
        transactions.push_back({tx->sender, tx->hash});
    }
    return transactions;
}

Result<std::vector<SignedTransaction>, Mismatch> decode_transactions(
    const EthereumRules& rules, const Block& block
) {
    auto transactions =
        ethereum::decode_transactions(fork_of(rules, block.header), block.transactions);
    if (!transactions) {
        return of_fault(transactions.error());
    }
    const auto blobs = ethereum::blobs_at(rules.config, block.header.timestamp);
    if (auto checked = ethereum::check_blob_count(blobs, block.header, *transactions); !checked) {
        return of_fault(checked.error());
    }
    return *std::move(transactions);
}

// --------------------------------------------------------------------------------------------------
// Execution on what the witness shows.

template <class Transaction>
struct Stage {
    const Block& block;
    const BlockHeader* parent;  // null when only its state root is known
    const Hash256& parent_state_root;
    const UsedNodes& nodes;
    const WitnessState& state;
    std::span<const Transaction> transactions;
};

/// The sum of many diffs, a power of two of them at a time, so that no more than their sum's size
/// is held, and none is merged often.
class DiffPile {
  public:
    void add(state::StateDiff diff) {
        pile_.push_back({std::move(diff), 1});
        while (pile_.size() > 1 && pile_[pile_.size() - 2].count == pile_.back().count) {
            merge_last();
        }
    }
    [[nodiscard]] state::StateDiff take() {
        while (pile_.size() > 1) {
            merge_last();
        }
        return pile_.empty() ? state::StateDiff{} : std::move(pile_.back().diff);
    }

  private:
    struct Part {
        state::StateDiff diff;
        size_t count = 0;
    };
    void merge_last() {
        const Part last = std::move(pile_.back());
        pile_.pop_back();
        pile_.back() = {merge(pile_.back().diff, last.diff), pile_.back().count + last.count};
    }

    std::vector<Part> pile_;
};

SignedTransaction decoded_again(const Bytes& envelope, const Derived& derived) {
    auto tx = decode_transaction(envelope);
    MEGA_ASSERT(tx.has_value());  // it was decoded before
    return {*std::move(tx), derived.sender, derived.hash, envelope};
}

/// As the sequencer does it (sequencer/chain.cpp): system calls, then the transactions.
Executed execute(const MegaRules& rules, const Stage<Derived>& stage) {
    const BlockHeader& header = stage.block.header;
    const auto parameters = execution::read_l2_parameters(stage.state, rules.fee_market);
    if (stage.state.missing()) {
        return Err{*stage.state.missing()};
    }
    if (stage.parent != nullptr && !rules.skip_base_fee_check) {
        if (auto checked = check_mega_fees(parameters, *stage.parent, header); !checked) {
            return Err{checked.error()};
        }
    }
    const auto env = execution::l2_block_env(rules.fork, rules.chain_id, header, parameters);
    evm::Vm vm;
    state::Journal journal;
    std::optional<state::Overlay> overlay{stage.state};  // goes before its diffs are summed up
    execution::BlockResult block;
    DiffPile diffs;
    const auto take = [&](state::StateDiff diff) {
        overlay->apply(diff);
        diffs.add(std::move(diff));
    };
    take(execution::begin_block(vm, stage.state, env, header));
    block.receipts.reserve(stage.transactions.size());
    for (size_t i = 0; i < stage.transactions.size(); ++i) {
        const SignedTransaction tx =
            decoded_again(stage.block.transactions[i], stage.transactions[i]);
        const execution::ExecutionOptions options{
            .skip_sender_code_check = rules.allow_contract_senders,
            .block_gas_left = header.gas_limit - block.gas_used,
        };
        auto result = execution::execute_transaction(vm, journal, *overlay, env, tx, options);
        if (stage.state.missing()) {
            return Err{*stage.state.missing()};
        }
        if (!result) {
            return in_words(
                MismatchCode::transaction,
                "transaction " + std::to_string(i) + ": " + result.error().message
            );
        }
        block.gas_used += result->gas_used;
        block.receipts.push_back(execution::make_receipt(tx.tx, *result, block.gas_used));
        merge(block.logs_bloom, block.receipts.back().bloom);
        take(std::move(result->diff));
    }
    if (stage.state.missing()) {
        return Err{*stage.state.missing()};
    }
    overlay.reset();
    block.diff = diffs.take();
    return block;
}

Executed execute(const EthereumRules& rules, const Stage<SignedTransaction>& stage) {
    std::optional<Mismatch> missing;
    // Before Byzantium receipts hold roots.
    const auto root_after = [&](const state::StateDiff& diff) {
        trie::StateTree tree(stage.nodes, stage.parent_state_root);
        if (auto applied = tree.apply(execution::tree_updates(diff)); !applied && !missing) {
            missing = missing_node(applied.error());
        }
        return tree.root();
    };
    evm::Vm vm;
    auto result = ethereum::execute_block(
        vm,
        stage.state,
        {rules.config,
         fork_of(rules, stage.block.header),
         stage.block.header,
         stage.transactions,
         stage.block.ommers,
         withdrawals_of(stage.block),
         root_after}
    );
    if (stage.state.missing()) {
        return Err{*stage.state.missing()};
    }
    if (missing) {
        return Err{*missing};
    }
    if (!result) {
        return in_words(MismatchCode::transaction, result.error().message);
    }
    if (result->fault) {
        return in_words(MismatchCode::execution, *result->fault);
    }
    return *std::move(result);
}

// --------------------------------------------------------------------------------------------------
// What came of it.

Checked check_hash(MismatchCode code, const Hash256& expected, const Hash256& got) {
    if (expected == got) {
        return {};
    }
    return Err{differs(code, to_hex(expected), to_hex(got))};
}

Checked check_result(const BlockHeader& header, const execution::BlockResult& result) {
    if (header.gas_used != result.gas_used) {
        return Err{differs(
            MismatchCode::gas_used, std::to_string(header.gas_used), std::to_string(result.gas_used)
        )};
    }
    if (auto checked = check_hash(
            MismatchCode::receipts_root,
            header.receipts_root,
            execution::receipts_root(result.receipts)
        );
        !checked) {
        return checked;
    }
    if (header.logs_bloom != result.logs_bloom) {
        return Err{
            differs(MismatchCode::logs_bloom, to_hex(header.logs_bloom), to_hex(result.logs_bloom))
        };
    }
    if (!header.requests_hash) {
        return {};
    }
    return check_hash(
        MismatchCode::requests_hash,
        *header.requests_hash,
        execution::requests_hash(result.requests)
    );
}

Checked check_state_root(
    trie::StateTree& tree, const BlockHeader& header, const state::StateDiff& diff
) {
    if (auto applied = tree.apply(execution::tree_updates(diff)); !applied) {
        return Err{missing_node(applied.error())};
    }
    return check_hash(MismatchCode::state_root, header.state_root, tree.root());
}

Checked check_use(
    const witness::Witness& witness,
    const UsedNodes& nodes,
    const WitnessState& state,
    uint64_t parent_number
) {
    if (!witness.is_minimal) {
        return {};
    }
    if (const auto node = nodes.first_unused()) {
        return in_words(
            MismatchCode::surplus_in_witness,
            "the witness has trie node " + to_hex(*node) + ", which the block does not need"
        );
    }
    if (const auto code = state.first_unused_code()) {
        return in_words(
            MismatchCode::surplus_in_witness,
            "the witness has the code with hash " + to_hex(*code) +
                ", which the block does not need"
        );
    }
    const uint64_t needed = witness::headers_needed(parent_number, state.lowest_block_hash());
    if (witness.headers.size() > needed) {
        return in_words(
            MismatchCode::surplus_in_witness,
            "the witness has " + std::to_string(witness.headers.size()) + " headers, of which " +
                std::to_string(needed) + " are needed"
        );
    }
    return {};
}

/// What is known of the parent.
struct Before {
    const Hash256& state_root;
    const BlockHashes& block_hashes;
    const BlockHeader* header = nullptr;
};

Result<Validated, Mismatch> validate_by(
    const auto& rules, const Before& before, const Block& block, const witness::Witness& witness
) {
    if (auto checked = check_body(rules, block); !checked) {
        return Err{checked.error()};
    }
    auto transactions = decode_transactions(rules, block);
    if (!transactions) {
        return Err{transactions.error()};
    }
    if (auto checked = check_hash(
            MismatchCode::witness_of_other_state, before.state_root, witness.parent_state_root
        );
        !checked) {
        return Err{checked.error()};
    }
    const UsedNodes nodes(witness.nodes);
    trie::StateTree tree(nodes, before.state_root);
    const WitnessState state(tree, witness.codes, before.block_hashes);
    auto result =
        execute(rules, {block, before.header, before.state_root, nodes, state, *transactions});
    if (!result) {
        return Err{result.error()};
    }
    if (auto checked = check_result(block.header, *result); !checked) {
        return Err{checked.error()};
    }
    if (auto checked = check_state_root(tree, block.header, result->diff); !checked) {
        return Err{checked.error()};
    }
    if (auto checked = check_use(witness, nodes, state, before.block_hashes.parent_number());
        !checked) {
        return Err{checked.error()};
    }
    return Validated{
        .block_hash = hash_of(block.header),
        .state_root = block.header.state_root,
        .gas_used = result->gas_used,
        .transactions = block.transactions.size(),
        .receipts = std::move(result->receipts),
        .requests = std::move(result->requests),
        .diff = std::move(result->diff),
    };
}

Result<Validated, Mismatch> validate(
    const Before& before, const Block& block, const witness::Witness& witness, const Rules& rules
) {
    const MegaRules* mega = std::get_if<MegaRules>(&rules);
    return mega != nullptr
               ? validate_by(*mega, before, block, witness)
               : validate_by(*std::get_if<EthereumRules>(&rules), before, block, witness);
}

}  // namespace

Result<Validated, Mismatch> validate_block(
    const BlockHeader& parent,
    const Block& block,
    const witness::Witness& witness,
    const Rules& rules
) {
    if (auto checked =
            check_hash(MismatchCode::parent_hash, block.header.parent_hash, hash_of(parent));
        !checked) {
        return Err{checked.error()};
    }
    const MegaRules* mega = std::get_if<MegaRules>(&rules);
    const auto checked =
        mega != nullptr ? check_header(*mega, parent, block.header)
                        : check_header(*std::get_if<EthereumRules>(&rules), parent, block.header);
    if (!checked) {
        return Err{checked.error()};
    }
    return validate(
        {parent.state_root, BlockHashes(parent, witness.headers), &parent}, block, witness, rules
    );
}

Result<Validated, Mismatch> validate_transition(
    const Hash256& parent_state_root,
    const BlockHashes& block_hashes,
    const Block& block,
    const witness::Witness& witness,
    const Rules& rules
) {
    return validate({parent_state_root, block_hashes}, block, witness, rules);
}

}  // namespace mega::stateless
