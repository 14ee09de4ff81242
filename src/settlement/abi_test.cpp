#include "settlement/abi.hpp"

#include "base/hex.hpp"

#include <gtest/gtest.h>

namespace mega::settlement::abi {
namespace {

const Address some_address = *fixed_from_hex<20>("0x4200000000000000000000000000000000000015");

// Expected values: `cast calldata`.
TEST(abi, encodes_dynamic_arguments_as_solidity_does) {
    Hash256 ones;
    ones.bytes.fill(0x11);
    const Bytes tuple = Encoder().word(some_address).bytes(Bytes{0xab, 0xcd}).take();
    const Bytes call = Encoder()
                           .word(u256{7})
                           .bytes(Bytes{1, 2, 3})
                           .words({ones})
                           .bytes_list({{1}, {2, 3}})
                           .dynamic(tuple)
                           .call("f(uint256,bytes,bytes32[],bytes[],(address,bytes))");
    EXPECT_EQ(
        to_hex(call),
        "0x"
        "b917ac4300000000000000000000000000000000000000000000000000000000"
        "0000000700000000000000000000000000000000000000000000000000000000"
        "000000a000000000000000000000000000000000000000000000000000000000"
        "000000e000000000000000000000000000000000000000000000000000000000"
        "0000012000000000000000000000000000000000000000000000000000000000"
        "0000020000000000000000000000000000000000000000000000000000000000"
        "0000000301020300000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000"
        "0000000111111111111111111111111111111111111111111111111111111111"
        "1111111100000000000000000000000000000000000000000000000000000000"
        "0000000200000000000000000000000000000000000000000000000000000000"
        "0000004000000000000000000000000000000000000000000000000000000000"
        "0000008000000000000000000000000000000000000000000000000000000000"
        "0000000101000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000"
        "0000000202030000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000042000000000000000000000000000000"
        "0000001500000000000000000000000000000000000000000000000000000000"
        "0000004000000000000000000000000000000000000000000000000000000000"
        "00000002abcd0000000000000000000000000000000000000000000000000000"
        "00000000"
    );
}

TEST(abi, encodes_static_tuples_in_place) {
    const Bytes call = Encoder()
                           .word(u256{5})
                           .word(some_address)
                           .boolean(true)
                           .word(u256{9})
                           .call("g((uint64,address),bool,uint256)");
    EXPECT_EQ(
        to_hex(call),
        "0x"
        "6da90f1300000000000000000000000000000000000000000000000000000000"
        "0000000500000000000000000000000042000000000000000000000000000000"
        "0000001500000000000000000000000000000000000000000000000000000000"
        "0000000100000000000000000000000000000000000000000000000000000000"
        "00000009"
    );
}

TEST(abi, reads_back_what_it_wrote) {
    const Bytes tuple = Encoder().word(some_address).bytes(Bytes{9, 9}).take();
    const Bytes data =
        Encoder()
            .word(u256{7})
            .bytes(Bytes(33, 5))
            .words({Hash256{}, some_address.is_zero() ? Hash256{} : to_word(some_address)})
            .boolean(true)
            .dynamic(tuple)
            .take();
    Decoder in(data);
    EXPECT_EQ(in.u64(), 7U);
    EXPECT_EQ(in.bytes(), Bytes(33, 5));
    EXPECT_EQ(in.words().at(1), to_word(some_address));
    EXPECT_TRUE(in.boolean());
    Decoder inner = in.dynamic();
    EXPECT_EQ(inner.address(), some_address);
    EXPECT_EQ(inner.bytes(), Bytes(2, 9));
    EXPECT_TRUE(inner.is_good());
    EXPECT_TRUE(in.is_good());
}

TEST(abi, refuses_every_prefix_of_its_own_encoding) {
    const Bytes data = Encoder().word(u256{7}).bytes(Bytes(33, 5)).words({Hash256{}}).take();
    for (size_t size = 0; size < data.size(); ++size) {
        Decoder in(BytesView(data).first(size));
        (void)in.u64();
        const Bytes bytes = in.bytes();
        const auto words = in.words();
        // What cuts only padding still reads; nothing reads beyond its end.
        EXPECT_TRUE(!in.is_good() || (bytes == Bytes(33, 5) && words.size() == 1)) << size;
    }
}

TEST(abi, refuses_offsets_and_lengths_beyond_the_data) {
    const auto reads = [](const u256& offset, const u256& length) {
        Bytes data = to_bytes(offset.to_hash().view());
        append(data, length.to_hash());
        Decoder in(data);
        (void)in.bytes();
        return in.is_good();
    };
    EXPECT_TRUE(reads(u256{32}, u256{0}));
    EXPECT_FALSE(reads(u256{33}, u256{0}));
    EXPECT_FALSE(reads(u256{64}, u256{0}));
    EXPECT_FALSE(reads(u256::max(), u256{0}));
    EXPECT_FALSE(reads(u256{32}, u256{1}));
    EXPECT_FALSE(reads(u256{32}, u256{~0ULL}));
    EXPECT_FALSE(reads(u256{32}, u256::max()));
    Bytes many = to_bytes(u256{32}.to_hash().view());
    append(many, u256{1ULL << 59}.to_hash());
    Decoder in(many);
    EXPECT_TRUE(in.words().empty());
    EXPECT_FALSE(in.is_good());
}

}  // namespace
}  // namespace mega::settlement::abi
