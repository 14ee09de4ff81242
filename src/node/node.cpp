#include "node/node.hpp"

#include "crypto/keccak.hpp"
#include "node/ephemeral.hpp"
#include "node/metrics.hpp"
#include "node/setup.hpp"
#include "node/version.hpp"
#include "rpc/accounts.hpp"
#include "rpc/mismatch_reports.hpp"
#include "rpc/service.hpp"
#include "sequencer/recovery.hpp"
#include "storage/node_store.hpp"

#include <malloc.h>
#include <spdlog/spdlog.h>

namespace mega::node {
namespace {

constexpr size_t mebibyte = 1U << 20;

sequencer::ChainConfig chain_config(const Config& config, const Setup& setup, uint64_t chain_id) {
    sequencer::ChainConfig chain;
    chain.chain_id = chain_id;
    chain.fee_market.min_base_fee = config.min_base_fee;
    chain.signing_key = setup.sequencer_key;
    chain.allow_contract_senders = config.is_development;
    chain.execution_threads = config.execution_threads;
    chain.seal_fault = config.seal_fault;
    return chain;
}

sequencer::SequencerOptions sequencer_options(const Config& config, const Setup& setup) {
    sequencer::SequencerOptions options;
    options.block_interval_ms = config.block_interval_ms;
    options.mini_block_interval_ms = config.mini_block_interval_ms;
    options.emit_empty_mini_blocks = config.emit_empty_mini_blocks;
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

/// Parsing a large genesis leaves freed memory with the allocator; the system can use it better.
void return_unused_memory() {
#ifdef __GLIBC__
    ::malloc_trim(0);
#endif
}

}  // namespace

/// Members in the order in which they come to life; they end in reverse.
struct Node::Impl {
    Config config;
    Setup setup;
    NodeInfo info;
    std::optional<EphemeralDirectory> temporary;

    std::unique_ptr<storage::Database> database;
    std::unique_ptr<storage::StateStore> states;
    std::unique_ptr<storage::ChainStore> blocks;
    std::unique_ptr<storage::NodeReader> tree_nodes;
    std::unique_ptr<sequencer::Commitment> commitment;
    std::unique_ptr<sequencer::Chain> chain;
    sequencer::Head head;
    std::unique_ptr<storage::WriteAheadLog> log;
    std::unique_ptr<sequencer::Checkpointer> checkpointer;
    sequencer::Publisher publisher;
    std::unique_ptr<sequencer::Sequencer> sequencer;
    std::unique_ptr<sequencer::ChainReader> reader;
    std::unique_ptr<rpc::Accounts> accounts;
    std::unique_ptr<rpc::Service> service;
    std::unique_ptr<net::Server> server;

    explicit Impl(Config c) : config(std::move(c)) {}
    ~Impl() {
        // First no more requests, then no more blocks: what is under way is answered.
        if (server) {
            server->stop();
        }
        if (sequencer) {
            sequencer->stop();
        }
        if (checkpointer) {
            checkpointer->wait();
        }
        publisher.drain();
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    [[nodiscard]] Result<void> open_directory();
    [[nodiscard]] Result<void> open_database();
    [[nodiscard]] Result<void> identify_chain();
    [[nodiscard]] Result<sequencer::Resumption> recover();
    void start_sequencer(sequencer::Resumption resumption);
    [[nodiscard]] rpc::ServiceOptions service_options();
    [[nodiscard]] std::optional<net::Response> answer_get(const net::Request& request) const;
    [[nodiscard]] Result<void> serve();
    [[nodiscard]] std::optional<std::string> failure() const;
};

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
    std::filesystem::create_directories(config.data_directory / "log", error);
    if (error) {
        return Err{Error{"cannot create " + config.data_directory.string() + ": " + error.message()}
        };
    }
    return {};
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

Result<sequencer::Resumption> Node::Impl::recover() {
    const auto stored = sequencer::load_head(*blocks);
    if (!stored) {
        return Err{stored.error()};
    }
    const auto& [head_block, checkpoint] = *stored;
    commitment = std::make_unique<sequencer::Commitment>(
        *tree_nodes,
        head_block->header.state_root,
        head_block->header.number,
        config.tree_cache_mib * mebibyte
    );
    chain = std::make_unique<sequencer::Chain>(
        chain_config(config, setup, info.chain_id),
        *states,
        *commitment,
        head_block,
        checkpoint.next_mini_block_number
    );
    checkpointer = std::make_unique<sequencer::Checkpointer>(
        sequencer::Checkpointer::Parts{*database, *states, *blocks, nullptr}
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
    reader = std::make_unique<sequencer::ChainReader>(head, *states, *blocks, *commitment);
    accounts = std::make_unique<rpc::Accounts>(keys_of(setup.accounts));
    service = std::make_unique<rpc::Service>(
        service_options(), rpc::Service::Parts{*reader, *sequencer, *accounts}
    );
    for (sequencer::Listener* listener : service->listeners()) {
        publisher.add_listener(*listener);
    }
    sequencer->start(std::move(resumption));
}

rpc::ServiceOptions Node::Impl::service_options() {
    rpc::ServiceOptions options;
    options.chain_id = info.chain_id;
    options.fee_market = chain->config().fee_market;
    options.client_version = client_version;
    options.is_development = config.is_development;
    options.workers = config.rpc_workers;
    options.witness_cache_bytes = config.witness_cache_mib * mebibyte;
    options.on_mismatch = tell;
    options.on_get = [this](const net::Request& request) { return answer_get(request); };
    return options;
}

std::optional<net::Response> Node::Impl::answer_get(const net::Request& request) const {
    if (request.target == "/metrics") {
        const MetricSources sources{
            *sequencer, *reader, *checkpointer, *states, *service, server.get()
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
    if (auto words = sequencer->failure()) {
        return words;
    }
    if (auto words = checkpointer->failure()) {
        return words;
    }
    if (const auto health = states->health(); !health) {
        return health.error().message;
    }
    return std::nullopt;
}

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

const NodeInfo& Node::info() const { return impl_->info; }
const Config& Node::config() const { return impl_->config; }
std::optional<std::string> Node::failure() const { return impl_->failure(); }

Result<std::unique_ptr<Node>> Node::start(const Config& config) {
    auto impl = std::make_unique<Impl>(config);
    auto setup = prepare(config);
    if (!setup) {
        return Err{setup.error()};
    }
    impl->setup = std::move(*setup);
    impl->info.sequencer = impl->setup.sequencer;
    impl->info.accounts = impl->setup.accounts;
    if (auto opened = impl->open_directory(); !opened) {
        return Err{opened.error()};
    }
    if (auto opened = impl->open_database(); !opened) {
        return Err{opened.error()};
    }
    impl->setup.genesis_text = {};
    return_unused_memory();
    auto resumption = impl->recover();
    if (!resumption) {
        return Err{resumption.error()};
    }
    impl->start_sequencer(std::move(*resumption));
    if (auto served = impl->serve(); !served) {
        return Err{served.error()};
    }
    return std::unique_ptr<Node>(new Node(std::move(impl)));
}

}  // namespace mega::node
