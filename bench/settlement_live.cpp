#include "bench/settlement_live.hpp"

#include "bench/node_command.hpp"
#include "bench/process.hpp"
#include "bench/transfers.hpp"
#include "node/dev_accounts.hpp"
#include "node/dev_l1.hpp"
#include "settlement/bridge.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace mega::bench {
namespace {

namespace l1 = settlement;
using Clock = std::chrono::steady_clock;

constexpr uint32_t batch_max_age_s = 60;
constexpr uint32_t challenge_window_s = 12;  // of a development chain
constexpr uint64_t recipients = 100'000;
constexpr std::chrono::milliseconds chunk{100};
constexpr std::chrono::seconds patience{120};
const u256 one_mega{1'000'000'000'000'000'000ULL};

/// `mega dev` with its L1, which has come up.
class LiveChain {
  public:
    [[nodiscard]] static Result<std::unique_ptr<LiveChain>> start(
        const std::filesystem::path& directory
    ) {
        std::error_code ignored;
        std::filesystem::remove_all(directory, ignored);
        std::filesystem::create_directories(directory, ignored);
        auto chain = std::unique_ptr<LiveChain>(new LiveChain);
        chain->directory_ = directory;
        const uint16_t port = free_port();
        chain->l1_port_ = free_port();
        auto process = NodeProcess::start(
            {.program = this_program(),
             .arguments =
                 {"dev",
                  "--data",
                  (directory / "data").string(),
                  "--rpc-port",
                  std::to_string(port),
                  "--l1-port",
                  std::to_string(chain->l1_port_),
                  "--no-validator",
                  "--batch-max-age-s",
                  std::to_string(batch_max_age_s)},
             .port = port,
             .output = directory / "node.out"}
        );
        if (!process) {
            return Err{process.error()};
        }
        chain->process_ = *std::move(process);
        chain->rpc_ = std::make_unique<RpcClient>(chain->process_->http());
        const auto end = Clock::now() + patience;
        while (!chain->rpc_->metric("l1_connected")) {
            if (Clock::now() > end) {
                return Err{Error{"no L1 came up; see " + (directory / "node.out").string()}};
            }
            std::this_thread::sleep_for(chunk);
        }
        return chain;
    }
    ~LiveChain() {
        process_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(directory_, ignored);
    }
    LiveChain(const LiveChain&) = delete;
    LiveChain& operator=(const LiveChain&) = delete;

    [[nodiscard]] RpcClient& rpc() { return *rpc_; }
    [[nodiscard]] double metric(std::string_view name) {
        const auto value = rpc_->metric(name);
        return value ? *value : 0;
    }
    [[nodiscard]] std::string l1_url() const {
        return "http://127.0.0.1:" + std::to_string(l1_port_);
    }
    [[nodiscard]] std::string l2_url() const {
        const net::Url url = process_->http();
        return "http://" + url.authority();
    }
    [[nodiscard]] std::filesystem::path rollup_file() const {
        return directory_ / "data/l1/rollup.json";
    }

