#include "node/metrics.hpp"

#include <unistd.h>

#include <cstdio>

namespace mega::node {
namespace {

/// Second field of /proc/self/statm, in bytes; 0 when there is no such file.
uint64_t resident_bytes() {
    std::FILE* file = std::fopen("/proc/self/statm", "r");
    if (file == nullptr) {
        return 0;
    }
    unsigned long total = 0;
    unsigned long resident = 0;
    const int fields = std::fscanf(file, "%lu %lu", &total, &resident);
    std::fclose(file);
    return fields == 2 ? resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

void add_chain(MetricsText& out, const MetricSources& sources) {
    static const sequencer::SequencerCounters none;
    const auto& counters = sources.sequencer != nullptr ? sources.sequencer->counters() : none;
    out.counter(
        "transactions_accepted_total", "Transactions taken into the pool", counters.accepted
    );
    out.counter("transactions_executed_total", "Transactions executed", counters.executed);
    out.counter("transactions_refused_total", "Transactions refused", counters.refused);
    out.counter("mini_blocks_total", "Mini-blocks signed", counters.mini_blocks);
    out.counter("blocks_total", "Blocks sealed", counters.blocks);
    out.counter("gas_used_total", "Gas used", counters.gas);
    out.counter(
        "execution_nanoseconds_total", "Time spent executing transactions", counters.execute_ns
    );
    const auto execution = sources.sequencer != nullptr
                               ? sources.sequencer->execution_reports()->totals()
                               : decltype(sources.sequencer->execution_reports()->totals()){};
    out.counter(
        "executions_total",
        "Executions of transactions, repeated and refused ones included",
        execution.executions
    );
    out.counter(
        "re_executions_total", "Executions that had to be repeated", execution.re_executions
    );
    out.counter(
        "parallel_batches_total", "Batches executed by several threads", execution.parallel_batches
    );
    out.counter(
        "sequential_batches_total",
        "Batches executed one transaction after the other",
        execution.sequential_batches
    );
    out.counter(
        "execution_cpu_nanoseconds_total", "CPU time of all threads that execute", execution.cpu_ns
    );
    out.counter("seal_nanoseconds_total", "Time spent sealing blocks", counters.seal_ns);
    out.gauge("block_number", "Last sealed block", sources.reader.sealed_number());
    out.gauge("safe_block_number", "Last block that L1 holds", sources.reader.settled().safe);
    out.gauge(
        "finalized_block_number",
        "Last block that finalised L1 blocks hold",
        sources.reader.settled().finalized
    );
    out.counter("l1_transactions_total", "Transactions taken from L1", counters.from_l1);
    out.counter("reorganisations_total", "Times that L1 took blocks back", counters.reorganised);
    out.counter(
        "contradicted_transactions_total",
        "Transactions shown to users that L1 then contradicted",
        counters.contradicted
    );
    out.gauge(
        "checkpoint_block_number", "Last block in the database", sources.checkpointer.saved_block()
    );
    const auto pool = sources.intake.pool_status();
    out.gauge("pool_pending", "Executable transactions in the pool", pool.pending);
    out.gauge("pool_queued", "Transactions in the pool that wait for a nonce", pool.queued);
    out.gauge("pool_bytes", "Size of the pool", pool.bytes);
}

/// All zero for a sequencer.
void add_following(MetricsText& out, const MetricSources& sources) {
    static const replica::ReplicaStatus none;
    const auto& status = sources.following != nullptr ? *sources.following : none;
    out.gauge("follow_connected", "1 while a replica's leader is connected", status.is_connected);
    out.gauge(
        "follow_leader_block_number", "Last block that the leader sealed", status.leader_block
    );
    out.counter("follow_records_total", "Feed records taken", status.records);
    out.counter("follow_blocks_total", "Blocks taken", status.blocks);
    out.counter("follow_mini_blocks_total", "Mini-blocks taken", status.mini_blocks);
    out.counter("follow_transactions_total", "Transactions taken", status.transactions);
    out.counter(
        "follow_validated_blocks_total",
        "Blocks validated or executed again",
        status.validated_blocks
    );
    out.counter(
        "follow_fetches_total", "Times that missing records were asked for", status.fetches
    );
    out.counter(
        "follow_reorganisations_total",
        "Times that the leader's chain went another way",
        status.reorganisations
    );
    out.counter("follow_connections_total", "Connections to the leader", status.connections);
}

void add_rpc(MetricsText& out, const MetricSources& sources) {
    const auto& calls = sources.service.dispatcher().counters();
    out.counter("rpc_calls_total", "JSON-RPC calls", calls.calls);
    out.counter("rpc_errors_total", "JSON-RPC calls answered by an error", calls.errors);
    if (sources.server == nullptr) {
        return;
    }
    const auto stats = sources.server->stats();
    out.gauge("connections", "Open connections", stats.open_connections);
    out.gauge("websockets", "Open WebSockets among them", stats.open_websockets);
    out.counter("connections_refused_total", "Connections beyond the limit", stats.refused);
    out.counter(
        "connection_timeouts_total", "Connections closed because the peer was slow", stats.timeouts
    );
    out.counter(
        "slow_readers_total",
        "WebSockets dropped because their peer did not read",
        stats.slow_readers
    );
    out.gauge("network_buffered_bytes", "Partly received and unsent bytes", stats.buffered_bytes);
}

void add_validators(MetricsText& out, const MetricSources& sources) {
    const auto gauges = sources.service.gauges();
    out.counter("attestations_total", "Validators' attestations taken", gauges.attestations_taken);
    out.counter(
        "attestations_refused_total",
        "Attestations refused: malformed, of other blocks, wrongly signed, too many",
        gauges.attestations_refused
    );
    out.gauge(
        "attested_block_number", "Newest block that a validator attested to", gauges.attested_block
    );
    out.gauge(
        "quorate_block_number",
        "Newest block that two thirds of the committee's stake attested to",
        gauges.quorate_block
    );
    out.gauge(
        "attestation_latency_p50_microseconds",
        "From a block's last mini-block to two thirds of attestations, of the last blocks",
        gauges.attestation_p50_us
    );
    out.gauge(
        "attestation_latency_p99_microseconds",
        "The same, of which one in a hundred is longer",
        gauges.attestation_p99_us
    );
    out.counter(
        "equivocations_total",
        "Members of a committee seen to attest to two blocks of one number",
        gauges.equivocations
    );
    out.counter(
        "mismatches_reported_total",
        "Reports that a block does not validate",
        gauges.mismatches_reported
    );
    out.counter(
        "mismatches_confirmed_total",
        "Those among them that this node finds true",
        gauges.mismatches_confirmed
    );
    out.counter(
        "mismatches_refused_total",
        "Reports that were malformed, or too many",
        gauges.mismatches_refused
    );
    out.counter(
        "mismatch_notices_total",
        "Validators' signed words that a block does not validate",
        gauges.mismatch_notices_taken
    );
    out.counter(
        "mismatch_notices_refused_total",
        "Such words that were malformed, of strangers, or too many",
        gauges.mismatch_notices_refused
    );
}

void add_leadership(MetricsText& out, const leadership::Candidate& candidate) {
    const auto& turns = candidate.counters();
    out.gauge("leading", "1 while this node leads", candidate.standing().is_leading ? 1 : 0);
    out.counter("leadership_taken_total", "Times that this node took the lead", turns.led);
    out.counter("leadership_given_total", "Times that it handed the lead over", turns.stepped_down);
    out.counter(
        "leadership_failovers_total",
        "Times that it took the lead because another was silent",
        turns.failovers
    );
    out.counter(
        "leadership_takeovers_total",
        "Times that L1 put it in charge for that",
        candidate.takeovers()
    );
    const auto& followed = candidate.followed();
    out.counter("led_blocks_total", "Blocks of other leaders executed", followed.blocks);
    out.counter("led_mini_blocks_total", "Their mini-blocks", followed.mini_blocks);
    out.counter(
        "led_branches_left_total",
        "Times that a leader's chain was another one",
        followed.branches_left
    );
    out.counter("led_refusals_total", "Times that a leader said what was not so", followed.refused);
}

}  // namespace

std::string metrics_text(const MetricSources& sources) {
    MetricsText out;
    add_chain(out, sources);
    add_following(out, sources);
    add_rpc(out, sources);
    add_validators(out, sources);
    out.gauge("state_cache_bytes", "Accounts and slots in memory", sources.states.cache_bytes());
    if (sources.settlement != nullptr) {
        sources.settlement->add_metrics(out);
    }
    if (sources.candidate != nullptr) {
        add_leadership(out, *sources.candidate);
    }
    if (sources.dev_l1 != nullptr) {
        sources.dev_l1->add_metrics(out);
    }
    out.gauge("resident_bytes", "Memory of the process", resident_bytes());
    return out.take();
}

}  // namespace mega::node
