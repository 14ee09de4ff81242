#include "trie/account_value.hpp"
#include "trie/node_codec.hpp"
#include "witness/body.hpp"
#include "witness/compact.hpp"

#include <zstd.h>

#include <algorithm>

namespace mega::witness {

namespace {

constexpr size_t max_headers = 256;

std::optional<CodecError> failure_of(const BodyReader& in) {
    if (in.is_short()) {
        return CodecError::too_short;
    }
    return in.has_bad_number() ? std::optional{CodecError::bad_number} : std::nullopt;
}

/// A node as it lies in the body; its subtree follows it in the list.
struct Given {
    uint32_t offset = 0;  // behind the tag
    uint32_t next = 0;    // the first that is not below it
    Tag tag = Tag::leaf;
    uint8_t depth = 0;  // nibbles above it, in its own trie
    uint8_t level = 0;  // nodes above it, storage tries below their account's leaf
    bool in_storage = false;
    bool is_top = false;
};

// Account path, then slot path.
constexpr size_t max_levels = 2 * (size_t{trie::key_nibbles} + 1);

/// First pass: finds where the nodes are and checks their shape.
class TrieScanner {
  public:
    TrieScanner(BodyReader& in, size_t code_count, size_t max_nodes)
        : in_(in), code_count_(code_count), max_nodes_(max_nodes) {}

    [[nodiscard]] bool scan_state() { return scan_node(0, 0, false, true); }
    [[nodiscard]] CodecError error() const { return failure_of(in_).value_or(error_); }
    [[nodiscard]] std::vector<Given> take() { return std::move(given_); }

  private:
    [[nodiscard]] bool fail(CodecError error) {
        error_ = error;
        return false;
    }
    [[nodiscard]] bool scan_node(unsigned depth, unsigned level, bool in_storage, bool is_top);
    [[nodiscard]] bool scan_branch(unsigned depth, unsigned level, bool in_storage);
    [[nodiscard]] bool scan_extension(Tag tag, unsigned depth, unsigned level, bool in_storage);
    [[nodiscard]] bool scan_leaf(unsigned depth, unsigned level, bool in_storage);
    [[nodiscard]] bool scan_account(unsigned level);
    [[nodiscard]] bool scan_path(size_t nibbles) {
        const BytesView packed = in_.bytes((nibbles + 1) / 2);
        if (in_.has_failed()) {
            return false;
        }
        return (nibbles & 1) == 0 || packed[0] <= 0x0f || fail(CodecError::bad_node);
    }

    BodyReader& in_;
    size_t code_count_;
    size_t max_nodes_;
    std::vector<Given> given_;
    CodecError error_ = CodecError::bad_node;
};

bool TrieScanner::scan_node(unsigned depth, unsigned level, bool in_storage, bool is_top) {
    if (given_.size() == max_nodes_) {
        return fail(CodecError::too_many_nodes);
    }
    const size_t id = given_.size();
    const auto tag = static_cast<Tag>(in_.byte());
    given_.push_back({
        .offset = static_cast<uint32_t>(in_.offset()),
        .tag = tag,
        .depth = static_cast<uint8_t>(depth),
        .level = static_cast<uint8_t>(level),
        .in_storage = in_storage,
        .is_top = is_top,
    });
    bool is_good = false;
    switch (tag) {
        case Tag::branch:
            is_good = scan_branch(depth, level, in_storage);
            break;
        case Tag::extension:
        case Tag::extension_of_hash:
            is_good = scan_extension(tag, depth, level, in_storage);
            break;
        case Tag::leaf:
            is_good = scan_leaf(depth, level, in_storage);
            break;
        default:
            return fail(CodecError::bad_node);
    }
    given_[id].next = static_cast<uint32_t>(given_.size());
    return is_good && !in_.has_failed();
}

bool TrieScanner::scan_branch(unsigned depth, unsigned level, bool in_storage) {
    const uint16_t children = in_.word();
    const uint16_t given = in_.word();
    if (depth >= trie::key_nibbles || std::popcount(children) < 2 || (given & ~children) != 0) {
        return fail(CodecError::bad_node);
    }
    const auto hashes = static_cast<size_t>(std::popcount(children) - std::popcount(given));
    static_cast<void>(in_.bytes(hashes * Hash256::size_bytes));
    for (int i = 0; i < std::popcount(given); ++i) {
        if (in_.has_failed() || !scan_node(depth + 1, level + 1, in_storage, false)) {
            return false;
        }
    }
    return true;
}

bool TrieScanner::scan_extension(Tag tag, unsigned depth, unsigned level, bool in_storage) {
    const size_t nibbles = in_.byte();
    if (nibbles == 0 || nibbles >= trie::key_nibbles - depth) {
        return fail(CodecError::bad_node);
    }
    if (!scan_path(nibbles)) {
        return false;
    }
    if (tag == Tag::extension_of_hash) {
        static_cast<void>(in_.hash());
        return true;
    }
    const size_t below = given_.size();
    return scan_node(depth + static_cast<unsigned>(nibbles), level + 1, in_storage, false) &&
           (given_[below].tag == Tag::branch || fail(CodecError::bad_node));
}

bool TrieScanner::scan_leaf(unsigned depth, unsigned level, bool in_storage) {
    if (!scan_path(trie::key_nibbles - depth)) {
        return false;
    }
    if (!in_storage) {
        return scan_account(level);
    }
    return !in_.number().is_zero() || fail(CodecError::bad_node);
}

bool TrieScanner::scan_account(unsigned level) {
    const uint8_t flags = in_.byte();
    const auto storage = static_cast<Part>(flags & 3);
    const auto code = static_cast<Part>(flags >> 2);
    if (storage > Part::listed || code > Part::listed) {
        return fail(CodecError::bad_node);
    }
    static_cast<void>(in_.varint());
    static_cast<void>(in_.number());
    if (storage == Part::hash && in_.hash() == empty_trie_root) {
        return fail(CodecError::bad_node);
    }
    if (code == Part::listed && in_.varint() >= code_count_) {
        return fail(CodecError::bad_code);
    }
    if (code == Part::hash && in_.hash() == crypto::keccak256_of_empty) {
        return fail(CodecError::bad_code);
    }
    if (in_.has_failed()) {
        return false;
    }
    return storage != Part::listed || scan_node(0, level + 1, true, true);
}

/// Second pass: RLP of the nodes, deepest level first, hashed a level at a time.
class TrieBuilder {
  public:
    TrieBuilder(BytesView body, std::vector<Given> given, std::span<const WitnessCode> codes)
        : body_(body), given_(std::move(given)), codes_(codes), references_(given_.size()) {}

