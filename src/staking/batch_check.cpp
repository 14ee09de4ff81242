#include "staking/batch_check.hpp"

#include "base/hex.hpp"
#include "crypto/keccak.hpp"
#include "jsonrpc/endpoint.hpp"
#include "settlement/inbox.hpp"

#include <algorithm>

namespace mega::staking {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto pause = std::chrono::seconds(2);
constexpr uint32_t max_times_asked = 30;  // a minute: nodes may be behind L1
constexpr int max_batches_a_step = 8;
constexpr size_t max_answer_bytes = 4U << 20;  // of one block
constexpr size_t max_encoded_bytes = 512;      // of one header
constexpr size_t max_headers = 1U << 16;       // of a batch
constexpr uint32_t timeout_ms = 5'000;
constexpr auto patience = std::chrono::seconds(20);  // with a node, for a batch

std::vector<Hash256> hashes_of(const std::vector<MiniBlockHeader>& headers) {
    std::vector<Hash256> hashes;
    for (const MiniBlockHeader& header : headers) {
        hashes.push_back(signing_hash(header));
    }
    return hashes;
}

std::string name_of(const rollup::PostedBatch& batch) {
    return "batch " + std::to_string(batch.header.index) + " (blocks " +
           std::to_string(batch.header.first_block) + " to " +
           std::to_string(batch.header.last_block) + ")";
}

}  // namespace

void BatchCheck::note(const Address& signer, const MiniBlockHeader& header) {
    if (header.block_number == 0) {
        return;  // genesis: no batch ever holds it, and what waits for one holds up the rest
    }
    const std::lock_guard lock(mutex_);
    promises_.add(signer, header);
}

Result<std::vector<Contradiction>> BatchCheck::step(
    settlement::L1Client& client, L1Staking& staking
) {
    Found found;
    // What was found is settled, so that it must get out whatever becomes of the next batch.
    const auto fail = [&](const Error& error) {
        return found.empty() ? Result<Found>{Err{error}} : Result<Found>{std::move(found)};
    };
    if (Clock::now() < next_look_) {
        return found;
    }
    next_look_ = Clock::now() + pause;
    for (int batches = 0; batches < max_batches_a_step; ++batches) {
        std::optional<uint64_t> block;
        {
            const std::lock_guard lock(mutex_);
            block = promises_.lowest_block();
        }
        if (!block) {
            break;
        }
        const auto head = client.head_number();
        if (!head) {
            return fail(head.error());
        }
        const auto batch = settlement::find_batch_of_block(
            client,
            options_.rollup.config.batch_inbox,
            *block,
            options_.rollup.config.l1_start_block,
            *head
        );
        if (!batch) {
            return fail(batch.error());
        }
        if (!*batch) {
            break;  // not posted yet
        }
        const auto looked = look_at((*batch)->posted, staking);
        if (!looked) {
            return fail(looked.error());
        }
        if (!*looked) {
            break;
        }
        found.insert(found.end(), (*looked)->begin(), (*looked)->end());
    }
    return found;
}

Result<std::optional<BatchCheck::Found>> BatchCheck::look_at(
    const rollup::PostedBatch& batch, L1Staking& staking
) {
    const uint64_t first = batch.header.first_block;
    const uint64_t last = batch.header.last_block;
    const auto settle = [&](const Headers& headers) {
        const std::lock_guard lock(mutex_);
        promises_.settle(first, last, hashes_of(headers));
    };
    // A forced batch makes void what was in its place; who is no validator has nothing to lose.
    Address signer;
    if (batch.kind != rollup::BatchKind::forced) {
        const auto id = staking.id_of_operator(batch.header.sequencer);
        const auto keys = id && *id != 0 ? staking.signer_of(*id) : Result<Address>{Address{}};
        if (!id || !keys) {
            return Err{!id ? id.error() : keys.error()};
        }
        signer = *keys;
    }
    Headers seen;
    Headers promised;
    {
        const std::lock_guard lock(mutex_);
        seen = promises_.in(first, last);
        promised = promises_.of(signer, first, last);
    }
    if (promised.empty() || are_of(seen, batch)) {
        settle(seen);
        return std::optional(Found{});
    }
    const auto posted = ask_nodes(batch);
    if (!posted) {
        return give_up(batch, std::to_string(promised.size()) + " that were seen");
    }
    times_asked_ = 0;
    const Judgement judgement = judge(signer, promised, *posted, last);
    settle(*posted);
    if (judgement.handed_over > 0) {
        options_.log(
            "watch: " + name_of(batch) + " is without " + std::to_string(judgement.handed_over) +
            " mini-blocks that its sequencer signed and another one's took the place of: no lie"
        );
    }
    Found found;
    if (!judgement.left_out.empty() && posted->size() > max_signing_hashes) {
        options_.log(
            "watch: " + name_of(batch) +
            " leaves out what its sequencer signed, and has too many " +
            "mini-blocks to show it to L1: " + std::to_string(posted->size())
        );
    } else if (!judgement.left_out.empty()) {
        // One is enough: a validator is slashed once. Rather one that nothing excuses.
        const auto plain = std::ranges::find_if_not(judgement.left_out, options_.may_be_void);
        const auto& worst = plain != judgement.left_out.end() ? *plain : judgement.left_out.front();
        found.emplace_back(LeftOut{signer, worst, hashes_of(*posted)});
    }
    return std::optional(std::move(found));
}

