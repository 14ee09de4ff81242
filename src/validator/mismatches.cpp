// What is said of blocks that do not validate: by this validator, when it ends, and by others.

#include "base/hex.hpp"
#include "validator/follower.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

namespace mega::validator {

using attestation::Evidence;
using nlohmann::json;

namespace {

/// Of others' notices, that are not told again.
constexpr size_t max_told = 256;
/// Looked at in one answer, the newest of them: each may cost a pairing, and a node keeps 32.
constexpr size_t max_heard = 64;

}  // namespace

Follower::Interruption Follower::accuse(const Evidence& evidence) {
    status_->update([](Progress& now) { now.state = "stopped"; });
    const auto path =
        std::filesystem::path{options_.evidence_directory} /
        fmt::format("evidence-{}-{}.json", evidence.rules.chain_id, evidence.delivery.number);
    std::ofstream file(path, std::ios::trunc);
    file << to_json(evidence);
    file.close();
    const std::string kept = file ? "explain it with: mega validate --explain " + path.string()
                                  : "the evidence could not be written to " + path.string();
    if (!options_.is_silent) {
        report(evidence);
    }
    return {
        Reason::mismatch,
        fmt::format(
            "block {} does not validate: {}\n{}",
            evidence.delivery.number,
            evidence.finding.words,
            kept
        )
    };
}

/// On connections of its own: the one that is followed may be the liar's.
void Follower::report(const Evidence& evidence) const {
    const std::string text = attestation::to_report(evidence);
    const std::string notice = to_hex(encode(signer_->sign(
        attestation::statement_of(evidence.rules.chain_id, evidence.delivery, evidence.finding)
    )));
    std::vector<std::string> urls = options_.urls;
    urls.insert(urls.end(), options_.report_to.begin(), options_.report_to.end());
    for (const std::string& url : urls) {
        report_to(url, notice, text);
    }
}

void Follower::report_to(
    const std::string& url, const std::string& notice, const std::string& evidence
) const {
    jsonrpc::EndpointOptions options = options_.endpoint;
    options.url = url;
    auto endpoint = jsonrpc::Endpoint::connect(options);
    if (!endpoint) {
        std::fprintf(
            stderr,
            "mega validate: reported to an endpoint that cannot be reached: %s\n",
            endpoint.error().message.c_str()
        );
        return;
    }
    const std::string origin = (*endpoint)->origin();
    const auto taken = (*endpoint)->call("mega_sendMismatchNotice", json::array({notice}));
    if (!taken) {
        std::fprintf(
            stderr, "mega validate: %s: %s\n", origin.c_str(), taken.error().message.c_str()
        );
    }
    const auto answer = (*endpoint)->call(
        "mega_reportMismatch",
        json::array({json::parse(evidence, nullptr, /*allow_exceptions=*/false)})
    );
    const auto verdict = answer && answer->is_object() ? answer->value("verdict", json{}) : json{};
    std::fprintf(
        stderr,
        "mega validate: reported to %s: %s\n",
        origin.c_str(),
        answer
            ? attestation::printable(verdict.dump(-1, ' ', false, json::error_handler_t::replace))
                  .c_str()
            : answer.error().message.c_str()
    );
}

Follower::Step Follower::hear_others(jsonrpc::Endpoint& endpoint) {
    if (endpoint_is_mute_) {
        return {};
    }
    const auto list = endpoint.call(
        "mega_getMismatchNotices", json::array({json{{"after", to_hex_quantity(heard_)}}})
    );
    if (!list && list.error().kind == jsonrpc::EndpointError::Kind::lost) {
        return Err{Interruption{Reason::lost, list.error().message}};
    }
    if (!list || !list->is_array()) {
        endpoint_is_mute_ = true;
        return {};
    }
    // The newest comes first.
    for (size_t i = std::min(list->size(), max_heard); i-- > 0;) {
        const json& entry = (*list)[i];
        if (!entry.is_object()) {
            continue;
        }
        heard_ = std::max(
            heard_, jsonrpc::read_quantity(entry.value("sequence", json{})).value_or(heard_)
        );
        const auto text = entry.find("notice");
        const auto encoded = text != entry.end() && text->is_string()
                                 ? from_hex(text->get_ref<const std::string&>())
                                 : Result<Bytes, HexError>{Bytes{}};
        const auto notice = attestation::decode_mismatch_notice(encoded ? *encoded : Bytes{});
        if (notice && notice->chain_id == options_.rules.chain_id &&
            std::ranges::find(told_, *notice) == told_.end() && verify(*notice)) {
            tell(*notice);
        }
    }
    return {};
}

void Follower::tell(const attestation::MismatchNotice& notice) {
    told_.push_back(notice);
    if (told_.size() > max_told) {
        told_.pop_front();
    }
    status_->update([](Progress& now) { ++now.notices_heard; });
    const auto own = std::ranges::find(kept_, notice.block_number, &BlockHeader::number);
    const char* known = "it has not come here";
    if (own != kept_.end()) {
        known = hash_of(*own) == notice.block_hash ? "it has been taken here"
                                                   : "it is another one here";
    }
    std::fprintf(stderr, "mega validate: %s; %s\n", describe(notice).c_str(), known);
}

}  // namespace mega::validator
