#include "staking/watch.hpp"

#include "jsonrpc/endpoint.hpp"
#include "settlement/inbox.hpp"
#include "settlement/tx_manager.hpp"
#include "staking/l1_staking.hpp"
#include "staking/ledger.hpp"
#include "staking/signed_json.hpp"

#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <fstream>
#include <mutex>
#include <thread>

namespace mega::staking {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr uint32_t look_ms = 1'000;   // how often a node is asked
constexpr uint32_t report_ms = 500;   // how often L1 is
constexpr uint32_t retry_ms = 1'000;  // after a node was lost
constexpr size_t max_found = 64;
constexpr size_t max_pairs_a_look = 64;
constexpr auto batch_pause = std::chrono::seconds(5);    // until its batch is looked for again
constexpr auto refusal_pause = std::chrono::minutes(1);  // until L1 is asked again; doubled
constexpr auto longest_pause = std::chrono::hours(1);
constexpr uint32_t max_refusals = 200;  // about a week
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

/// Whole or not at all.
bool write_file(const std::filesystem::path& path, const std::string& content) {
    const std::filesystem::path unfinished = path.string() + ".new";
    std::ofstream file(unfinished, std::ios::trunc);
    file << content;
    file.close();
    std::error_code failure;
    if (file) {
        std::filesystem::rename(unfinished, path, failure);
    }
    return file && !failure;
}

}  // namespace

struct Watch::Impl {
    WatchOptions options;
    settlement::StopSignal stop;
    std::unique_ptr<settlement::L1Client> client;  // the reporter's
    std::unique_ptr<settlement::TxManager> sender;
    std::unique_ptr<L1Staking> staking;  // null until L1 has answered

    std::mutex mutex;
    Ledger ledger;                    // guarded by mutex
    std::deque<Contradiction> found;  // guarded by mutex; not written down yet

    struct Case {
        Contradiction evidence;
        uint32_t id = 0;  // of the validator, once it is known
        Clock::time_point next_try{};
        std::chrono::seconds pause = refusal_pause;
        uint32_t refusals = 0;
        std::string last_words{};
    };
    std::deque<Case> open_cases;  // the reporter's
    uint64_t known_epoch = 0;     // whose table the ledger knows, + 1
    std::string last_words;
    std::vector<std::thread> threads;

