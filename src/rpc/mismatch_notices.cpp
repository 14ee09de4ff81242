#include "rpc/mismatch_notices.hpp"

#include "crypto/keccak.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/params.hpp"

#include <algorithm>
#include <ctime>

namespace mega::rpc {
namespace {

using attestation::MismatchNotice;
using nlohmann::json;

std::chrono::milliseconds steady_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch()
    );
}

RpcError refusal(std::string words, int code = server_error) {
    return {code, "notice refused: " + std::move(words), {}};
}

void write_fields(JsonWriter& out, const MismatchNotice& notice) {
    out.field_quantity("blockNumber", notice.block_number)
        .field("blockHash", notice.block_hash.view())
        .field_string("code", notice.code)
        .field_string("expected", notice.expected)
        .field_string("got", notice.got)
        .field("key", notice.key.view())
        .field("notice", BytesView{encode(notice)});
}

}  // namespace

std::string to_json(const MismatchNotice& notice) {
    JsonWriter out;
    out.begin_object();
    write_fields(out, notice);
    return out.end_object().take();
}

MismatchNotices::MismatchNotices(const sequencer::ChainReader& reader, Options options)
    : reader_(&reader), options_(std::move(options)), tokens_(options_.burst) {
    if (!options_.now) {
        options_.now = steady_now;
    }
    refilled_at_ = options_.now();
}

Result<bool, RpcError> MismatchNotices::take(BytesView encoded) {
    auto judged = judge(encoded);
    if (!judged) {
        ++counters_.refused;
    } else if (*judged) {
        ++counters_.taken;
    }
    return judged;
}

Result<bool, RpcError> MismatchNotices::judge(BytesView encoded) {
    const auto given = attestation::decode_mismatch_notice(encoded);
    if (!given) {
        return Err{refusal(given.error().message, invalid_params)};
    }
    if (is_known(*given)) {
        return false;
    }
    if (auto objection = objection_to(*given)) {
        return Err{*std::move(objection)};
    }
    if (!verify(*given)) {
        return Err{refusal("its signature is wrong")};
    }
    if (!keep(*given)) {
        return false;
    }
    if (options_.on_taken) {
        options_.on_taken(*given);
    }
    return true;
}

std::optional<RpcError> MismatchNotices::objection_to(const MismatchNotice& given) {
    if (given.chain_id != options_.chain_id) {
        return refusal("it is of chain " + std::to_string(given.chain_id));
    }
    const uint64_t sealed = reader_->sealed_number();
    const uint64_t distance =
        std::max(sealed, given.block_number) - std::min(sealed, given.block_number);
    if (distance > options_.max_distance) {
        return refusal(
            "block " + std::to_string(given.block_number) + " is too far from block " +
            std::to_string(sealed) + ", the last one here"
        );
    }
    forget_taken(sealed);
    if (auto objection = objection_to_number(given)) {
        return objection;
    }
    const auto header = reader_->header(std::min(given.block_number, sealed));
    if (!header || !*header) {
        return refusal("block " + std::to_string(given.block_number) + " is not known");
    }
    const auto committee =
        options_.committees == nullptr ? nullptr : options_.committees->at((*header)->timestamp);
    if (committee == nullptr) {
        return take_token() ? std::nullopt
                            : std::optional{refusal("too many of them", limit_exceeded)};
    }
    if (!options_.committees->admits(given.key, (*header)->timestamp)) {
        return refusal(
            "its key is not of the committee of epoch " + std::to_string(committee->epoch)
        );
    }
    return std::nullopt;
}

void MismatchNotices::forget_taken(uint64_t sealed) {
    const std::lock_guard lock(mutex_);
    std::erase_if(taken_, [&](const Taken& taken) {
        return taken.block_number + options_.max_distance < sealed;
    });
}

std::optional<RpcError> MismatchNotices::objection_to_number(const MismatchNotice& given) {
    const std::lock_guard lock(mutex_);
    const auto of_key = static_cast<size_t>(std::ranges::count_if(taken_, [&](const Taken& taken) {
        return taken.key == given.key;
    }));
    if (of_key >= options_.max_taken_of_one_key || taken_.size() >= options_.max_taken) {
        return refusal("too many have been taken", limit_exceeded);
    }
    return std::nullopt;
}

