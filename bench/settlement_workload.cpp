#include "bench/settlement_workload.hpp"

#include "crypto/keccak.hpp"

#include <algorithm>
#include <random>

namespace mega::bench {
namespace {

constexpr size_t sender_count = 2000;
constexpr size_t known_recipients = 3000;
constexpr size_t token_count = 40;
constexpr size_t router_count = 3;
constexpr size_t block_size = 100;
constexpr uint64_t first_timestamp = 1'800'000'000;
constexpr uint64_t gwei = 1'000'000'000;

using Random = std::mt19937_64;

/// What everyone can see when the transaction is made.
struct Surroundings {
    uint64_t timestamp = 0;
    uint64_t base_fee = 0;
};

class Wallets {
  public:
    Wallets(uint64_t seed, bool knows_all)
        : random_(seed), senders_(make_senders("settlement", sender_count)), knows_all_(knows_all) {
        for (size_t i = 0; i < sender_count; ++i) {
            nonces_.push_back(below(500));
        }
    }

    [[nodiscard]] uint64_t below(uint64_t end) { return random_() % end; }
    [[nodiscard]] bool one_in(uint64_t n) { return below(n) == 0; }
    [[nodiscard]] size_t pick_sender() {
        return one_in(2) ? below(sender_count / 10) : below(sender_count);
    }
    /// Of `count` things, the first far more often.
    [[nodiscard]] size_t pick_popular(size_t count) {
        const double x = std::uniform_real_distribution<double>(0, 1)(random_);
        return std::min(count - 1, static_cast<size_t>(static_cast<double>(count) * x * x * x));
    }
    [[nodiscard]] Address recipient() {
        return !knows_all_ && one_in(2) ? synthetic_address(1'000'000 + random_() % (1ULL << 40))
                                        : synthetic_address(pick_popular(known_recipients));
    }
    [[nodiscard]] static Address token(size_t i) { return synthetic_address(5'000'000 + i); }
    [[nodiscard]] Address popular_token() { return token(pick_popular(token_count)); }
    [[nodiscard]] Address router() { return synthetic_address(6'000'000 + below(router_count)); }
    [[nodiscard]] u256 amount(uint64_t decimals) {
        u256 value = 1 + below(999);
        if (one_in(2)) {
            // All digits of up to 1,000 whole tokens.
            value = value * u256{1'000'000'000'000'000ULL} + u256{below(1'000'000'000'000'000ULL)};
            return decimals == 18 ? value : value / u256{1'000'000'000ULL};
        }
        for (uint64_t i = 3; i < decimals; ++i) {
            value = value * u256{10};
        }
        return value;
    }
    [[nodiscard]] Hash256 random_hash() { return crypto::keccak256(u256{random_()}.to_hash()); }
    [[nodiscard]] const Address& address_of(size_t sender) const {
        return senders_[sender].address;
    }

    void set_fees(Transaction& tx, const Surroundings& around) {
        constexpr uint64_t tips[] = {gwei, gwei * 3 / 2, gwei / 10, gwei / 1000, 2 * gwei};
        tx.type = one_in(10) ? TxType::legacy : TxType::dynamic_fee;
        tx.chain_id = settlement_chain_id;
        const uint64_t tip = one_in(4) ? 1 + below(2 * gwei) : tips[below(5)];
        tx.max_priority_fee_per_gas = tip;
        tx.max_fee_per_gas = 2 * around.base_fee + tip;
        if (tx.type == TxType::legacy) {
            tx.max_priority_fee_per_gas = tx.max_fee_per_gas;
        }
    }
    void set_gas(Transaction& tx, uint64_t usual) {
        tx.gas_limit = one_in(2) ? usual : usual - usual / 20 + below(usual / 10);
    }
    void take_nonce(Transaction& tx, size_t sender) { tx.nonce = nonces_[sender]++; }
    [[nodiscard]] const crypto::SecretKey& key_of(size_t sender) const {
        return senders_[sender].key;
    }

