// The half of Development that sets state and the environment of blocks, and talks about the chain.

#include "crypto/keccak.hpp"
#include "rpc/development.hpp"
#include "rpc/json_writer.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;

constexpr uint64_t least_gas_limit = 21'000;

}  // namespace

// -------------------------------------------------------------------------------------------------
// the next block's environment

Answer Development::set_coinbase(const Params& params) {
    const auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&] {
        sequencer_.set_beneficiary(*address);
        return Answer{"null"};
    });
}

Answer Development::set_next_base_fee(const Params& params) {
    const auto base_fee = read_u256(param(params, 0), "baseFeePerGas");
    if (!base_fee) {
        return Err{base_fee.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&] {
        sequencer_.set_next_base_fee(*base_fee);
        return Answer{"null"};
    });
}

Answer Development::set_prev_randao(const Params& params) {
    const auto value = read_hash(param(params, 0), "prevRandao");
    if (!value) {
        return Err{value.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&] {
        sequencer_.set_next_prev_randao(*value);
        return Answer{"null"};
    });
}

Answer Development::set_gas_limit(const Params& params) {
    const auto gas_limit = read_u64(param(params, 0), "gasLimit");
    if (!gas_limit) {
        return Err{gas_limit.error()};
    }
    if (*gas_limit < least_gas_limit || *gas_limit > INT64_MAX) {
        return fail(
            invalid_params,
            "invalid argument gasLimit: want " + std::to_string(least_gas_limit) + " to 2^63 - 1"
        );
    }
    const std::lock_guard lock(mutex_);
    return run([&] {
        sequencer_.set_gas_limit(*gas_limit);
        return Answer{"true"};
    });
}

Answer Development::set_min_gas_price(const Params&) {
    return fail(server_error, "a minimal gas price is not supported when EIP-1559 is active");
}

// -------------------------------------------------------------------------------------------------
// state

Answer Development::change_account(
    const Address& address,
    const std::function<Result<void, RpcError>(sequencer::OverrideRecord&)>& change
) {
    const std::lock_guard lock(mutex_);
    return run([&]() -> Answer {
        const auto present = sequencer_.chain().state().account(address);
        sequencer::OverrideRecord record;
        record.address = address;
        record.account = present.value_or(Account{});
        if (auto changed = change(record); !changed) {
            return Err{changed.error()};
        }
        const bool stays_absent = !present && record.account.is_empty() && record.slots.empty();
        if (!stays_absent) {
            sequencer_.override_state(record);
        }
        return "null";
    });
}

Answer Development::set_balance(const Params& params) {
    const auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    const auto balance = read_u256(param(params, 1), "balance");
    if (!balance) {
        return Err{balance.error()};
    }
    return change_account(*address, [&](auto& record) {
        record.account.balance = *balance;
        return Result<void, RpcError>{};
    });
}

Answer Development::add_balance(const Params& params) {
    const auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    const auto amount = read_u256(param(params, 1), "balance");
    if (!amount) {
        return Err{amount.error()};
    }
    return change_account(*address, [&](auto& record) -> Result<void, RpcError> {
        const AddResult sum = add_with_carry(record.account.balance, *amount);
        if (sum.carry) {
            return fail(invalid_params, "the balance would exceed 256 bits");
        }
        record.account.balance = sum.value;
        return {};
    });
}

Answer Development::set_nonce(const Params& params) {
    const auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    const auto nonce = read_u64(param(params, 1), "nonce");
    if (!nonce) {
        return Err{nonce.error()};
    }
    return change_account(*address, [&](auto& record) {
        record.account.nonce = *nonce;
        return Result<void, RpcError>{};
    });
}

Answer Development::set_code(const Params& params) {
    const auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    auto code = read_data(param(params, 1), "code");
    if (!code) {
        return Err{code.error()};
    }
    return change_account(*address, [&](auto& record) {
        record.account.code_hash = crypto::keccak256(*code);
        record.code = *code;
        return Result<void, RpcError>{};
    });
}

