#include "bench/parallel_workloads.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace mega::bench {
namespace {

constexpr uint64_t transfer_gas = 21'000;
constexpr uint64_t token_gas = 100'000;
constexpr uint64_t swap_gas = 300'000;

/// The n-th of `size` things is drawn n^-1.1 times as often as the first.
class Zipf {
  public:
    explicit Zipf(size_t size) {
        constexpr double exponent = 1.1;
        double sum = 0;
        for (size_t i = 0; i < size; ++i) {
            sums_.push_back(sum += std::pow(static_cast<double>(i + 1), -exponent));
        }
    }
    [[nodiscard]] size_t draw(std::mt19937_64& random) const {
        // Not a std distribution: those differ between libraries.
        const double at = static_cast<double>(random() >> 11) * 0x1p-53 * sums_.back();
        const auto found = std::upper_bound(sums_.begin(), sums_.end(), at);
        return std::min(static_cast<size_t>(found - sums_.begin()), sums_.size() - 1);
    }

  private:
    std::vector<double> sums_;
};

/// A workload in the making: who sends what next.
class Maker {
  public:
    Maker(std::string name, Nature nature, const WorkloadSize& size, size_t sender_count)
        : random_(size.seed), senders_(make_senders(name, sender_count)) {
        workload_.name = std::move(name);
        workload_.nature = nature;
        for (const Sender& sender : senders_) {
            world().fund(sender.address);
        }
        nonces_.resize(senders_.size());
    }

    [[nodiscard]] World& world() { return *world_; }
    [[nodiscard]] std::mt19937_64& random() { return random_; }
    [[nodiscard]] size_t below(size_t bound) { return random_() % bound; }
    [[nodiscard]] const Address& address(size_t sender) const { return senders_[sender].address; }

    void pay(size_t sender, const Address& to, const u256& value = 1) {
        add(sender, to, value, {}, transfer_gas);
    }
    void call(size_t sender, const Address& to, Bytes data, uint64_t gas_limit) {
        add(sender, to, 0, std::move(data), gas_limit);
    }
    /// Signs everything, on all cores.
    [[nodiscard]] Workload finish() {
        auto& transactions = workload_.transactions;
        on_all_cores(transactions.size(), [&](uint64_t i) {
            SignedTransaction& tx = transactions[i];
            sign_transaction(tx.tx, senders_[origins_[i]].key);
            tx.raw = encode(tx.tx);
            tx.hash = transaction_hash(tx.raw);
        });
        workload_.env = world_->env();
        workload_.view = {world_, &world_->state()};
        return std::move(workload_);
    }

  private:
    void add(size_t sender, const Address& to, const u256& value, Bytes data, uint64_t gas_limit) {
        SignedTransaction& added = workload_.transactions.emplace_back();
        const auto& context = world().env().context;
        added.sender = senders_[sender].address;
        added.tx.type = TxType::dynamic_fee;
        added.tx.chain_id = context.chain_id;
        added.tx.nonce = nonces_[sender]++;
        added.tx.gas_limit = gas_limit;
        added.tx.max_fee_per_gas = 2 * context.base_fee_per_gas;
        added.tx.max_priority_fee_per_gas = 1000;
        added.tx.to = to;
        added.tx.value = value;
        added.tx.data = std::move(data);
        origins_.push_back(sender);
    }