std::optional<BatchCheck::Found> BatchCheck::give_up(
    const rollup::PostedBatch& batch, const std::string& words
) {
    times_asked_ = asked_batch_ == batch.header.index ? times_asked_ + 1 : 1;
    asked_batch_ = batch.header.index;
    if (times_asked_ < max_times_asked) {
        return std::nullopt;
    }
    options_.log(
        "watch: no node shows the mini-blocks that the digest of " + name_of(batch) +
        " is of: it cannot be compared with " + words
    );
    const std::lock_guard lock(mutex_);
    promises_.settle(batch.header.first_block, batch.header.last_block, {});
    return Found{};
}

bool BatchCheck::are_of(const Headers& headers, const rollup::PostedBatch& batch) const {
    return rollup::mini_block_digest(headers) == batch.header.mini_block_digest;
}

std::optional<BatchCheck::Headers> BatchCheck::ask_nodes(const rollup::PostedBatch& batch) const {
    for (const std::string& url : options_.urls) {
        auto headers = ask(url, batch);
        // Signatures are not in the digest: with a made up one a mini-block would be another's.
        const bool is_good = headers && are_of(*headers, batch) &&
                             std::ranges::all_of(*headers, [&](const MiniBlockHeader& header) {
                                 const auto signer = recover_signer(header);
                                 return signer && options_.is_registered(*signer);
                             });
        if (is_good) {
            return *std::move(headers);
        }
    }
    return std::nullopt;
}

Result<BatchCheck::Headers> BatchCheck::ask(
    const std::string& url, const rollup::PostedBatch& batch
) const {
    jsonrpc::EndpointOptions endpoint_options;
    endpoint_options.url = url.starts_with("ws") ? "http" + url.substr(2) : url;
    endpoint_options.timeout_ms = timeout_ms;
    endpoint_options.max_answer_bytes = max_answer_bytes;
    endpoint_options.max_values = 1U << 16;
    auto endpoint = jsonrpc::Endpoint::connect(endpoint_options);
    if (!endpoint) {
        return Err{Error{endpoint.error().message}};
    }
    Headers headers;
    const auto deadline = Clock::now() + patience;
    for (uint64_t block = batch.header.first_block; block <= batch.header.last_block; ++block) {
        if (options_.is_stopped() || Clock::now() > deadline || headers.size() > max_headers) {
            return Err{Error{"too much, or too slow"}};
        }
        const auto answer = (*endpoint)->call(
            "mega_getMiniBlockHeaders", nlohmann::json::array({to_hex_quantity(block)})
        );
        if (!answer || !answer->is_array()) {
            return Err{Error{answer ? "no list of mini-blocks" : answer.error().message}};
        }
        for (const auto& each : *answer) {
            const auto bytes = each.is_string() ? from_hex(each.get_ref<const std::string&>())
                                                : Result<Bytes, HexError>{Bytes{}};
            if (!bytes || bytes->size() > max_encoded_bytes) {
                return Err{Error{"no mini-block"}};
            }
            const auto header = decode_mini_block_header(*bytes);
            if (!header || header->block_number != block) {
                return Err{Error{"no mini-block of block " + std::to_string(block)}};
            }
            headers.push_back(*header);
        }
    }
    return headers;
}

}  // namespace mega::staking
