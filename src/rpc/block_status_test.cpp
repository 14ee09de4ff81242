// How far a block has come, on a whole chain: the committee is the test's own, members attest as
// validators do.

#include "attestation/attestation.hpp"
#include "rpc/test_chain.hpp"

namespace mega::rpc {
namespace {

namespace bls = crypto::bls;
using nlohmann::json;
using test::TestChain;

bls::SecretKey secret(uint8_t number) {
    const Bytes seed(32, number);
    return *bls::derive_key(seed);
}

class BlockStatusMethods : public testing::Test {
  protected:
    BlockStatusMethods() {
        for (int i = 0; i < 3; ++i) {
            chain_.result("eth_sendRawTransactionSync", {chain_.signed_transfer(nonce_++)});
            chain_.mine();
        }
    }
    /// Members 1, 2, ... with these stakes, in charge from the beginning.
    void draw(std::initializer_list<uint64_t> stakes) {
        attestation::Committee committee{.epoch = 0, .members = {}};
        for (const uint64_t stake : stakes) {
            const auto who = static_cast<uint8_t>(committee.members.size() + 1);
            committee.members.push_back({*bls::public_key_of(secret(who)), u256{stake}});
        }
        chain_.committees().set_clock(0, 1'000'000'000'000);
        chain_.committees().put(std::move(committee));
    }
    json attestation(uint8_t who, uint64_t number, const Hash256* other_root = nullptr) {
        const json block = chain_.result("eth_getBlockByNumber", {to_hex_quantity(number), false});
        attestation::Attestation made;
        made.chain_id = test::chain_id;
        made.block_number = number;
        made.block_hash = *fixed_from_hex<32>(block["hash"].get<std::string>());
        made.state_root = other_root != nullptr
                              ? *other_root
                              : *fixed_from_hex<32>(block["stateRoot"].get<std::string>());
        made.key = *bls::public_key_of(secret(who));
        made.signature = *bls::sign(message_of(made), secret(who));
        return json::parse(to_json(made));
    }
    void attest(uint8_t who, uint64_t number) {
        EXPECT_EQ(
            chain_.result("mega_sendAttestation", json::array({attestation(who, number)})), "added"
        );
    }
    json status(const json& block) {
        return chain_.result("mega_getBlockStatus", json::array({block}));
    }

