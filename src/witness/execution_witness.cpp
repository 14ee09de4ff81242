#include "witness/execution_witness.hpp"

#include <algorithm>

namespace mega::witness {

namespace {

constexpr size_t max_ancestors = 256;

size_t total_size(std::span<const Bytes> list) {
    size_t size = 0;
    for (const Bytes& item : list) {
        size += item.size();
    }
    return size;
}

std::vector<WitnessCode> read_codes(std::span<const Bytes> encoded) {
    const std::vector<BytesView> views(encoded.begin(), encoded.end());
    std::vector<Hash256> hashes(views.size());
    crypto::keccak256_many(views, hashes);
    std::vector<WitnessCode> codes;
    for (size_t i = 0; i < views.size(); ++i) {
        if (!views[i].empty()) {
            codes.push_back({hashes[i], std::make_shared<const evm::Code>(views[i])});
        }
    }
    std::sort(codes.begin(), codes.end(), [](const auto& a, const auto& b) {
        return a.hash < b.hash;
    });
    codes.erase(std::unique(codes.begin(), codes.end()), codes.end());
    return codes;
}

Result<std::vector<BlockHeader>, CodecError> read_headers(
    std::span<const Bytes> encoded, const BlockHeader& parent
) {
    if (encoded.size() > max_ancestors) {
        return Err{CodecError::too_large};
    }
    std::vector<BlockHeader> headers;
    for (const Bytes& rlp : encoded) {
        auto header = decode_header(rlp);
        if (!header) {
            return Err{CodecError::bad_header};
        }
        if (*header != parent) {
            headers.push_back(*std::move(header));
        }
    }
    std::sort(headers.begin(), headers.end(), [](const auto& a, const auto& b) {
        return a.number > b.number;
    });
    headers.erase(std::unique(headers.begin(), headers.end()), headers.end());
    return headers;
}

/// Slots before the first address belong to nobody and are dropped.
Result<std::vector<AccountKeys>, CodecError> read_keys(std::span<const Bytes> encoded) {
    std::vector<AccountKeys> keys;
    for (const Bytes& key : encoded) {
        if (key.size() == Address::size_bytes) {
            keys.push_back({Address::from(key), {}});
        } else if (key.size() != Hash256::size_bytes) {
            return Err{CodecError::bad_key};
        } else if (!keys.empty()) {
            keys.back().slots.push_back(u256::load_be(key.data()));
        }
    }
    return keys;
}

}  // namespace

ExecutionWitness to_execution_witness(const Witness& witness, const BlockHeader& parent) {
    ExecutionWitness encoded;
    for (size_t i = 0; i < witness.nodes.size(); ++i) {
        encoded.state.push_back(to_bytes(witness.nodes.rlp(i)));
    }
    for (const WitnessCode& code : witness.codes) {
        if (code.code) {
            encoded.codes.push_back(to_bytes(code.code->bytes()));
        }
    }
    for (const AccountKeys& account : witness.keys) {
        encoded.keys.push_back(to_bytes(account.address));
        for (const u256& slot : account.slots) {
            encoded.keys.push_back(to_bytes(slot.to_hash()));
        }
    }
    for (auto header = witness.headers.rbegin(); header != witness.headers.rend(); ++header) {
        encoded.headers.push_back(encode(*header));
    }
    encoded.headers.push_back(encode(parent));
    return encoded;
}

Result<Witness, CodecError> from_execution_witness(
    const ExecutionWitness& encoded, const BlockHeader& parent, const Limits& limits
) {
    if (encoded.state.size() > limits.max_nodes) {
        return Err{CodecError::too_many_nodes};
    }
    const size_t node_bytes = total_size(encoded.state);
    size_t code_bytes = 0;
    for (const Bytes& code : encoded.codes) {
        code_bytes += code_cost(code.size());
    }
    if (node_bytes > limits.max_node_bytes || code_bytes > limits.max_code_bytes ||
        node_bytes + total_size(encoded.codes) + total_size(encoded.keys) > limits.max_bytes) {
        return Err{CodecError::too_large};
    }
    auto headers = read_headers(encoded.headers, parent);
    if (!headers) {
        return Err{headers.error()};
    }
    auto keys = read_keys(encoded.keys);
    if (!keys) {
        return Err{keys.error()};
    }
    Witness witness;
    witness.parent_state_root = parent.state_root;
    witness.nodes = NodeSet::of(encoded.state);
    witness.codes = read_codes(encoded.codes);
    witness.headers = *std::move(headers);
    witness.keys = *std::move(keys);
    return witness;
}

}  // namespace mega::witness