Answer Development::set_storage_at(const Params& params) {
    const auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    const auto slot = read_slot(param(params, 1), "slot");
    if (!slot) {
        return Err{slot.error()};
    }
    const auto value = read_slot(param(params, 2), "value");
    if (!value) {
        return Err{value.error()};
    }
    const auto changed = change_account(*address, [&](auto& record) {
        record.slots.emplace_back(*slot, *value);
        return Result<void, RpcError>{};
    });
    return changed ? Answer{"true"} : changed;
}

// -------------------------------------------------------------------------------------------------
// accounts and pool

Answer Development::impersonate(const Params& params) {
    const auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    backend_.accounts.impersonate(*address);
    return "null";
}

Answer Development::stop_impersonating(const Params& params) {
    const auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    backend_.accounts.stop_impersonating(*address);
    return "null";
}

Answer Development::auto_impersonate(const Params& params) {
    const auto on = read_bool(param(params, 0), "enabled");
    if (!on) {
        return Err{on.error()};
    }
    backend_.accounts.set_auto_impersonate(*on);
    return "null";
}

Answer Development::drop_transaction(const Params& params) {
    const auto hash = read_hash(param(params, 0), "hash");
    if (!hash) {
        return Err{hash.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&] {
        return Answer{sequencer_.drop_pooled(*hash) != nullptr ? quoted_hex(*hash) : "false"};
    });
}

Answer Development::drop_all_transactions(const Params&) {
    const std::lock_guard lock(mutex_);
    return run([&] {
        sequencer_.drop_all_pooled();
        return Answer{"null"};
    });
}

Answer Development::drop_transactions_of(const Params& params) {
    const auto address = read_address(param(params, 0), "address");
    if (!address) {
        return Err{address.error()};
    }
    const std::lock_guard lock(mutex_);
    return run([&] {
        std::vector<Hash256> hashes;
        sequencer_.visit_pool([&](const mempool::Entry& entry, bool) {
            if (entry.tx->sender == *address) {
                hashes.push_back(entry.tx->hash);
            }
        });
        for (const Hash256& hash : hashes) {
            sequencer_.drop_pooled(hash);
        }
        return Answer{"null"};
    });
}

// -------------------------------------------------------------------------------------------------
// words about the chain

Answer Development::node_info(const Params&) {
    const auto [sealed, open] = backend_.reader.position();
    const BlockHeader& next = open->opening_header();
    const bool shows_open = !open->is_empty();
    const BlockHeader& latest = shows_open ? next : sealed->header;
    const u256 base_fee = next.base_fee_per_gas.value_or(0);
    JsonWriter out;
    out.begin_object()
        .field_quantity("currentBlockNumber", latest.number)
        .key("currentBlockTimestamp")
        .number(latest.timestamp)
        .field("currentBlockHash", shows_open ? open->name() : sealed->hash)
        .field_string("hardFork", to_string(backend_.fork))
        .field_string("transactionOrder", "fees")
        .key("environment")
        .begin_object()
        .field_quantity("baseFee", base_fee)
        .key("chainId")
        .number(backend_.chain_id)
        .field_quantity("gasLimit", next.gas_limit)
        .field_quantity("gasPrice", base_fee + backend_.suggested_tip)
        .end_object()
        .key("forkConfig")
        .begin_object()
        .field_null("forkUrl")
        .field_null("forkBlockNumber")
        .field_null("forkRetryBackoff")
        .end_object()
        .end_object();
    return out.take();
}

Answer Development::metadata(const Params&) {
    const auto [sealed, open] = backend_.reader.position();
    JsonWriter out;
    out.begin_object()
        .field_string("clientVersion", backend_.client_version)
        .key("chainId")
        .number(backend_.chain_id)
        .field("instanceId", instance_id_)
        .key("latestBlockNumber")
        .number(sealed->header.number)
        .field("latestBlockHash", sealed->hash)
        .field_null("forkedNetwork")
        .end_object();
    return out.take();
}

