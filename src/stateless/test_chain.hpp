#pragma once

// For tests and benchmarks: a chain of mega blocks out of a seed, executed in full as the sequencer
// does it (flat state, tree fed piece by piece), with a witness recorded for each block.

#include "crypto/secp256k1.hpp"
#include "execution/genesis.hpp"
#include "execution/l2_parameters.hpp"
#include "state/overlay.hpp"
#include "stateless/rules.hpp"
#include "trie/ordered_root.hpp"
#include "trie/tree_test_support.hpp"
#include "witness/access_recorder.hpp"
#include "witness/record.hpp"

#include <deque>

namespace mega::stateless::test {

using trie::test::below;
using trie::test::MapStore;
using trie::test::Random;

inline constexpr uint64_t chain_id = 6342;

inline Bytes operator+(Bytes a, BytesView b) {
    append(a, b);
    return a;
}
inline Bytes word(const u256& value) { return to_bytes(value.to_hash()); }

/// Programs that take their work from the calldata.
struct Programs {
    /// Words in pairs: slot, value.
    static Bytes store() {
        return {0x5f, 0x5b, 0x80, 0x36, 0x11, 0x15, 0x60, 0x17, 0x57, 0x80, 0x60, 0x20, 0x01,
                0x35, 0x81, 0x35, 0x55, 0x60, 0x40, 0x01, 0x60, 0x01, 0x56, 0x5b, 0x00};
    }
    /// The first three words: SLOAD one, BALANCE and EXTCODEHASH of another, EXTCODESIZE and code
    /// of the third; logs what came of it.
    static Bytes look() {
        return {0x5f, 0x35, 0x54, 0x5f, 0x52,                    // mem[0] = sload(word 0)
                0x60, 0x20, 0x35, 0x31, 0x60, 0x20, 0x52,        // mem[32] = balance(word 1)
                0x60, 0x20, 0x35, 0x3f, 0x60, 0x40, 0x52,        // mem[64] = codehash(word 1)
                0x60, 0x40, 0x35, 0x3b, 0x60, 0x60, 0x52,        // mem[96] = codesize(word 2)
                0x60, 0x20, 0x5f, 0x60, 0x80, 0x60, 0x40, 0x35,  // extcodecopy(word 2, 128, 0, 32)
                0x3c, 0x60, 0xa0, 0x5f, 0xa0, 0x00};             // log0(0, 160)
    }
    /// BLOCKHASH of the number in the first word, into slot 7.
    static Bytes block_hash() { return {0x5f, 0x35, 0x40, 0x60, 0x07, 0x55, 0x00}; }
    /// Creates with the calldata as init code and all of the value.
    static Bytes create() { return {0x36, 0x5f, 0x5f, 0x37, 0x36, 0x5f, 0x34, 0xf0, 0x00}; }
    /// Sends what it has to the address in the first word; gone when created in this transaction.
    static Bytes destruct() { return {0x5f, 0x35, 0xff}; }

