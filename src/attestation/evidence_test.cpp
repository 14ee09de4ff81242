// What becomes of blocks of a chain out of a seed, and of the same with something changed.

#include "attestation/evidence.hpp"

#include "crypto/keccak.hpp"
#include "stateless/test_chain.hpp"
#include "trie/node_codec.hpp"
#include "types/rlp.hpp"
#include "witness/compact.hpp"

#include <gtest/gtest.h>

namespace mega::attestation {
namespace {

/// Decodes, and does not encode: a branch has an account whose storage is given, and besides it the
/// hash of that storage's node, where no such node can be.
Bytes witness_with_a_node_out_of_place() {
    const Hash256 slot_path;
    rlp::Writer node;
    const size_t list = node.begin_list();
    node.write(trie::hex_prefix({slot_path.data(), trie::key_nibbles}, true));
    node.write(Bytes{0x01});
    node.end_list(list);
    Bytes body{0};                                        // codes
    append(body, Bytes{1, 0x00, 0x03, 0x00, 0x02});       // a branch, one child given
    append(body, crypto::keccak256(node.view()).view());  // the other
    append(body, Bytes{4});                               // a leaf
    append(body, Bytes(32));                              // its path, 63 nibbles
    append(body, Bytes{2, 0, 0});                         // storage given, nonce, balance
    append(body, Bytes{4});                               // a leaf
    append(body, Bytes(32));                              // its path
    append(body, Bytes{1, 1});                            // one
    append(body, Bytes{0});                               // headers
    const auto decoded = witness::decode_body(body);
    EXPECT_TRUE(decoded.has_value());
    EXPECT_FALSE(decoded && witness::encode_body(*decoded).has_value());
    // One segment, one block, not compressed (RFC 8878, section 3.1.1).
    const auto size = static_cast<uint8_t>(body.size());
    Bytes compact{witness::compact_version, 0, 0, 0, size};
    append(compact, Bytes{0x28, 0xb5, 0x2f, 0xfd, 0x20, size});
    append(compact, Bytes{static_cast<uint8_t>(1 | size << 3), static_cast<uint8_t>(size >> 5), 0});
    append(compact, body);
    return compact;
}

class BlockCheck : public testing::Test {
  protected:
    BlockCheck() {
        for (int i = 0; i < 3; ++i) {
            deliver();
        }
    }
    void deliver() {
        const auto made = chain_.next_block(12);
        delivery_.parent = made.parent;
        delivery_.number = made.block.header.number;
        block_ = made.block;
        delivery_.block = encode(made.block);
        delivery_.witness = *witness::encode_compact(made.witness, [&](const Hash256& hash) {
            return std::ranges::find(known_, hash) != known_.end();
        });
    }
    Result<Verified, Finding> check_it() {
        used_.clear();
        return check(delivery_, chain_.rules(), codes_, used_);
    }
    Evidence evidence_of(const Finding& finding) {
        Evidence evidence{
            "http://127.0.0.1:1", 1'700'000'000, chain_.rules(), delivery_, {}, finding
        };
        for (const auto& code : used_) {
            evidence.codes.push_back(to_bytes(code.code->bytes()));
        }
        return evidence;
    }

