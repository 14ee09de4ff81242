#include "rpc/service.hpp"

#include "rpc/attestations.hpp"
#include "rpc/block_status.hpp"
#include "rpc/development.hpp"
#include "rpc/filters.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/methods.hpp"
#include "rpc/mismatch_notices.hpp"
#include "rpc/mismatch_reports.hpp"
#include "rpc/nonce_waiters.hpp"
#include "rpc/subscriptions.hpp"
#include "rpc/timer.hpp"
#include "rpc/trace_methods.hpp"
#include "rpc/worker_pool.hpp"

namespace mega::rpc {
namespace {

net::Response json_response(std::string body) {
    net::Response response;
    response.body = std::move(body);
    return response;
}

bool is_health(std::string_view target) { return target.substr(0, target.find('?')) == "/health"; }

}  // namespace

struct Service::Impl {
    ServiceOptions options;
    Timer timer;
    Backend backend;
    Subscriptions subscriptions;
    Filters filters;
    std::unique_ptr<Development> development;  // null on a real chain
    sequencer::WitnessMaker witnesses;
    Attestations attestations;
    MismatchNotices notices;
    BlockStatus block_status;
    MismatchReports mismatches;
    std::unique_ptr<WorkerPool> workers;
    NonceWaiters waiters;
    Dispatcher dispatcher;

    Impl(ServiceOptions given, const Parts& parts)
        : options(std::move(given)),
          backend{
              .reader = parts.reader,
              .intake = parts.intake,
              .accounts = parts.accounts,
              .timer = timer,
              .chain_id = options.chain_id,
              .fork = options.fork,
              .fee_market = options.fee_market,
              .suggested_tip = options.suggested_tip,
              .client_version = options.client_version,
              .is_development = options.is_development,
              .limits = options.limits
          },
          subscriptions(options.limits),
          filters(backend),
          development(
              parts.development == nullptr
                  ? nullptr
                  : std::make_unique<Development>(backend, *parts.development)
          ),
          witnesses(
              parts.reader,
              {.chain_id = options.chain_id,
               .fork = options.fork,
               .allow_contract_senders = options.is_development,
               .cache_bytes = options.witness_cache_bytes}
          ),
          attestations(parts.reader, attestation_options()),
          notices(parts.reader, notice_options()),
          block_status(block_status_parts(parts.reader)),
          mismatches(parts.reader, mismatch_options()),
          workers(std::make_unique<WorkerPool>(options.workers, options.max_queued_calls)),
          waiters(backend, *workers),
          dispatcher(options.dispatcher, *workers) {
        add_methods();
    }
    /// What still runs on other threads uses the dispatcher: it ends first.
    ~Impl() {
        timer.stop();
        workers.reset();
        subscriptions.drain();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] Attestations::Options attestation_options() {
        Attestations::Options given;
        given.chain_id = options.chain_id;
        given.committees = options.committees;
        given.on_added = [this](const attestation::Attestation& taken) {
            block_status.on_attestation(taken.block_number);
            if (options.on_attestation) {
                options.on_attestation(taken);
            }
        };
        return given;
    }
    [[nodiscard]] BlockStatus::Parts block_status_parts(const sequencer::ChainReader& reader) {
        return {
            .reader = reader,
            .attestations = attestations,
            .committees = options.committees,
            .count_mismatches = [this](
                                    uint64_t number, const Hash256& hash
                                ) { return notices.count(number, hash); },
            .announce = [this](std::function<std::string()> format
                        ) { subscriptions.announce_block_status(std::move(format)); },
            .now_us = {}
        };
    }

    [[nodiscard]] MismatchNotices::Options notice_options() {
        MismatchNotices::Options given;
        given.chain_id = options.chain_id;
        given.committees = options.committees;
        given.on_taken = [this](const attestation::MismatchNotice& notice) {
            if (options.on_mismatch_notice) {
                options.on_mismatch_notice(notice);
            }
            subscriptions.announce_mismatch_notice(to_json(notice), encode(notice));
        };
        return given;
    }

    [[nodiscard]] MismatchReports::Options mismatch_options() {
        MismatchReports::Options given;
        given.rules.chain_id = options.chain_id;
        given.rules.fork = options.fork;
        given.rules.fee_market = options.fee_market;
        given.rules.allow_equal_timestamps = options.is_development;
        given.rules.allow_contract_senders = options.is_development;
        given.rules.skip_base_fee_check = options.is_development;
        given.on_report = [this](const MismatchReport& report) {
            if (options.on_mismatch) {
                options.on_mismatch(report);
            }
            subscriptions.announce_mismatch(to_json(report));
        };
        return given;
    }

