#include "staking/watch.hpp"

#include "base/hex.hpp"
#include "jsonrpc/endpoint.hpp"
#include "staking/batch_check.hpp"
#include "staking/ledger.hpp"
#include "staking/reporter.hpp"
#include "staking/signed_json.hpp"

#include <chrono>
#include <deque>
#include <mutex>
#include <thread>

namespace mega::staking {
namespace {

using nlohmann::json;

constexpr uint32_t look_ms = 1'000;   // how often a node is asked
constexpr uint32_t report_ms = 500;   // how often L1 is
constexpr uint32_t retry_ms = 1'000;  // after a node was lost
constexpr size_t max_found = 64;
constexpr size_t max_pairs_a_look = 64;
/// Blocks for validators to attest before their attestations are looked at.
constexpr uint64_t settling_blocks = 2;
constexpr uint64_t max_blocks_a_look = 16;

/// The server of a node takes both on one port; only a WebSocket brings mini-blocks.
std::string as_socket(std::string url) {
    if (url.starts_with("http://")) {
        url.replace(0, 4, "ws");
    }
    return url;
}

}  // namespace

struct Watch::Impl {
    WatchOptions options;
    settlement::StopSignal stop;

    std::mutex mutex;
    Ledger ledger;                    // guarded by mutex
    std::deque<Contradiction> found;  // guarded by mutex; not written down yet
    BatchCheck batch_check;

    // The reporter's.
    std::unique_ptr<settlement::L1Client> client;
    settlement::TxManager sender;
    L1History history;
    Reporter reporter;
    std::unique_ptr<L1Staking> staking;  // null until L1 has answered
    uint64_t known_epoch = 0;            // whose table the ledger knows, + 1
    std::string last_words;

    std::vector<std::thread> threads;

