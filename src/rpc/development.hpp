#pragma once

// What a development chain can be told to do: evm_*, anvil_* and hardhat_*, in the shapes that
// anvil and hardhat answer. Not registered on a real chain.
//
// Everything here waits for the sequencer: call it from a worker. Calls take turns.
//
// Mining by hand and the open block: transactions are executed as they arrive, in a block that is
// open and shows as the latest. To a client that block is mined already; so mining a block, moving
// the clock or taking a snapshot first seals it.

#include "rpc/accounts.hpp"
#include "rpc/backend.hpp"
#include "rpc/dispatcher.hpp"
#include "rpc/params.hpp"
#include "sequencer/sequencer.hpp"

#include <map>

namespace mega::rpc {

class Development {
  public:
    using Params = nlohmann::json;

    /// Both must outlive this object. `now_s` is the clock that block timestamps start from;
    /// the system's unless a test brings its own.
    Development(
        const Backend& backend,
        sequencer::Sequencer& sequencer,
        std::function<uint64_t()> now_s = {}
    );

    // blocks
    [[nodiscard]] Answer mine(const Params& params);      // [count, interval in seconds]
    [[nodiscard]] Answer evm_mine(const Params& params);  // [timestamp or {timestamp, blocks}]
    [[nodiscard]] Answer set_automine(const Params& params);
    [[nodiscard]] Answer automine(const Params& params);
    [[nodiscard]] Answer set_interval_mining(const Params& params);  // [seconds], 0: by hand only
    [[nodiscard]] Answer interval_mining(const Params& params);
    [[nodiscard]] Answer snapshot(const Params& params);
    [[nodiscard]] Answer revert(const Params& params);
    [[nodiscard]] Answer rollback(const Params& params);  // [number of blocks]
    [[nodiscard]] Answer reset(const Params& params);     // refused with words

    // time
    [[nodiscard]] Answer increase_time(const Params& params);
    [[nodiscard]] Answer set_time(const Params& params);
    [[nodiscard]] Answer set_next_timestamp(const Params& params);

    // the next block's environment
    [[nodiscard]] Answer set_coinbase(const Params& params);
    [[nodiscard]] Answer set_next_base_fee(const Params& params);
    [[nodiscard]] Answer set_prev_randao(const Params& params);
    [[nodiscard]] Answer set_gas_limit(const Params& params);
    [[nodiscard]] Answer set_min_gas_price(const Params& params);  // refused with words

    // state
    [[nodiscard]] Answer set_balance(const Params& params);
    [[nodiscard]] Answer add_balance(const Params& params);
    [[nodiscard]] Answer set_nonce(const Params& params);
    [[nodiscard]] Answer set_code(const Params& params);
    [[nodiscard]] Answer set_storage_at(const Params& params);

    // accounts and pool
    [[nodiscard]] Answer impersonate(const Params& params);
    [[nodiscard]] Answer stop_impersonating(const Params& params);
    [[nodiscard]] Answer auto_impersonate(const Params& params);
    [[nodiscard]] Answer drop_transaction(const Params& params);
    [[nodiscard]] Answer drop_all_transactions(const Params& params);
    [[nodiscard]] Answer drop_transactions_of(const Params& params);

    // words about the chain
    [[nodiscard]] Answer node_info(const Params& params);
    [[nodiscard]] Answer metadata(const Params& params);
    [[nodiscard]] Answer nothing(const Params& params);  // logging and the like: accepted, ignored

  private:
    struct Snapshot {
        uint64_t block_number = 0;
        int64_t time_shift = 0;
    };

    /// Runs on the sequencer's thread and gives what the task says.
    [[nodiscard]] Answer run(const std::function<Answer()>& task);
    [[nodiscard]] Answer mine_blocks(uint64_t count, uint64_t interval_s);
    [[nodiscard]] Answer change_account(
        const Address& address,
        const std::function<Result<void, RpcError>(sequencer::OverrideRecord&)>& change
    );

    // On the sequencer's thread.
    void seal_visible_block();
    [[nodiscard]] uint64_t earliest_next_timestamp() const;
    [[nodiscard]] Result<void, RpcError> go_to_time(uint64_t timestamp);
    [[nodiscard]] Answer go_back_to(uint64_t number);

    const Backend& backend_;
    sequencer::Sequencer& sequencer_;
    const std::function<uint64_t()> now_s_;
    const Hash256 instance_id_;  // differs between two runs, which is what clients ask it for
    std::mutex mutex_;           // one call at a time
    std::map<uint64_t, Snapshot> snapshots_;  // guarded by mutex_
    uint64_t next_snapshot_ = 0;              // guarded by mutex_
};

/// `development` must outlive the dispatcher.
void add_development_methods(Dispatcher& dispatcher, Development& development);

}  // namespace mega::rpc