bool MismatchNotices::take_token() {
    const std::lock_guard lock(mutex_);
    const auto interval = std::chrono::milliseconds{std::max(options_.refill_ms, 1U)};
    const auto due = (options_.now() - refilled_at_) / interval;
    if (due > 0) {
        tokens_ = static_cast<uint32_t>(std::min<int64_t>(options_.burst, tokens_ + due));
        refilled_at_ += due * interval;
    }
    if (tokens_ == 0) {
        return false;
    }
    --tokens_;
    return true;
}

bool MismatchNotices::is_known(const MismatchNotice& given) const {
    // The whole of it: who has no signature cannot take the place of who has.
    const Hash256 digest = crypto::keccak256(encode(given));
    const std::lock_guard lock(mutex_);
    return std::ranges::any_of(taken_, [&](const Taken& taken) { return taken.digest == digest; });
}

bool MismatchNotices::keep(const MismatchNotice& given) {
    const std::lock_guard lock(mutex_);
    if (std::ranges::any_of(taken_, [&](const Taken& taken) { return taken.is_of(given); })) {
        return false;
    }
    taken_.push_back(
        {given.block_number, given.block_hash, given.key, crypto::keccak256(encode(given))}
    );
    const auto is_of_key = [&](const Kept& kept) { return kept.notice.key == given.key; };
    if (std::ranges::count_if(kept_, is_of_key) >=
        static_cast<std::ptrdiff_t>(options_.max_of_one_key)) {
        kept_.erase(std::ranges::find_if(kept_, is_of_key));
    }
    kept_.push_back({++last_sequence_, static_cast<uint64_t>(std::time(nullptr)), given});
    if (kept_.size() > options_.max_kept) {
        kept_.pop_front();
    }
    return true;
}

size_t MismatchNotices::count(uint64_t block_number, const Hash256& block_hash) const {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(std::ranges::count_if(kept_, [&](const Kept& kept) {
        return kept.notice.block_number == block_number && kept.notice.block_hash == block_hash;
    }));
}

Answer MismatchNotices::send(const json& params) {
    const json& given = param(params, 0);
    const bool is_short = given.is_string() && given.get_ref<const std::string&>().size() <=
                                                   2 + 2 * attestation::max_notice_bytes;
    if (!is_short) {
        ++counters_.refused;
        return fail(
            invalid_params,
            "invalid argument 0: want the notice, at most " +
                std::to_string(attestation::max_notice_bytes) + " bytes of hex data"
        );
    }
    const auto encoded = read_data(given, "0");
    if (!encoded) {
        ++counters_.refused;
        return Err{encoded.error()};
    }
    const auto taken = take(*encoded);
    return taken ? Answer{*taken ? R"("taken")" : R"("known")"} : Answer{Err{taken.error()}};
}

Answer MismatchNotices::list(const json& params) const {
    const json& options = param(params, 0);
    uint64_t after = 0;
    if (options.is_object() && options.contains("after")) {
        const auto given = read_u64(options["after"], "after");
        if (!given) {
            return Err{given.error()};
        }
        after = *given;
    } else if (!options.is_null() && !options.is_object()) {
        return fail(invalid_params, "invalid argument options: want {\"after\": sequence}");
    }
    JsonWriter out;
    out.begin_array();
    const std::lock_guard lock(mutex_);
    for (auto kept = kept_.rbegin(); kept != kept_.rend() && kept->sequence > after; ++kept) {
        out.begin_object()
            .field_quantity("sequence", kept->sequence)
            .field_quantity("receivedAt", kept->received_at);
        write_fields(out, kept->notice);
        out.end_object();
    }
    return out.end_array().take();
}

void add_mismatch_notice_methods(Dispatcher& dispatcher, MismatchNotices& notices) {
    dispatcher.add_slow("mega_sendMismatchNotice", [&notices](const json& params) {
        return notices.send(params);
    });
    dispatcher.add("mega_getMismatchNotices", [&notices](const json& params) {
        return notices.list(params);
    });
}

}  // namespace mega::rpc
