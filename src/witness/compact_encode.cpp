#include "trie/node_codec.hpp"
#include "witness/body.hpp"
#include "witness/compact.hpp"

#include <zstd.h>

namespace mega::witness {

namespace {

constexpr int compression_level = 3;

class TrieEncoder {
  public:
    TrieEncoder(const Witness& witness, BodyWriter& out)
        : nodes_(witness.nodes), codes_(witness.codes), out_(out), given_(nodes_.size(), false) {}

    /// False when a node is malformed or impossible at its place.
    [[nodiscard]] bool write_state(const Hash256& root) {
        if (const auto node = give(root)) {
            return write_node(*node, 0, false);
        }
        out_.tag(Tag::hash);
        out_.bytes(root);
        return true;
    }

  private:
    /// The node with this hash, when it is there and was not given yet.
    [[nodiscard]] std::optional<BytesView> give(const Hash256& hash) {
        const auto index = nodes_.find(hash);
        if (!index || given_[*index]) {
            return std::nullopt;
        }
        given_[*index] = true;
        return nodes_.rlp(*index);
    }
    /// The node that a parent's reference leads to, when it is to be given.
    [[nodiscard]] std::optional<BytesView> give_item(BytesView item) {
        return trie::is_hash_item(item) ? give(Hash256::from(item.subspan(1)))
                                        : std::optional{item};
    }

    [[nodiscard]] bool write_node(BytesView rlp, unsigned depth, bool in_storage);
    [[nodiscard]] bool write_branch(const trie::ParsedNode& node, unsigned depth, bool in_storage);
    [[nodiscard]] bool write_extension(
        const trie::ParsedNode& node, unsigned depth, bool in_storage
    );
    [[nodiscard]] bool write_slot(BytesView value);
    [[nodiscard]] bool write_account(BytesView value);
    void write_path(trie::PackedPath path) {
        std::array<uint8_t, trie::key_nibbles / 2> packed;
        path.copy_to(packed.data());
        out_.bytes({packed.data(), path.size_bytes()});
    }

