#pragma once

// The transaction of a state test, which is written as one object with lists of which each case
// picks an entry:
//
//   { nonce, to, sender, data[], gasLimit[], value[], gasPrice | maxFeePerGas +
//     maxPriorityFeePerGas, accessLists[]?, maxFeePerBlobGas + blobVersionedHashes?,
//     authorizationList? }

#include "conformance/json_fields.hpp"

namespace mega::conformance {

struct CaseIndexes {
    size_t data = 0;
    size_t gas = 0;
    size_t value = 0;
};
[[nodiscard]] CaseIndexes read_indexes(const json& indexes);

/// Unsigned, without chain id; the sender is stated.
[[nodiscard]] SignedTransaction read_fixture_transaction(
    const json& fields, const CaseIndexes& indexes
);

/// EIP-7702 tuples as EEST and geth write them.
[[nodiscard]] std::vector<Authorization> read_authorizations(const json& entries);

/// The first field in which a decoded transaction is not what the test says of it; empty when there
/// is none.
[[nodiscard]] std::string difference_of(
    const SignedTransaction& decoded, const SignedTransaction& stated
);

}  // namespace mega::conformance