    /// Init code that leaves `runtime`.
    static Bytes deploy(const Bytes& runtime) {
        const auto size = static_cast<uint8_t>(runtime.size());
        return Bytes{0x60, size, 0x80, 0x60, 0x09, 0x5f, 0x39, 0x5f, 0xf3} + runtime;
    }
    /// Init code that writes a slot and selfdestructs towards `heir`.
    static Bytes store_and_destruct(const Address& heir) {
        return Bytes{0x60, 0x01, 0x5f, 0x55, 0x73} + heir + Bytes{0xff};
    }
};

inline crypto::SecretKey key_of(uint64_t number) {
    crypto::SecretKey key{};
    key.bytes[0] = 1;
    for (size_t i = 0; i < 8; ++i) {
        key.bytes[31 - i] = static_cast<uint8_t>(number >> (8 * i));
    }
    return key;
}

struct Recorded {
    BlockHeader parent;
    Block block;
    witness::Witness witness;
    state::StateDiff diff;
};

/// A chain that stands at its last block.
class TestChain {
  public:
    TestChain(
        uint64_t seed, size_t quiet_accounts, size_t big_storage_slots, size_t sender_count = 12
    )
        : random_(seed), state_(nothing_), tree_(no_nodes_, empty_trie_root) {
        execution::GenesisSpec spec;
        keys_.reserve(sender_count);
        senders_.reserve(sender_count);
        for (uint64_t i = 0; i < sender_count; ++i) {
            keys_.push_back(key_of(i + 1));
            senders_.push_back(crypto::address_of(keys_.back()).value());
            spec.alloc[senders_.back()].balance = u256{1} << 120u;
        }
        quiet_.reserve(quiet_accounts);
        for (size_t i = 0; i < quiet_accounts; ++i) {
            quiet_.push_back(random_address());
            spec.alloc[quiet_.back()].balance = u256{1 + i};
        }
        add_contract(spec, store_contract, Programs::store());
        add_contract(spec, twin_contract, Programs::store());
        add_contract(spec, look_contract, Programs::look());
        add_contract(spec, block_hash_contract, Programs::block_hash());
        add_contract(spec, create_contract, Programs::create());
        add_contract(spec, destruct_contract, Programs::destruct());
        for (size_t i = 0; i < big_storage_slots; ++i) {
            spec.alloc[store_contract].storage[u256{i}] = u256{i + 1};
        }
        // The same storage twice: the same nodes at two places.
        spec.alloc[twin_contract].storage =
            spec.alloc[look_contract].storage = {{1, 1}, {2, 2}, {3, 3}};
        spec.gas_limit = 1'000'000'000;
        const auto genesis = execution::make_genesis(current_fork, spec);
        apply(genesis.diff);
        headers_.push_back(genesis.header);
    }

    [[nodiscard]] MegaRules rules() const {
        MegaRules rules;
        rules.chain_id = chain_id;
        return rules;
    }
    [[nodiscard]] const std::deque<BlockHeader>& headers() const { return headers_; }
    [[nodiscard]] trie::StateTree& tree() { return tree_; }
    [[nodiscard]] const state::StateView& state() const { return state_; }
    [[nodiscard]] const trie::NodeSource& no_nodes() const { return no_nodes_; }
    /// A new block begins: nonces are taken from the state again.
    void forget_nonces() { nonces_.clear(); }
    [[nodiscard]] Random& random() { return random_; }
    [[nodiscard]] const std::vector<Address>& quiet() const { return quiet_; }
    [[nodiscard]] const std::vector<Address>& senders() const { return senders_; }

    /// The next block, of `count` transactions of all kinds.
    Recorded next_block(size_t count) {
        std::vector<SignedTransaction> transactions;
        forget_nonces();
        for (size_t i = 0; i < count; ++i) {
            transactions.push_back(random_transaction());
        }
        return execute(transactions);
    }

    /// The next block, of these.
    Recorded execute(std::span<const SignedTransaction> transactions) {
        Recorded made;
        made.parent = headers_.back();
        BlockHeader& header = made.block.header;
        header = opening_header();
        const Hash256 parent_root = made.parent.state_root;
        Pieces pieces;
        const witness::AccessRecorder recorder(state_, pieces.accesses);
        const auto env = execution::l2_block_env(current_fork, chain_id, header, recorder);
        pieces.add(state_, execution::begin_block(vm_, recorder, env, header));
        std::vector<Receipt> receipts;
        for (const SignedTransaction& tx : transactions) {
            const auto mark = pieces.accesses.mark();
            auto result = execution::execute_transaction(vm_, journal_, recorder, env, tx);
            if (!result) {
                pieces.accesses.return_to(mark);
                ++refused;
                continue;
            }
            failed += result->success() ? 0 : 1;
            header.gas_used += result->gas_used;
            receipts.push_back(execution::make_receipt(tx.tx, *result, header.gas_used));
            merge(header.logs_bloom, receipts.back().bloom);
            made.block.transactions.push_back(tx.raw);
            pieces.add(state_, std::move(result->diff));
            if (below(random_, 4) == 0) {
                pieces.cut();
            }
        }
        pieces.cut();
        made.diff = pieces.sum();
        made.witness = record(pieces, parent_root, made.diff);
        header.state_root = tree_.root();
        header.transactions_root = trie::ordered_root(made.block.transactions);
        header.receipts_root = execution::receipts_root(receipts);
        made.block.withdrawals.emplace();
        const auto headers =
            witness::headers_needed(made.parent.number, pieces.all.lowest_block_hash());
        for (uint64_t i = 0; i < headers; ++i) {
            made.witness.headers.push_back(headers_[headers_.size() - 2 - i]);
        }
        headers_.push_back(header);
        return made;
    }

