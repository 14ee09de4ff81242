#include "trie/node_codec.hpp"

#include "trie/account_value.hpp"
#include "types/rlp.hpp"

namespace mega::trie {

namespace {

constexpr size_t branch_items = 17;

struct Items {
    std::array<BytesView, branch_items> items;
    size_t count = 0;
};

std::optional<Items> split_list(BytesView encoded) {
    rlp::Reader outer(encoded);
    auto list = outer.read_list();
    if (!list || !outer.at_end()) {
        return std::nullopt;
    }
    Items result;
    while (!list->at_end()) {
        const auto item = list->read_item();
        if (!item || result.count == branch_items) {
            return std::nullopt;
        }
        result.items[result.count++] = *item;
    }
    return result;
}

std::optional<BytesView> string_of(BytesView item) {
    rlp::Reader reader(item);
    const auto string = reader.read_string();
    if (!string) {
        return std::nullopt;
    }
    return *string;
}

/// A hash, or an embedded node.
bool is_reference(BytesView item) {
    const bool is_list = item[0] >= 0xc0;
    return is_list ? item.size() < reference_bytes : is_hash_item(item) && item[0] == 0xa0;
}

std::optional<ParsedNode> parse_branch(const Items& items) {
    ParsedNode node;
    const auto value = string_of(items.items[16]);
    if (!value) {
        return std::nullopt;
    }
    node.kind = ParsedNode::Kind::branch;
    node.value = *value;
    size_t entries = value->empty() ? 0 : 1;
    for (size_t i = 0; i < 16; ++i) {
        const BytesView item = items.items[i];
        if (item.size() == 1 && item[0] == 0x80) {
            continue;
        }
        if (!is_reference(item)) {
            return std::nullopt;
        }
        node.children[i] = item;
        ++entries;
    }
    if (entries < 2) {
        return std::nullopt;
    }
    return node;
}

std::optional<ParsedNode> parse_short(const Items& items) {
    const auto prefixed = string_of(items.items[0]);
    if (!prefixed || prefixed->empty()) {
        return std::nullopt;
    }
    const unsigned flags = (*prefixed)[0] >> 4;
    const bool is_odd = (flags & 1) != 0;
    if (flags > 3 || (!is_odd && ((*prefixed)[0] & 0x0f) != 0)) {
        return std::nullopt;
    }
    ParsedNode node;
    node.path = is_odd ? PackedPath{prefixed->data(), 2 * prefixed->size() - 1}
                       : PackedPath{prefixed->data() + 1, 2 * (prefixed->size() - 1)};
    if ((flags & 2) != 0) {
        const auto value = string_of(items.items[1]);
        if (!value || value->empty()) {
            return std::nullopt;
        }
        node.kind = ParsedNode::Kind::leaf;
        node.value = *value;
        return node;
    }
    if (node.path.count == 0 || !is_reference(items.items[1])) {
        return std::nullopt;
    }
    node.kind = ParsedNode::Kind::extension;
    node.children[0] = items.items[1];
    return node;
}

/// Writes RLP into memory that the caller made large enough; nothing here is longer than 65,535
/// bytes.
struct RawWriter {
    uint8_t* at;

