#include "replica/replica.hpp"

#include "attestation/evidence.hpp"
#include "base/hex.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

namespace mega::replica {
namespace {

using nlohmann::json;

constexpr std::string_view sequencer_key = "sequencer";
constexpr uint32_t first_pause_ms = 100;
constexpr uint32_t longest_pause_ms = 5'000;
constexpr uint32_t wait_ms_for_record = 250;
/// Without a record the connection is asked for one.
constexpr int silent_waits = 12;
constexpr int max_fruitless_fetches = 20;
constexpr size_t max_evidence_bytes = 64u << 20;
constexpr size_t code_cache_bytes = 16u << 20;
/// The leader makes witnesses of so many blocks; what is older is executed again instead.
constexpr uint64_t witness_window = 200;
/// So often what cannot be is taken for part of a branch that the leader has left meanwhile.
constexpr int max_doubts = 3;

/// The header of the block that a record ends, if it does.
const BlockHeader* ended_by(const feed::Record& record) {
    if (const auto* seal = std::get_if<feed::SealRecord>(&record)) {
        return &seal->header;
    }
    if (const auto* block = std::get_if<feed::BlockRecord>(&record)) {
        return &block->header;
    }
    return nullptr;
}

}  // namespace

Result<std::vector<Address>> known_sequencers(const storage::Database& database) {
    const auto row = database.get(storage::Table::meta, as_bytes(sequencer_key));
    if (!row) {
        return Err{row.error()};
    }
    if (!*row) {
        return std::vector<Address>{};
    }
    if ((*row)->size() != sizeof(Address)) {
        return Err{Error{"database: damaged row of the sequencer's address"}};
    }
    return std::vector{Address::from(**row)};
}

Replica::Replica(ReplicaOptions options, const Parts& parts)
    : options_(std::move(options)), parts_(parts), codes_(code_cache_bytes) {}

Replica::~Replica() { stop(); }

void Replica::start(Resumption resumption) {
    unsaved_ = std::move(resumption.unsaved);
    seal_sequence_ = resumption.seal_sequence;
    last_sequence_ = parts_.log.durable();
    knew_sequencer_ = !parts_.mirror.sequencers().empty();
    told_ = parts_.mirror.executed().size();
    parts_.head.move_to(parts_.mirror.head(), parts_.mirror.open());
    parts_.publisher.post([this, open = parts_.mirror.open()] {
        parts_.publisher.tell([&](sequencer::Listener& listener) { listener.on_opened(open); });
    });
    thread_ = std::thread([this] { loop(); });
}

void Replica::stop() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) {
        thread_.join();
    }
}

std::optional<ReplicaFailure> Replica::failure() const {
    const std::lock_guard lock(mutex_);
    return failure_;
}

bool Replica::wait_ms(uint32_t ms) {
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, std::chrono::milliseconds(ms), [this] { return stopping_; });
    return !stopping_;
}

Replica::Interruption Replica::fail(std::string words, int exit_status) {
    const std::lock_guard lock(mutex_);
    if (!failure_) {
        failure_ = ReplicaFailure{words, exit_status};
    }
    return {std::move(words)};
}

// -------------------------------------------------------------------------------------------------
// connections

void Replica::loop() {
    uint32_t pause_ms = first_pause_ms;
    for (size_t turn = 0; wait_ms(0); ++turn) {
        const uint64_t records_before = status_.records;
        const std::string& url = options_.leader_urls[turn % options_.leader_urls.size()];
        if (std::exchange(options_.leader.url, url) != url && options_.on_leader) {
            options_.on_leader(url);
        }
        auto leader = Leader::connect(options_.leader);
        std::string words;
        if (leader) {
            ++status_.connections;
            const auto followed = follow(**leader);
            words = followed ? "" : followed.error().words;
        } else {
            words = leader.error().message;
        }
        status_.is_connected = false;
        if (failure()) {
            return;
        }
        if (status_.records != records_before) {
            pause_ms = first_pause_ms;
        }
        if (!words.empty()) {
            options_.warn(fmt::format("{}; trying again in {} ms", words, pause_ms));
        }
        if (!wait_ms(pause_ms)) {
            break;
        }
        // Later and later, but only once each of them has been tried.
        if ((turn + 1) % options_.leader_urls.size() == 0) {
            pause_ms = std::min(pause_ms * 2, longest_pause_ms);
        }
    }
    if (!parts_.mirror.has_begun() && !unsaved_.empty()) {
        checkpoint();
    }
}