    /// Takes the last block back.
    void undo(const Recorded& last) {
        MEGA_ASSERT(headers_.back() == last.block.header);
        apply(state::invert(last.diff));
        MEGA_ASSERT(tree_.root() == last.parent.state_root);
        headers_.pop_back();
    }

    [[nodiscard]] SignedTransaction transfer(size_t sender, const Address& to, const u256& value) {
        Transaction tx = draft(sender);
        tx.to = to;
        tx.value = value;
        return sign(std::move(tx), sender);
    }
    [[nodiscard]] SignedTransaction call(size_t sender, const Address& to, Bytes data) {
        Transaction tx = draft(sender);
        tx.to = to;
        tx.data = std::move(data);
        return sign(std::move(tx), sender);
    }
    [[nodiscard]] SignedTransaction random_transaction();

    static constexpr Address store_contract{{0xc0, 0x01}};
    static constexpr Address twin_contract{{0xc0, 0x02}};
    static constexpr Address look_contract{{0xc0, 0x03}};
    static constexpr Address block_hash_contract{{0xc0, 0x04}};
    static constexpr Address create_contract{{0xc0, 0x05}};
    static constexpr Address destruct_contract{{0xc0, 0x06}};

    size_t refused = 0;
    size_t failed = 0;

  private:
    /// What the pieces of a block looked at and changed, as mini-blocks would hold it.
    struct Pieces {
        struct Piece {
            witness::AccessSet accesses;
            state::StateDiff diff;
        };

        void add(state::Overlay& state, state::StateDiff diff) {
            state.apply(diff);
            accesses.absorb(diff);
            diffs.push_back(std::move(diff));
        }
        void cut() {
            Piece piece{accesses, state::merge_all(std::exchange(diffs, {}))};
            all.add(piece.accesses);
            all.absorb(piece.diff);
            accesses.clear();
            list.push_back(std::move(piece));
        }
        [[nodiscard]] state::StateDiff sum() const {
            std::vector<state::StateDiff> parts;
            parts.reserve(list.size());
            for (const Piece& piece : list) {
                parts.push_back(piece.diff);
            }
            return state::merge_all(std::move(parts));
        }

        witness::AccessSet accesses;  // of the open piece
        std::vector<state::StateDiff> diffs;
        std::vector<Piece> list;
        witness::AccessSet all;
    };

    /// Records from the tree at the parent state, and from what ParentNodes gathered while the tree
    /// moved on: both must agree.
    [[nodiscard]] witness::Witness record(
        const Pieces& pieces, const Hash256& parent_root, const state::StateDiff& diff
    ) {
        const auto updates = execution::tree_updates(diff);
        const witness::TreeNodes before(tree_);
        auto direct = witness::record(before, parent_root, pieces.all, updates);
        MEGA_ASSERT(direct.has_value());
        witness::ParentNodes gathered(tree_, parent_root);
        for (const auto& piece : pieces.list) {
            const auto piece_updates = execution::tree_updates(piece.diff);
            const bool followed = gathered.follow(piece.accesses, piece_updates).has_value();
            MEGA_ASSERT(followed);
            const bool applied = tree_.apply(piece_updates).has_value();
            MEGA_ASSERT(applied);
            static_cast<void>(tree_.root());
        }
        const witness::NodeSet nodes = gathered.take();
        const auto followed = witness::record(nodes, parent_root, pieces.all, updates);
        MEGA_ASSERT(followed.has_value());
        MEGA_ASSERT(followed->nodes.size() == direct->nodes.size());
        for (size_t i = 0; i < direct->nodes.size(); ++i) {
            MEGA_ASSERT(followed->nodes.hash(i) == direct->nodes.hash(i));
        }
        return *std::move(direct);
    }

