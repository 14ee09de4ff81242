#include "settlement/watcher.hpp"

#include "settlement/abi.hpp"

#include <algorithm>

namespace mega::settlement {
namespace {

constexpr uint64_t derivation_step_blocks = 256;

uint64_t steady_ms() {
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                     std::chrono::steady_clock::now().time_since_epoch()
    )
                                     .count());
}

std::vector<mempool::TxPtr> shared(std::vector<SignedTransaction> transactions) {
    std::vector<mempool::TxPtr> result;
    result.reserve(transactions.size());
    for (SignedTransaction& tx : transactions) {
        result.push_back(std::make_shared<const SignedTransaction>(std::move(tx)));
    }
    return result;
}

/// Those without a valid signature are skipped, as derivation says.
std::vector<mempool::TxPtr> with_senders(const std::vector<Transaction>& transactions) {
    std::vector<mempool::TxPtr> result;
    for (const Transaction& tx : transactions) {
        if (auto decoded = decode_signed_transaction(encode(tx))) {
            result.push_back(std::make_shared<const SignedTransaction>(*std::move(decoded)));
        }
    }
    return result;
}

sequencer::DictatedBlock dictated(rollup::DerivedBlock block) {
    return {
        .number = block.number,
        .timestamp = block.timestamp,
        .gas_limit = block.gas_limit,
        .beneficiary = block.beneficiary,
        .position = block.position,
        .from_l1 = shared(std::move(block.from_l1)),
        .transactions = with_senders(block.transactions),
    };
}

}  // namespace

Watcher::Watcher(const WatcherOptions& options, const rollup::RollupConfig& config, Parts parts)
    : options_(options),
      config_(config),
      parts_(std::move(parts)),
      follower_(
          parts_.client,
          {.deposit_queue = config.deposit_queue,
           .depth = options.depth,
           .first_block = config.l1_start_block}
      ),
      last_heard_ms_(steady_ms()) {}

void Watcher::run() {
    while (!parts_.stop.is_stopped()) {
        const auto stepped = step();
        if (stepped) {
            if (is_away_) {
                parts_.log("L1 is back at block " + std::to_string(counters_.l1_head));
            }
            is_away_ = false;
            last_heard_ms_ = steady_ms();
            last_words_.clear();
        } else {
            note_silence(stepped.error().message);
        }
        counters_.is_connected = stepped.has_value();
        if (!parts_.stop.wait_ms(stepped && *stepped ? 1 : options_.poll_ms)) {
            return;
        }
    }
}

void Watcher::note_silence(const std::string& words) {
    if (!parts_.client.is_lost()) {
        if (words != last_words_) {
            parts_.log("watcher: " + words);
        }
        last_words_ = words;
        return;
    }
    if (!is_away_ && steady_ms() - last_heard_ms_ >= options_.away_after_ms) {
        is_away_ = true;
        parts_.log("L1 is away (" + words + "): the chain goes on, nothing more becomes safe");
    }
}

/// Some of the origins of this chain, ascending: all of the newest, ever fewer of older ones.
std::vector<L1BlockId> Watcher::known_origins() const {
    std::vector<L1BlockId> origins;
    if (const auto open = parts_.sequencer.l1_position(); open && !open->origin.hash.is_zero()) {
        origins.push_back({open->origin.number, open->origin.hash});
    }
    uint64_t stride = 1;
    for (uint64_t number = parts_.source.sealed_number(); number > 0;) {
        const auto block = parts_.source.block(number);
        if (!block || !*block || (*block)->position.origin.hash.is_zero()) {
            break;
        }
        const auto& origin = (*block)->position.origin;
        if (origins.empty() || origins.back().number > origin.number) {
            origins.push_back({origin.number, origin.hash});
        }
        stride = origins.size() > 64 ? stride * 2 : stride;
        number -= std::min(number, stride);
    }
    std::ranges::reverse(origins);
    return origins;
}

/// The sequencer keeps nothing of L1 over a restart: what it has not consumed is fed again, from
/// the L1 block on that queued the first such entry.
Result<void> Watcher::resume() {
    std::vector<L1BlockId> origins = known_origins();
    const auto position = parts_.sequencer.l1_position();
    if (position && !origins.empty()) {
        const auto entry = parts_.client.call(
            {.to = config_.deposit_queue,
             .data = abi::Encoder().word(u256{position->cursor}).call("entry(uint64)")}
        );
        if (!entry && parts_.client.is_lost()) {
            return Err{entry.error()};
        }
        if (entry) {  // otherwise there is none: everything queued is consumed
            abi::Decoder in(*entry);
            (void)in.u64();
            const uint64_t queued_in = in.u64();
            std::erase_if(origins, [&](const L1BlockId& id) {
                return in.is_good() && id.number >= queued_in;
            });
        }
    }
    follower_.resume_after(std::move(origins));
    is_resumed_ = true;
    return {};
}