  private:
    Random random_;
    std::vector<Sender> senders_;
    std::vector<uint64_t> nonces_;
    bool knows_all_;
};

Bytes call(std::string_view signature, std::initializer_list<u256> words) {
    Bytes data = to_bytes(crypto::keccak256(as_bytes(signature)).view().first(4));
    for (const u256& word : words) {
        append(data, word.to_hash().view());
    }
    return data;
}
u256 word_of(const Address& address) { return u256::from_be(address.view()); }

Transaction payment(Wallets& wallets) {
    Transaction tx;
    tx.to = wallets.recipient();
    tx.value = wallets.amount(18);
    tx.gas_limit = 21'000;
    return tx;
}

Transaction token_call(Wallets& wallets) {
    Transaction tx;
    tx.to = wallets.popular_token();
    if (wallets.one_in(8)) {
        const u256 limit = wallets.one_in(2) ? u256::max() : wallets.amount(18);
        tx.data = call("approve(address,uint256)", {word_of(wallets.router()), limit});
        wallets.set_gas(tx, 46'500);
        return tx;
    }
    const uint64_t decimals = wallets.one_in(3) ? 6 : 18;
    tx.data =
        call("transfer(address,uint256)", {word_of(wallets.recipient()), wallets.amount(decimals)});
    wallets.set_gas(tx, 65'000);
    return tx;
}

Transaction swap(Wallets& wallets, size_t sender, const Surroundings& around) {
    Transaction tx;
    tx.to = wallets.router();
    const size_t hops = wallets.one_in(3) ? 3 : 2;
    tx.data = call(
        "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
        {wallets.amount(18),
         wallets.amount(18) + u256{wallets.below(1'000'000)},
         0xa0,
         word_of(wallets.address_of(sender)),
         around.timestamp + 1200 - wallets.below(10),
         hops}
    );
    for (size_t i = 0; i < hops; ++i) {
        append(tx.data, word_of(wallets.popular_token()).to_hash().view());
    }
    wallets.set_gas(tx, hops == 2 ? 152'000 : 218'000);
    return tx;
}

Transaction other(Wallets& wallets) {
    Transaction tx;
    tx.to = synthetic_address(7'000'000 + wallets.pick_popular(100));
    if (wallets.one_in(100)) {
        tx.to.reset();
        tx.data = Bytes{0x60, 0x80, 0x60, 0x40, 0x52, 0x34, 0x80, 0x15};
        while (tx.data.size() < 4000) {
            append(tx.data, wallets.random_hash().view().first(1 + wallets.below(6)));
            append(tx.data, BytesView{tx.data}.subspan(wallets.below(tx.data.size() - 4), 4));
        }
        tx.gas_limit = 1'500'000;
    } else if (wallets.one_in(10)) {
        tx.data = call(
            "claim(uint256,address,uint256,bytes32[])",
            {wallets.below(100'000), word_of(wallets.recipient()), wallets.amount(18), 0x80, 4}
        );
        for (int i = 0; i < 4; ++i) {
            append(tx.data, wallets.random_hash().view());
        }
        wallets.set_gas(tx, 110'000);
    } else {
        tx.data = call("mint(uint256)", {1 + wallets.below(5)});
        tx.value = wallets.amount(18);
        wallets.set_gas(tx, 140'000);
    }
    return tx;
}

Transaction one_of(
    SettlementLoad load, Wallets& wallets, size_t sender, const Surroundings& around
) {
    switch (load) {
        case SettlementLoad::transfer:
            return payment(wallets);
        case SettlementLoad::erc20:
            return token_call(wallets);
        case SettlementLoad::swap:
            return swap(wallets, sender, around);
        case SettlementLoad::mix:
        case SettlementLoad::mix_known:
            break;
    }
    const uint64_t choice = wallets.below(10);
    if (choice < 3) {
        return payment(wallets);
    }
    if (choice < 7) {
        return token_call(wallets);
    }
    return choice < 9 ? swap(wallets, sender, around) : other(wallets);
}

}  // namespace

std::string_view to_string(SettlementLoad load) {
    switch (load) {
        case SettlementLoad::transfer:
            return "transfer";
        case SettlementLoad::erc20:
            return "erc20";
        case SettlementLoad::swap:
            return "swap";
        case SettlementLoad::mix:
            return "mix";
        case SettlementLoad::mix_known:
            return "mix, known";
    }
    return "";
}

std::vector<rollup::BatchBlock> make_settlement_blocks(
    SettlementLoad load, size_t transactions, uint64_t seed
) {
    Wallets wallets(seed, load == SettlementLoad::mix_known);
    std::vector<rollup::BatchBlock> blocks;
    std::vector<size_t> senders;
    Surroundings around{first_timestamp, gwei / 100};
    while (transactions > 0) {
        rollup::BatchBlock& block = blocks.emplace_back();
        block.timestamp = around.timestamp;
        block.origin_number = 20'000'000 + blocks.size() / 12;
        block.gas_limit = 1'000'000'000;
        const size_t count = std::min(block_size, transactions);
        transactions -= count;
        for (size_t i = 0; i < count; ++i) {
            const size_t sender = wallets.pick_sender();
            Transaction tx = one_of(load, wallets, sender, around);
            wallets.set_fees(tx, around);
            wallets.take_nonce(tx, sender);
            block.transactions.push_back(std::move(tx));
            senders.push_back(sender);
        }
        ++around.timestamp;
        around.base_fee = around.base_fee / 8 * 7 + wallets.below(around.base_fee / 4);
    }
    std::vector<Transaction*> all;
    for (rollup::BatchBlock& block : blocks) {
        for (Transaction& tx : block.transactions) {
            all.push_back(&tx);
        }
    }
    on_all_cores(all.size(), [&](uint64_t i) {
        sign_transaction(*all[i], wallets.key_of(senders[i]));
    });
    return blocks;
}

}  // namespace mega::bench
