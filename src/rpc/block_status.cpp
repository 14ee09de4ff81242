#include "rpc/block_status.hpp"

#include "rpc/block_id.hpp"
#include "rpc/json_writer.hpp"

#include <algorithm>
#include <chrono>

namespace mega::rpc {
namespace {

using nlohmann::json;

constexpr size_t max_times = 1024;
constexpr size_t max_latencies = 1024;
/// Of one step of L1: what is further back is not told one by one.
constexpr uint64_t max_announced = 256;

uint64_t system_now_us() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(now).count()
    );
}

uint64_t last_mini_block_us(const sequencer::SealedBlock& block) {
    return block.mini_blocks.empty() ? block.header.timestamp * 1'000'000
                                     : block.mini_blocks.back()->header.timestamp_us;
}

}  // namespace

struct BlockStatus::View {
    uint64_t number = 0;
    Hash256 hash;
    std::string_view status;
    std::optional<attestation::Weight> weight;  // nothing without a committee
    uint64_t epoch = 0;                         // of the committee
    size_t committee_size = 0;
    size_t mismatch_notices = 0;
    Times times;
};

BlockStatus::BlockStatus(Parts parts) : parts_(std::move(parts)) {
    if (!parts_.now_us) {
        parts_.now_us = system_now_us;
    }
}

BlockStatus::View BlockStatus::view_of(const BlockHeader& header, const Hash256& hash) const {
    View view;
    view.number = header.number;
    view.hash = hash;
    const auto committee =
        parts_.committees == nullptr ? nullptr : parts_.committees->at(header.timestamp);
    if (committee != nullptr) {
        view.weight = committee->weigh(parts_.attestations.keys(header.number, hash));
        view.epoch = committee->epoch;
        view.committee_size = committee->members.size();
    }
    {
        const std::lock_guard lock(mutex_);
        if (const auto found = times_.find(header.number); found != times_.end()) {
            view.times = found->second;
        }
    }
    if (parts_.count_mismatches) {
        view.mismatch_notices = parts_.count_mismatches(header.number, hash);
    }
    const auto settled = parts_.reader.settled();
    const bool is_attested = view.weight && view.weight->is_quorate();
    view.status = header.number <= settled.finalized ? "finalized"
                  : header.number <= settled.safe    ? "safe"
                  : is_attested                      ? "attested"
                                                     : "sealed";
    return view;
}

std::string BlockStatus::to_json(const View& view) {
    JsonWriter out;
    out.begin_object()
        .field_quantity("number", view.number)
        .field("hash", view.hash.view())
        .field_string("status", view.status)
        .field_boolean("isAttested", view.weight && view.weight->is_quorate());
    if (view.weight) {
        out.field_quantity("attestedStake", view.weight->signed_stake)
            .field_quantity("committeeStake", view.weight->total)
            .field_quantity("attesters", uint64_t{view.weight->attesters})
            .field_quantity("committeeSize", uint64_t{view.committee_size})
            .field_quantity("committeeEpoch", view.epoch);
    } else {
        for (const char* name :
             {"attestedStake", "committeeStake", "attesters", "committeeSize", "committeeEpoch"}) {
            out.field_null(name);
        }
    }
    if (view.times.attested_at_us) {
        const uint64_t end = view.times.last_mini_block_us;
        const uint64_t at = *view.times.attested_at_us;
        out.field_quantity("attestedAt", at / 1000)
            .field_quantity("attestationMicroseconds", at > end ? at - end : 0);
    } else {
        out.field_null("attestedAt").field_null("attestationMicroseconds");
    }
    return out.field_quantity("mismatchNotices", uint64_t{view.mismatch_notices})
        .end_object()
        .take();
}

void BlockStatus::announce(View view) const {
    parts_.announce([view = std::move(view)] { return to_json(view); });
}

void BlockStatus::on_sealed(const sequencer::SealedPtr& block) {
    {
        const std::lock_guard lock(mutex_);
        times_[block->header.number] = {last_mini_block_us(*block), std::nullopt};
        while (times_.size() > max_times) {
            times_.erase(times_.begin());
        }
    }
    View view = view_of(block->header, block->hash);
    view.status = "sealed";
    announce(std::move(view));
    announce_settled();
}

void BlockStatus::announce_settled() {
    const auto settled = parts_.reader.settled();
    if (has_started_ && settled != told_) {
        // What is finalized by now was safe before, or is more than that at once.
        const uint64_t from = std::max(
            std::min(told_.finalized, settled.safe) + 1,
            settled.safe > max_announced ? settled.safe - max_announced + 1 : 1
        );
        for (uint64_t number = from; number <= settled.safe; ++number) {
            if (number > told_.safe || number <= settled.finalized) {
                parts_.announce([this, number] { return present_json(number); });
            }
        }
    }
    has_started_ = true;
    told_ = settled;
}

std::string BlockStatus::present_json(uint64_t number) const {
    const auto header = parts_.reader.header(number);
    return header && *header ? to_json(view_of(**header, hash_of(**header))) : "null";
}

void BlockStatus::on_reverted(uint64_t number) {
    const std::lock_guard lock(mutex_);
    times_.erase(times_.upper_bound(number), times_.end());
    newest_attested_ = std::min(newest_attested_, number);
}

void BlockStatus::on_attestation(uint64_t block_number) {
    const auto header = parts_.reader.header(block_number);
    if (!header || !*header) {
        return;
    }
    View view = view_of(**header, hash_of(**header));
    if (!view.weight || !view.weight->is_quorate()) {
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        const auto times = times_.find(block_number);
        if (times == times_.end() || times->second.attested_at_us) {
            return;
        }
        const uint64_t now = parts_.now_us();
        times->second.attested_at_us = now;
        view.times = times->second;
        newest_attested_ = std::max(newest_attested_, block_number);
        const uint64_t end = times->second.last_mini_block_us;
        latencies_.push_back(now > end ? now - end : 0);
        if (latencies_.size() > max_latencies) {
            latencies_.pop_front();
        }
    }
    announce(std::move(view));
}

uint64_t BlockStatus::newest_attested() const {
    const std::lock_guard lock(mutex_);
    return newest_attested_;
}

BlockStatus::Latency BlockStatus::latency() const {
    std::vector<uint64_t> sorted;
    {
        const std::lock_guard lock(mutex_);
        sorted.assign(latencies_.begin(), latencies_.end());
    }
    if (sorted.empty()) {
        return {};
    }
    std::ranges::sort(sorted);
    return {sorted[sorted.size() / 2], sorted[(sorted.size() - 1) * 99 / 100]};
}

Answer BlockStatus::get(const json& params) const {
    const auto id = read_block_id(param(params, 0), "block", BlockTag::latest);
    if (!id) {
        return Err{id.error()};
    }
    const auto block = find_block(parts_.reader, *id);
    if (!block) {
        return Err{block.error()};
    }
    if (*block == nullptr) {
        return fail(resource_not_found, "block not found");
    }
    if (!(*block)->is_open) {
        return to_json(view_of((*block)->header, (*block)->hash));
    }
    View view;
    view.number = (*block)->header.number;
    view.hash = (*block)->hash;
    view.status = "open";
    return to_json(view);
}

void add_block_status_methods(Dispatcher& dispatcher, BlockStatus& status) {
    dispatcher.add_slow("mega_getBlockStatus", [&status](const json& params) {
        return status.get(params);
    });
}

}  // namespace mega::rpc
