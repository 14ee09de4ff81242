#pragma once

// Where a candidate's clients hand in their transactions: to its own sequencer while it leads, to
// the leader otherwise. What is handed in while the lead changes is handed on until it is with
// somebody who leads.

#include "replica/forwarder.hpp"
#include "sequencer/sequencer.hpp"

namespace mega::leadership {

class LeaderIntake final : public sequencer::Intake {
  public:
    /// Both must outlive this.
    LeaderIntake(sequencer::Sequencer& sequencer, replica::Forwarder& forwarder)
        : sequencer_(&sequencer), forwarder_(&forwarder) {}

    /// Everything goes to this node's sequencer, which leads by now.
    void lead_home();
    /// Everything goes there; nothing: it waits. `waiting` first.
    void lead_to(
        const std::optional<net::Url>& leader, std::vector<sequencer::Sequencer::Submission> waiting
    );
    /// Sent once and lost.
    void send_again(std::vector<mempool::TxPtr> transactions);

    void submit(mempool::TxPtr tx, sequencer::SubmitMode mode, sequencer::SubmitCallback done)
        override;
    [[nodiscard]] mempool::TxPtr find_pooled(const Hash256& hash) const override;
    [[nodiscard]] std::optional<uint64_t> next_pooled_nonce(const Address& sender) const override;
    [[nodiscard]] mempool::PoolStatus pool_status() const override;
    void visit_pool(const std::function<void(const mempool::Entry&, bool is_pending)>& visitor
    ) const override;
    [[nodiscard]] std::optional<std::string> failure() const override {
        return sequencer_->failure();
    }
    [[nodiscard]] uint64_t block_interval_ms() const override {
        return forwarder_->block_interval_ms();
    }
    [[nodiscard]] const sequencer::ExecutionReports* execution_reports() const override {
        return sequencer_->execution_reports();
    }

  private:
    sequencer::Sequencer* sequencer_;
    replica::Forwarder* forwarder_;
};

}  // namespace mega::leadership
