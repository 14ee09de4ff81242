#pragma once

// The state that a workload starts from: accounts with money, tokens, pools, made by real
// transactions where contracts have constructors; and the signed transactions that run on it.

#include "base/result.hpp"
#include "bench/transfers.hpp"
#include "execution/block.hpp"
#include "state/overlay.hpp"

#include <filesystem>
#include <string>
#include <unordered_map>

namespace mega::bench {

/// Bytecode, as bench/compile_contracts.mjs writes it.
struct Contracts {
    Bytes coin;   // OpenZeppelin's ERC-20, runtime
    Bytes badge;  // OpenZeppelin's ERC-721 with a counter, runtime
    Bytes factory_init;
    Bytes router_init;
};
/// The error says how the file is made.
[[nodiscard]] Result<Contracts> read_contracts(const std::filesystem::path& file);

class World {
  public:
    World();

    [[nodiscard]] const state::Overlay& state() const { return state_; }
    [[nodiscard]] const execution::BlockEnv& env() const { return env_; }

    /// Enough for any workload.
    void fund(const Address& account);
    void set_balance(const Address& account, const u256& balance) {
        state_.set_balance(account, balance);
    }
    [[nodiscard]] Address place(BytesView runtime_code);
    /// Runs the init code; the contract that it made.
    [[nodiscard]] Address deploy(BytesView init_code, std::initializer_list<Address> arguments);
    /// A call that must succeed, and what it returned.
    Bytes call(const Address& to, BytesView data);

    /// OpenZeppelin's ERC-20 keeps balances at slot 0 and allowances at slot 1.
    void give_coins(const Address& coin, const Address& holder, const u256& amount);
    void allow_all(const Address& coin, const Address& holder, const Address& spender);

  private:
    execution::TxResult execute(const std::optional<Address>& to, BytesView data);

    state::EmptyState nothing_;
    state::Overlay state_{nothing_};
    execution::BlockEnv env_;
    evm::Vm vm_;
    state::Journal journal_;
    uint64_t placed_ = 0;
    uint64_t nonce_ = 0;
};

// --- calldata ---
[[nodiscard]] Bytes call_data(std::string_view signature, std::initializer_list<u256> words);
/// Uniswap's swapExactTokensForTokens from `first` to `second`, for whatever comes out.
[[nodiscard]] Bytes swap_call(
    const u256& amount, const Address& first, const Address& second, const Address& to
);

struct Pool {
    Address first;
    Address second;
};
/// Uniswap v2 with its router; pools over coins of their own.
class Exchange {
  public:
    Exchange(World& world, const Contracts& contracts);

    [[nodiscard]] Pool add_pool();
    /// Lets `trader` swap in the pool, either way.
    void admit(const Pool& pool, const Address& trader);
    [[nodiscard]] const Address& router() const { return router_; }

  private:
    World* world_;
    const Contracts* contracts_;
    Address factory_;
    Address router_;
};

}  // namespace mega::bench
