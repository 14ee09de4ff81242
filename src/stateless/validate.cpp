#include "stateless/validate.hpp"

#include "base/hex.hpp"
#include "ethereum/block_transition.hpp"
#include "ethereum/body_rules.hpp"
#include "ethereum/header_rules.hpp"
#include "state/overlay.hpp"
#include "stateless/mega_rules.hpp"
#include "stateless/piles.hpp"

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
    trie::StateTree& tree;  // of the state
    size_t most_tree_bytes;
    const WitnessState& state;
    std::span<const Transaction> transactions;
};

/// Of a tree's nodes, which the witness has anyway: beyond that, the lowest are forgotten and
/// loaded again where they are needed. Those of most blocks fit; the more the witness takes, the
/// less is left.
size_t tree_limit(const witness::NodeSet& nodes) {
    constexpr size_t least = 4u << 20;
    constexpr size_t for_both = 16u << 20;
    return std::max(least, for_both - std::min(for_both, nodes.size_bytes()));
}

SignedTransaction decoded_again(const Bytes& envelope, const Derived& derived) {
    auto tx = decode_transaction(envelope);
    MEGA_ASSERT(tx.has_value());  // it was decoded before
    return {*std::move(tx), derived.sender, derived.hash, envelope};
}

/// As the sequencer does it (sequencer/chain.cpp): system calls, then the transactions.
Executed execute(const MegaRules& rules, const Stage<Derived>& stage, ReceiptPile& receipts) {
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
    receipts.reserve(stage.transactions.size());
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
        Receipt receipt = execution::take_receipt(tx.tx, *result, block.gas_used);
        merge(block.logs_bloom, receipt.bloom);
        receipts.add(std::move(receipt));
        take(std::move(result->diff));
        stage.tree.evict(stage.most_tree_bytes);
    }
    if (stage.state.missing()) {
        return Err{*stage.state.missing()};
    }
    overlay.reset();
    block.diff = diffs.take();
    return block;
}

Executed execute(
    const EthereumRules& rules, const Stage<SignedTransaction>& stage, ReceiptPile& receipts
) {
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
    receipts.reserve(result->receipts.size());
    for (Receipt& receipt : std::exchange(result->receipts, {})) {
        receipts.add(std::move(receipt));
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

Checked check_result(
    const BlockHeader& header, const execution::BlockResult& result, const Hash256& receipts_root
) {
    if (header.gas_used != result.gas_used) {
        return Err{differs(
            MismatchCode::gas_used, std::to_string(header.gas_used), std::to_string(result.gas_used)
        )};
    }
    if (auto checked = check_hash(MismatchCode::receipts_root, header.receipts_root, receipts_root);
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

/// Nobody keeps what the tree writes.
class NoSink final : public trie::NodeSink {
  public:
    void put(const trie::TreeId&, BytesView, BytesView) override {}
    void remove(const trie::TreeId&, BytesView) override {}
    void remove_tree(const Hash256&) override {}
};

/// After the updates. Many are applied by the first nibble of their keys, and what is done with is
/// forgotten, so that the tree stays small. That comes to the same, node by node, as long as no
/// account is deleted: then no branch of the account trie ever loses a child, and a storage trie
/// has all its updates at once.
Result<Hash256, trie::MissingNode> root_after(
    trie::StateTree& tree, std::span<const trie::AccountUpdate> updates, size_t most_tree_bytes
) {
    constexpr size_t many = 4096;
    const bool has_deletion =
        std::ranges::any_of(updates, [](const auto& update) { return !update.account; });
    const bool is_at_once = updates.size() < many || has_deletion;
    NoSink sink;
    while (!updates.empty()) {
        const uint8_t first = updates.front().hashed_address[0] >> 4;
        const auto end = std::ranges::find_if(updates, [&](const auto& update) {
            return !is_at_once && update.hashed_address[0] >> 4 != first;
        });
        const auto part = updates.first(static_cast<size_t>(end - updates.begin()));
        if (auto applied = tree.apply(part); !applied) {
            return Err{applied.error()};
        }
        updates = updates.subspan(part.size());
        if (!updates.empty()) {
            tree.flush(sink);
            tree.evict(most_tree_bytes);
        }
    }
    return tree.root();
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
    std::optional<trie::StateTree> tree(std::in_place, nodes, before.state_root);
    const size_t most_tree_bytes = tree_limit(witness.nodes);
    const WitnessState state(*tree, witness.codes, before.block_hashes);
    ReceiptPile receipts;
    auto result = execute(
        rules,
        {block,
         before.header,
         before.state_root,
         nodes,
         *tree,
         most_tree_bytes,
         state,
         *transactions},
        receipts
    );
    if (!result) {
        return Err{result.error()};
    }
    // The tree is the larger part of what is held: its root comes first, and it goes before the
    // receipts are laid out. The state, which reads from it, is asked for codes and block hashes
    // alone from then on.
    const auto root = root_after(*tree, execution::tree_updates(result->diff), most_tree_bytes);
    tree.reset();
    if (auto checked = check_result(block.header, *result, receipts.root()); !checked) {
        return Err{checked.error()};
    }
    if (!root) {
        return Err{missing_node(root.error())};
    }
    if (auto checked = check_hash(MismatchCode::state_root, block.header.state_root, *root);
        !checked) {
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
        .receipts = receipts.take(),
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