    const NodeSet& nodes_;
    std::span<const WitnessCode> codes_;
    BodyWriter& out_;
    std::vector<bool> given_;
};

bool TrieEncoder::write_node(BytesView rlp, unsigned depth, bool in_storage) {
    const auto node = trie::parse_node(rlp);
    if (!node) {
        return false;
    }
    switch (node->kind) {
        case trie::ParsedNode::Kind::branch:
            return write_branch(*node, depth, in_storage);
        case trie::ParsedNode::Kind::extension:
            return write_extension(*node, depth, in_storage);
        case trie::ParsedNode::Kind::leaf:
            break;
    }
    if (node->path.count != trie::key_nibbles - depth) {
        return false;
    }
    out_.tag(Tag::leaf);
    write_path(node->path);
    return in_storage ? write_slot(node->value) : write_account(node->value);
}

bool TrieEncoder::write_branch(const trie::ParsedNode& node, unsigned depth, bool in_storage) {
    if (depth >= trie::key_nibbles || !node.value.empty()) {
        return false;
    }
    uint16_t children = 0;
    uint16_t given_mask = 0;
    std::array<BytesView, 16> given;
    for (unsigned nibble = 0; nibble < 16; ++nibble) {
        if (node.children[nibble].empty()) {
            continue;
        }
        trie::set_bit(children, nibble);
        if (const auto child = give_item(node.children[nibble])) {
            trie::set_bit(given_mask, nibble);
            given[nibble] = *child;
        }
    }
    out_.tag(Tag::branch);
    out_.word(children);
    out_.word(given_mask);
    trie::for_each_bit(static_cast<uint16_t>(children & ~given_mask), [&](unsigned nibble) {
        out_.bytes(node.children[nibble].subspan(1));
    });
    for (unsigned nibble = 0; nibble < 16; ++nibble) {
        if (trie::has_bit(given_mask, nibble) &&
            !write_node(given[nibble], depth + 1, in_storage)) {
            return false;
        }
    }
    return true;
}

bool TrieEncoder::write_extension(const trie::ParsedNode& node, unsigned depth, bool in_storage) {
    if (node.path.count >= trie::key_nibbles - depth) {
        return false;
    }
    const auto child = give_item(node.children[0]);
    out_.tag(child ? Tag::extension : Tag::extension_of_hash);
    out_.byte(node.path.count);
    write_path(node.path);
    if (!child) {
        out_.bytes(node.children[0].subspan(1));
        return true;
    }
    const auto below = trie::parse_node(*child);
    return below && below->kind == trie::ParsedNode::Kind::branch &&
           write_branch(*below, depth + static_cast<unsigned>(node.path.count), in_storage);
}

bool TrieEncoder::write_slot(BytesView value) {
    rlp::Reader reader(value);
    const auto number = reader.read_u256();
    if (!number || number->is_zero() || !reader.at_end()) {
        return false;
    }
    out_.number(*number);
    return true;
}

bool TrieEncoder::write_account(BytesView value) {
    const auto leaf = decode_account_leaf(value);
    if (!leaf) {
        return false;
    }
    const Account& account = leaf->account;
    Part storage = Part::none;
    std::optional<BytesView> storage_node;
    if (leaf->storage_root != empty_trie_root) {
        storage_node = give(leaf->storage_root);
        storage = storage_node ? Part::listed : Part::hash;
    }
    const auto listed = std::lower_bound(
        codes_.begin(),
        codes_.end(),
        account.code_hash,
        [](const auto& a, const auto& b) { return a.hash < b; }
    );
    const bool is_listed = listed != codes_.end() && listed->hash == account.code_hash;
    const Part code = !account.has_code() ? Part::none : is_listed ? Part::listed : Part::hash;
    out_.byte(static_cast<size_t>(storage) | static_cast<size_t>(code) << 2);
    out_.varint(account.nonce);
    out_.number(account.balance);
    if (storage == Part::hash) {
        out_.bytes(leaf->storage_root);
    }
    if (code == Part::hash) {
        out_.bytes(account.code_hash);
    } else if (code == Part::listed) {
        out_.varint(static_cast<uint64_t>(listed - codes_.begin()));
    }
    return !storage_node || write_node(*storage_node, 0, true);
}

void write_codes(
    const Witness& witness, const std::function<bool(const Hash256&)>& is_known, BodyWriter& out
) {
    out.varint(witness.codes.size());
    for (const WitnessCode& code : witness.codes) {
        if (!code.code || (is_known && is_known(code.hash))) {
            out.byte(0);
            out.bytes(code.hash);
        } else {
            out.varint(code.code->size());
            out.bytes(code.code->bytes());
        }
    }
}

}  // namespace

Result<Bytes, CodecError> encode_body(
    const Witness& witness, const std::function<bool(const Hash256&)>& is_known
) {
    BodyWriter out;
    write_codes(witness, is_known, out);
    if (!TrieEncoder(witness, out).write_state(witness.parent_state_root)) {
        return Err{CodecError::bad_node};
    }
    out.varint(witness.headers.size());
    for (const BlockHeader& header : witness.headers) {
        const Bytes rlp = encode(header);
        out.varint(rlp.size());
        out.bytes(rlp);
    }
    return out.take();
}

Result<Bytes, CodecError> encode_compact(
    const Witness& witness, const std::function<bool(const Hash256&)>& is_known
) {
    const auto body = encode_body(witness, is_known);
    if (!body) {
        return Err{body.error()};
    }
    if (body->size() > UINT32_MAX) {
        return Err{CodecError::too_large};
    }
    constexpr size_t head = 5;
    Bytes out(head + ZSTD_compressBound(body->size()));
    out[0] = compact_version;
    for (size_t i = 0; i < 4; ++i) {
        out[1 + i] = static_cast<uint8_t>(body->size() >> (24 - 8 * i));
    }
    const size_t size = ZSTD_compress(
        out.data() + head, out.size() - head, body->data(), body->size(), compression_level
    );
    MEGA_ASSERT(ZSTD_isError(size) == 0);
    out.resize(head + size);
    return out;
}

}  // namespace mega::witness
