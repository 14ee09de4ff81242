#include "staking/epoch_opening.hpp"

#include "replay/block_json.hpp"
#include "settlement/abi.hpp"

namespace mega::staking {
namespace {

/// So many blocks back L1 tells hashes (EIP-2935).
constexpr uint64_t hash_history = 8'191;

}  // namespace

Result<Bytes> read_header_rlp(settlement::L1Client& client, uint64_t number) {
    const auto block = client.raw_call(
        "eth_getBlockByNumber", replay::json::array({to_hex_quantity(number), false})
    );
    if (!block || !block->is_object()) {
        return Err{!block ? block.error() : Error{"L1 has no block " + std::to_string(number)}};
    }
    replay::Problem problem;
    const replay::Fields fields(*block, "L1 block " + std::to_string(number), problem);
    const BlockHeader header = replay::read_header(fields);
    const Hash256 hash = fields.hash("hash");
    if (problem.is_noted()) {
        return problem.error();
    }
    Bytes encoded = encode(header);
    if (hash_of(header) != hash) {
        return Err{
            Error{"L1 block " + std::to_string(number) + " has fields that are not known here"}
        };
    }
    return encoded;
}

Result<std::optional<EpochHeaders>> find_epoch_headers(
    settlement::L1Client& client, const EpochClock& clock, uint64_t epoch
) {
    using Found = std::optional<EpochHeaders>;
    const auto head = client.block("latest");
    if (!head || !*head) {
        return Err{!head ? head.error() : Error{"L1 has no latest block"}};
    }
    const uint64_t start = clock.epoch_start(epoch);
    const uint64_t last = (*head)->number;
    if ((*head)->timestamp < start || last == 0) {
        return Found{};
    }
    // The first block at or after the start is in (low, high].
    uint64_t low = last > hash_history ? last - hash_history : 0;
    uint64_t high = last;
    const auto time_of = [&](uint64_t number) -> Result<uint64_t> {
        const auto block = client.block(number);
        if (!block || !*block) {
            return Err{!block ? block.error() : Error{"L1 has no block " + std::to_string(number)}};
        }
        return (*block)->timestamp;
    };
    const auto oldest = time_of(low);
    if (!oldest) {
        return Err{oldest.error()};
    }
    if (*oldest >= start) {
        return Found{};
    }
    while (high - low > 1) {
        const uint64_t middle = low + (high - low) / 2;
        const auto time = time_of(middle);
        if (!time) {
            return Err{time.error()};
        }
        (*time < start ? low : high) = middle;
    }
    const auto first_time = time_of(high);
    if (!first_time) {
        return Err{first_time.error()};
    }
    if (*first_time >= clock.epoch_start(epoch + 1) || high == last) {
        return Found{};  // L1 made no block in the epoch, or none on top of its first one yet
    }
    auto header = read_header_rlp(client, high);
    auto parent = read_header_rlp(client, low);
    if (!header || !parent) {
        return Err{!header ? header.error() : parent.error()};
    }
    return Found{EpochHeaders{high, *std::move(header), *std::move(parent)}};
}

Bytes open_epoch_input(uint64_t epoch, const EpochHeaders& headers) {
    return settlement::abi::Encoder()
        .word(u256{epoch})
        .bytes(headers.header)
        .bytes(headers.parent)
        .call("open(uint48,bytes,bytes)");
}

}  // namespace mega::staking