    static void add_contract(execution::GenesisSpec& spec, const Address& at, Bytes code) {
        spec.alloc[at].nonce = 1;
        spec.alloc[at].code = std::move(code);
    }
    void apply(const state::StateDiff& diff) {
        state_.apply(diff);
        const bool applied = tree_.apply(execution::tree_updates(diff)).has_value();
        MEGA_ASSERT(applied);
        static_cast<void>(tree_.root());
    }
    [[nodiscard]] BlockHeader opening_header() {
        const BlockHeader& parent = headers_.back();
        state_.set_block_hash(parent.number, hash_of(parent));
        BlockHeader header;
        header.parent_hash = hash_of(parent);
        header.beneficiary = Address{{0xfe, 0xe5}};
        header.number = parent.number + 1;
        header.gas_limit = parent.gas_limit;
        header.timestamp = parent.timestamp + 1;
        header.base_fee_per_gas = execution::next_base_fee(parent);
        header.withdrawals_root = empty_trie_root;
        header.blob_gas_used = 0;
        header.excess_blob_gas = 0;
        header.parent_beacon_block_root = Hash256{};
        header.requests_hash = empty_requests_hash;
        return header;
    }

    [[nodiscard]] Address random_address() {
        Address address;
        for (uint8_t& byte : address.bytes) {
            byte = static_cast<uint8_t>(random_());
        }
        return address;
    }
    [[nodiscard]] Address any_account() {
        switch (below(random_, 6)) {
            case 0:
                return random_address();
            case 1:
                return senders_[below(random_, senders_.size())];
            case 2:
                return made_.empty() ? store_contract : made_[below(random_, made_.size())];
            default:
                return quiet_.empty() ? create_contract : quiet_[below(random_, quiet_.size())];
        }
    }
    [[nodiscard]] Transaction draft(size_t sender) {
        Transaction tx;
        tx.type = TxType::dynamic_fee;
        tx.chain_id = chain_id;
        const auto [nonce, is_new] = nonces_.try_emplace(sender, 0);
        if (is_new) {
            nonce->second = state_.account(senders_[sender]).value_or(Account{}).nonce;
        }
        tx.nonce = nonce->second++;
        tx.gas_limit = 400'000;
        tx.max_fee_per_gas = u256{1'000'000'000'000};
        tx.max_priority_fee_per_gas = below(random_, 2);
        return tx;
    }
    [[nodiscard]] SignedTransaction sign(Transaction tx, size_t sender) const {
        sign_transaction(tx, keys_[sender]);
        SignedTransaction done;
        done.raw = encode(tx);
        done.hash = transaction_hash(done.raw);
        done.sender = senders_[sender];
        done.tx = std::move(tx);
        return done;
    }
    [[nodiscard]] Bytes random_stores() {
        Bytes data;
        const size_t count = 1 + below(random_, 8);
        for (size_t i = 0; i < count; ++i) {
            // Few slots and many zeros: branches collapse often.
            const u256 slot{below(random_, below(random_, 2) == 0 ? 12 : 2000)};
            const u256 value{below(random_, 2) == 0 ? 0 : random_()};
            data = std::move(data) + word(slot) + word(value);
        }
        return data;
    }
    [[nodiscard]] SignedTransaction create_something(size_t sender);
    [[nodiscard]] SignedTransaction delegate(size_t sender);
    [[nodiscard]] SignedTransaction deposit();

