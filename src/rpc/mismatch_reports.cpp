#include "rpc/mismatch_reports.hpp"

#include "rpc/json_writer.hpp"
#include "rpc/params.hpp"

#include <algorithm>
#include <ctime>

namespace mega::rpc {
namespace {

using attestation::Evidence;
using attestation::Finding;
using nlohmann::json;

constexpr size_t max_words = 1000;  // of one text of a finding, as it is passed on

std::chrono::milliseconds steady_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now().time_since_epoch()
    );
}

void write_finding(JsonWriter& out, const Finding& finding) {
    if (finding.code.empty()) {
        out.null();
        return;
    }
    const auto text = [](const std::string& words) {
        return std::string_view{words}.substr(0, max_words);
    };
    out.begin_object()
        .field_string("code", text(finding.code))
        .field_string("words", text(finding.words))
        .field_string("expected", text(finding.expected))
        .field_string("got", text(finding.got))
        .field_boolean("ofWitness", finding.is_of_witness)
        .end_object();
}

void write_fields(JsonWriter& out, const MismatchReport& report) {
    out.field_string("verdict", to_string(report.verdict))
        .field_quantity("blockNumber", report.block_number)
        .field("blockHash", report.block_hash.view())
        .field_quantity("receivedAt", report.received_at)
        .key("reported");
    write_finding(out, report.reported);
    out.key("found");
    write_finding(out, report.found);
}

/// Zero when the bytes are no block.
Hash256 hash_of_block(BytesView rlp) {
    const auto block = decode_block(rlp);
    return block ? hash_of(block->header) : Hash256{};
}

}  // namespace

std::string_view to_string(MismatchVerdict verdict) {
    switch (verdict) {
        case MismatchVerdict::confirmed:
            return "confirmed";
        case MismatchVerdict::witness:
            return "witness";
        case MismatchVerdict::another_block:
            return "anotherBlock";
        case MismatchVerdict::unfounded:
            return "unfounded";
        case MismatchVerdict::unchecked:
            break;
    }
    return "unchecked";
}

std::string to_json(const MismatchReport& report) {
    JsonWriter out;
    out.begin_object();
    write_fields(out, report);
    return out.end_object().take();
}

MismatchReports::MismatchReports(const sequencer::ChainReader& reader, Options options)
    : reader_(&reader), options_(std::move(options)), tokens_(options_.burst) {
    if (!options_.now) {
        options_.now = steady_now;
    }
    refilled_at_ = options_.now();
}

std::optional<Answer> MismatchReports::answer_early(const Evidence& evidence) {
    const Hash256 hash = hash_of_block(evidence.delivery.block);
    const std::lock_guard lock(mutex_);
    const auto same = std::ranges::find_if(kept_, [&](const MismatchReport& kept) {
        return kept.block_number == evidence.delivery.number && kept.block_hash == hash &&
               kept.reported == evidence.finding;
    });
    if (same != kept_.end()) {
        return Answer{to_json(*same)};
    }
    const auto interval = std::chrono::milliseconds{options_.refill_ms};
    const auto due = (options_.now() - refilled_at_) / interval;
    if (due > 0) {
        tokens_ = static_cast<uint32_t>(std::min<int64_t>(options_.burst, tokens_ + due));
        refilled_at_ += due * interval;
    }
    if (tokens_ == 0) {
        ++counters_.refused;
        const auto wait = interval - (options_.now() - refilled_at_);
        return Answer{fail(
            limit_exceeded,
            "too many reports of mismatches: again in " + std::to_string(wait.count() / 1000 + 1) +
                " s"
        )};
    }
    --tokens_;
    return std::nullopt;
}

MismatchReport MismatchReports::judge(Evidence evidence) const {
    using Verdict = MismatchVerdict;
    MismatchReport report;
    report.block_number = evidence.delivery.number;
    report.block_hash = hash_of_block(evidence.delivery.block);
    report.reported = evidence.finding;
    report.received_at = static_cast<uint64_t>(std::time(nullptr));
    const auto ours = reader_->header(report.block_number);
    const bool is_sealed = report.block_number <= reader_->sealed_number();
    if (!ours || !*ours || !is_sealed || hash_of(**ours) != report.block_hash) {
        report.verdict =
            evidence.delivery.block.empty() ? Verdict::unchecked : Verdict::another_block;
        return report;
    }
    if (evidence.delivery.witness.empty() ||
        hash_of(evidence.delivery.parent) != (*ours)->parent_hash) {
        return report;
    }
    evidence.rules = options_.rules;
    const auto found = check_again(evidence);
    report.found = found.value_or(Finding{});
    if (!found) {
        report.verdict = Verdict::unfounded;
    } else {
        report.verdict = found->is_of_witness ? Verdict::witness : Verdict::confirmed;
    }
    return report;
}

void MismatchReports::keep(const MismatchReport& report) {
    const std::lock_guard lock(mutex_);
    kept_.push_front(report);
    evidence_bytes_ += report.evidence.size();
    if (kept_.size() > options_.max_kept) {
        evidence_bytes_ -= kept_.back().evidence.size();
        kept_.pop_back();
    }
    // The oldest evidence goes first.
    for (auto old = kept_.rbegin();
         old != kept_.rend() && evidence_bytes_ > options_.max_evidence_bytes;
         ++old) {
        evidence_bytes_ -= old->evidence.size();
        old->evidence.clear();
        old->evidence.shrink_to_fit();
    }
}

Answer MismatchReports::report(const json& params) {
    std::string text = param(params, 0).dump(-1, ' ', false, json::error_handler_t::replace);
    auto evidence = text.size() <= attestation::max_report_bytes
                        ? attestation::parse_evidence(text)
                        : Result<Evidence>{Err{Error{
                              "the evidence has more than " +
                              std::to_string(attestation::max_report_bytes) + " bytes"
                          }}};
    if (!evidence) {
        ++counters_.refused;
        return fail(invalid_params, "invalid argument 0: " + evidence.error().message);
    }
    const std::lock_guard lock(checking_);
    if (auto early = answer_early(*evidence)) {
        return *std::move(early);
    }
    MismatchReport made = judge(*std::move(evidence));
    made.evidence = std::move(text);
    ++counters_.received;
    counters_.confirmed += made.verdict == MismatchVerdict::confirmed ? 1 : 0;
    keep(made);
    if (options_.on_report) {
        options_.on_report(made);
    }
    return to_json(made);
}

Answer MismatchReports::list(const json& params) const {
    const json& options = param(params, 0);
    bool with_evidence = false;
    if (options.is_object() && options.contains("evidence")) {
        const auto wanted = read_bool(options["evidence"], "evidence");
        if (!wanted) {
            return Err{wanted.error()};
        }
        with_evidence = *wanted;
    } else if (!options.is_null() && !options.is_object()) {
        return fail(invalid_params, "invalid argument options: want {\"evidence\": boolean}");
    }
    JsonWriter out;
    out.begin_array();
    const std::lock_guard lock(mutex_);
    for (const MismatchReport& report : kept_) {
        out.begin_object();
        write_fields(out, report);
        if (with_evidence) {
            out.field_raw("evidence", report.evidence.empty() ? "null" : report.evidence);
        }
        out.end_object();
    }
    return out.end_array().take();
}

void add_mismatch_methods(Dispatcher& dispatcher, MismatchReports& reports) {
    dispatcher.add_slow("mega_reportMismatch", [&reports](const json& params) {
        return reports.report(params);
    });
    dispatcher.add_slow("mega_getMismatches", [&reports](const json& params) {
        return reports.list(params);
    });
}

}  // namespace mega::rpc
