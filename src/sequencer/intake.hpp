#pragma once

// Where transactions go, as those who hand them in see it: the sequencer itself, or, on a replica,
// whoever forwards them to it. Any thread.

#include "sequencer/execution_reports.hpp"
#include "sequencer/open_block.hpp"

#include <functional>
#include <string>

namespace mega::sequencer {

/// How far a submission wants to get before it is answered.
enum class SubmitMode : uint8_t {
    accepted,  // executed or waiting in the pool, durable either way
    executed,  // only executed will do; a nonce gap is refused instead of pooled (EIP-7966)
};

struct SubmitOutcome {
    enum class Kind : uint8_t { executed, pooled, nonce_gap, refused };
    Kind kind = Kind::refused;
    ExecutedPtr executed;         // executed
    OpenBlockPtr block;           // executed: the block that was open
    uint64_t expected_nonce = 0;  // nonce_gap
    std::string message;          // refused: geth's text
};
/// Called once, at the latest when the intake stops or fails.
using SubmitCallback = std::function<void(const SubmitOutcome&)>;

class Intake {
  public:
    virtual ~Intake() = default;
    virtual void submit(mempool::TxPtr tx, SubmitMode mode, SubmitCallback done) = 0;

    // What waits to be executed.
    [[nodiscard]] virtual mempool::TxPtr find_pooled(const Hash256& hash) const = 0;
    [[nodiscard]] virtual std::optional<uint64_t> next_pooled_nonce(const Address& sender
    ) const = 0;
    [[nodiscard]] virtual mempool::PoolStatus pool_status() const = 0;
    virtual void visit_pool(
        const std::function<void(const mempool::Entry&, bool is_pending)>& visitor
    ) const = 0;

    /// Words when nothing more is taken, for good.
    [[nodiscard]] virtual std::optional<std::string> failure() const = 0;
    [[nodiscard]] virtual uint64_t block_interval_ms() const = 0;
    /// Null where nothing is executed.
    [[nodiscard]] virtual const ExecutionReports* execution_reports() const { return nullptr; }

    Intake() = default;
    Intake(const Intake&) = delete;
    Intake& operator=(const Intake&) = delete;
};

}  // namespace mega::sequencer