/// Until the connection is lost, or told to stop.
Replica::Step<void> Replica::follow(Leader& leader) {
    int fruitless = 0;
    bool has_said = false;
    while (wait_ms(0)) {
        const auto is_whole = catch_up(leader);
        if (!is_whole) {
            return Err{is_whole.error()};
        }
        if (!status_.is_connected.exchange(true) && !has_said) {
            has_said = true;
            options_.inform(fmt::format(
                "following {} from block {}", leader.origin(), parts_.mirror.head()->header.number
            ));
        }
        if (!*is_whole) {
            if (++fruitless > max_fruitless_fetches) {
                return Err{Interruption{
                    leader.origin() + " gives nothing that continues block " +
                    std::to_string(parts_.mirror.head()->header.number)
                }};
            }
            if (!wait_ms(first_pause_ms)) {
                break;
            }
            continue;
        }
        fruitless = 0;
        if (auto taken = take_pushed(leader); !taken) {
            return taken;
        }
    }
    return {};
}

/// Fetches until nothing is missing. False when what is given does not continue what is here.
Replica::Step<bool> Replica::catch_up(Leader& leader) {
    while (wait_ms(0)) {
        const feed::Place place{
            parts_.mirror.head()->header.number + 1, parts_.mirror.next_mini_block_number()
        };
        ++status_.fetches;
        const auto delivery = leader.fetch(place);
        if (!delivery) {
            return Err{Interruption{delivery.error().message}};
        }
        Step<Progress> progress = check_position(leader, *delivery);
        bool has_taken = false;
        for (const Bytes& record : delivery->records) {
            if (!progress || *progress == Progress::gap || *progress == Progress::went_back) {
                break;
            }
            progress = take(leader, record);
            has_taken = has_taken || (progress && *progress == Progress::taken);
        }
        if (!progress) {
            return Err{progress.error()};
        }
        if (*progress == Progress::went_back) {
            continue;
        }
        if (*progress == Progress::gap) {
            return false;
        }
        if (delivery->is_whole) {
            if (withdrawn_) {
                withdrawn_->is_due = true;
            }
            return true;
        }
        if (!has_taken) {
            return false;
        }
    }
    return true;
}

/// Over HTTP, a pause. Returns when it is time to fetch.
Replica::Step<void> Replica::take_pushed(Leader& leader) {
    int silent = 0;
    while (wait_ms(0)) {
        auto record = leader.next(wait_ms_for_record);
        if (!record) {
            return Err{Interruption{record.error().message}};
        }
        if (!*record) {
            if (!leader.pushes() || ++silent >= silent_waits) {
                return {};
            }
            continue;
        }
        silent = 0;
        const auto progress = take(leader, **record);
        if (!progress) {
            return Err{progress.error()};
        }
        if (*progress == Progress::gap || *progress == Progress::went_back) {
            return {};
        }
    }
    return {};
}

/// Is it the same chain, and on the same branch?
Replica::Step<Replica::Progress> Replica::check_position(Leader& leader, const Delivery& delivery) {
    if (delivery.genesis_hash != options_.genesis_hash || delivery.chain_id != options_.chain_id) {
        return Err{fail(
            fmt::format(
                "{} is on another chain: chain id {}, genesis {}; this one has chain id {}, "
                "genesis {}",
                leader.origin(),
                delivery.chain_id,
                to_hex(delivery.genesis_hash),
                options_.chain_id,
                to_hex(options_.genesis_hash)
            ),
            exit_mismatch
        )};
    }
    status_.leader_block = delivery.sealed_number;
    const uint64_t own_number = parts_.mirror.head()->header.number;
    if (delivery.sealed_number > own_number) {
        said_behind_ = false;
        return Progress::taken;
    }
    const Hash256 own = own_hash(delivery.sealed_number);
    if (own != delivery.sealed_hash && own != Hash256{}) {
        return leave_branch(
            leader,
            fmt::format(
                "block {} has hash {} here and {} there",
                delivery.sealed_number,
                to_hex(own),
                to_hex(delivery.sealed_hash)
            ),
            false
        );
    }
    if (delivery.sealed_number < own_number && !std::exchange(said_behind_, true)) {
        options_.warn(fmt::format(
            "{} has sealed block {} last, this node block {}: waiting for it",
            leader.origin(),
            delivery.sealed_number,
            own_number
        ));
    }
    return Progress::taken;
}

// -------------------------------------------------------------------------------------------------
// records