    explicit Impl(WatchOptions o)
        : options(std::move(o)), ledger(options.rollup.config.l2_chain_id) {}
    ~Impl() {
        stop.stop();
        for (std::thread& thread : threads) {
            thread.join();
        }
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    template <class Signed>
    void note(const Signed& one) {
        const std::lock_guard lock(mutex);
        if (auto contradiction = ledger.add(one); contradiction && found.size() < max_found) {
            found.push_back(*std::move(contradiction));
        }
    }

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
    /// True when there is no more to do about it.
    [[nodiscard]] Result<bool> bring(Case& open_case);
    [[nodiscard]] bool put_off(Case& open_case, const std::string& words);
    [[nodiscard]] Result<uint32_t> id_of(const Contradiction& evidence);
    [[nodiscard]] std::string file_of(const Contradiction& contradiction) const;
};

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
            note(*header);
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

/// Evidence is on disk before anything is done with it.
void Watch::Impl::take_found() {
    std::deque<Contradiction> taken;
    {
        const std::lock_guard lock(mutex);
        taken.swap(found);
    }
    for (Contradiction& contradiction : taken) {
        const auto path = options.evidence_directory / file_of(contradiction);
        options.log(
            "watch: a validator contradicts itself at block " +
            std::to_string(block_of(contradiction)) +
            (write_file(path, evidence_json(contradiction) + "\n")
                 ? "; the evidence is in " + path.string()
                 : "; the evidence could not be written to " + path.string())
        );
        open_cases.push_back({std::move(contradiction)});
        if (open_cases.size() > max_found) {
            options.log("watch: too many open cases, the oldest stays in its file alone");
            open_cases.pop_front();
        }
    }
}

std::string Watch::Impl::file_of(const Contradiction& contradiction) const {
    constexpr size_t shown = 8;  // bytes of who it is
    const auto* headers = std::get_if<TwoMiniBlocks>(&contradiction);
    const BytesView who = headers != nullptr
                              ? headers->signer.view()
                              : std::get<TwoAttestations>(contradiction).first.key.view();
    return fmt::format(
        "equivocation-{}-{}-{}-{}.json",
        options.rollup.config.l2_chain_id,
        block_of(contradiction),
        to_hex(who.first(shown)),
        headers != nullptr ? "mini-blocks" : "attestations"
    );
}

Result<void> Watch::Impl::step() {
    if (auto known = know_validators(); !known) {
        return known;
    }
    // Each is tried, whatever becomes of the one before.
    std::optional<Error> first_error;
    for (auto open_case = open_cases.begin(); open_case != open_cases.end();) {
        if (Clock::now() < open_case->next_try) {
            ++open_case;
            continue;
        }
        const auto brought = bring(*open_case);
        if (!brought && !first_error) {
            first_error = brought.error();
        }
        const bool is_closed = brought && *brought;
        open_case = is_closed ? open_cases.erase(open_case) : std::next(open_case);
    }
    return first_error ? Result<void>{Err{*first_error}} : Result<void>{};
}

Result<uint32_t> Watch::Impl::id_of(const Contradiction& evidence) {
    if (const auto* headers = std::get_if<TwoMiniBlocks>(&evidence)) {
        return staking->id_of_signer(headers->signer);
    }
    return staking->id_of_attester(std::get<TwoAttestations>(evidence).first.key);
}

Result<bool> Watch::Impl::bring(Case& open_case) {
    if (open_case.id == 0) {
        const auto id = id_of(open_case.evidence);
        if (!id) {
            return Err{id.error()};
        }
        if (*id == 0) {
            return true;
        }
        open_case.id = *id;
    }
    const auto head = client->head_number();
    if (!head) {
        return Err{head.error()};
    }
    const auto batch = settlement::find_batch_of_block(
        *client,
        options.rollup.config.batch_inbox,
        block_of(open_case.evidence),
        options.rollup.config.l1_start_block,
        *head
    );
    if (!batch) {
        return Err{batch.error()};
    }
    if (!*batch) {
        open_case.next_try = Clock::now() + batch_pause;
        return false;  // its block is not on L1 yet
    }
    const auto is_out = staking->is_out(open_case.id);
    if (!is_out) {
        return Err{is_out.error()};
    }
    const std::string who = "validator " + std::to_string(open_case.id);
    if (*is_out) {
        options.log("watch: " + who + " has been slashed already");
        return true;
    }
    std::optional<Bytes> data;
    if (const auto* headers = std::get_if<TwoMiniBlocks>(&open_case.evidence)) {
        data =
            two_mini_blocks_input(open_case.id, headers->first, headers->second, (*batch)->posted);
    } else {
        const auto& pair = std::get<TwoAttestations>(open_case.evidence);
        data = two_attestations_input(open_case.id, pair.first, pair.second, (*batch)->posted);
    }
    if (!data) {
        return true;
    }
    const auto receipt = sender->send(
        {.to = options.rollup.contracts.mega.slasher,
         .data = *std::move(data),
         .value = {},
         .gas_limit = 0,
         .sidecar = {}}
    );
    if (receipt && receipt->status) {
        options.log("watch: " + who + " is slashed: " + to_hex(receipt->tx_hash));
        return true;
    }
    if (receipt || receipt.error().kind == settlement::TxFailure::Kind::reverts) {
        // It is excused for good, or L1 does not take any now: a pause, a node that is behind.
        return put_off(
            open_case,
            "L1 does not take the evidence against " + who + ": " +
                (receipt ? std::string("reverted") : receipt.error().message)
        );
    }
    return Err{Error{"the evidence against " + who + ": " + receipt.error().message}};
}

/// True when it has been tried for long enough.
bool Watch::Impl::put_off(Case& open_case, const std::string& words) {
    if (words != open_case.last_words) {
        options.log("watch: " + words);
        open_case.last_words = words;
    }
    open_case.next_try = Clock::now() + open_case.pause;
    open_case.pause = std::min<std::chrono::seconds>(2 * open_case.pause, longest_pause);
    return ++open_case.refusals > max_refusals;
}

Result<std::unique_ptr<Watch>> Watch::start(WatchOptions options) {
    if (!options.rollup.contracts.has_staking() ||
        options.rollup.contracts.mega.slasher.is_zero()) {
        return Err{Error{"the chain has no staking: there is nobody to bring evidence to"}};
    }
    auto impl = std::make_unique<Impl>(std::move(options));
    auto client = settlement::L1Client::open(impl->options.l1);
    if (!client) {
        return Err{client.error()};
    }
    impl->client = *std::move(client);
    impl->sender = std::make_unique<settlement::TxManager>(
        *impl->client,
        impl->options.reporter_key,
        impl->options.rollup.config.l1_chain_id,
        settlement::TxManagerOptions{},
        impl->stop
    );
    for (const std::string& url : impl->options.urls) {
        impl->threads.emplace_back([shared = impl.get(), url] { shared->watch(url); });
    }
    impl->threads.emplace_back([shared = impl.get()] { shared->report(); });
    return std::unique_ptr<Watch>(new Watch(std::move(impl)));
}

Watch::Watch(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Watch::~Watch() = default;

}  // namespace mega::staking