Answer Development::nothing(const Params&) { return "null"; }

// -------------------------------------------------------------------------------------------------
// methods

void add_development_methods(Dispatcher& dispatcher, Development& development) {
    using Handler = Answer (Development::*)(const Development::Params&);
    struct Entry {
        std::vector<std::string_view> prefixes;
        std::string_view name;
        Handler handler;
    };
    static constexpr std::string_view evm = "evm_";
    static constexpr std::string_view anvil = "anvil_";
    static constexpr std::string_view hardhat = "hardhat_";
    const std::vector<Entry> entries{
        {{anvil, hardhat}, "mine", &Development::mine},
        {{evm}, "mine", &Development::evm_mine},
        {{evm, anvil}, "setAutomine", &Development::set_automine},
        {{anvil, hardhat}, "getAutomine", &Development::automine},
        {{evm, anvil}, "setIntervalMining", &Development::set_interval_mining},
        {{anvil}, "getIntervalMining", &Development::interval_mining},
        {{evm, anvil}, "snapshot", &Development::snapshot},
        {{evm, anvil}, "revert", &Development::revert},
        {{anvil}, "rollback", &Development::rollback},
        {{anvil, hardhat}, "reset", &Development::reset},
        {{evm, anvil}, "increaseTime", &Development::increase_time},
        {{evm, anvil}, "setTime", &Development::set_time},
        {{evm, anvil}, "setNextBlockTimestamp", &Development::set_next_timestamp},
        {{anvil, hardhat}, "setCoinbase", &Development::set_coinbase},
        {{anvil, hardhat}, "setNextBlockBaseFeePerGas", &Development::set_next_base_fee},
        {{anvil, hardhat}, "setPrevRandao", &Development::set_prev_randao},
        {{evm, anvil}, "setBlockGasLimit", &Development::set_gas_limit},
        {{anvil, hardhat}, "setMinGasPrice", &Development::set_min_gas_price},
        {{anvil, hardhat}, "setBalance", &Development::set_balance},
        {{evm}, "setAccountBalance", &Development::set_balance},
        {{anvil}, "addBalance", &Development::add_balance},
        {{anvil, hardhat}, "setNonce", &Development::set_nonce},
        {{evm}, "setAccountNonce", &Development::set_nonce},
        {{anvil, hardhat}, "setCode", &Development::set_code},
        {{evm}, "setAccountCode", &Development::set_code},
        {{anvil, hardhat}, "setStorageAt", &Development::set_storage_at},
        {{evm}, "setAccountStorageAt", &Development::set_storage_at},
        {{anvil, hardhat}, "impersonateAccount", &Development::impersonate},
        {{anvil, hardhat}, "stopImpersonatingAccount", &Development::stop_impersonating},
        {{anvil, hardhat}, "autoImpersonateAccount", &Development::auto_impersonate},
        {{anvil, hardhat}, "dropTransaction", &Development::drop_transaction},
        {{anvil}, "dropAllTransactions", &Development::drop_all_transactions},
        {{anvil}, "removePoolTransactions", &Development::drop_transactions_of},
        {{anvil}, "nodeInfo", &Development::node_info},
        {{anvil, hardhat}, "metadata", &Development::metadata},
        {{anvil, hardhat}, "setLoggingEnabled", &Development::nothing},
    };
    for (const Entry& entry : entries) {
        for (const std::string_view prefix : entry.prefixes) {
            // What hardhat and ganache answer where anvil says null.
            const bool says_true = prefix != anvil;
            dispatcher.add_slow(
                std::string(prefix) + std::string(entry.name),
                [&development, handler = entry.handler, says_true](const json& params) {
                    auto answer = (development.*handler)(params);
                    return says_true && answer && *answer == "null" ? Answer{"true"} : answer;
                }
            );
        }
    }
}

}  // namespace mega::rpc
