#include "execution/genesis.hpp"

#include "execution/block.hpp"

namespace mega::execution {

namespace {

/// For a tree that starts empty: there is never a node to load.
class NoNodes final : public trie::NodeSource {
  public:
    [[nodiscard]] std::optional<Bytes> load(const trie::TreeId&, BytesView, const Hash256&)
        const override {
        return std::nullopt;
    }
};

Hash256 root_of(const state::StateDiff& diff) {
    const NoNodes no_nodes;
    trie::StateTree tree{no_nodes, empty_trie_root};
    const auto applied = tree.apply(tree_updates(diff));
    MEGA_ASSERT(applied.has_value());
    return tree.root();
}

}  // namespace

state::StateDiff allocate(const std::map<Address, GenesisAccount>& alloc) {
    state::StateDiff diff;
    for (const auto& [address, given] : alloc) {
        Account account{given.nonce, given.balance, crypto::keccak256(given.code)};
        diff.accounts.push_back({address, std::nullopt, account, false});
        if (!given.code.empty()) {
            diff.codes.push_back({account.code_hash, std::make_shared<const evm::Code>(given.code)}
            );
        }
        for (const auto& [slot, value] : given.storage) {
            if (!value.is_zero()) {
                diff.slots.push_back({address, slot, {}, value});
            }
        }
    }
    state::sort_canonically(diff);
    return diff;
}

Genesis make_genesis(Fork fork, const GenesisSpec& spec) {
    Genesis genesis;
    genesis.diff = allocate(spec.alloc);
    BlockHeader& header = genesis.header;
    header.parent_hash = spec.parent_hash;
    header.beneficiary = spec.beneficiary;
    header.state_root = root_of(genesis.diff);
    header.difficulty = spec.difficulty;
    header.number = spec.number;
    header.gas_limit = spec.gas_limit;
    header.gas_used = spec.gas_used;
    header.timestamp = spec.timestamp;
    header.extra_data = spec.extra_data;
    header.prev_randao = spec.prev_randao;
    header.nonce = spec.nonce;
    if (fork >= Fork::london) {
        header.base_fee_per_gas = spec.base_fee_per_gas.value_or(u256{1'000'000'000});
    }
    if (fork >= Fork::shanghai) {
        header.withdrawals_root = empty_trie_root;
    }
    if (fork >= Fork::cancun) {
        header.blob_gas_used = spec.blob_gas_used.value_or(0);
        header.excess_blob_gas = spec.excess_blob_gas.value_or(0);
        header.parent_beacon_block_root = Hash256{};
    }
    if (fork >= Fork::prague) {
        header.requests_hash = empty_requests_hash;
    }
    return genesis;
}

}  // namespace mega::execution
