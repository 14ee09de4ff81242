#pragma once

// What a development chain can be told to do: evm_*, anvil_* and hardhat_*, in the shapes that
// anvil and hardhat answer. Not registered on a real chain.

#include "rpc/accounts.hpp"
#include "rpc/backend.hpp"
#include "rpc/dispatcher.hpp"

#include <map>

namespace mega::rpc {

/// Everything here waits for the sequencer: call from a worker. Calls are serialised.
class Development {
  public:
    /// `now_s` is the clock that block timestamps start from; the system's unless a test brings its
    /// own.
    explicit Development(const Backend& backend, std::function<uint64_t()> now_s = {});

    // blocks
    [[nodiscard]] Answer mine(const nlohmann::json& params);  // [count, interval in seconds]
    [[nodiscard]] Answer evm_mine(const nlohmann::json& params
    );  // [timestamp or {timestamp, blocks}]
    [[nodiscard]] Answer set_automine(const nlohmann::json& params);
    [[nodiscard]] Answer automine();
    [[nodiscard]] Answer set_interval_mining(const nlohmann::json& params);  // seconds
    [[nodiscard]] Answer interval_mining();
    [[nodiscard]] Answer snapshot();
    [[nodiscard]] Answer revert(const nlohmann::json& params);
    [[nodiscard]] Answer rollback(const nlohmann::json& params);

    // time
    [[nodiscard]] Answer increase_time(const nlohmann::json& params);
    [[nodiscard]] Answer set_time(const nlohmann::json& params);
    [[nodiscard]] Answer set_next_timestamp(const nlohmann::json& params);

    // the next block's environment
    [[nodiscard]] Answer set_coinbase(const nlohmann::json& params);
    [[nodiscard]] Answer set_next_base_fee(const nlohmann::json& params);
    [[nodiscard]] Answer set_prev_randao(const nlohmann::json& params);
    [[nodiscard]] Answer set_gas_limit(const nlohmann::json& params);

    // state
    [[nodiscard]] Answer set_balance(const nlohmann::json& params);
    [[nodiscard]] Answer add_balance(const nlohmann::json& params);
    [[nodiscard]] Answer set_nonce(const nlohmann::json& params);
    [[nodiscard]] Answer set_code(const nlohmann::json& params);
    [[nodiscard]] Answer set_storage_at(const nlohmann::json& params);

    // accounts and pool
    [[nodiscard]] Answer impersonate(const nlohmann::json& params);
    [[nodiscard]] Answer stop_impersonating(const nlohmann::json& params);
    [[nodiscard]] Answer auto_impersonate(const nlohmann::json& params);
    [[nodiscard]] Answer drop_transaction(const nlohmann::json& params);
    [[nodiscard]] Answer drop_all_transactions();
    [[nodiscard]] Answer drop_transactions_of(const nlohmann::json& params);

    // words about the chain
    [[nodiscard]] Answer node_info();
    [[nodiscard]] Answer metadata();

  private:
    struct Snapshot {
        uint64_t block_number = 0;
        int64_t time_shift = 0;
    };
    /// Runs on the sequencer's thread, one at a time; "null" unless the task names an error.
    [[nodiscard]] Answer run(const std::function<Answer()>& task);
    [[nodiscard]] Answer mine_blocks(uint64_t count, uint64_t interval_s);
    [[nodiscard]] Answer change_account(
        const Address& address, const std::function<void(sequencer::OverrideRecord&)>& change
    );
    // On the sequencer's thread.
    void close_visible_block();
    void move_clock_to(uint64_t timestamp);

    Backend backend_;
    std::function<uint64_t()> now_s_;
    std::mutex mutex_;                        // one call at a time
    std::map<uint64_t, Snapshot> snapshots_;  // guarded by mutex_
    uint64_t next_snapshot_ = 0;              // guarded by mutex_
};

/// `development` must outlive the dispatcher.
void add_development_methods(Dispatcher& dispatcher, Development& development);

}  // namespace mega::rpc
