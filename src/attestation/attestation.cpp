#include "attestation/attestation.hpp"

#include "base/hex.hpp"

#include <fmt/format.h>
#include <cstring>

namespace mega::attestation {
namespace {

constexpr std::string_view domain = "mega attestation";

void put_u64(uint8_t* at, uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) {
        *at++ = static_cast<uint8_t>(value >> shift);
    }
}

}  // namespace

FixedBytes<96> message_of(const Statement& statement) {
    FixedBytes<96> message;
    static_assert(domain.size() == 16);
    std::memcpy(message.data(), domain.data(), domain.size());
    put_u64(message.data() + 16, statement.chain_id);
    put_u64(message.data() + 24, statement.block_number);
    std::memcpy(message.data() + 32, statement.block_hash.data(), 32);
    std::memcpy(message.data() + 64, statement.state_root.data(), 32);
    return message;
}

bool verify(const Attestation& attestation) {
    return crypto::bls::verify(attestation.key, message_of(attestation), attestation.signature);
}

std::string to_json(const Attestation& attestation) {
    return fmt::format(
        R"({{"chainId":{},"blockNumber":{},"blockHash":"{}","stateRoot":"{}","key":"{}","signature":"{}"}})",
        attestation.chain_id,
        attestation.block_number,
        to_hex(attestation.block_hash),
        to_hex(attestation.state_root),
        to_hex(attestation.key),
        to_hex(attestation.signature)
    );
}

}  // namespace mega::attestation