  private:
    LiveChain() = default;
    std::filesystem::path directory_;
    uint16_t l1_port_ = 0;
    std::unique_ptr<NodeProcess> process_;
    std::unique_ptr<RpcClient> rpc_;
};

struct Posted {
    double batches = 0;
    double transactions = 0;
    double bytes = 0;
    double gas = 0;
    double blob_gas = 0;
};
Posted posted_by(LiveChain& chain) {
    return {
        chain.metric("batches_total"),
        chain.metric("batch_transactions_total"),
        chain.metric("batch_bytes_total"),
        chain.metric("batch_l1_gas_total"),
        chain.metric("batch_l1_blob_gas_total")
    };
}

TransactionSource dev_source() {
    std::vector<Sender> senders;
    for (const node::DevAccount& account : node::derive_accounts(node::test_mnemonic, 10)) {
        senders.push_back({account.key, account.address});
    }
    return TransactionSource(std::move(senders), dev_chain_id, transfer_template(recipients));
}

/// Open loop: a chunk each tenth of a second, whatever became of the ones before.
Result<void> send_for(LiveChain& chain, TransactionSource& source, double rate, uint32_t seconds) {
    const auto began = Clock::now();
    const auto a_chunk = static_cast<uint64_t>(rate / 10);
    for (uint32_t i = 0; i < seconds * 10; ++i) {
        if (auto sent = chain.rpc().send_all(source.take(a_chunk)); !sent) {
            return sent;
        }
        std::this_thread::sleep_until(began + chunk * (i + 1));
    }
    return {};
}

/// Until everything that was sent is in a batch.
Result<void> wait_until_posted(LiveChain& chain, double transactions) {
    const auto end = Clock::now() + patience;
    while (chain.metric("batch_transactions_total") < transactions) {
        if (Clock::now() > end) {
            return Err{Error{"what was sent did not get into batches"}};
        }
        std::this_thread::sleep_for(chunk);
    }
    return {};
}

Result<void> add_rate(
    Table& table, LiveChain& chain, TransactionSource& source, double rate, uint32_t seconds
) {
    progress(fmt::format("settlement: {} transfers a second for {} s", rate, seconds));
    const Posted before = posted_by(chain);
    const auto began = Clock::now();
    if (auto sent = send_for(chain, source, rate, seconds); !sent) {
        return sent;
    }
    const double sent = rate * seconds;
    if (auto posted = wait_until_posted(chain, before.transactions + sent); !posted) {
        return posted;
    }
    const double took_s = std::chrono::duration<double>(Clock::now() - began).count();
    const Posted after = posted_by(chain);
    const double batches = after.batches - before.batches;
    const double transactions = after.transactions - before.transactions;
    table.rows.push_back(
        {rate,
         transactions,
         batches,
         batches * 3600 / took_s,
         (after.bytes - before.bytes) / transactions,
         (after.gas - before.gas) / batches,
         (after.gas - before.gas) / transactions,
         (after.blob_gas - before.blob_gas) / transactions}
    );
    return {};
}

struct Waits {
    double deposit_blocks = 0;
    double withdrawal_blocks = 0;
};

template <class Ask>
Result<void> wait_for(const char* what, Ask&& is_there) {
    const auto end = Clock::now() + patience;
    while (!is_there()) {
        if (Clock::now() > end) {
            return Err{Error{std::string(what) + " did not come"}};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return {};
}

/// A user's deposit until it is on L2, and a withdrawal until it is paid, in blocks of L1.
Result<Waits> cross_once(LiveChain& chain) {
    const auto rollup = l1::read_rollup_file(chain.rollup_file());
    auto on_l1 = l1::L1Client::open({.url = chain.l1_url(), .beacon_url = {}});
    auto on_l2 = l1::L1Client::open({.url = chain.l2_url(), .beacon_url = {}});
    if (!rollup || !on_l1 || !on_l2) {
        return Err{Error{"the bench cannot reach what it has started"}};
    }
    const node::DevAccount user = node::derive_accounts(node::test_mnemonic, 2)[1];
    const l1::StopSignal stop;
    l1::TxManager l1_sender(**on_l1, user.key, node::dev_l1_chain_id, {.poll_ms = 20}, stop);
    l1::TxManager l2_sender(**on_l2, user.key, dev_chain_id, {.poll_ms = 20}, stop);
    const auto l1_head = [&] { return static_cast<double>((*on_l1)->head_number().value_or(0)); };

    Waits waits;
    const auto deposit =
        l1::send_deposit(**on_l1, l1_sender, rollup->contracts, user.address, one_mega);
    if (!deposit) {
        return Err{deposit.error()};
    }
    auto arrived = wait_for("the deposit", [&] {
        const auto receipt = (*on_l2)->receipt(deposit->l2_hash);
        return receipt && receipt->has_value();
    });
    if (!arrived) {
        return Err{arrived.error()};
    }
    waits.deposit_blocks = l1_head() - static_cast<double>(deposit->receipt.block.number);

    const double began = l1_head();
    const auto withdrawal = l1::send_withdrawal(l2_sender, user.address, one_mega);
    if (!withdrawal) {
        return Err{withdrawal.error()};
    }
    auto paid = wait_for("the withdrawal", [&] {
        const auto status = l1::status_of(**on_l1, *rollup, *withdrawal);
        return status && status->stage == l1::WithdrawalStage::paid;
    });
    if (!paid) {
        return Err{paid.error()};
    }
    waits.withdrawal_blocks = l1_head() - began;
    return waits;
}

}  // namespace

Result<std::vector<Table>> settlement_live_tables(const SettlementBenchOptions& options) {
    Table batches{
        .key = "live_batches",
        .title = "Batches on a real L1 while transfers come in at a steady rate",
        .columns =
            {{"rate", "tx/s", 0},
             {"transactions", "tx", 0},
             {"batches", "batches", 0},
             {"per_hour", "batches/h", 0},
             {"bytes", "bytes/tx", 1},
             {"gas_batch", "L1 gas/batch", 0},
             {"gas", "L1 gas/tx", 2},
             {"blob_gas", "blob gas/tx", 1}},
    };
    Table bridge{
        .key = "live_bridge",
        .title = "The bridge, in blocks of L1",
        .columns = {{"way", "way"}, {"blocks", "L1 blocks", 0}},
    };
    auto chain =
        LiveChain::start(options.work_directory / fmt::format("settlement-live-{}", ::getpid()));
    if (!chain) {
        return Err{chain.error()};
    }
    TransactionSource source = dev_source();
    for (const double rate : {100.0, 1000.0}) {
        if (auto added = add_rate(batches, **chain, source, rate, options.live_seconds); !added) {
            return Err{added.error()};
        }
    }
    progress("settlement: a deposit and a withdrawal");
    const auto waits = cross_once(**chain);
    if (!waits) {
        return Err{waits.error()};
    }
    bridge.rows.push_back({"deposit, from its L1 block to its L2 receipt", waits->deposit_blocks});
    bridge.rows.push_back({"withdrawal, from L2 to paid on L1", waits->withdrawal_blocks});
    batches.notes = {fmt::format(
        "A batch is posted when it fills 6 blobs or its first block is {} s old. L1 gas is what "
        "the "
        "posting transactions used; blob gas counts whole blobs.",
        batch_max_age_s
    )};
    bridge.notes = {fmt::format(
        "L1 blocks of 1 s. A withdrawal waits for a batch (up to {} s), a claim and the window of "
        "{} s; on a public chain the window is days and decides alone.",
        batch_max_age_s,
        challenge_window_s
    )};
    return std::vector<Table>{std::move(batches), std::move(bridge)};
}

}  // namespace mega::bench