Replica::Step<Replica::Progress> Replica::take(Leader& leader, const Bytes& encoded) {
    const auto record = feed::decode_record(encoded);
    if (!record) {
        return Err{Interruption{leader.origin() + ": " + record.error().message}};
    }
    if (const auto* revert = std::get_if<feed::RevertRecord>(&*record)) {
        return take_return(leader, *revert);
    }
    if (const auto* notice = std::get_if<feed::NoticeRecord>(&*record)) {
        if (options_.on_notice) {
            options_.on_notice(*notice);
        }
        return Progress::nothing;
    }
    if (contradicts(*record)) {
        return leave_branch(leader, feed::describe(*record) + " is another one there", false);
    }
    const BlockHeader* const ended = ended_by(*record);
    const uint64_t number = parts_.mirror.head()->header.number + 1;
    bool re_execute = options_.verify == Verify::full;
    bool is_validated = false;
    if (options_.verify == Verify::stateless && ended != nullptr && ended->number == number) {
        const auto validated = validate(leader, *record);
        if (!validated) {
            return Err{validated.error()};
        }
        if (*validated == Validity::doubtful) {
            return leave_branch(leader, feed::describe(*record) + " does not validate", true);
        }
        is_validated = *validated == Validity::valid;
        re_execute = !is_validated;
    }
    const auto applied = parts_.mirror.apply(*record, re_execute);
    if (!applied) {
        return settle(leader, applied.error(), encoded);
    }
    if (const auto words = parts_.checkpointer.failure()) {
        return Err{fail(*words, 1)};
    }
    if (applied->block == nullptr) {
        return Progress::nothing;
    }
    if (applied->sealed && (is_validated || re_execute)) {
        ++status_.validated_blocks;
    }
    keep(encoded, *applied);
    return Progress::taken;
}

/// A record was refused.
Replica::Step<Replica::Progress> Replica::settle(
    Leader& leader, const Refusal& refusal, const Bytes& encoded
) {
    switch (refusal.kind) {
        case Refusal::Kind::gap:
            return Progress::gap;
        case Refusal::Kind::fork:
            return leave_branch(leader, to_string(refusal), true);
        case Refusal::Kind::failure:
            return Err{fail(to_string(refusal), 1)};
        case Refusal::Kind::mismatch:
            break;
    }
    // What belongs to another branch does not fit here either, nor does what was pushed before it
    // was left: an honest leader says something else when it is asked again.
    if (doubts_++ < max_doubts) {
        return leave_branch(leader, to_string(refusal), true);
    }
    return Err{accuse(leader, refusal, encoded)};
}

/// Of the block that `record` ends, before anything of it is applied. `unknown` when the leader has
/// no witness of it any more, and all of it is in the record: then it can be executed. `doubtful`
/// when the leader is to be asked again.
Replica::Step<Replica::Validity> Replica::validate(Leader& leader, const feed::Record& record) {
    const BlockHeader& header = *ended_by(record);
    const bool can_execute =
        std::holds_alternative<feed::BlockRecord>(record) && !parts_.mirror.has_begun();
    if (can_execute && status_.leader_block > header.number + witness_window) {
        return Validity::unknown;
    }
    Block block;
    block.header = header;
    block.withdrawals.emplace();
    if (const auto* whole = std::get_if<feed::BlockRecord>(&record)) {
        for (const auto& tx : whole->transactions) {
            block.transactions.push_back(tx.raw);
        }
    } else {
        for (const auto& tx : parts_.mirror.executed()) {
            block.transactions.push_back(tx->tx->raw);
        }
    }
    json known = json::array();
    for (const Hash256& hash : codes_.hashes()) {
        known.push_back(to_hex(hash));
    }
    auto witness = leader.call_for_data(
        "mega_getBlockWitness",
        json::array({to_hex_quantity(header.number), {{"knownCodes", std::move(known)}}})
    );
    if (!witness) {
        if (witness.error().kind == jsonrpc::EndpointError::Kind::lost) {
            return Err{Interruption{witness.error().message}};
        }
        if (doubts_++ < max_doubts) {
            return Validity::doubtful;
        }
        if (can_execute) {
            return Validity::unknown;
        }
        return Err{fail(
            fmt::format("block {} cannot be validated: {}", header.number, witness.error().message),
            exit_mismatch
        )};
    }
    attestation::Evidence evidence;
    evidence.delivery = {
        parts_.mirror.head()->header, header.number, encode(block), *std::move(witness)
    };
    std::vector<witness::WitnessCode> used;
    const auto checked = attestation::check(evidence.delivery, options_.rules, codes_, used);
    if (checked) {
        codes_.keep(checked->witness);
        return Validity::valid;
    }
    if (doubts_++ < max_doubts) {
        return Validity::doubtful;
    }
    evidence.endpoint = leader.origin();
    evidence.found_at = static_cast<uint64_t>(std::time(nullptr));
    evidence.rules = options_.rules;
    for (const auto& code : used) {
        evidence.codes.push_back(to_bytes(code.code->bytes()));
    }
    evidence.finding = checked.error();
    const auto path =
        write_evidence(options_.evidence_directory, header.number, attestation::to_json(evidence));
    return Err{fail(
        fmt::format(
            "block {} does not validate: {}; {}",
            header.number,
            checked.error().words,
            path ? "evidence in " + path->string() + ", for mega validate --explain"
                 : path.error().message
        ),
        exit_mismatch
    )};
}

