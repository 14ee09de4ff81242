#pragma once

// Movements of the native currency as if its ledger were an ERC-20: what traceTransfers of
// eth_simulateV1 asks for.

#include "crypto/keccak.hpp"
#include "evm/tracer.hpp"
#include "types/u256.hpp"

#include <vector>

namespace mega::rpc {

/// Collects the logs of one transaction, transfers among them in the order of events; what a
/// frame that fails logged is dropped.
class TransferLogs final : public evm::Tracer {
  public:
    void on_enter(const evm::Message& message) override {
        marks_.push_back(logs_.size());
        const bool moves_value = message.kind == evm::CallKind::call ||
                                 message.kind == evm::CallKind::create ||
                                 message.kind == evm::CallKind::create2;
        if (moves_value && !message.value.is_zero()) {
            add_transfer(message.sender, message.recipient, message.value);
        }
    }
    void on_exit(const evm::Message&, const evm::CallResult& result) override {
        if (result.status != evm::Status::success) {
            logs_.resize(marks_.back());
        }
        marks_.pop_back();
    }
    void on_log(const Log& log) override { logs_.push_back(log); }
    void on_selfdestruct(const Address& contract, const Address& beneficiary, const u256& balance)
        override {
        if (!balance.is_zero()) {
            add_transfer(contract, beneficiary, balance);
        }
    }

    [[nodiscard]] std::vector<Log> take() { return std::move(logs_); }

  private:
    void add_transfer(const Address& from, const Address& to, const u256& value) {
        Log log;
        log.address.bytes.fill(0xee);
        log.topics = {
            crypto::keccak256(as_bytes("Transfer(address,address,uint256)")),
            to_u256(from).to_hash(),
            to_u256(to).to_hash()
        };
        log.data = to_bytes(value.to_hash());
        logs_.push_back(std::move(log));
    }

    std::vector<Log> logs_;
    std::vector<size_t> marks_;  // per open frame: logs before it
};

}  // namespace mega::rpc