    void add_methods() {
        add_node_methods(dispatcher, backend);
        add_fee_methods(dispatcher, backend);
        add_state_methods(dispatcher, backend);
        add_call_methods(dispatcher, backend);
        add_simulation_methods(dispatcher, backend);
        add_block_methods(dispatcher, backend);
        add_transaction_methods(dispatcher, backend);
        add_raw_methods(dispatcher, backend);
        add_log_methods(dispatcher, backend);
        add_feed_methods(dispatcher, backend);
        add_send_methods(dispatcher, backend);
        add_account_methods(dispatcher, backend);
        add_pool_methods(dispatcher, backend);
        add_wait_methods(dispatcher, backend, waiters);
        add_trace_methods(dispatcher, backend);
        add_execution_methods(dispatcher, backend);
        add_witness_methods(dispatcher, backend, witnesses);
        add_attestation_methods(dispatcher, attestations);
        add_block_status_methods(dispatcher, block_status);
        add_mismatch_methods(dispatcher, mismatches);
        add_mismatch_notice_methods(dispatcher, notices);
        add_subscription_methods(dispatcher, subscriptions);
        add_filter_methods(dispatcher, filters);
        if (development) {
            add_development_methods(dispatcher, *development);
        }
        if (options.leadership) {
            dispatcher.add("mega_getLeadership", [this](const nlohmann::json&) -> Answer {
                return options.leadership();
            });
        }
    }

    void answer_http(const net::Request& request, const net::Responder& responder) {
        if (request.method == "POST") {
            dispatcher.dispatch(
                Caller{nullptr, request.remote},
                request.body,
                [responder](std::string text) { responder.respond(json_response(std::move(text))); }
            );
            return;
        }
        if (options.on_get) {
            if (auto response = options.on_get(request)) {
                responder.respond(std::move(*response));
                return;
            }
        }
        if (request.method == "GET" && is_health(request.target)) {
            responder.respond(health());
            return;
        }
        responder.respond(net::error_response(405, "JSON-RPC requests are sent with POST"));
    }

    [[nodiscard]] net::Response health() const {
        JsonWriter out;
        out.begin_object();
        const auto failure = backend.intake.failure();
        out.field_string("status", failure ? "failed" : "ok");
        if (failure) {
            out.field_string("reason", *failure);
        }
        out.key("blockNumber").number(backend.reader.latest_number()).end_object();
        auto response = json_response(out.take());
        response.status = failure ? 503 : 200;
        return response;
    }

    void answer_message(
        const std::shared_ptr<net::Connection>& connection,
        const std::string& message,
        const net::Responder& responder
    ) {
        dispatcher.dispatch(
            Caller{connection, connection->remote()},
            message,
            [responder](std::string text) { responder.respond(json_response(std::move(text))); }
        );
    }
};

Service::Service(ServiceOptions options, const Parts& parts)
    : impl_(std::make_unique<Impl>(std::move(options), parts)) {}
Service::~Service() = default;

std::vector<sequencer::Listener*> Service::listeners() {
    return {&impl_->subscriptions, &impl_->filters, &impl_->waiters, &impl_->block_status};
}

net::Handlers Service::handlers() {
    net::Handlers handlers;
    handlers.on_http = [impl = impl_.get()](
                           const net::Request& request, const net::Responder& responder
                       ) { impl->answer_http(request, responder); };
    handlers.on_message = [impl = impl_.get()](
                              const std::shared_ptr<net::Connection>& connection,
                              const std::string& message,
                              const net::Responder& responder
                          ) { impl->answer_message(connection, message, responder); };
    handlers.on_close = [impl = impl_.get()](const std::shared_ptr<net::Connection>& connection) {
        impl->subscriptions.forget(connection->id());
    };
    return handlers;
}

const Dispatcher& Service::dispatcher() const { return impl_->dispatcher; }

std::optional<attestation::Aggregate> Service::attestations(
    uint64_t block_number, const Hash256& block_hash, const attestation::Committee& committee
) const {
    return impl_->attestations.aggregate(block_number, block_hash, &committee);
}

bool Service::take_mismatch_notice(BytesView encoded) {
    const auto taken = impl_->notices.take(encoded);
    return taken && *taken;
}

Service::Gauges Service::gauges() const {
    const auto latency = impl_->block_status.latency();
    return {
        .subscriptions = impl_->subscriptions.count(),
        .filters = impl_->filters.count(),
        .queued_calls = impl_->workers->queued(),
        .timers = impl_->timer.waiting(),
        .attestations_taken = impl_->attestations.counters().taken,
        .attestations_refused = impl_->attestations.counters().refused,
        .attested_block = impl_->attestations.newest_block(),
        .equivocations = impl_->attestations.counters().equivocations,
        .quorate_block = impl_->block_status.newest_attested(),
        .attestation_p50_us = latency.p50_us,
        .attestation_p99_us = latency.p99_us,
        .mismatches_reported = impl_->mismatches.counters().received,
        .mismatches_confirmed = impl_->mismatches.counters().confirmed,
        .mismatches_refused = impl_->mismatches.counters().refused,
        .mismatch_notices_taken = impl_->notices.counters().taken,
        .mismatch_notices_refused = impl_->notices.counters().refused
    };
}

}  // namespace mega::rpc
