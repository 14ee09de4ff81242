#include "types/rlp.hpp"

#include "base/fixtures_test.hpp"
#include "base/seed_test.hpp"
#include "types/rlp_fields.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>

namespace mega::rlp {
namespace {

using nlohmann::json;

Bytes hex(std::string_view text) { return *from_hex(text, false); }

/// The fixtures' strings are code points below 256, one a byte, which JSON holds as UTF-8.
Bytes latin1(const std::string& utf8) {
    Bytes bytes;
    for (size_t i = 0; i < utf8.size(); ++i) {
        const auto c = static_cast<uint8_t>(utf8[i]);
        if (c < 0x80) {
            bytes.push_back(c);
        } else {
            ++i;
            bytes.push_back(static_cast<uint8_t>(((c & 3) << 6) | (utf8[i] & 0x3f)));
        }
    }
    return bytes;
}

void write_json(Writer& out, const json& value) {
    if (value.is_array()) {
        const size_t list = out.begin_list();
        for (const auto& element : value) {
            write_json(out, element);
        }
        out.end_list(list);
    } else if (value.is_number()) {
        out.write(value.get<uint64_t>());
    } else if (const auto& text = value.get_ref<const std::string&>(); text.starts_with('#')) {
        out.write(*u256_from_text(std::string_view(text).substr(1)));
    } else {
        out.write(latin1(text));
    }
}

/// Reads everything and writes it again; nothing when any part is malformed.
bool copy_items(Reader items, Writer& out, int depth) {
    while (!items.at_end()) {
        if (items.next_is_list()) {
            const auto list = items.read_list();
            if (!list || depth == 0) {
                return false;
            }
            const size_t mark = out.begin_list();
            if (!copy_items(*list, out, depth - 1)) {
                return false;
            }
            out.end_list(mark);
        } else {
            const auto string = items.read_string();
            if (!string) {
                return false;
            }
            out.write(*string);
        }
    }
    return true;
}

std::optional<Bytes> copy(BytesView encoded) {
    Reader reader(encoded);
    if (!reader.read_item() || !reader.at_end()) {
        return std::nullopt;
    }
    Writer out;
    return copy_items(Reader(encoded), out, 16) ? std::optional(out.take()) : std::nullopt;
}

template <class T>
Bytes encoded(const T& value) {
    Writer out;
    out.write(value);
    return out.take();
}

}  // namespace

TEST(rlp, official_vectors_encode_and_decode) {
    const auto root = fixtures_root();
    if (!root) {
        GTEST_SKIP() << fixtures_missing("RLPTests");
    }
    size_t valid = 0;
    size_t invalid = 0;
    size_t above_256_bits = 0;
    const auto directory = *root / "misc_tests/ethereum_tests_develop/RLPTests";
    for (const auto& file : json_files_below(directory)) {
        for (const auto& [name, test] : json::parse(read_fixture(file)).items()) {
            const Bytes out = hex(test.at("out").get<std::string>());
            const json& in = test.at("in");
            if (in == "INVALID") {
                EXPECT_FALSE(copy(out)) << name;
                ++invalid;
                continue;
            }
            EXPECT_EQ(copy(out), out) << name;
            ++valid;
            if (name == "bigint") {
                ++above_256_bits;  // 2^256: beyond any integer of the protocol
                EXPECT_EQ(Reader(out).read_u256().error(), DecodeError::integer_too_large);
            } else if (in != "VALID") {
                Writer writer;
                write_json(writer, in);
                EXPECT_EQ(writer.take(), out) << name;
            }
        }
    }
    EXPECT_EQ(valid, 29U);
    EXPECT_EQ(invalid, 26U);
    EXPECT_EQ(above_256_bits, 1U);
}

TEST(rlp, integers_round_trip) {
    std::mt19937_64 random(test_seed());
    for (int i = 0; i < 10'000; ++i) {
        const uint64_t small = random() >> (random() % 65 % 64);
        const Bytes small_bytes = encoded(small);
        ASSERT_EQ(*Reader(small_bytes).read_u64(), small);
        const u256 word =
            u256(random(), random(), random(), random()) >> static_cast<unsigned>(random() % 257);
        const Bytes word_bytes = encoded(word);
        ASSERT_EQ(*Reader(word_bytes).read_u256(), word);
        ASSERT_EQ(encoded(u256{small}), small_bytes);
    }
    EXPECT_EQ(encoded(uint64_t{0}), hex("80"));
    EXPECT_EQ(encoded(uint64_t{0x7f}), hex("7f"));
    EXPECT_EQ(encoded(uint64_t{0x80}), hex("8180"));
    EXPECT_EQ(encoded(u256::max()).size(), 33U);
}

TEST(rlp, integers_have_no_leading_zeros_and_fit) {
    EXPECT_EQ(Reader(hex("00")).read_u64().error(), DecodeError::non_canonical_integer);
    EXPECT_EQ(Reader(hex("00")).read_u256().error(), DecodeError::non_canonical_integer);
    EXPECT_EQ(Reader(hex("820001")).read_u64().error(), DecodeError::non_canonical_integer);
    EXPECT_EQ(*Reader(hex("88ffffffffffffffff")).read_u64(), UINT64_MAX);
    EXPECT_EQ(
        Reader(hex("89010000000000000000")).read_u64().error(), DecodeError::integer_too_large
    );
    Bytes too_large(34, 1);
    too_large[0] = 0x80 + 33;
    EXPECT_EQ(Reader(too_large).read_u256().error(), DecodeError::integer_too_large);
}

TEST(rlp, headers_change_form_at_56_bytes) {
    for (const size_t size : {0UL, 1UL, 55UL, 56UL, 255UL, 256UL, 65'535UL, 65'536UL}) {
        const Bytes payload(size, 0xab);
        const Bytes string = encoded(payload);
        EXPECT_EQ(to_bytes(*Reader(string).read_string()), payload);
        Writer out;
        const size_t mark = out.begin_list();
        out.write_raw(payload);
        out.end_list(mark);
        const Bytes list = out.take();
        EXPECT_EQ(to_bytes(Reader(list).read_list()->rest()), payload);
        EXPECT_EQ(list.size(), string.size());
    }
}

TEST(rlp, names_what_is_wrong) {
    EXPECT_EQ(Reader({}).read_string().error(), DecodeError::input_too_short);
    EXPECT_EQ(Reader(hex("83aabb")).read_string().error(), DecodeError::input_too_short);
    EXPECT_EQ(Reader(hex("b8")).read_string().error(), DecodeError::input_too_short);
    EXPECT_EQ(Reader(hex("8101")).read_string().error(), DecodeError::non_canonical_length);
    EXPECT_EQ(Reader(hex("b801ff")).read_string().error(), DecodeError::non_canonical_length);
    EXPECT_EQ(Reader(hex("c0")).read_string().error(), DecodeError::expected_string);
    EXPECT_EQ(Reader(hex("80")).read_list().error(), DecodeError::expected_list);
    EXPECT_EQ(Reader(hex("8180")).read_fixed<2>().error(), DecodeError::wrong_length);
    EXPECT_EQ(Reader(hex("80")).expect_end().error(), DecodeError::trailing_bytes);
    EXPECT_TRUE(Reader({}).expect_end());
    // A length of 2^64 - 1 does not wrap around any bound.
    EXPECT_EQ(
        Reader(hex("bfffffffffffffffff")).read_string().error(), DecodeError::input_too_short
    );
    EXPECT_EQ(Reader(hex("ffffffffffffffffff")).read_item().error(), DecodeError::input_too_short);
}

TEST(rlp, a_failed_read_consumes_nothing) {
    const Bytes list = hex("c101");
    Reader reader(list);
    EXPECT_FALSE(reader.read_string());
    EXPECT_TRUE(reader.read_list());
    EXPECT_TRUE(reader.at_end());
}

TEST(rlp_fields, first_error_sticks) {
    const Bytes list = hex("c30001c0");
    auto fields = FieldReader::over_list(list);
    uint64_t first = 7;
    uint64_t second = 7;
    fields.read(first);
    fields.read(second);
    fields.expect_end();
    EXPECT_EQ(fields.error(), DecodeError::non_canonical_integer);
    EXPECT_EQ(first, 7U);
    EXPECT_EQ(second, 7U);
}

TEST(rlp_fields, structures_end_where_their_list_ends) {
    const auto read_one = [](std::string_view text) {
        const Bytes bytes = hex(text);
        auto fields = FieldReader::over_list(bytes);
        uint64_t value = 0;
        fields.read_structure([&](FieldReader& inner) { inner.read(value); });
        fields.expect_end();
        return fields.error();
    };
    EXPECT_EQ(read_one("c2c105"), std::nullopt);
    EXPECT_EQ(read_one("c3c20505"), DecodeError::trailing_bytes);
    EXPECT_EQ(read_one("c3c10505"), DecodeError::trailing_bytes);
    EXPECT_EQ(read_one("c2c10505"), DecodeError::trailing_bytes);
    EXPECT_EQ(read_one("c1c0"), DecodeError::input_too_short);
    EXPECT_EQ(read_one("c105"), DecodeError::expected_list);
}

}  // namespace mega::rlp