    std::mt19937_64 random_;
    std::shared_ptr<World> world_ = std::make_shared<World>();  // lives on in the workload
    std::vector<Sender> senders_;
    std::vector<uint64_t> nonces_;
    std::vector<size_t> origins_;  // of each transaction
    Workload workload_;
};

Address stranger(uint64_t index) { return synthetic_address(index); }

// -----------------------------------------------------------------------------------------------
// transfers

Workload disjoint_transfers(const WorkloadSize& size) {
    Maker maker("transfers, disjoint", Nature::independent, size, size.transfers);
    for (size_t i = 0; i < size.transfers; ++i) {
        maker.pay(i, stranger(i));
    }
    return maker.finish();
}

Workload uniform_transfers(const WorkloadSize& size) {
    Maker maker("transfers, uniform", Nature::independent, size, size.transfers);
    for (size_t i = 0; i < size.transfers; ++i) {
        const size_t sender = maker.below(size.transfers);
        maker.pay(sender, maker.address(maker.below(size.transfers)));
    }
    return maker.finish();
}

Workload zipf_transfers(const WorkloadSize& size) {
    Maker maker("transfers, Zipf", Nature::independent, size, size.transfers);
    const Zipf zipf(size.transfers);
    for (size_t i = 0; i < size.transfers; ++i) {
        const size_t sender = maker.below(size.transfers);
        maker.pay(sender, maker.address(zipf.draw(maker.random())));
    }
    return maker.finish();
}

/// Each sender is new and lives on what the one before handed on.
Workload money_chain(const WorkloadSize& size) {
    Maker maker("chain, money handed on", Nature::dependent, size, size.transfers);
    const u256 start{1'000'000'000'000'000'000};
    const auto& context = maker.world().env().context;
    const u256 cost = u256{transfer_gas} * (2 * context.base_fee_per_gas);
    for (size_t i = 0; i + 1 < size.transfers; ++i) {
        maker.world().set_balance(maker.address(i), i == 0 ? start : u256{});
        maker.pay(i, maker.address(i + 1), start - u256{i + 1} * cost);
    }
    return maker.finish();
}

Workload nonce_chain(const WorkloadSize& size) {
    Maker maker("chain, one sender", Nature::dependent, size, 1);
    for (size_t i = 0; i < size.transfers; ++i) {
        maker.pay(0, stranger(i));
    }
    return maker.finish();
}

// -----------------------------------------------------------------------------------------------
// tokens

Bytes coin_transfer(const Address& to) {
    return call_data("transfer(address,uint256)", {to_u256(to), 5});
}

Workload coin_transfers(
    const Contracts& contracts, const WorkloadSize& size, std::string name, size_t coin_count
) {
    Maker maker(std::move(name), Nature::independent, size, size.calls);
    std::vector<Address> coins(coin_count);
    for (Address& coin : coins) {
        coin = maker.world().place(contracts.coin);
    }
    for (size_t i = 0; i < size.calls; ++i) {
        const Address& coin = coins[i % coin_count];
        maker.world().give_coins(coin, maker.address(i), 1'000'000);
        maker.call(i, coin, coin_transfer(stranger(i)), token_gas);
    }
    return maker.finish();
}

/// Everybody pays one shop.
Workload hot_coin(const Contracts& contracts, const WorkloadSize& size) {
    Maker maker("ERC-20, one recipient", Nature::dependent, size, size.calls);
    const Address coin = maker.world().place(contracts.coin);
    for (size_t i = 0; i < size.calls; ++i) {
        maker.world().give_coins(coin, maker.address(i), 1'000'000);
        maker.call(i, coin, coin_transfer(stranger(0)), token_gas);
    }
    return maker.finish();
}

Workload mints(const Contracts& contracts, const WorkloadSize& size) {
    Maker maker("NFT mint, one counter", Nature::dependent, size, size.calls);
    const Address badge = maker.world().place(contracts.badge);
    for (size_t i = 0; i < size.calls; ++i) {
        maker.call(i, badge, call_data("mint()", {}), swap_gas);
    }
    return maker.finish();
}

// -----------------------------------------------------------------------------------------------
// pools

Workload swaps(
    const Contracts& contracts,
    const WorkloadSize& size,
    std::string name,
    Nature nature,
    size_t pool_count
) {
    Maker maker(std::move(name), nature, size, size.swaps);
    Exchange exchange(maker.world(), contracts);
    std::vector<Pool> pools(pool_count);
    for (Pool& pool : pools) {
        pool = exchange.add_pool();
    }
    for (size_t i = 0; i < size.swaps; ++i) {
        const Pool& pool = pools[i % pool_count];
        exchange.admit(pool, maker.address(i));
        const bool is_forth = maker.below(2) == 0;
        maker.call(
            i,
            exchange.router(),
            swap_call(
                1'000'000 + i,
                is_forth ? pool.first : pool.second,
                is_forth ? pool.second : pool.first,
                maker.address(i)
            ),
            swap_gas
        );
    }
    return maker.finish();
}

/// Half transfers, 30 % tokens, 15 % swaps, 5 % mints; popular ones are popular.
Workload mix(const Contracts& contracts, const WorkloadSize& size) {
    constexpr size_t coin_count = 50;
    constexpr size_t pool_count = 50;
    const size_t people = size.calls;
    Maker maker("realistic mix", Nature::mixed, size, people);
    Exchange exchange(maker.world(), contracts);
    std::vector<Address> coins(coin_count);
    std::vector<Pool> pools(pool_count);
    for (Address& coin : coins) {
        coin = maker.world().place(contracts.coin);
    }
    for (Pool& pool : pools) {
        pool = exchange.add_pool();
    }
    const Address badge = maker.world().place(contracts.badge);
    const Zipf popular_coin(coin_count);
    const Zipf popular_person(people);
    for (size_t i = 0; i < size.calls; ++i) {
        const size_t sender = maker.below(people);
        const Address& other = maker.address(popular_person.draw(maker.random()));
        const size_t dice = maker.below(100);
        if (dice < 50) {
            maker.pay(sender, other);
        } else if (dice < 80) {
            const Address& coin = coins[popular_coin.draw(maker.random())];
            maker.world().give_coins(coin, maker.address(sender), 1'000'000'000);
            maker.call(sender, coin, coin_transfer(other), token_gas);
        } else if (dice < 95) {
            const Pool& pool = pools[popular_coin.draw(maker.random())];
            exchange.admit(pool, maker.address(sender));
            maker.call(
                sender,
                exchange.router(),
                swap_call(1'000'000 + i, pool.first, pool.second, maker.address(sender)),
                swap_gas
            );
        } else {
            maker.call(sender, badge, call_data("mint()", {}), swap_gas);
        }
    }
    return maker.finish();
}

}  // namespace

std::vector<NamedWorkload> synthetic_workloads(
    const Contracts& contracts, const WorkloadSize& size
) {
    constexpr size_t some_pools = 100;
    const auto& code = contracts;
    std::vector<NamedWorkload> all;
    const auto add = [&](std::string name, WorkloadMaker make) {
        all.push_back({std::move(name), std::move(make)});
    };
    add("transfers, disjoint", [=] { return disjoint_transfers(size); });
    add("transfers, uniform", [=] { return uniform_transfers(size); });
    add("transfers, Zipf", [=] { return zipf_transfers(size); });
    const auto add_coins = [&](const std::string& name, size_t count) {
        add(name, [=, &code] { return coin_transfers(code, size, name, count); });
    };
    add_coins("ERC-20, one token", 1);
    add_coins("ERC-20, 100 tokens", 100);
    const auto add_swaps = [&](const std::string& name, Nature nature, size_t count) {
        add(name, [=, &code] { return swaps(code, size, name, nature, count); });
    };
    add_swaps("swaps, disjoint pools", Nature::independent, size.swaps);
    add_swaps("swaps, 100 pools", Nature::mixed, some_pools);
    add_swaps("swaps, one pool", Nature::dependent, 1);
    add("ERC-20, one recipient", [=, &code] { return hot_coin(code, size); });
    add("NFT mint, one counter", [=, &code] { return mints(code, size); });
    add("chain, one sender", [=] { return nonce_chain(size); });
    add("chain, money handed on", [=] { return money_chain(size); });
    add("realistic mix", [=, &code] { return mix(code, size); });
    return all;
}

}  // namespace mega::bench