Replica::Interruption Replica::accuse(
    const Leader& leader, const Refusal& refusal, const Bytes& refused
) {
    const Evidence evidence{
        .endpoint = leader.origin(),
        .found_at = static_cast<uint64_t>(std::time(nullptr)),
        .chain_id = options_.chain_id,
        .sequencers = parts_.mirror.sequencers(),
        .refusal = refusal,
        .parent = parts_.mirror.head()->header,
        .records = records_,
        .refused = refused
    };
    const auto path =
        write_evidence(options_.evidence_directory, refusal.block_number, to_json(evidence));
    return fail(
        fmt::format(
            "{} told what cannot be: {}; {}",
            leader.origin(),
            to_string(refusal),
            path ? "evidence in " + path->string() : path.error().message
        ),
        exit_mismatch
    );
}

void Replica::keep(const Bytes& encoded, const Applied& applied) {
    learn_sequencer();
    told_ = parts_.mirror.executed().size();
    last_sequence_ = parts_.log.append(encoded);
    ++status_.records;
    status_.mini_blocks += applied.mini_blocks.size();
    for (const auto& mini_block : applied.mini_blocks) {
        status_.transactions += mini_block->transactions.size();
    }
    if (records_bytes_ + encoded.size() <= max_evidence_bytes) {
        records_bytes_ += encoded.size();
        records_.push_back(encoded);
    }
    if (applied.sealed) {
        ++status_.blocks;
        seal_sequence_ = last_sequence_;
        doubts_ = 0;
        records_.clear();
        records_bytes_ = 0;
        status_.leader_block =
            std::max<uint64_t>(status_.leader_block, applied.sealed->header.number);
        parts_.checkpointer.remember(applied.sealed);
        unsaved_.push_back(applied.sealed);
    }
    publish(applied);
    if (applied.sealed && withdrawn_ && withdrawn_->is_due) {
        report_withdrawn();
    }
    if (unsaved_.size() >= options_.checkpoint_interval_blocks && applied.sealed) {
        checkpoint();
    }
}

/// On the publisher's thread, so that listeners and readers learn it in the order of the chain.
void Replica::publish(const Applied& applied) {
    parts_.publisher.post([this, applied] {
        const sequencer::OpenBlockPtr& block = applied.block;
        if (applied.is_opened) {
            parts_.head.move_to(parts_.head.position().sealed, block);
            parts_.publisher.tell([&](sequencer::Listener& listener) { listener.on_opened(block); }
            );
        }
        for (const auto& mini_block : applied.mini_blocks) {
            block->publish(mini_block->transactions);
            if (!mini_block->transactions.empty()) {
                parts_.publisher.tell([&](sequencer::Listener& listener) {
                    listener.on_executed(*block, mini_block->transactions);
                });
            }
            block->publish(mini_block);
            parts_.publisher.tell([&](sequencer::Listener& listener) {
                listener.on_mini_block(mini_block);
            });
        }
        if (applied.sealed) {
            parts_.head.move_to(applied.sealed, applied.next);
            parts_.publisher.tell([&](sequencer::Listener& listener) {
                listener.on_sealed(applied.sealed);
                listener.on_opened(applied.next);
            });
        }
    });
}

void Replica::learn_sequencer() {
    if (knew_sequencer_ || parts_.mirror.sequencers().empty()) {
        return;
    }
    knew_sequencer_ = true;
    const Address sequencer = parts_.mirror.sequencers().front();
    options_.warn(fmt::format(
        "trusting {} as the sequencer, because it signed the first mini-block that was received; "
        "--sequencer-address says it for certain",
        to_hex(sequencer)
    ));
    storage::WriteBatch batch;
    batch.put(storage::Table::meta, as_bytes(sequencer_key), sequencer.view());
    if (auto written = parts_.database.write(std::move(batch), /*sync=*/true); !written) {
        fail(written.error().message, 1);
    }
}

void Replica::checkpoint() {
    parts_.checkpointer.make_room();
    parts_.checkpointer.save(save_of(parts_.mirror, std::exchange(unsaved_, {}), seal_sequence_));
}

}  // namespace mega::replica