    TestChain chain_;
    uint64_t nonce_ = 0;
};

TEST_F(BlockStatusMethods, counts_the_stake_of_those_who_attested) {
    draw({50, 30, 20});
    EXPECT_FALSE(status("0x2")["isAttested"].get<bool>());
    EXPECT_EQ(status("0x2")["attestedStake"], "0x0");
    attest(1, 2);
    EXPECT_EQ(status("0x2")["attestedStake"], "0x32");
    EXPECT_EQ(status("0x2")["committeeStake"], "0x64");
    EXPECT_EQ(status("0x2")["attesters"], "0x1");
    EXPECT_EQ(status("0x2")["committeeSize"], "0x3");
    EXPECT_FALSE(status("0x2")["isAttested"].get<bool>());
    EXPECT_TRUE(status("0x2")["attestedAt"].is_null());
    EXPECT_EQ(chain_.service().gauges().quorate_block, 0U);
    attest(2, 2);
    EXPECT_TRUE(status("0x2")["isAttested"].get<bool>());
    EXPECT_TRUE(status("0x2")["attestedAt"].is_string());
    EXPECT_TRUE(status("0x2")["attestationMicroseconds"].is_string());
    EXPECT_EQ(chain_.service().gauges().quorate_block, 2U);
    EXPECT_FALSE(status("0x1")["isAttested"].get<bool>());
}

TEST_F(BlockStatusMethods, of_an_open_block_is_open_and_of_none_is_an_error) {
    EXPECT_EQ(status("pending")["status"], "open");
    EXPECT_EQ(status("0x1")["status"], "finalized");  // no L1: as the tag has it
    EXPECT_TRUE(status("0x1")["attestedStake"].is_null());
    EXPECT_NE(
        chain_.error("mega_getBlockStatus", {"0x999"})["message"].get<std::string>().find("found"),
        std::string::npos
    );
}

TEST_F(BlockStatusMethods, takes_no_word_of_those_outside_the_committee) {
    draw({50, 50});
    const json refused = chain_.error("mega_sendAttestation", json::array({attestation(3, 2)}));
    EXPECT_NE(
        refused["message"].get<std::string>().find("committee of epoch 0"), std::string::npos
    );
    attest(1, 2);
}

TEST_F(BlockStatusMethods, does_not_weigh_what_came_before_the_committee) {
    attest(9, 2);
    attest(1, 2);
    draw({50, 50});
    EXPECT_EQ(status("0x2")["attesters"], "0x1");
    attest(2, 2);
    const json sum = chain_.result("mega_getAttestations", {"0x2"});
    EXPECT_EQ(sum["count"], "0x3");
    attestation::Committee committee{.epoch = 0, .members = {}};
    committee.members.push_back({*bls::public_key_of(secret(1)), u256{1}});
    const Hash256 hash = *fixed_from_hex<32>(sum["blockHash"].get<std::string>());
    const auto own = chain_.service().attestations(2, hash, committee);
    ASSERT_TRUE(own);
    EXPECT_EQ(own->keys.size(), 1U);
    EXPECT_TRUE(bls::verify_aggregate(own->keys, message_of(own->statement), own->signature));
}

TEST_F(BlockStatusMethods, gives_signatures_one_by_one_when_asked) {
    draw({50, 50});
    attest(1, 2);
    attest(2, 2);
    EXPECT_FALSE(chain_.result("mega_getAttestations", {"0x2"}).contains("signatures"));
    const json sum = chain_.result("mega_getAttestations", {"0x2", {{"signatures", true}}});
    ASSERT_EQ(sum["signatures"].size(), 2U);
    for (const json& one : sum["signatures"]) {
        EXPECT_TRUE(bls::verify(
            *fixed_from_hex<48>(one["key"].get<std::string>()),
            *from_hex(sum["message"].get<std::string>()),
            *fixed_from_hex<96>(one["signature"].get<std::string>())
        ));
    }
    chain_.error("mega_getAttestations", {"0x2", {{"signatures", 1}}});
}

TEST_F(BlockStatusMethods, keeps_two_attestations_of_one_number) {
    draw({50, 50});
    const Hash256 lie{{0x11}};
    // A lie alone is refused, and contradicts nothing.
    chain_.error("mega_sendAttestation", json::array({attestation(1, 2, &lie)}));
    EXPECT_TRUE(chain_.result("mega_getEquivocations").empty());
    attest(1, 2);
    json unsigned_lie = attestation(1, 2, &lie);
    unsigned_lie["signature"] = attestation(1, 3)["signature"];
    chain_.error("mega_sendAttestation", json::array({unsigned_lie}));
    EXPECT_TRUE(chain_.result("mega_getEquivocations").empty());
    for (int i = 0; i < 2; ++i) {
        chain_.error("mega_sendAttestation", json::array({attestation(1, 2, &lie)}));
    }
    const json kept = chain_.result("mega_getEquivocations");
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0]["first"]["key"], kept[0]["second"]["key"]);
    EXPECT_NE(kept[0]["first"]["stateRoot"], kept[0]["second"]["stateRoot"]);
    EXPECT_EQ(chain_.service().gauges().equivocations, 1U);
    // A stranger's contradictions cost nobody anything.
    chain_.error("mega_sendAttestation", json::array({attestation(7, 2, &lie)}));
    EXPECT_EQ(chain_.result("mega_getEquivocations").size(), 1U);
}

TEST_F(BlockStatusMethods, keeps_what_a_header_does_not_bear_out) {
    draw({50, 50});
    const Hash256 lie{{0x11}};
    json forged = attestation(1, 2, &lie);
    forged["signature"] = attestation(1, 3)["signature"];
    chain_.error("mega_sendAttestation", json::array({forged}));
    chain_.error("mega_sendAttestation", json::array({attestation(7, 2, &lie)}));  // a stranger
    json elsewhere = attestation(1, 2, &lie);
    elsewhere["blockHash"] = std::string("0x") + std::string(64, '1');  // of no header here
    chain_.error("mega_sendAttestation", json::array({elsewhere}));
    attest(2, 2);
    EXPECT_TRUE(chain_.result("mega_getFalseAttestations").empty());
    for (int i = 0; i < 2; ++i) {
        chain_.error("mega_sendAttestation", json::array({attestation(1, 2, &lie)}));
    }
    const json kept = chain_.result("mega_getFalseAttestations");
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0]["attestation"]["stateRoot"], to_hex(lie));
    EXPECT_EQ(kept[0]["header"], chain_.result("debug_getRawHeader", {"0x2"}));
}

}  // namespace
}  // namespace mega::rpc
