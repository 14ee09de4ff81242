#include "replica/feed_replay.hpp"

namespace mega::replica {

bool FeedReplay::fail(std::string words) {
    failure_ = std::move(words);
    return false;
}

bool FeedReplay::accept(storage::WriteAheadLog::Sequence sequence, BytesView payload) {
    if (sequence <= checkpoint_.log_sequence) {
        return true;
    }
    const auto record = feed::decode_record(payload);
    if (!record) {
        return fail(record.error().message);
    }
    if (const auto* revert = std::get_if<feed::RevertRecord>(&*record)) {
        return go_back(*revert, sequence);
    }
    const auto applied = mirror_->apply(*record, false);
    if (!applied) {
        return fail(to_string(applied.error()));
    }
    for (const auto& mini_block : applied->mini_blocks) {
        applied->block->publish(mini_block->transactions);
        applied->block->publish(mini_block);
        replayed_transactions_ += mini_block->transactions.size();
    }
    if (applied->sealed) {
        checkpointer_->remember(applied->sealed);
        unsaved_.push_back(applied->sealed);
        seal_sequence_ = sequence;
    }
    return true;
}

/// The process ended between writing that it goes back and having gone back.
bool FeedReplay::go_back(const feed::RevertRecord& record, uint64_t sequence) {
    if (record.number > mirror_->head()->header.number) {
        return fail(
            "the log goes back to block " + std::to_string(record.number) + ", which does not exist"
        );
    }
    mirror_->give_up_open_block();
    if (!unsaved_.empty()) {
        checkpointer_->save(save_of(*mirror_, std::exchange(unsaved_, {}), seal_sequence_));
    }
    auto returned = return_to(record.number, *mirror_, *checkpointer_, l1_genesis_, sequence);
    seal_sequence_ = sequence;
    return returned ? true : fail(returned.error().message);
}

}  // namespace mega::replica
