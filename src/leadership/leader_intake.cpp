#include "leadership/leader_intake.hpp"

namespace mega::leadership {

using sequencer::SubmitCallback;
using sequencer::SubmitMode;
using sequencer::SubmitOutcome;

void LeaderIntake::lead_home() { forwarder_->lead_home(*sequencer_); }

void LeaderIntake::lead_to(
    const std::optional<net::Url>& leader, std::vector<sequencer::Sequencer::Submission> waiting
) {
    forwarder_->lead_to(leader);
    for (auto& one : waiting) {
        SubmitCallback done = one.done ? std::move(one.done) : [](const SubmitOutcome&) {};
        forwarder_->submit(std::move(one.tx), one.mode, std::move(done));
    }
}

void LeaderIntake::send_again(std::vector<mempool::TxPtr> transactions) {
    for (mempool::TxPtr& tx : transactions) {
        submit(std::move(tx), SubmitMode::accepted, [](const SubmitOutcome&) {});
    }
}

void LeaderIntake::submit(mempool::TxPtr tx, SubmitMode mode, SubmitCallback done) {
    if (!sequencer_->is_leading()) {
        forwarder_->submit(std::move(tx), mode, std::move(done));
        return;
    }
    sequencer_->submit(tx, mode, [this, tx, mode, done = std::move(done)](const auto& outcome) {
        const bool came_too_late = outcome.kind == SubmitOutcome::Kind::refused &&
                                   !sequencer_->is_leading() && !sequencer_->failure();
        if (came_too_late) {
            forwarder_->submit(tx, mode, done);
        } else {
            done(outcome);
        }
    });
}

mempool::TxPtr LeaderIntake::find_pooled(const Hash256& hash) const {
    auto tx = sequencer_->find_pooled(hash);
    return tx ? tx : forwarder_->find_pooled(hash);
}

std::optional<uint64_t> LeaderIntake::next_pooled_nonce(const Address& sender) const {
    return sequencer_->is_leading() ? sequencer_->next_pooled_nonce(sender)
                                    : forwarder_->next_pooled_nonce(sender);
}

mempool::PoolStatus LeaderIntake::pool_status() const {
    return sequencer_->is_leading() ? sequencer_->pool_status() : forwarder_->pool_status();
}

void LeaderIntake::visit_pool(
    const std::function<void(const mempool::Entry&, bool is_pending)>& visitor
) const {
    if (sequencer_->is_leading()) {
        sequencer_->visit_pool(visitor);
    } else {
        forwarder_->visit_pool(visitor);
    }
}

}  // namespace mega::leadership