Result<bool> Watcher::step() {
    if (!is_resumed_) {
        if (auto resumed = resume(); !resumed) {
            return Err{resumed.error()};
        }
    }
    auto news = follower_.step();
    if (!news) {
        return Err{news.error()};
    }
    counters_.l1_head = news->head;
    if (news->rewound_to) {
        ++counters_.reorganisations;
        parts_.log("L1 has taken back its blocks after " + std::to_string(*news->rewound_to));
        if (auto rewound = parts_.sequencer.rewind_l1(*news->rewound_to); !rewound) {
            return Err{rewound.error()};
        }
    }
    if (!news->blocks.empty()) {
        counters_.l1_followed = news->blocks.back().ref.number;
        parts_.sequencer.feed_l1(std::move(news->blocks));
    }
    if (auto settled = settle(); !settled) {
        return Err{settled.error()};
    }
    return news->is_behind;
}

Result<void> Watcher::settle() {
    const auto inbox = read_inbox_head(parts_.client, config_.batch_inbox);
    if (!inbox) {
        return Err{inbox.error()};
    }
    auto agrees = agrees_with(*inbox);
    if (!agrees) {
        return Err{agrees.error()};
    }
    if (!*agrees) {
        if (!parts_.sequencer.is_leading()) {
            return {};  // the leader adopts, and is followed
        }
        return adopt_from_l1(inbox->l1.number);
    }
    const auto finalized = parts_.client.block("finalized");
    if (!finalized) {
        return Err{finalized.error()};
    }
    parts_.head.settle(
        {.safe = inbox->last_block,
         .finalized =
             *finalized ? std::min(inbox->last_block, last_block_at((*finalized)->number)) : 0}
    );
    return {};
}

/// 0 also when the inbox was not there yet.
uint64_t Watcher::last_block_at(uint64_t l1_number) {
    const auto answer = parts_.client.call(
        {.to = config_.batch_inbox, .data = abi::Encoder().call("lastBlock()")}, l1_number
    );
    if (!answer) {
        return 0;
    }
    abi::Decoder in(*answer);
    const uint64_t block = in.u64();
    return in.is_good() ? block : 0;
}

Result<bool> Watcher::agrees_with(const InboxHead& inbox) const {
    if (inbox.last_block == 0 || adopted_.contains(inbox.last_hash)) {
        return true;
    }
    const auto block = parts_.source.block(inbox.last_block);
    if (!block) {
        return Err{block.error()};
    }
    return *block && (*block)->header.timestamp == inbox.last_timestamp &&
           (*block)->position.cursor == inbox.deposit_cursor &&
           (*block)->position.origin.number == inbox.origin_number;
}

bool Watcher::agrees_with(const rollup::DerivedBatch& batch) const {
    const auto& header = batch.posted.header;
    const auto block = parts_.source.block(header.last_block);
    if (!block || !*block || batch.blocks.empty()) {
        return false;
    }
    const rollup::DerivedBlock& last = batch.blocks.back();
    const bool is_alike =
        (*block)->header.timestamp == last.timestamp && (*block)->position == last.position;
    return is_alike &&
           (batch.posted.kind == rollup::BatchKind::forced ||
            (*block)->hash == header.last_block_hash || adopted_.contains(batch.posted.hash));
}

/// From the first L1 block on: rare, and right whatever went before.
Result<void> Watcher::adopt_from_l1(uint64_t l1_number) {
    rollup::Derivation derivation(config_);
    std::vector<rollup::DerivedBatch> batches;
    for (uint64_t from = config_.l1_start_block; from <= l1_number;) {
        const uint64_t to = std::min(l1_number, from + derivation_step_blocks - 1);
        const auto inputs = read_l1_inputs(parts_.client, config_, &parts_.archive, from, to);
        if (!inputs) {
            return Err{inputs.error()};
        }
        if (inputs->empty() || parts_.stop.is_stopped()) {
            return {};
        }
        for (const rollup::L1BlockInput& input : *inputs) {
            auto derived = derivation.accept(input);
            if (!derived) {
                return Err{Error{"L1 cannot be derived from: " + derived.error().message}};
            }
            std::ranges::move(*derived, std::back_inserter(batches));
        }
        from += inputs->size();
    }
    const auto first =
        std::ranges::find_if(batches, [&](const auto& batch) { return !agrees_with(batch); });
    std::vector<sequencer::DictatedBlock> blocks;
    for (auto batch = first; batch != batches.end(); ++batch) {
        parts_.log(
            "L1 holds batch " + std::to_string(batch->posted.header.index) + " with blocks " +
            std::to_string(batch->posted.header.first_block) + " to " +
            std::to_string(batch->posted.header.last_block) + ", which this chain adopts" +
            (batch->fault ? " without its content: " + *batch->fault : "")
        );
        for (rollup::DerivedBlock& block : batch->blocks) {
            blocks.push_back(dictated(std::move(block)));
        }
    }
    if (blocks.empty()) {
        return {};
    }
    const size_t count = blocks.size();
    if (auto adopted = parts_.sequencer.adopt(std::move(blocks)); !adopted) {
        return adopted;
    }
    counters_.adopted_blocks += count;
    for (auto batch = first; batch != batches.end(); ++batch) {
        adopted_.insert(batch->posted.hash);
    }
    return {};
}

}  // namespace mega::settlement