    stateless::test::TestChain chain_{7, 50, 20};
    CodeCache codes_{1u << 20};
    std::vector<witness::WitnessCode> used_;
    std::vector<Hash256> known_;
    Delivery delivery_;
    Block block_;
};

TEST_F(BlockCheck, a_good_block_passes) {
    const auto verified = check_it();
    ASSERT_TRUE(verified.has_value()) << verified.error().words;
    EXPECT_EQ(verified->hash, hash_of(block_.header));
    EXPECT_EQ(verified->transactions, block_.transactions.size());
}

TEST_F(BlockCheck, the_bytes_go_with_a_good_block_and_stay_with_another) {
    const auto let_go = [&] {
        used_.clear();
        return check_and_let_go(delivery_, chain_.rules(), codes_, used_);
    };
    codes_.keep(check_it()->witness);
    // One that comes without the codes that are known.
    known_ = codes_.hashes();
    deliver();
    const Delivery good = delivery_;
    const auto verified = let_go();
    ASSERT_TRUE(verified.has_value()) << verified.error().words;
    EXPECT_EQ(verified->block_bytes, good.block.size());
    EXPECT_EQ(verified->witness_bytes, good.witness.size());
    EXPECT_TRUE(delivery_.block.empty() && delivery_.witness.empty());

    Block changed = block_;
    changed.header.gas_used += 1;
    delivery_ = good;
    delivery_.block = encode(changed);
    const Delivery bad = delivery_;
    EXPECT_EQ(let_go().error().code, "gas used");
    EXPECT_FALSE(used_.empty());
    EXPECT_EQ(delivery_.block, bad.block);
    EXPECT_EQ(delivery_.witness, bad.witness);

    // Another trie's: nothing is let go, since it may not be possible to say it again.
    delivery_ = good;
    delivery_.witness = witness_with_a_node_out_of_place();
    const Delivery foreign = delivery_;
    EXPECT_EQ(let_go().error().code, "state root of the witness");
    EXPECT_EQ(delivery_.witness, foreign.witness);
}

TEST_F(BlockCheck, codes_that_are_known_need_not_come_again) {
    for (int i = 0; i < 10; ++i) {
        const auto verified = check_it();
        ASSERT_TRUE(verified.has_value()) << verified.error().words;
        codes_.keep(verified->witness);
        known_ = codes_.hashes();
        deliver();
    }
    ASSERT_TRUE(check_it().has_value());
    EXPECT_FALSE(used_.empty());
    CodeCache empty{0};
    EXPECT_EQ(check(delivery_, chain_.rules(), empty, used_).error().code, "missing code");
}

TEST_F(BlockCheck, what_the_header_says_wrongly_is_named) {
    const auto finding_after = [&](auto change) {
        Block changed = block_;
        change(changed.header);
        delivery_.block = encode(changed);
        const auto verdict = check_it();
        return verdict ? std::string{"passed"} : verdict.error().code;
    };
    EXPECT_EQ(finding_after([](BlockHeader& h) { h.gas_used += 1; }), "gas used");
    EXPECT_EQ(finding_after([](BlockHeader& h) { h.receipts_root[3] ^= 1; }), "receipts root");
    EXPECT_EQ(finding_after([](BlockHeader& h) { h.state_root[3] ^= 1; }), "state root");
    EXPECT_EQ(finding_after([](BlockHeader& h) { h.parent_hash[3] ^= 1; }), "parent hash");
}

TEST_F(BlockCheck, bytes_that_are_no_block_or_witness_are_findings) {
    const Delivery good = delivery_;
    delivery_.block.pop_back();
    EXPECT_EQ(check_it().error().code, "unreadable block");
    delivery_ = good;
    delivery_.witness = {1, 2, 3};
    const auto verdict = check_it();
    EXPECT_EQ(verdict.error().code, "unreadable witness");
    EXPECT_TRUE(verdict.error().is_of_witness);
}

TEST_F(BlockCheck, evidence_leads_to_the_same_finding_alone) {
    codes_.keep(check_it()->witness);
    Block changed = block_;
    changed.header.state_root[0] ^= 1;
    delivery_.block = encode(changed);
    const auto verdict = check_it();
    ASSERT_FALSE(verdict.has_value());
    const auto parsed = parse_evidence(to_json(evidence_of(verdict.error())));
    ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
    const auto again = check_again(*parsed);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(*again, verdict.error());
    const std::string words = explain(*parsed, again);
    EXPECT_NE(words.find("state root"), std::string::npos);
    EXPECT_NE(words.find("the same"), std::string::npos);
}

TEST_F(BlockCheck, evidence_of_nothing_says_so) {
    const auto parsed =
        parse_evidence(to_json(evidence_of({"state root", "invented", "a", "b", false})));
    ASSERT_TRUE(parsed.has_value());
    const auto again = check_again(*parsed);
    EXPECT_FALSE(again.has_value());
    EXPECT_NE(explain(*parsed, again).find("VALIDATES"), std::string::npos);
}

TEST_F(BlockCheck, a_file_that_is_no_evidence_is_refused_by_name) {
    const std::string good = to_json(evidence_of({"state root", "words", "a", "b", false}));
    EXPECT_FALSE(parse_evidence("").has_value());
    EXPECT_FALSE(parse_evidence("[]").has_value());
    for (const std::string name :
         {"format",
          "endpoint",
          "foundAt",
          "rules",
          "minBaseFee",
          "parent",
          "block",
          "codes",
          "words"}) {
        std::string spoilt = good;
        spoilt.replace(spoilt.find("\"" + name + "\"") + 1, 1, "?");
        const auto parsed = parse_evidence(spoilt);
        ASSERT_FALSE(parsed.has_value()) << name;
        EXPECT_NE(parsed.error().message.find(name), std::string::npos) << parsed.error().message;
    }
    for (size_t size = 0; size < good.size(); size += 97) {
        EXPECT_FALSE(parse_evidence(good.substr(0, size)).has_value());
    }
}

TEST_F(BlockCheck, a_report_stays_within_its_bound) {
    const Finding finding{"state root", "words", "a", "b", false};
    EXPECT_EQ(to_report(evidence_of(finding)), to_json(evidence_of(finding)));
    Evidence large = evidence_of(finding);
    large.delivery.witness.resize(max_report_bytes);
    auto parsed = parse_evidence(to_report(large));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_TRUE(parsed->delivery.witness.empty());
    EXPECT_EQ(parsed->delivery.block, large.delivery.block);
    large.delivery.block.resize(max_report_bytes);
    EXPECT_LT(to_report(large).size(), max_report_bytes);
    parsed = parse_evidence(to_report(large));
    ASSERT_TRUE(parsed.has_value());
    EXPECT_EQ(parsed->finding, finding);
}

TEST(code_cache, stays_within_its_bounds) {
    CodeCache cache(10'000, 4);
    witness::Witness witness;
    for (uint8_t i = 0; i < 10; ++i) {
        const Bytes code(100, i);
        witness.codes = {{crypto::keccak256(code), std::make_shared<const evm::Code>(code)}};
        cache.keep(witness);
        EXPECT_LE(cache.hashes().size(), 4U);
    }
    const Bytes large(20'000, 1);
    witness.codes = {{crypto::keccak256(large), std::make_shared<const evm::Code>(large)}};
    cache.keep(witness);
    EXPECT_LE(cache.size_bytes(), 10'000U);
    EXPECT_EQ(cache.hashes().size(), 4U);
}

}  // namespace
}  // namespace mega::attestation