    void byte(size_t value) { *at++ = static_cast<uint8_t>(value); }
    void bytes(BytesView view) { at = std::copy(view.begin(), view.end(), at); }
    void header(size_t size, uint8_t short_base) {
        if (size < 56) {
            byte(short_base + size);
        } else if (size < 256) {
            byte(short_base + 56u);
            byte(size);
        } else {
            byte(short_base + 57u);
            byte(size >> 8);
            byte(size & 0xff);
        }
    }
    void string(BytesView view) {
        if (view.size() != 1 || view[0] >= 0x80) {
            header(view.size(), 0x80);
        }
        bytes(view);
    }
};

size_t header_size(size_t size) { return size < 56 ? 1 : size < 256 ? 2 : 3; }
size_t string_size(BytesView view) {
    return view.size() == 1 && view[0] < 0x80 ? 1 : header_size(view.size()) + view.size();
}

size_t write_hex_prefix(uint8_t* out, PackedPath path, bool of_leaf) {
    const unsigned flags = of_leaf ? 2 : 0;
    if ((path.count & 1) != 0) {
        path.copy_to(out);
        out[0] = static_cast<uint8_t>(((flags | 1) << 4) | out[0]);
        return path.size_bytes();
    }
    out[0] = static_cast<uint8_t>(flags << 4);
    path.copy_to(out + 1);
    return path.size_bytes() + 1;
}

size_t encode_leaf(Leaf leaf, uint8_t* out) {
    std::array<uint8_t, 33> prefix;
    const BytesView path{prefix.data(), write_hex_prefix(prefix.data(), leaf.path(), true)};
    std::array<uint8_t, max_account_rlp_bytes> account;
    BytesView value = leaf.value();
    if (leaf.header().kind == NodeKind::account_leaf) {
        value = {account.data(), write_account_rlp(account.data(), value)};
    }
    RawWriter writer{out};
    writer.header(string_size(path) + string_size(value), 0xc0);
    writer.string(path);
    writer.string(value);
    return static_cast<size_t>(writer.at - out);
}

void write_reference(RawWriter& writer, Inner node, unsigned nibble) {
    const BytesView reference = node.reference_view(nibble);
    if (!has_bit(node.header().inlined, nibble)) {
        writer.byte(0x80 + reference_bytes);
    }
    writer.bytes(reference);
}

size_t encode_branch(Inner node, uint8_t* out) {
    const InnerHeader& header = node.header();
    const unsigned count = node.count();
    size_t payload = branch_items - count + count * (1 + reference_bytes);
    for_each_bit(header.inlined, [&](unsigned nibble) {
        payload -= 1 + reference_bytes - node.reference_view(nibble).size();
    });
    RawWriter writer{out};
    writer.header(payload, 0xc0);
    for (unsigned nibble = 0; nibble < 16; ++nibble) {
        if (has_bit(header.children, nibble)) {
            write_reference(writer, node, nibble);
        } else {
            writer.byte(0x80);
        }
    }
    writer.byte(0x80);
    return static_cast<size_t>(writer.at - out);
}

size_t encode_extension(Inner node, uint8_t* out) {
    std::array<uint8_t, 33> prefix;
    const BytesView path{prefix.data(), write_hex_prefix(prefix.data(), node.path(), false)};
    const bool is_inlined = has_bit(node.header().inlined, 0);
    RawWriter writer{out};
    writer.header(string_size(path) + node.reference_view(0).size() + (is_inlined ? 0 : 1), 0xc0);
    writer.string(path);
    write_reference(writer, node, 0);
    return static_cast<size_t>(writer.at - out);
}

}  // namespace

std::optional<ParsedNode> parse_node(BytesView encoded) {
    const auto items = split_list(encoded);
    if (!items) {
        return std::nullopt;
    }
    if (items->count == branch_items) {
        return parse_branch(*items);
    }
    return items->count == 2 ? parse_short(*items) : std::nullopt;
}

size_t encode_node(const NodeArena& arena, Ref ref, uint8_t* out) {
    switch (kind_of(arena, ref)) {
        case NodeKind::branch:
            return encode_branch(inner_at(arena, ref), out);
        case NodeKind::extension:
            return encode_extension(inner_at(arena, ref), out);
        case NodeKind::account_leaf:
        case NodeKind::slot_leaf:
            return encode_leaf(leaf_at(arena, ref), out);
        case NodeKind::top:
            break;
    }
    MEGA_ASSERT(false);
}

Bytes encode_node(const NodeArena& arena, Ref ref) {
    std::array<uint8_t, max_node_rlp_bytes> buffer;
    const size_t size = encode_node(arena, ref, buffer.data());
    return {buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(size)};
}

Bytes hex_prefix(PackedPath path, bool of_leaf) {
    Bytes out(path.size_bytes() + 1);
    out.resize(write_hex_prefix(out.data(), path, of_leaf));
    return out;
}

}  // namespace mega::trie
