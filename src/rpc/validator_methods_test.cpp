// What validators send: attestations to this node's blocks, and reports that a block does not
// validate, of which nothing is believed.

#include "attestation/attestation.hpp"
#include "attestation/evidence.hpp"
#include "attestation/mismatch_notice.hpp"
#include "rpc/test_chain.hpp"

namespace mega::rpc {
namespace {

namespace bls = crypto::bls;
using attestation::Evidence;
using nlohmann::json;
using test::TestChain;

Bytes data_of(const json& value) { return *from_hex(value.get<std::string>()); }

bls::SecretKey secret(uint8_t number) {
    const Bytes seed(32, number);
    return *bls::derive_key(seed);
}

class ValidatorMethods : public testing::Test {
  protected:
    ValidatorMethods() {
        for (int i = 0; i < 4; ++i) {
            chain_.result("eth_sendRawTransactionSync", {chain_.signed_transfer(nonce_++)});
            chain_.mine();
        }
    }
    static std::string quantity(uint64_t number) { return to_hex_quantity(number); }
    json attest(uint8_t who, uint64_t number) {
        const json block = chain_.result("eth_getBlockByNumber", {quantity(number), false});
        attestation::Attestation made;
        made.chain_id = test::chain_id;
        made.block_number = number;
        made.block_hash = *fixed_from_hex<32>(block["hash"].get<std::string>());
        made.state_root = *fixed_from_hex<32>(block["stateRoot"].get<std::string>());
        made.key = *bls::public_key_of(secret(who));
        made.signature = *bls::sign(message_of(made), secret(who));
        return json::parse(to_json(made));
    }
    std::string refusal_of(const json& attestation) {
        return chain_.error("mega_sendAttestation", json::array({attestation}))["message"];
    }
    /// What a validator reports that trusts the block before `number`.
    Evidence evidence(uint64_t number) {
        Evidence made;
        made.endpoint = "http://127.0.0.1:1";
        made.found_at = 1'700'000'000;
        made.rules.chain_id = test::chain_id;
        made.delivery.number = number;
        made.delivery.parent =
            *decode_header(data_of(chain_.result("debug_getRawHeader", {quantity(number - 1)})));
        made.delivery.block = data_of(chain_.result("debug_getRawBlock", {quantity(number)}));
        made.delivery.witness = data_of(chain_.result("mega_getBlockWitness", {quantity(number)}));
        made.finding = {"state root", "the state root differs", "0x01", "0x02", false};
        return made;
    }
    /// That block `number` of this chain does not validate; of a block yet to come, that none does.
    attestation::MismatchNotice notice(
        uint8_t who, uint64_t number, uint64_t chain_id = test::chain_id
    ) {
        const json block = chain_.result("eth_getBlockByNumber", {quantity(number), false});
        attestation::MismatchNotice made;
        made.chain_id = chain_id;
        made.block_number = number;
        made.block_hash =
            block.is_object() ? *fixed_from_hex<32>(block["hash"].get<std::string>()) : Hash256{};
        made.code = "state root";
        made.expected = "0x01";
        made.got = "0x02";
        made.key = *bls::public_key_of(secret(who));
        made.signature = *bls::sign(message_of(made), secret(who));
        return made;
    }
    json send(const attestation::MismatchNotice& notice) {
        return chain_.result("mega_sendMismatchNotice", json::array({to_hex(encode(notice))}));
    }
    std::string refusal_of(const attestation::MismatchNotice& notice) {
        return chain_.error(
            "mega_sendMismatchNotice", json::array({to_hex(encode(notice))})
        )["message"];
    }
    json report(const Evidence& evidence) {
        return chain_.result("mega_reportMismatch", json::array({json::parse(to_json(evidence))}));
    }

