// Any bytes as what L1 contracts log, as blobs, and as entries of the queue. The first byte chooses
// the event.

#include "rollup/blobs.hpp"
#include "rollup/deposits.hpp"
#include "rollup/events.hpp"

using namespace mega;

namespace {

void check_log(const Log& log) {
    if (const auto entry = rollup::read_queue_log(log); entry && *entry) {
        static_cast<void>(rollup::read_entry(**entry));
        static_cast<void>(rollup::gas_of(**entry));
        const Log again = rollup::write_queue_log(log.address, **entry, Address{});
        MEGA_ASSERT(rollup::read_queue_log(again).value() == *entry);
    }
    if (const auto batch = rollup::read_batch_log(log); batch && *batch) {
        const Log again = rollup::write_batch_log(log.address, **batch);
        MEGA_ASSERT(rollup::read_batch_log(again).value() == *batch);
    }
    static_cast<void>(rollup::read_calldata_log(log));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const BytesView input{data + 1, size - 1};
    const Hash256 topics[] = {
        rollup::deposit_queued_topic(),
        rollup::transaction_forced_topic(),
        rollup::batch_posted_topic(),
        rollup::batch_calldata_topic()
    };
    Log log;
    log.topics = {topics[data[0] % 4], Hash256{}};
    log.data = to_bytes(input);
    check_log(log);
    log.topics.emplace_back();
    check_log(log);

    Transaction tx;
    tx.type = TxType::deposit;
    tx.from = rollup::l1_attributes_sender;
    tx.data = to_bytes(input);
    static_cast<void>(rollup::read_l1_attributes(tx));

    std::vector<Bytes> blobs{to_bytes(input)};
    static_cast<void>(rollup::unpack_blobs(blobs));
    blobs[0].resize(rollup::blob_size_bytes);
    if (const auto unpacked = rollup::unpack_blobs(blobs)) {
        MEGA_ASSERT(rollup::pack_blobs(*unpacked) == blobs);
    }
    return 0;
}
