#pragma once

// A question to a contract on L1 whose answer is read in one go.

#include "settlement/abi.hpp"
#include "settlement/l1_client.hpp"

namespace mega::settlement {

/// What `read` makes of the answer; words that name the contract when it has another shape.
template <class Read>
auto ask(L1Client& client, const Address& contract, const Bytes& data, Read read)
    -> Result<decltype(read(std::declval<abi::Decoder&>()))> {
    const auto answer = client.call({.to = contract, .data = data});
    if (!answer) {
        return Err{answer.error()};
    }
    abi::Decoder in(*answer);
    auto value = read(in);
    if (!in.is_good()) {
        return Err{Error{to_hex(contract) + " on L1 answers in another shape than expected"}};
    }
    return value;
}

}  // namespace mega::settlement