    Impl(WatchOptions o, std::unique_ptr<settlement::L1Client> c)
        : options(std::move(o)),
          ledger(options.rollup.config.l2_chain_id),
          batch_check(
              {.urls = options.urls,
               .rollup = options.rollup,
               .is_registered =
                   [this](const Address& signer) {
                       const std::lock_guard lock(mutex);
                       return ledger.knows(signer);
                   },
               .may_be_void =
                   [this](const MiniBlockHeader& header) {
                       return history.may_be_void(header.block_timestamp, header.timestamp_us);
                   },
               .is_stopped = [this] { return stop.is_stopped(); },
               .log = options.log}
          ),
          client(std::move(c)),
          sender(
              *client,
              options.reporter_key,
              options.rollup.config.l1_chain_id,
              settlement::TxManagerOptions{},
              stop
          ),
          reporter(
              {*client, sender, history},
              options.rollup,
              EvidenceFolder(options.evidence_directory, options.rollup.config.l2_chain_id),
              options.log
          ) {}
    ~Impl() {
        stop.stop();
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    /// Of a node, which is not believed: the signatures are looked at.
    template <class Signed>
    void note(const Signed& one) {
        const std::lock_guard lock(mutex);
        if (auto contradiction = ledger.add(one); contradiction && found.size() < max_found) {
            found.push_back(*std::move(contradiction));
        }
    }
    void note_mini_block(const MiniBlockHeader& header);

    // A node's thread.
    void watch(const std::string& url);
    [[nodiscard]] std::string follow(const std::string& url);
    [[nodiscard]] jsonrpc::Asked<void> look(
        jsonrpc::Endpoint& endpoint, uint64_t newest, uint64_t& looked_to
    );

    // The reporter's thread.
    void report();
    [[nodiscard]] Result<void> step();
    [[nodiscard]] Result<void> know_validators();
    void take_found();
};

void Watch::Impl::note_mini_block(const MiniBlockHeader& header) {
    std::optional<Address> signer;
    {
        const std::lock_guard lock(mutex);
        signer = ledger.signer_of(header);
    }
    if (signer) {
        note(header);
        batch_check.note(*signer, header);
    }
}

void Watch::Impl::watch(const std::string& url) {
    std::string said;
    do {
        const std::string words = follow(url);
        if (words != said && !stop.is_stopped()) {
            options.log("watch: " + words);
        }
        said = words;
    } while (stop.wait_ms(retry_ms));
}

/// Until the node is lost or it is told to stop; why.
std::string Watch::Impl::follow(const std::string& url) {
    uint64_t newest = 0;  // block that mini-blocks come of
    jsonrpc::EndpointOptions endpoint_options;
    endpoint_options.url = as_socket(url);
    endpoint_options.max_values = 1U << 20;
    endpoint_options.subscription = "miniBlocks";
    endpoint_options.on_notification = [&](const json& result) {
        if (const auto header = read_mini_block(result)) {
            newest = std::max(newest, header->block_number);
            note_mini_block(*header);
        }
    };
    auto endpoint = jsonrpc::Endpoint::connect(endpoint_options);
    if (!endpoint) {
        return endpoint.error().message;
    }
    uint64_t looked_to = 0;
    auto next_look = std::chrono::steady_clock::now();
    while (!stop.is_stopped()) {
        if (const auto waited = (*endpoint)->wait_for_notification(look_ms / 4); !waited) {
            return waited.error().message;
        }
        if (std::chrono::steady_clock::now() < next_look) {
            continue;
        }
        next_look = std::chrono::steady_clock::now() + std::chrono::milliseconds(look_ms);
        if (const auto looked = look(**endpoint, newest, looked_to); !looked) {
            return looked.error().message;
        }
    }
    return "stopped";
}

jsonrpc::Asked<void> Watch::Impl::look(
    jsonrpc::Endpoint& endpoint, uint64_t newest, uint64_t& looked_to
) {
    const auto seen = endpoint.call("mega_getEquivocations", json::array());
    if (!seen && seen.error().kind == jsonrpc::EndpointError::Kind::lost) {
        return Err{seen.error()};
    }
    if (seen && seen->is_array()) {
        size_t pairs = 0;
        for (auto pair = seen->rbegin(); pair != seen->rend() && pairs < max_pairs_a_look;
             ++pair, ++pairs) {
            for (const char* which : {"first", "second"}) {
                if (!pair->is_object() || !pair->contains(which)) {
                    continue;
                }
                if (const auto one = read_attestation(pair->at(which))) {
                    note(*one);
                }
            }
        }
    }
    const auto untrue = endpoint.call("mega_getFalseAttestations", json::array());
    if (!untrue && untrue.error().kind == jsonrpc::EndpointError::Kind::lost) {
        return Err{untrue.error()};
    }
    if (untrue && untrue->is_array()) {
        for (size_t i = 0; i < std::min(untrue->size(), max_pairs_a_look); ++i) {
            if (const auto one = read_false_attestation((*untrue)[i])) {
                note(*one);
            }
        }
    }
    if (newest <= settling_blocks) {
        return {};
    }
    const uint64_t last = newest - settling_blocks;
    const uint64_t from = std::max(looked_to + 1, last - std::min(last, max_blocks_a_look));
    for (uint64_t number = from; number <= last; ++number) {
        const auto answer = endpoint.call(
            "mega_getAttestations", json::array({to_hex_quantity(number), {{"signatures", true}}})
        );
        if (!answer && answer.error().kind == jsonrpc::EndpointError::Kind::lost) {
            return Err{answer.error()};
        }
        if (answer) {
            for (const auto& one : read_attestations(*answer)) {
                note(one);
            }
        }
        looked_to = number;
    }
    return {};
}

void Watch::Impl::report() {
    reporter.read_folder();
    do {
        take_found();
        const auto stepped = step();
        const std::string words = stepped ? "" : stepped.error().message;
        if (!words.empty() && words != last_words && !stop.is_stopped()) {
            options.log("watch: " + words);
        }
        last_words = words;
    } while (stop.wait_ms(report_ms));
}

Result<void> Watch::Impl::know_validators() {
    if (!staking) {
        auto opened = L1Staking::open(*client, options.rollup.contracts.mega);
        if (!opened) {
            return Err{opened.error()};
        }
        staking = *std::move(opened);
    }
    const auto head = client->block("latest");
    if (!head || !*head) {
        return Err{!head ? head.error() : Error{"L1 has no latest block"}};
    }
    // The next epoch's as well: its members sign before L1 is in it.
    const uint64_t epoch = staking->clock().epoch_of((*head)->timestamp) + 1;
    for (uint64_t each = known_epoch == 0 ? epoch - 1 : known_epoch; each <= epoch; ++each) {
        const auto table = staking->stake_table(each);
        if (!table) {
            return Err{table.error()};
        }
        for (const StakeEntry& entry : table->entries) {
            const auto keys = staking->keys_of(entry.id);
            if (!keys) {
                return Err{keys.error()};
            }
            const std::lock_guard lock(mutex);
            ledger.know(keys->signer);
            ledger.know(keys->attester);
        }
        known_epoch = each + 1;
    }
    return {};
}

void Watch::Impl::take_found() {
    std::deque<Contradiction> taken;
    {
        const std::lock_guard lock(mutex);
        taken.swap(found);
    }
    for (Contradiction& contradiction : taken) {
        reporter.take(std::move(contradiction));
    }
}

Result<void> Watch::Impl::step() {
    if (auto looked = history.look(*client); !looked) {
        return looked;
    }
    if (auto known = know_validators(); !known) {
        return known;
    }
    auto left_out = batch_check.step(*client, *staking);
    if (left_out) {
        for (Contradiction& contradiction : *left_out) {
            reporter.take(std::move(contradiction));
        }
    }
    // What is found is brought, whatever else went wrong.
    auto brought = reporter.step(*staking);
    return left_out ? brought : Result<void>{Err{left_out.error()}};
}

Result<std::unique_ptr<Watch>> Watch::start(WatchOptions options) {
    if (!options.rollup.contracts.has_staking() ||
        options.rollup.contracts.mega.slasher.is_zero()) {
        return Err{Error{"the chain has no staking: there is nobody to bring evidence to"}};
    }
    auto client = settlement::L1Client::open(options.l1);
    if (!client) {
        return Err{client.error()};
    }
    auto impl = std::make_unique<Impl>(std::move(options), *std::move(client));
    for (const std::string& url : impl->options.urls) {
        impl->threads.emplace_back([shared = impl.get(), url] { shared->watch(url); });
    }
    impl->threads.emplace_back([shared = impl.get()] { shared->report(); });
    return std::unique_ptr<Watch>(new Watch(std::move(impl)));
}

Watch::Watch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watch::~Watch() = default;

}  // namespace mega::staking
