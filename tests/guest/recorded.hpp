#pragma once

// What one executable, with the system's crypto, leaves for another, without it, to find again: RLP
// [[digest, r, s, y_parity, key or nothing]...] and [[parent, block, witness, state_root,
// block_hash, gas_used]...], in the file MEGA_GUEST_FILE.

#include "crypto/secp256k1.hpp"
#include "stateless/validate.hpp"
#include "witness/compact.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace mega::guest {

struct Recovery {
    Hash256 digest;
    crypto::Signature signature;
    std::optional<crypto::PublicKey> key;
};

struct RecordedBlock {
    BlockHeader parent;
    Block block;
    witness::Witness witness;
    Hash256 state_root;  // what validation gave
    Hash256 block_hash;
    uint64_t gas_used = 0;
};

struct Recorded {
    std::vector<Recovery> recoveries;
    std::vector<RecordedBlock> blocks;
};

inline constexpr uint64_t chain_id = 6342;

inline void write(const std::filesystem::path& file, const Recorded& recorded) {
    rlp::Writer out;
    const size_t all = out.begin_list();
    const size_t recoveries = out.begin_list();
    for (const Recovery& recovery : recorded.recoveries) {
        const size_t item = out.begin_list();
        out.write(recovery.digest.view());
        out.write(recovery.signature.r.view());
        out.write(recovery.signature.s.view());
        out.write(uint64_t{recovery.signature.y_parity});
        out.write(recovery.key ? recovery.key->view() : BytesView{});
        out.end_list(item);
    }
    out.end_list(recoveries);
    const size_t blocks = out.begin_list();
    for (const RecordedBlock& block : recorded.blocks) {
        const size_t item = out.begin_list();
        out.write(encode(block.parent));
        out.write(encode(block.block));
        out.write(witness::encode_body(block.witness).value());
        out.write(block.state_root.view());
        out.write(block.block_hash.view());
        out.write(block.gas_used);
        out.end_list(item);
    }
    out.end_list(blocks);
    out.end_list(all);
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    const BytesView bytes = out.view();
    stream.write(
        reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size())
    );
}

/// The file is ours; anything wrong with it ends the test. Empty when there is none.
[[nodiscard]] inline Recorded read(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    Recorded recorded;
    if (text.empty()) {
        return recorded;
    }
    rlp::Reader all = rlp::Reader(as_bytes(text)).read_list().value();
    rlp::Reader recoveries = all.read_list().value();
    while (!recoveries.at_end()) {
        rlp::Reader item = recoveries.read_list().value();
        Recovery& made = recorded.recoveries.emplace_back();
        made.digest = item.read_fixed<32>().value();
        made.signature.r = item.read_fixed<32>().value();
        made.signature.s = item.read_fixed<32>().value();
        made.signature.y_parity = static_cast<uint8_t>(item.read_u64().value());
        const BytesView key = item.read_string().value();
        if (!key.empty()) {
            made.key = crypto::PublicKey::from(key);
        }
    }
    rlp::Reader blocks = all.read_list().value();
    while (!blocks.at_end()) {
        rlp::Reader item = blocks.read_list().value();
        RecordedBlock& made = recorded.blocks.emplace_back();
        made.parent = decode_header(item.read_string().value()).value();
        made.block = decode_block(item.read_string().value()).value();
        made.witness = witness::decode_body(item.read_string().value()).value();
        made.state_root = item.read_fixed<32>().value();
        made.block_hash = item.read_fixed<32>().value();
        made.gas_used = item.read_u64().value();
    }
    return recorded;
}

}  // namespace mega::guest