    [[nodiscard]] std::optional<CodecError> build(size_t max_node_bytes);
    [[nodiscard]] const Hash256& root() const { return references_[0].hash; }
    [[nodiscard]] NodeSet take() { return std::move(nodes_); }

  private:
    /// What a parent holds of a child: its hash, or its RLP when that is shorter.
    struct Reference {
        Hash256 hash;
        uint8_t embedded_size = 0;  // 0: the hash
    };

    void build_level(std::span<const uint32_t> ids);
    void write_node(const Given& node, uint32_t id, rlp::Writer& out) const;
    void write_branch(BodyReader& in, uint32_t id, rlp::Writer& out) const;
    void write_extension(const Given& node, BodyReader& in, uint32_t id, rlp::Writer& out) const;
    void write_leaf(const Given& node, BodyReader& in, uint32_t id, rlp::Writer& out) const;
    [[nodiscard]] Bytes account_value(BodyReader& in, uint32_t id) const;
    void write_reference(const Reference& reference, rlp::Writer& out) const {
        if (reference.embedded_size == 0) {
            out.write(reference.hash);
        } else {
            out.write_raw(reference.hash.view().first(reference.embedded_size));
        }
    }

    BytesView body_;
    std::vector<Given> given_;
    std::span<const WitnessCode> codes_;
    std::vector<Reference> references_;
    NodeSet nodes_;
    size_t hashed_count_ = 0;
};

std::optional<CodecError> TrieBuilder::build(size_t max_node_bytes) {
    // RLP has more of a node than the body: its hash in the parent, the empty children of a branch,
    // two constant hashes of most accounts. Room that stays unused is never touched; too little of
    // it, and all nodes would lie in memory twice while they move.
    constexpr size_t surplus = 128;
    nodes_.reserve(given_.size(), std::min(max_node_bytes, body_.size() + given_.size() * surplus));
    std::array<std::vector<uint32_t>, max_levels> levels;
    for (uint32_t id = 0; id < given_.size(); ++id) {
        levels[given_[id].level].push_back(id);
    }
    for (size_t level = max_levels; level-- > 0;) {
        // In pieces, so that the limit is not passed by much.
        constexpr size_t piece = 4096;
        std::span<const uint32_t> rest = levels[level];
        while (!rest.empty()) {
            const size_t count = std::min(piece, rest.size());
            build_level(rest.first(count));
            rest = rest.subspan(count);
            if (nodes_.size_bytes() > max_node_bytes) {
                return CodecError::too_large;
            }
        }
    }
    nodes_.seal();
    return nodes_.size() == hashed_count_ ? std::nullopt : std::optional{CodecError::repeated_node};
}

void TrieBuilder::build_level(std::span<const uint32_t> ids) {
    rlp::Writer out;
    std::vector<size_t> ends;
    ends.reserve(ids.size());
    for (const uint32_t id : ids) {
        write_node(given_[id], id, out);
        ends.push_back(out.view().size());
    }
    std::vector<BytesView> inputs;
    std::vector<uint32_t> hashed;
    size_t start = 0;
    for (size_t i = 0; i < ids.size(); ++i) {
        const BytesView rlp = out.view().subspan(start, ends[i] - start);
        start = ends[i];
        if (rlp.size() < trie::reference_bytes && !given_[ids[i]].is_top) {
            Reference& reference = references_[ids[i]];
            std::copy(rlp.begin(), rlp.end(), reference.hash.bytes.begin());
            reference.embedded_size = static_cast<uint8_t>(rlp.size());
        } else {
            inputs.push_back(rlp);
            hashed.push_back(ids[i]);
        }
    }
    std::vector<Hash256> hashes(inputs.size());
    crypto::keccak256_many(inputs, hashes);
    for (size_t i = 0; i < inputs.size(); ++i) {
        references_[hashed[i]].hash = hashes[i];
        nodes_.add(hashes[i], inputs[i]);
    }
    hashed_count_ += inputs.size();
}

void TrieBuilder::write_node(const Given& node, uint32_t id, rlp::Writer& out) const {
    BodyReader in(body_.subspan(node.offset));
    const size_t list = out.begin_list();
    switch (node.tag) {
        case Tag::branch:
            write_branch(in, id, out);
            break;
        case Tag::extension:
        case Tag::extension_of_hash:
            write_extension(node, in, id, out);
            break;
        default:
            write_leaf(node, in, id, out);
            break;
    }
    out.end_list(list);
}

void TrieBuilder::write_branch(BodyReader& in, uint32_t id, rlp::Writer& out) const {
    const uint16_t children = in.word();
    const uint16_t given = in.word();
    uint32_t child = id + 1;
    for (unsigned nibble = 0; nibble < 16; ++nibble) {
        if (!trie::has_bit(children, nibble)) {
            out.write(BytesView{});
        } else if (!trie::has_bit(given, nibble)) {
            out.write(in.bytes(Hash256::size_bytes));
        } else {
            write_reference(references_[child], out);
            child = given_[child].next;
        }
    }
    out.write(BytesView{});
}

void TrieBuilder::write_extension(const Given& node, BodyReader& in, uint32_t id, rlp::Writer& out)
    const {
    const size_t nibbles = in.byte();
    const BytesView packed = in.bytes((nibbles + 1) / 2);
    out.write(trie::hex_prefix({packed.data(), nibbles}, false));
    if (node.tag == Tag::extension_of_hash) {
        out.write(in.bytes(Hash256::size_bytes));
    } else {
        write_reference(references_[id + 1], out);
    }
}

void TrieBuilder::write_leaf(const Given& node, BodyReader& in, uint32_t id, rlp::Writer& out)
    const {
    const size_t nibbles = trie::key_nibbles - node.depth;
    const BytesView packed = in.bytes((nibbles + 1) / 2);
    out.write(trie::hex_prefix({packed.data(), nibbles}, true));
    if (node.in_storage) {
        rlp::Writer value;
        value.write(in.number());
        out.write(value.view());
    } else {
        out.write(account_value(in, id));
    }
}

Bytes TrieBuilder::account_value(BodyReader& in, uint32_t id) const {
    const uint8_t flags = in.byte();
    Account account;
    account.nonce = in.varint();
    account.balance = in.number();
    Hash256 storage_root = empty_trie_root;
    switch (static_cast<Part>(flags & 3)) {
        case Part::none:
            break;
        case Part::hash:
            storage_root = in.hash();
            break;
        case Part::listed:
            storage_root = references_[id + 1].hash;
            break;
    }
    switch (static_cast<Part>(flags >> 2)) {
        case Part::none:
            break;
        case Part::hash:
            account.code_hash = in.hash();
            break;
        case Part::listed:
            account.code_hash = codes_[in.varint()].hash;
            break;
    }
    return encode_account_leaf(account, storage_root);
}

Result<std::vector<WitnessCode>, CodecError> read_codes(BodyReader& in, const Limits& limits) {
    const uint64_t count = in.varint();
    std::vector<WitnessCode> codes;
    // Those that come in full are hashed side by side, so many at a time.
    constexpr size_t side_by_side = 64;
    std::vector<BytesView> given;
    std::vector<size_t> places;
    const auto take_given = [&] {
        std::array<Hash256, side_by_side> hashes;
        crypto::keccak256_many(given, std::span{hashes}.first(given.size()));
        for (size_t i = 0; i < given.size(); ++i) {
            codes[places[i]] = {hashes[i], std::make_shared<const evm::Code>(given[i])};
        }
        given.clear();
        places.clear();
    };
    size_t cost = 0;
    for (uint64_t i = 0; i < count; ++i) {
        WitnessCode code;
        const uint64_t size = in.varint();
        if (size <= in.left()) {
            cost += code_cost(size);
        }
        if (cost > limits.max_code_bytes) {
            return Err{CodecError::too_large};
        }
        if (size == 0) {
            code.hash = in.hash();
        } else {
            given.push_back(in.bytes(size));
            places.push_back(codes.size());
        }
        if (auto failure = failure_of(in)) {
            return Err{*failure};
        }
        codes.push_back(std::move(code));
        if (given.size() == side_by_side) {
            take_given();
        }
    }
    if (auto failure = failure_of(in)) {
        return Err{*failure};
    }
    take_given();
    const auto is_out_of_order = [](const WitnessCode& a, const WitnessCode& b) {
        return a.hash >= b.hash;
    };
    const bool is_bad =
        std::ranges::adjacent_find(codes, is_out_of_order) != codes.end() ||
        std::ranges::binary_search(
            codes, crypto::keccak256_of_empty, {}, [](const WitnessCode& code) { return code.hash; }
        );
    if (is_bad) {
        return Err{CodecError::bad_code};
    }
    return codes;
}

/// The state root, and its nodes into `witness`.
std::optional<CodecError> read_state(
    BodyReader& in, BytesView body, const Limits& limits, Witness& witness
) {
    BodyReader ahead = in;
    if (static_cast<Tag>(ahead.byte()) == Tag::hash && !ahead.has_failed()) {
        in = ahead;
        witness.parent_state_root = in.hash();
        witness.nodes.seal();
        return failure_of(in);
    }
    TrieScanner scanner(in, witness.codes.size(), limits.max_nodes);
    if (!scanner.scan_state()) {
        return scanner.error();
    }
    TrieBuilder builder(body, scanner.take(), witness.codes);
    if (auto error = builder.build(limits.max_node_bytes)) {
        return error;
    }
    witness.parent_state_root = builder.root();
    witness.nodes = builder.take();
    return std::nullopt;
}

std::optional<CodecError> read_headers(BodyReader& in, std::vector<BlockHeader>& headers) {
    const uint64_t count = in.varint();
    if (count > max_headers) {
        return CodecError::too_large;
    }
    for (uint64_t i = 0; i < count; ++i) {
        const BytesView rlp = in.bytes(in.varint());
        if (auto failure = failure_of(in)) {
            return failure;
        }
        auto header = decode_header(rlp);
        if (!header) {
            return CodecError::bad_header;
        }
        headers.push_back(*std::move(header));
    }
    return failure_of(in);
}

}  // namespace

Result<Witness, CodecError> decode_body(BytesView body, const Limits& limits) {
    if (body.size() > limits.max_bytes || body.size() > UINT32_MAX) {
        return Err{CodecError::too_large};
    }
    BodyReader in(body);
    auto codes = read_codes(in, limits);
    if (!codes) {
        return Err{codes.error()};
    }
    Witness witness;
    witness.codes = *std::move(codes);
    if (auto error = read_state(in, body, limits, witness)) {
        return Err{*error};
    }
    if (auto error = read_headers(in, witness.headers)) {
        return Err{*error};
    }
    if (in.left() != 0) {
        return Err{CodecError::trailing_bytes};
    }
    witness.is_minimal = true;
    return witness;
}

Result<Witness, CodecError> decode_compact(BytesView encoded, const Limits& limits) {
    BodyReader in(encoded);
    const uint8_t version = in.byte();
    const size_t size = size_t{in.word()} << 16 | in.word();
    if (in.has_failed()) {
        return Err{CodecError::too_short};
    }
    if (version != compact_version) {
        return Err{CodecError::unknown_version};
    }
    if (size > limits.max_bytes) {
        return Err{CodecError::too_large};
    }
    const BytesView frame = in.bytes(in.left());
    Bytes body(size);
    const size_t written = ZSTD_decompress(body.data(), size, frame.data(), frame.size());
    if (ZSTD_isError(written) != 0 || written != size) {
        return Err{CodecError::bad_compression};
    }
    return decode_body(body, limits);
}

}  // namespace mega::witness
