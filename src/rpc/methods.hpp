#pragma once

// The method groups. Each function adds one group's methods; `backend` must outlive the dispatcher.

#include "rpc/backend.hpp"
#include "rpc/dispatcher.hpp"
#include "sequencer/witness_maker.hpp"

namespace mega::rpc {

void add_node_methods(Dispatcher& dispatcher, const Backend& backend);         // web3, net, rpc
void add_fee_methods(Dispatcher& dispatcher, const Backend& backend);          // prices
void add_state_methods(Dispatcher& dispatcher, const Backend& backend);        // accounts, proofs
void add_call_methods(Dispatcher& dispatcher, const Backend& backend);         // eth_call and kin
void add_simulation_methods(Dispatcher& dispatcher, const Backend& backend);   // eth_simulateV1
void add_block_methods(Dispatcher& dispatcher, const Backend& backend);        // blocks, headers
void add_transaction_methods(Dispatcher& dispatcher, const Backend& backend);  // and receipts
void add_raw_methods(Dispatcher& dispatcher, const Backend& backend);          // debug_getRaw*
void add_log_methods(Dispatcher& dispatcher, const Backend& backend);          // eth_getLogs
void add_feed_methods(Dispatcher& dispatcher, const Backend& backend);         // for followers
void add_send_methods(Dispatcher& dispatcher, const Backend& backend);         // raw transactions
void add_account_methods(Dispatcher& dispatcher, const Backend& backend);      // signs for users
void add_pool_methods(Dispatcher& dispatcher, const Backend& backend);         // txpool
void add_execution_methods(Dispatcher& dispatcher, const Backend& backend);    // what it was like
/// Witnesses of blocks; `maker` must outlive the dispatcher.
void add_witness_methods(
    Dispatcher& dispatcher, const Backend& backend, sequencer::WitnessMaker& maker
);

/// eth_call itself, for methods that end in one.
[[nodiscard]] Answer eth_call(const Backend& backend, const nlohmann::json& params);

}  // namespace mega::rpc