    Random random_;
    const MapStore no_nodes_;
    state::EmptyState nothing_;
    state::Overlay state_;
    trie::StateTree tree_;
    evm::Vm vm_;
    state::Journal journal_;
    std::vector<crypto::SecretKey> keys_;
    std::vector<Address> senders_;
    std::vector<Address> quiet_;  // accounts that only have a balance
    std::vector<Address> made_;   // created on the way, some gone again
    std::deque<BlockHeader> headers_;
    std::map<size_t, uint64_t> nonces_;  // within the block that is being made
};

inline SignedTransaction TestChain::create_something(size_t sender) {
    Transaction tx = draft(sender);
    const bool by_contract = below(random_, 2) == 0;
    const Bytes runtime = below(random_, 2) == 0
                              ? Programs::destruct()
                              : Programs::store() + Bytes{static_cast<uint8_t>(below(random_, 3))};
    tx.data = below(random_, 2) == 0 ? Programs::store_and_destruct(any_account())
                                     : Programs::deploy(runtime);
    tx.value = below(random_, 3);
    if (by_contract) {
        tx.to = create_contract;
    } else {
        rlp::Writer preimage;
        const size_t list = preimage.begin_list();
        preimage.write(senders_[sender].view());
        preimage.write(tx.nonce);
        preimage.end_list(list);
        made_.push_back(Address::from(crypto::keccak256(preimage.view()).view().subspan(12)));
    }
    return sign(std::move(tx), sender);
}

/// EIP-7702: some sender delegates to a contract, to nobody, or back to itself.
inline SignedTransaction TestChain::delegate(size_t sender) {
    Transaction tx = draft(sender);
    tx.type = TxType::set_code;
    tx.to = any_account();
    const size_t count = 1 + below(random_, 3);
    for (size_t i = 0; i < count; ++i) {
        const size_t authority = below(random_, senders_.size());
        Authorization authorization;
        authorization.chain_id = u256{below(random_, 2) * chain_id};
        const std::array targets{
            store_contract, look_contract, destruct_contract, Address{}, random_address()
        };
        authorization.address = targets[below(random_, targets.size())];
        const auto [nonce, is_new] = nonces_.try_emplace(authority, 0);
        if (is_new) {
            nonce->second = state_.account(senders_[authority]).value_or(Account{}).nonce;
        }
        authorization.nonce = nonce->second;
        nonce->second += 1;
        sign_authorization(authorization, keys_[authority]);
        tx.authorization_list.push_back(authorization);
    }
    return sign(std::move(tx), sender);
}

inline SignedTransaction TestChain::deposit() {
    SignedTransaction done;
    done.tx.type = TxType::deposit;
    done.tx.source_hash = trie::test::random_hash(random_);
    done.tx.from = any_account();
    done.tx.to = any_account();
    done.tx.mint = below(random_, 1000);
    done.tx.value = below(random_, 1000);
    done.tx.gas_limit = 100'000;
    done.sender = done.tx.from;
    done.raw = encode(done.tx);
    done.hash = transaction_hash(done.raw);
    // A sender's nonce may have moved.
    const auto sender = std::find(senders_.begin(), senders_.end(), done.tx.from);
    if (sender != senders_.end()) {
        const auto index = static_cast<size_t>(sender - senders_.begin());
        if (const auto nonce = nonces_.find(index); nonce != nonces_.end()) {
            ++nonce->second;
        } else {
            nonces_[index] = state_.account(*sender).value_or(Account{}).nonce + 1;
        }
    }
    return done;
}

inline SignedTransaction TestChain::random_transaction() {
    const size_t sender = below(random_, senders_.size());
    switch (below(random_, 10)) {
        case 0:
            return transfer(sender, any_account(), 0);
        case 1:
        case 2:
            return transfer(sender, any_account(), below(random_, 1000));
        case 3:
        case 4:
            return call(
                sender, below(random_, 3) == 0 ? twin_contract : store_contract, random_stores()
            );
        case 5: {
            const Address a = any_account();
            const Address b = any_account();
            return call(
                sender,
                look_contract,
                word(u256{below(random_, 5)}) + word(u256::from_be(a)) + word(u256::from_be(b))
            );
        }
        case 6: {
            const uint64_t back = below(random_, below(random_, 2) == 0 ? 3 : 300);
            const uint64_t next = headers_.back().number + 1;
            return call(sender, block_hash_contract, word(u256{next < back ? 0 : next - back}));
        }
        case 7:
            return create_something(sender);
        case 8:
            return below(random_, 2) == 0 ? delegate(sender) : deposit();
        default:
            return call(
                sender,
                made_.empty() ? destruct_contract : made_[below(random_, made_.size())],
                word(u256::from_be(any_account()))
            );
    }
}

}  // namespace mega::stateless::test