    TestChain chain_;
    uint64_t nonce_ = 0;
};

TEST_F(ValidatorMethods, attestations_add_up) {
    for (uint8_t who = 1; who <= 3; ++who) {
        EXPECT_EQ(chain_.result("mega_sendAttestation", json::array({attest(who, 2)})), "added");
    }
    EXPECT_EQ(chain_.result("mega_sendAttestation", json::array({attest(2, 2)})), "known");
    const json sum = chain_.result("mega_getAttestations", {quantity(2)});
    EXPECT_EQ(sum["count"], "0x3");
    EXPECT_EQ(sum["blockHash"], attest(1, 2)["blockHash"]);
    std::vector<bls::PublicKey> keys;
    for (const json& key : sum["keys"]) {
        keys.push_back(*fixed_from_hex<48>(key.get<std::string>()));
    }
    EXPECT_TRUE(bls::verify_aggregate(
        keys, data_of(sum["message"]), *fixed_from_hex<96>(sum["signature"].get<std::string>())
    ));
    const json none = chain_.result("mega_getAttestations", {quantity(1)});
    EXPECT_EQ(none["count"], "0x0");
    EXPECT_TRUE(none["signature"].is_null());
    EXPECT_EQ(chain_.service().gauges().attestations_taken, 3);
}

TEST_F(ValidatorMethods, attestations_to_anything_else_are_refused_by_name) {
    const auto changed = [&](const char* field, const json& value) {
        json attestation = attest(1, 2);
        attestation[field] = value;
        return refusal_of(attestation);
    };
    EXPECT_NE(changed("chainId", 1).find("of chain 1"), std::string::npos);
    EXPECT_NE(changed("blockNumber", 3).find("another one here"), std::string::npos);
    EXPECT_NE(changed("blockNumber", 1000).find("not sealed"), std::string::npos);
    const std::string other = to_hex(Hash256{{1}});
    EXPECT_NE(changed("blockHash", other).find("another one"), std::string::npos);
    EXPECT_NE(changed("stateRoot", other).find("another one"), std::string::npos);
    EXPECT_NE(
        changed("signature", attest(1, 3)["signature"]).find("signature is wrong"),
        std::string::npos
    );
    EXPECT_NE(changed("key", attest(2, 2)["key"]).find("signature is wrong"), std::string::npos);
    const std::string zeros = "0x" + std::string(96, '0');
    EXPECT_NE(changed("key", zeros).find("signature is wrong"), std::string::npos);
    for (const char* field :
         {"chainId", "blockNumber", "blockHash", "stateRoot", "key", "signature"}) {
        EXPECT_NE(changed(field, "0x12zz").find(field), std::string::npos) << field;
        EXPECT_NE(changed(field, nullptr).find(field), std::string::npos) << field;
    }
    for (const json& none : {json{}, json{1}, json::array(), json::object()}) {
        EXPECT_FALSE(refusal_of(none).empty());
    }
    EXPECT_EQ(chain_.result("mega_getAttestations", {quantity(2)})["count"], "0x0");
}

TEST_F(ValidatorMethods, a_report_of_a_good_block_is_unfounded) {
    const json answer = report(evidence(3));
    EXPECT_EQ(answer["verdict"], "unfounded");
    EXPECT_TRUE(answer["found"].is_null());
    EXPECT_EQ(answer["blockNumber"], "0x3");
}

TEST_F(ValidatorMethods, what_the_reporter_chose_is_not_believed) {
    // Rules under which no block of this chain is right.
    Evidence made = evidence(3);
    made.rules.chain_id = 1;
    made.rules.fee_market.min_base_fee = u256::max();
    EXPECT_EQ(report(made)["verdict"], "unfounded");
    // Another parent, to which the block does not fit.
    made = evidence(4);
    made.delivery.parent.gas_limit += 1;
    EXPECT_EQ(report(made)["verdict"], "unchecked");
    // A witness that lacks something.
    made = evidence(2);
    made.delivery.witness = {1, 0, 0, 0, 0};
    EXPECT_EQ(report(made)["verdict"], "witness");
    // A block that this node never made.
    made = evidence(1);
    auto block = *decode_block(made.delivery.block);
    block.header.state_root = {};
    made.delivery.block = encode(block);
    EXPECT_EQ(report(made)["verdict"], "anotherBlock");
    EXPECT_EQ(chain_.service().gauges().mismatches_confirmed, 0);
}

TEST_F(ValidatorMethods, reports_are_limited_and_repeats_are_free) {
    const Evidence first = evidence(1);
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(report(first)["verdict"], "unfounded");
    }
    size_t taken = 1;
    std::string refusal;
    for (int i = 0; i < 20 && refusal.empty(); ++i) {
        Evidence other = first;
        other.finding.words = "lie " + std::to_string(i);
        const json response =
            chain_.ask("mega_reportMismatch", json::array({json::parse(to_json(other))}));
        if (response.contains("error")) {
            EXPECT_EQ(response["error"]["code"], limit_exceeded);
            refusal = response["error"]["message"];
        } else {
            ++taken;
        }
    }
    EXPECT_NE(refusal.find("too many reports"), std::string::npos);
    EXPECT_LE(taken, 5);
    const json all = chain_.result("mega_getMismatches");
    EXPECT_EQ(all.size(), taken);
    EXPECT_FALSE(all[0].contains("evidence"));
    const json whole = chain_.result("mega_getMismatches", json::array({json{{"evidence", true}}}));
    const auto kept = attestation::parse_evidence(whole.back()["evidence"].dump());
    ASSERT_TRUE(kept.has_value());
    EXPECT_EQ(kept->delivery.block, first.delivery.block);
}

TEST_F(ValidatorMethods, a_notice_is_kept_and_shown) {
    const auto made = notice(1, 3);
    EXPECT_EQ(chain_.result("mega_getBlockStatus", {quantity(3)})["mismatchNotices"], "0x0");
    EXPECT_EQ(send(made), "taken");
    EXPECT_EQ(send(made), "known");
    EXPECT_EQ(send(notice(2, 3)), "taken");
    EXPECT_EQ(chain_.result("mega_getBlockStatus", {quantity(3)})["mismatchNotices"], "0x2");
    EXPECT_EQ(chain_.result("mega_getBlockStatus", {quantity(2)})["mismatchNotices"], "0x0");
    const json all = chain_.result("mega_getMismatchNotices");
    ASSERT_EQ(all.size(), 2);
    EXPECT_EQ(all[1]["notice"], to_hex(encode(made)));
    EXPECT_EQ(all[1]["code"], "state root");
    EXPECT_EQ(all[1]["key"], to_hex(made.key));
    const json newer = chain_.result(
        "mega_getMismatchNotices", json::array({json{{"after", all[1]["sequence"]}}})
    );
    EXPECT_EQ(newer, json::array({all[0]}));
    EXPECT_EQ(chain_.service().gauges().mismatch_notices_taken, 2);
}

TEST_F(ValidatorMethods, notices_that_cannot_count_are_refused_by_name) {
    auto changed = notice(1, 3);
    changed.code = "gas used";
    EXPECT_NE(refusal_of(changed).find("signature is wrong"), std::string::npos);
    changed = notice(1, 3);
    changed.key = notice(2, 3).key;
    EXPECT_NE(refusal_of(changed).find("signature is wrong"), std::string::npos);
    EXPECT_NE(refusal_of(notice(1, 3, 1)).find("of chain 1"), std::string::npos);
    EXPECT_NE(refusal_of(notice(1, 10'000)).find("too far"), std::string::npos);
    for (const json& none :
         {json{}, json{1}, json{"x"}, json{"0x"}, json::array(), json::object()}) {
        EXPECT_TRUE(chain_.ask("mega_sendMismatchNotice", json::array({none})).contains("error"))
            << none.dump();
    }
    const std::string oversize = "0x" + std::string(2 * attestation::max_notice_bytes + 2, '0');
    const json error = chain_.error("mega_sendMismatchNotice", json::array({oversize}));
    EXPECT_NE(error["message"].get<std::string>().find("at most 512"), std::string::npos);
    EXPECT_EQ(chain_.result("mega_getMismatchNotices").size(), 0);
    EXPECT_EQ(chain_.service().gauges().mismatch_notices_refused, 11);
}

TEST_F(ValidatorMethods, where_there_is_a_committee_strangers_are_refused) {
    chain_.committees().set_clock(0, UINT64_MAX);
    chain_.committees().put({0, {{notice(1, 1).key, u256{100}}}});
    EXPECT_NE(refusal_of(notice(2, 3)).find("not of the committee"), std::string::npos);
    EXPECT_EQ(send(notice(1, 3)), "taken");
    EXPECT_EQ(chain_.result("mega_getMismatchNotices").size(), 1);
}

TEST_F(ValidatorMethods, a_flood_of_notices_is_cut) {
    std::string refusal;
    size_t taken = 0;
    for (uint8_t who = 1; who <= 60 && refusal.empty(); ++who) {
        const json response =
            chain_.ask("mega_sendMismatchNotice", json::array({to_hex(encode(notice(who, 3)))}));
        if (response.contains("error")) {
            EXPECT_EQ(response["error"]["code"], limit_exceeded);
            refusal = response["error"]["message"];
        } else {
            ++taken;
        }
    }
    EXPECT_NE(refusal.find("too many"), std::string::npos);
    EXPECT_GE(taken, 16);
    EXPECT_LE(chain_.result("mega_getMismatchNotices").size(), 32);
}

TEST_F(ValidatorMethods, one_key_keeps_four_notices) {
    chain_.committees().set_clock(0, UINT64_MAX);
    chain_.committees().put({0, {{notice(1, 1).key, u256{100}}, {notice(2, 1).key, u256{100}}}});
    EXPECT_EQ(send(notice(2, 1)), "taken");
    for (uint64_t number = 1; number <= 16; ++number) {
        EXPECT_EQ(send(notice(1, number)), "taken");
    }
    // What comes round again is known, kept or not; and a key has only so much to say.
    EXPECT_EQ(send(notice(1, 1)), "known");
    for (uint64_t number = 17; number <= 40; ++number) {
        const json response =
            chain_.ask("mega_sendMismatchNotice", json::array({to_hex(encode(notice(1, number)))}));
        EXPECT_EQ(response["error"]["code"], limit_exceeded);
    }
    const json all = chain_.result("mega_getMismatchNotices");
    ASSERT_EQ(all.size(), 5);
    EXPECT_EQ(all[0]["blockNumber"], "0x10");
    EXPECT_EQ(all[4]["key"], to_hex(notice(2, 1).key)) << "who floods pushes nobody else out";
}

TEST_F(ValidatorMethods, what_is_no_evidence_is_refused_by_name) {
    json malformed = json::parse(to_json(evidence(2)));
    malformed.erase("witness");
    const auto refusal = [&](const json& given) -> std::string {
        return chain_.error("mega_reportMismatch", json::array({given}))["message"];
    };
    EXPECT_NE(refusal(malformed).find("witness"), std::string::npos);
    for (const json& none : {json{}, json{1}, json{"x"}, json::array(), json::object()}) {
        EXPECT_NE(refusal(none).find("no evidence"), std::string::npos);
    }
    malformed["witness"] = "0x" + std::string(attestation::max_report_bytes, '0');
    EXPECT_NE(refusal(malformed).find("more than"), std::string::npos);
    EXPECT_EQ(chain_.service().gauges().mismatches_refused, 7);
    EXPECT_EQ(chain_.result("mega_getMismatches").size(), 0);
}

}  // namespace
}  // namespace mega::rpc
