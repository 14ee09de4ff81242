#include "rollup/events.hpp"

#include "crypto/keccak.hpp"

namespace mega::rollup {
namespace {

#define MEGA_BATCH_HEADER \
    "(bytes32,uint64,uint64,uint64,uint64,uint64,bytes32,uint64,bytes32,bytes32,address)"
constexpr std::string_view deposit_queued = "DepositQueued(uint64,address,bytes,bytes32)";
constexpr std::string_view transaction_forced = "TransactionForced(uint64,address,bytes,bytes32)";
constexpr std::string_view batch_posted =
    "BatchPosted(uint64,bytes32,uint8," MEGA_BATCH_HEADER ",bytes32[])";
constexpr std::string_view batch_calldata = "BatchCalldata(uint64,bytes)";
constexpr std::string_view submit_calldata = "submitCalldata(" MEGA_BATCH_HEADER ",bytes)";
constexpr std::string_view submit_blobs = "submitBlobs(" MEGA_BATCH_HEADER ")";
constexpr std::string_view submit_forced = "submitForced()";
#undef MEGA_BATCH_HEADER

constexpr uint64_t header_words = 11;

Hash256 hash_of_text(std::string_view text) { return crypto::keccak256(as_bytes(text)); }
Bytes selector(std::string_view signature) {
    return to_bytes(hash_of_text(signature).view().first(4));
}

bool has_topic(const Log& log, const Hash256& topic) {
    return !log.topics.empty() && log.topics[0] == topic;
}

uint64_t read_topic_u64(const Hash256& topic, bool& is_good) {
    const u256 value = to_u256(topic);
    is_good = is_good && value.fits_u64();
    return value.low64();
}

}  // namespace

const Hash256& deposit_queued_topic() {
    static const Hash256 topic = hash_of_text(deposit_queued);
    return topic;
}
const Hash256& transaction_forced_topic() {
    static const Hash256 topic = hash_of_text(transaction_forced);
    return topic;
}
const Hash256& batch_posted_topic() {
    static const Hash256 topic = hash_of_text(batch_posted);
    return topic;
}

const Hash256& batch_calldata_topic() {
    static const Hash256 topic = hash_of_text(batch_calldata);
    return topic;
}

Result<std::optional<QueueEntry>> read_queue_log(const Log& log) {
    const bool is_deposit = has_topic(log, deposit_queued_topic());
    if (!is_deposit && !has_topic(log, transaction_forced_topic())) {
        return std::optional<QueueEntry>{};
    }
    bool is_good = log.topics.size() == 3;
    QueueEntry entry;
    entry.kind = is_deposit ? EntryKind::deposit : EntryKind::forced_transaction;
    if (is_good) {
        entry.index = read_topic_u64(log.topics[1], is_good);
    }
    AbiReader data(log.data);
    entry.envelope = to_bytes(data.bytes());
    entry.rolling_hash = data.hash();
    if (!is_good || data.failed()) {
        return Err{Error{
            std::string("L1: malformed log ") +
            std::string(is_deposit ? deposit_queued : transaction_forced)
        }};
    }
    return std::optional{std::move(entry)};
}

Result<std::optional<PostedBatch>> read_batch_log(const Log& log) {
    if (!has_topic(log, batch_posted_topic())) {
        return std::optional<PostedBatch>{};
    }
    AbiReader data(log.data);
    PostedBatch batch;
    const uint8_t kind = data.u8();
    batch.kind = static_cast<BatchKind>(kind);
    batch.header = read_batch_header(data);
    for (BytesView hashes = data.words(); !hashes.empty(); hashes = hashes.subspan(32)) {
        batch.data_hashes.push_back(Hash256::from(hashes));
    }
    bool is_good =
        log.topics.size() == 3 && !data.failed() && kind <= static_cast<uint8_t>(BatchKind::forced);
    if (is_good) {
        batch.hash = log.topics[2];
        is_good = read_topic_u64(log.topics[1], is_good) == batch.header.index && is_good;
    }
    if (!is_good) {
        return Err{Error{"L1: malformed log BatchPosted"}};
    }
    return std::optional{std::move(batch)};
}

Result<std::optional<BatchCalldata>> read_calldata_log(const Log& log) {
    if (!has_topic(log, batch_calldata_topic())) {
        return std::optional<BatchCalldata>{};
    }
    bool is_good = log.topics.size() == 2;
    BatchCalldata calldata;
    if (is_good) {
        calldata.index = read_topic_u64(log.topics[1], is_good);
    }
    AbiReader data(log.data);
    calldata.data = to_bytes(data.bytes());
    if (!is_good || data.failed()) {
        return Err{Error{"L1: malformed log BatchCalldata"}};
    }
    return std::optional{std::move(calldata)};
}

Bytes submit_calldata_input(const BatchHeader& header, BytesView data) {
    AbiWriter arguments;
    write(arguments, header);
    arguments.word(u256{(header_words + 1) * 32});
    arguments.bytes(data);
    Bytes input = selector(submit_calldata);
    append(input, arguments.view());
    return input;
}

Bytes submit_blobs_input(const BatchHeader& header) {
    AbiWriter arguments;
    write(arguments, header);
    Bytes input = selector(submit_blobs);
    append(input, arguments.view());
    return input;
}

Bytes submit_forced_input() { return selector(submit_forced); }

Log write_queue_log(const Address& deposit_queue, const QueueEntry& entry, const Address& from) {
    AbiWriter data;
    data.word(u256{2 * 32});
    data.word(entry.rolling_hash);
    data.bytes(entry.envelope);
    AbiWriter from_topic;
    from_topic.word(from);
    Log log;
    log.address = deposit_queue;
    log.topics = {
        entry.kind == EntryKind::deposit ? deposit_queued_topic() : transaction_forced_topic(),
        u256{entry.index}.to_hash(),
        Hash256::from(from_topic.view())
    };
    log.data = data.take();
    return log;
}

Log write_batch_log(const Address& batch_inbox, const PostedBatch& batch) {
    AbiWriter data;
    data.word(u256{static_cast<uint64_t>(batch.kind)});
    write(data, batch.header);
    data.word(u256{(header_words + 2) * 32});
    data.word(u256{batch.data_hashes.size()});
    for (const Hash256& hash : batch.data_hashes) {
        data.word(hash);
    }
    Log log;
    log.address = batch_inbox;
    log.topics = {batch_posted_topic(), u256{batch.header.index}.to_hash(), batch.hash};
    log.data = data.take();
    return log;
}

Log write_calldata_log(const Address& batch_inbox, const BatchCalldata& calldata) {
    AbiWriter data;
    data.word(u256{32});
    data.bytes(calldata.data);
    Log log;
    log.address = batch_inbox;
    log.topics = {batch_calldata_topic(), u256{calldata.index}.to_hash()};
    log.data = data.take();
    return log;
}

}  // namespace mega::rollup
