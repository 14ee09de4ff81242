#include "bench/parallel_world.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"

#include <nlohmann/json.hpp>

#include <fstream>

namespace mega::bench {
namespace {

constexpr Address deployer{{0xde, 0x91, 0x0e}};
constexpr uint64_t most_gas = 16'000'000;  // of one transaction (EIP-7825)
const u256 ether{1'000'000'000'000'000'000};

/// Where a mapping at `slot` keeps `key` (Solidity's layout of storage).
u256 mapping_slot(const Address& key, const u256& slot) {
    Bytes preimage = to_bytes(to_u256(key).to_hash().view());
    append(preimage, slot.to_hash().view());
    return to_u256(crypto::keccak256(preimage));
}

Address address_in(BytesView returned) {
    MEGA_ASSERT(returned.size() == 32);
    return Address::from(returned.subspan(12));
}

}  // namespace

Result<Contracts> read_contracts(const std::filesystem::path& file) {
    const auto fail = [&](const std::string& why) {
        return Err{Error{
            file.string() + ": " + why + "; `node bench/compile_contracts.mjs " + file.string() +
            "` writes it"
        }};
    };
    std::ifstream in(file);
    if (!in) {
        return fail("cannot be opened");
    }
    const auto json = nlohmann::json::parse(in, nullptr, false);
    const auto code_of = [&](const char* name, const char* kind) -> std::optional<Bytes> {
        if (!json.is_object() || !json.contains(name) || !json[name].is_object() ||
            !json[name].contains(kind) || !json[name][kind].is_string()) {
            return std::nullopt;
        }
        const auto bytes = from_hex(json[name][kind].get<std::string>());
        return bytes && !bytes->empty() ? std::optional{*bytes} : std::nullopt;
    };
    const auto coin = code_of("Coin", "runtime");
    const auto badge = code_of("Badge", "runtime");
    const auto factory = code_of("UniswapV2Factory", "init");
    const auto router = code_of("UniswapV2Router02", "init");
    if (!coin || !badge || !factory || !router) {
        return fail("does not hold the bytecode of Coin, Badge and Uniswap v2");
    }
    return Contracts{*coin, *badge, *factory, *router};
}

// -----------------------------------------------------------------------------------------------
// world

World::World() {
    env_.context.number = 100;
    env_.context.timestamp = 1'700'000'000;
    env_.context.gas_limit = uint64_t{1} << 50;
    env_.context.base_fee_per_gas = 1'000'000;
    env_.context.beneficiary = Address{{0xfe, 0xe5}};
    fund(deployer);
}

void World::fund(const Address& account) { state_.set_balance(account, ether * u256{1'000'000}); }

Address World::place(BytesView runtime_code) {
    const Address address = synthetic_address((uint64_t{1} << 40) + placed_++);
    state_.set_code(address, runtime_code);
    state_.set_nonce(address, 1);
    return address;
}

Address World::deploy(BytesView init_code, std::initializer_list<Address> arguments) {
    Bytes data = to_bytes(init_code);
    for (const Address& argument : arguments) {
        append(data, to_u256(argument).to_hash().view());
    }
    const auto created = execute(std::nullopt, data).created;
    MEGA_ASSERT(created.has_value());
    return *created;
}

Bytes World::call(const Address& to, BytesView data) { return execute(to, data).output; }

execution::TxResult World::execute(const std::optional<Address>& to, BytesView data) {
    SignedTransaction tx;
    tx.sender = deployer;
    tx.tx.type = TxType::dynamic_fee;
    tx.tx.chain_id = env_.context.chain_id;
    tx.tx.nonce = nonce_++;
    tx.tx.gas_limit = most_gas;
    tx.tx.max_fee_per_gas = env_.context.base_fee_per_gas;
    tx.tx.to = to;
    tx.tx.data = to_bytes(data);
    auto result = execution::execute_transaction(vm_, journal_, state_, env_, tx);
    MEGA_ASSERT(result.has_value() && result->success());
    state_.apply(result->diff);
    return *std::move(result);
}

void World::give_coins(const Address& coin, const Address& holder, const u256& amount) {
    state_.set_storage(coin, mapping_slot(holder, 0), amount);
}

void World::allow_all(const Address& coin, const Address& holder, const Address& spender) {
    state_.set_storage(coin, mapping_slot(spender, mapping_slot(holder, 1)), u256::max());
}

// -----------------------------------------------------------------------------------------------
// calls

Bytes call_data(std::string_view signature, std::initializer_list<u256> words) {
    Bytes data = to_bytes(crypto::keccak256(as_bytes(signature)).view().first(4));
    for (const u256& word : words) {
        append(data, word.to_hash().view());
    }
    return data;
}

Bytes swap_call(
    const u256& amount, const Address& first, const Address& second, const Address& to
) {
    constexpr uint64_t deadline = uint64_t{1} << 60;
    constexpr uint64_t path_offset = 5 * 32;
    return call_data(
        "swapExactTokensForTokens(uint256,uint256,address[],address,uint256)",
        {amount, 0, path_offset, to_u256(to), deadline, 2, to_u256(first), to_u256(second)}
    );
}

Exchange::Exchange(World& world, const Contracts& contracts)
    : world_(&world), contracts_(&contracts) {
    factory_ = world.deploy(contracts.factory_init, {deployer});
    // No path through native money is used: no wrapped money is needed.
    router_ = world.deploy(contracts.router_init, {factory_, Address{}});
}

Pool Exchange::add_pool() {
    const Pool pool{world_->place(contracts_->coin), world_->place(contracts_->coin)};
    const Address pair = address_in(world_->call(
        factory_,
        call_data("createPair(address,address)", {to_u256(pool.first), to_u256(pool.second)})
    ));
    for (const Address& coin : {pool.first, pool.second}) {
        world_->give_coins(coin, pair, ether * u256{1'000'000});
    }
    (void)world_->call(pair, call_data("mint(address)", {to_u256(deployer)}));
    return pool;
}

void Exchange::admit(const Pool& pool, const Address& trader) {
    for (const Address& coin : {pool.first, pool.second}) {
        world_->give_coins(coin, trader, ether * u256{1000});
        world_->allow_all(coin, trader, router_);
    }
}

}  // namespace mega::bench
