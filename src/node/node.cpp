#include "node/node.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"
#include "node/metrics.hpp"
#include "node/node_impl.hpp"
#include "node/version.hpp"
#include "rollup/blobs.hpp"
#include "rpc/mismatch_reports.hpp"

#include <malloc.h>
#include <spdlog/spdlog.h>

namespace mega::node {
namespace {

sequencer::ChainConfig chain_config(
    const Config& config,
    const Setup& setup,
    uint64_t chain_id,
    const std::optional<rollup::L1Position>& l1_genesis
) {
    sequencer::ChainConfig chain;
    chain.chain_id = chain_id;
    chain.fee_market = fee_market(config);
    chain.signing_key = setup.sequencer_key;
    chain.allow_contract_senders = config.is_development;
    chain.execution_threads = config.execution_threads;
    chain.seal_fault = config.seal_fault;
    chain.l1_genesis = l1_genesis;
    return chain;
}

sequencer::SequencerOptions sequencer_options(const Config& config, const Setup& setup) {
    sequencer::SequencerOptions options;
    options.block_interval_ms = config.block_interval_ms;
    options.mini_block_interval_ms = config.mini_block_interval_ms;
    options.emit_empty_mini_blocks = config.emit_empty_mini_blocks;
    options.only_follows = config.l1.only_follows;
    if (config.has_dev_l1() || !config.l1.url.empty()) {
        // Sizes are estimates: an eighth is left to be wrong by.
        options.max_block_data_bytes =
            uint64_t{settlement::BatcherOptions{}.max_blobs} * rollup::data_bytes_per_blob / 8 * 7;
    }
    options.starts_following = !config.l1.peers.empty();
    options.gas_limit = config.gas_limit;
    options.beneficiary = fixed_from_hex<20>(config.beneficiary).value_or(setup.sequencer);
    options.checkpoint_interval_blocks = config.checkpoint_interval_blocks;
    options.pool.max_transactions = config.pool_max_transactions;
    options.pool.max_bytes = config.pool_max_mib * mebibyte;
    options.pool.max_per_sender = config.pool_max_per_sender;
    options.pool.lifetime_ms = config.pool_lifetime_s * 1000;
    return options;
}

net::ServerOptions server_options(const Config& config) {
    net::ServerOptions options;
    options.address = config.rpc_address;
    options.port = config.rpc_port;
    options.threads = config.rpc_threads;
    options.max_connections = config.rpc_max_connections;
    options.max_body_bytes = config.rpc_max_body_mib * mebibyte;
    options.max_ws_message_bytes = config.rpc_max_body_mib * mebibyte;
    options.cors_origins = config.cors_origins;
    return options;
}

std::vector<crypto::SecretKey> keys_of(const std::vector<DevAccount>& accounts) {
    std::vector<crypto::SecretKey> keys;
    keys.reserve(accounts.size());
    for (const DevAccount& account : accounts) {
        keys.push_back(account.key);
    }
    return keys;
}

/// Loud where this node finds the report true; never believed otherwise.
void tell(const rpc::MismatchReport& report) {
    using Verdict = rpc::MismatchVerdict;
    const bool is_confirmed = report.verdict == Verdict::confirmed;
    spdlog::log(
        is_confirmed ? spdlog::level::critical : spdlog::level::warn,
        "a validator reports that block {} does not validate: {} ({}: {})",
        report.block_number,
        report.reported.words,
        to_string(report.verdict),
        is_confirmed ? "this node comes to the same, its sequencer is wrong" : "not believed"
    );
}

/// Nobody stops for a word, but whoever runs a node should look.
void tell_notice(const attestation::MismatchNotice& notice) {
    spdlog::error("{}: not checked here", describe(notice));
}

/// Parsing a large genesis leaves freed memory with the allocator; the system can use it better.
void return_unused_memory() {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

}  // namespace

execution::FeeMarket fee_market(const Config& config) {
    execution::FeeMarket market;
    market.min_base_fee = config.min_base_fee;
    return market;
}

Result<void> Node::Impl::open_directory() {
    if (config.is_ephemeral) {
        auto created = EphemeralDirectory::create();
        if (!created) {
            return Err{created.error()};
        }
        temporary.emplace(std::move(*created));
        config.data_directory = temporary->path();
    }
    std::error_code error;
    std::filesystem::create_directories(
        config.data_directory / (follows() ? "feed" : "log"), error
    );
    if (error) {
        return Err{Error{"cannot create " + config.data_directory.string() + ": " + error.message()}
        };
    }
    return check_role();
}

Result<void> Node::Impl::check_role() const {
    const auto other = config.data_directory / (follows() ? "log" : "feed");
    std::error_code error;
    if (!std::filesystem::exists(other, error)) {
        return {};
    }
    return Err{Error{
        follows() ? config.data_directory.string() +
                        " is a sequencer's: it cannot follow another node; take another directory"
                  : config.data_directory.string() +
                        " is a replica's: it was made with --follow and runs with it alone"
    }};
}

Result<void> Node::Impl::open_database() {
    auto opened = storage::Database::open(
        {.path = config.data_directory / "database",
         .cache_bytes = config.database_cache_mib * mebibyte}
    );
    if (!opened) {
        return Err{opened.error()};
    }
    database = std::move(*opened);
    if (auto identified = identify_chain(); !identified) {
        return identified;
    }
    states = std::make_unique<storage::StateStore>(
        *database, storage::StateStoreOptions{.cache_bytes = config.state_cache_mib * mebibyte}
    );
    blocks = std::make_unique<storage::ChainStore>(*database);
    tree_nodes = std::make_unique<storage::NodeReader>(*database);
    return {};
}

Result<void> Node::Impl::identify_chain() {
    const storage::ChainStore store(*database);
    const auto source = store.genesis_source();
    const auto hash = store.genesis_hash();
    if (!source || !hash) {
        return Err{!source ? source.error() : hash.error()};
    }
    if (*source && *hash && (*source)->digest == setup.genesis_source) {
        info.chain_id = (*source)->chain_id;
        info.genesis_hash = **hash;
        return {};
    }
    // A snapshot was imported: there is no genesis to make, only one to be named.
    const bool names_genesis = config.is_development || !config.genesis_file.empty();
    if (follows() && !names_genesis) {
        if (!*source || !*hash) {
            return Err{Error{
                "nothing is known of the chain: name its --genesis file, import a snapshot, or "
                "say --dev to follow a development chain"
            }};
        }
        info.chain_id = (*source)->chain_id;
        info.genesis_hash = **hash;
        return {};
    }
    const auto built = build_genesis(config, setup);
    if (!built) {
        return Err{built.error()};
    }
    if (auto ensured = sequencer::ensure_genesis(*database, built->genesis); !ensured) {
        return ensured;
    }
    info.chain_id = built->chain_id;
    info.genesis_hash = hash_of(built->genesis.header);
    storage::WriteBatch batch;
    storage::ChainStore::stage(
        batch, storage::GenesisSource{setup.genesis_source, built->chain_id}
    );
    return database->write(std::move(batch), /*sync=*/true);
}

Result<sequencer::StoredHead> Node::Impl::load_parts() {
    auto stored = sequencer::load_head(*blocks, l1_genesis);
    if (!stored) {
        return stored;
    }
    commitment = std::make_unique<sequencer::Commitment>(
        *tree_nodes,
        stored->head->header.state_root,
        stored->head->header.number,
        config.tree_cache_mib * mebibyte,
        std::min(config.execution_threads, most_hash_threads)
    );
    checkpointer = std::make_unique<sequencer::Checkpointer>(
        sequencer::Checkpointer::Parts{*database, *states, *blocks, nullptr}
    );
    reader = std::make_unique<sequencer::ChainReader>(head, *states, *blocks, *commitment);
    return stored;
}

Result<sequencer::Resumption> Node::Impl::recover() {
    const auto stored = load_parts();
    if (!stored) {
        return Err{stored.error()};
    }
    const auto& [head_block, checkpoint] = *stored;
    chain = std::make_unique<sequencer::Chain>(
        chain_config(config, setup, info.chain_id, l1_genesis),
        *states,
        *commitment,
        head_block,
        checkpoint.next_mini_block_number
    );
    sequencer::Replay replay(*chain, *checkpointer, checkpoint);
    auto opened = storage::WriteAheadLog::open(
        {.directory = config.data_directory / "log",
         .chain_id_hash = info.genesis_hash,
         .durability = config.durability},
        [&](storage::WriteAheadLog::Sequence sequence, BytesView payload) {
            return replay.accept(sequence, payload);
        }
    );
    auto finished = replay.finish();
    if (!finished) {
        return Err{Error{
            "the log in " + (config.data_directory / "log").string() +
            " cannot be replayed: " + finished.error().message
        }};
    }
    if (!opened) {
        return Err{opened.error()};
    }
    log = std::move(*opened);
    if (log->repair()) {
        info.warnings.push_back(*log->repair());
    }
    checkpointer->set_log(*log);
    info.block_number = chain->head()->header.number;
    info.replayed_transactions = replay.replayed_transactions();
    return finished;
}

void Node::Impl::start_sequencer(sequencer::Resumption resumption) {
    sequencer = std::make_unique<sequencer::Sequencer>(
        sequencer_options(config, setup),
        sequencer::Sequencer::Parts{*chain, *log, head, publisher, *checkpointer}
    );
    accounts = std::make_unique<rpc::Accounts>(keys_of(setup.accounts));
    if (is_candidate()) {
        make_leader_intake();
    }
    sequencer::Intake& intake =
        leader_intake ? static_cast<sequencer::Intake&>(*leader_intake) : *sequencer;
    add_service({*reader, intake, *accounts, config.is_development ? sequencer.get() : nullptr});
    sequencer->start(std::move(resumption));
}

void Node::Impl::add_service(rpc::Service::Parts parts) {
    service = std::make_unique<rpc::Service>(service_options(), parts);
    for (sequencer::Listener* listener : service->listeners()) {
        publisher.add_listener(*listener);
    }
}

rpc::ServiceOptions Node::Impl::service_options() {
    rpc::ServiceOptions options;
    options.chain_id = info.chain_id;
    options.fee_market = fee_market(config);
    options.client_version = client_version;
    options.is_development = config.is_development;
    options.workers = config.rpc_workers;
    options.witness_cache_bytes = config.witness_cache_mib * mebibyte;
    options.on_mismatch = tell;
    options.on_mismatch_notice = tell_notice;
    options.committees = &committees;
    if (is_candidate()) {
        options.leadership = [this] { return leadership(); };
        options.on_attestation = [this](const attestation::Attestation& taken) {
            attestation_relay->pass_on("mega_sendAttestation", to_json(taken));
        };
        options.on_mismatch_notice = [this](const attestation::MismatchNotice& taken) {
            tell_notice(taken);
            attestation_relay->pass_on(
                "mega_sendMismatchNotice", '"' + to_hex(encode(taken)) + '"'
            );
        };
    }
    options.on_get = [this](const net::Request& request) { return answer_get(request); };
    return options;
}

std::optional<net::Response> Node::Impl::answer_get(const net::Request& request) const {
    if (request.target == "/metrics") {
        const std::shared_lock lock(l1_mutex);
        const MetricSources sources{
            sequencer.get(),
            replica ? &replica->status() : nullptr,
            leader_intake ? static_cast<const sequencer::Intake&>(*leader_intake)
            : follows()   ? static_cast<const sequencer::Intake&>(*forwarder)
                          : *sequencer,
            *reader,
            *checkpointer,
            *states,
            *service,
            server.get(),
            settlement.get(),
            dev_l1.get(),
            candidate.get()
        };
        return net::Response{
            .status = 200,
            .content_type = "text/plain; version=0.0.4",
            .body = metrics_text(sources),
            .headers = {}
        };
    }
    if (request.target == "/health") {
        const auto words = failure();
        return words ? net::error_response(503, *words)
                     : net::Response{
                           .status = 200,
                           .content_type = "application/json",
                           .body = R"({"status":"ok"})",
                           .headers = {}
                       };
    }
    return std::nullopt;
}

Result<void> Node::Impl::serve() {
    auto started = net::Server::start(server_options(config), service->handlers());
    if (!started) {
        return Err{started.error()};
    }
    server = std::move(*started);
    info.rpc_port = server->port();
    return {};
}

std::optional<std::string> Node::Impl::failure() const {
    if (replica) {
        if (auto failed = replica->failure()) {
            return failed->words;
        }
    }
    if (sequencer) {
        if (auto words = sequencer->failure()) {
            return words;
        }
    }
    if (auto words = checkpointer->failure()) {
        return words;
    }
    if (const auto health = states->health(); !health) {
        return health.error().message;
    }
    return std::nullopt;
}

int Node::Impl::exit_status() const {
    const auto failed = replica ? replica->failure() : std::nullopt;
    return failed ? failed->exit_status : 1;
}

Result<void> Node::Impl::run_sequencer() {
    auto resumption = recover();
    if (!resumption) {
        return Err{resumption.error()};
    }
    start_sequencer(std::move(*resumption));
    return {};
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

const NodeInfo& Node::info() const { return impl_->info; }
const Config& Node::config() const { return impl_->config; }
std::optional<std::string> Node::failure() const { return impl_->failure(); }
int Node::exit_status() const { return impl_->exit_status(); }

Result<std::unique_ptr<Node>> Node::start(const Config& config) {
    auto impl = std::make_unique<Impl>(config);
    auto setup = prepare(config);
    if (!setup) {
        return Err{setup.error()};
    }
    impl->setup = std::move(*setup);
    impl->info.sequencer = impl->setup.sequencer;
    impl->info.accounts = impl->setup.accounts;
    if (auto prepared = impl->prepare_l1(); !prepared) {
        return Err{prepared.error()};
    }
    if (auto opened = impl->open_directory(); !opened) {
        return Err{opened.error()};
    }
    if (auto opened = impl->open_database(); !opened) {
        return Err{opened.error()};
    }
    if (!config.has_dev_l1()) {
        impl->setup.genesis_text = {};
    }
    return_unused_memory();
    const auto running = impl->follows() ? impl->run_replica() : impl->run_sequencer();
    if (!running) {
        return Err{running.error()};
    }
    if (auto served = impl->serve(); !served) {
        return Err{served.error()};
    }
    if (auto joined = impl->join_l1(); !joined) {
        return Err{joined.error()};
    }
    impl->setup.genesis_text = {};
    return std::unique_ptr<Node>(new Node(std::move(impl)));
}

}  // namespace mega::node
