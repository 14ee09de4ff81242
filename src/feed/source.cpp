#include "feed/source.hpp"

#include "sequencer/opening.hpp"

namespace mega::feed {
namespace {

using sequencer::ChainReader;

FeedTransaction to_feed(const storage::StoredTransaction& tx) {
    return {
        .raw = tx.raw,
        .sender = tx.sender,
        .status = tx.receipt.status,
        .cumulative_gas_used = tx.receipt.cumulative_gas_used,
        .created = tx.created,
        .logs = tx.receipt.logs
    };
}

Err<Error> not_kept(uint64_t number) {
    return Err{Error{"block " + std::to_string(number) + " is not kept by this node"}};
}

Result<Bytes> block_record(const ChainReader& reader, uint64_t number) {
    const auto block = reader.stored_block(number);
    if (!block) {
        return Err{block.error()};
    }
    const auto diff = reader.diff(number);
    if (!diff) {
        return Err{diff.error()};
    }
    if (*block == nullptr || *diff == nullptr) {
        return not_kept(number);
    }
    BlockRecord record;
    record.opening = sequencer::inputs_of((*block)->header);
    record.header = (*block)->header;
    for (const auto& mini_block : (*block)->mini_blocks) {
        record.mini_blocks.push_back({mini_block.header, mini_block.transaction_count});
    }
    record.transactions.reserve((*block)->transactions.size());
    for (const auto& tx : (*block)->transactions) {
        record.transactions.push_back(to_feed(tx));
    }
    record.diff = **diff;
    return encode(Record{std::move(record)});
}

class Collector {
  public:
    Collector(Excerpt& into, const ExcerptLimits& limits) : into_(into), limits_(limits) {}
    [[nodiscard]] bool is_full() const {
        return into_.records.size() >= limits_.max_records || bytes_ >= limits_.max_bytes;
    }
    void add(Bytes record) {
        bytes_ += record.size();
        into_.records.push_back(std::move(record));
    }

  private:
    Excerpt& into_;
    const ExcerptLimits& limits_;
    size_t bytes_ = 0;
};

}  // namespace

Result<Excerpt> read_from(
    const ChainReader& reader, const Place& from, const ExcerptLimits& limits
) {
    const auto [sealed, open] = reader.position();
    const auto mini_blocks = open->mini_blocks();
    Excerpt excerpt;
    const auto genesis = reader.genesis_hash();
    if (!genesis) {
        return Err{genesis.error()};
    }
    excerpt.genesis_hash = genesis->value_or(Hash256{});
    excerpt.sealed_number = sealed->header.number;
    excerpt.sealed_hash = sealed->hash;
    excerpt.next_mini_block_number =
        mini_blocks.empty() ? 0 : mini_blocks.back()->header.mini_block_number + 1;
    if (from.block_number > sealed->header.number + 1) {
        excerpt.is_whole = true;
        return excerpt;
    }
    Collector collector(excerpt, limits);
    for (uint64_t number = from.block_number; number <= sealed->header.number; ++number) {
        if (collector.is_full()) {
            return excerpt;
        }
        auto record = block_record(reader, number);
        if (!record) {
            return Err{record.error()};
        }
        collector.add(*std::move(record));
    }
    collector.add(record_of(*open));
    for (const auto& mini_block : mini_blocks) {
        if (mini_block->header.mini_block_number < from.mini_block_number) {
            continue;
        }
        if (collector.is_full()) {
            return excerpt;
        }
        collector.add(record_of(*mini_block));
    }
    excerpt.is_whole = true;
    return excerpt;
}

Bytes record_of(const sequencer::OpenBlock& open) {
    return encode(Record{OpenRecord{sequencer::inputs_of(open)}});
}

Bytes record_of(const sequencer::MiniBlock& mini_block) {
    MiniBlockRecord record;
    record.header = mini_block.header;
    record.transactions.reserve(mini_block.transactions.size());
    for (const auto& executed : mini_block.transactions) {
        record.transactions.push_back(to_feed(*executed));
    }
    record.diff = *mini_block.diff;
    return encode(Record{std::move(record)});
}

Bytes record_of(const sequencer::SealedBlock& block) {
    SealRecord record;
    record.header = block.header;
    record.diff = *block.closing_diff;
    return encode(Record{std::move(record)});
}

}  // namespace mega::feed
