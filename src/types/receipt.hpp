#pragma once

// Logs and receipts (Yellow Paper section 4.4.1, EIP-658, EIP-2718).

#include "types/bloom.hpp"
#include "types/topics.hpp"
#include "types/transaction.hpp"

#include <vector>

namespace mega {

struct Log {
    Address address{};
    Topics topics{};
    Bytes data{};
    friend bool operator==(const Log&, const Log&) = default;
};

struct Receipt {
    TxType type = TxType::legacy;
    bool status = false;
    /// Before Byzantium a receipt holds the state root after the transaction instead of the status.
    std::optional<Hash256> post_state{};
    uint64_t cumulative_gas_used = 0;
    Bloom bloom{};
    std::vector<Log> logs{};
    friend bool operator==(const Receipt&, const Receipt&) = default;
};

[[nodiscard]] Bloom bloom_of(const std::vector<Log>& logs);
/// type ‖ rlp([status or post state, cumulative gas, bloom, logs]), without the type byte for
/// legacy.
[[nodiscard]] Bytes encode(const Receipt& receipt);
[[nodiscard]] Result<Receipt, rlp::DecodeError> decode_receipt(BytesView encoded);
/// rlp of the list of [address, topics, data].
[[nodiscard]] Bytes encode(const std::vector<Log>& logs);

}  // namespace mega
