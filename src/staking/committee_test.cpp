#include "staking/committee.hpp"

#include "attestation/attestation.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

namespace mega::staking {
namespace {

using nlohmann::json;

/// contracts/test/fixtures/bls.json: what the contracts verify.
json vectors() {
    std::ifstream file(std::string{MEGA_SOURCE_DIR} + "/contracts/test/fixtures/bls.json");
    return json::parse(file);
}

attestation::Statement statement_of(const json& given) {
    return {
        given.at("chainId").get<uint64_t>(),
        given.at("blockNumber").get<uint64_t>(),
        *fixed_from_hex<32>(given.at("blockHash").get<std::string>()),
        *fixed_from_hex<32>(given.at("stateRoot").get<std::string>())
    };
}

struct Signed {
    Committee committee;
    attestation::Aggregate sum;
};

/// All keys of the fixture sign its statement; ids are 11, 12, ...
Signed all_sign(const json& given) {
    Signed made;
    attestation::Pool pool({});
    made.sum.statement = statement_of(given);
    for (const json& entry : given.at("keys")) {
        const auto secret = *fixed_from_hex<32>(entry.at("secret").get<std::string>());
        const auto key = *crypto::bls::public_key_of(secret);
        made.committee.ids.push_back(static_cast<uint32_t>(11 + made.committee.ids.size()));
        made.committee.members.push_back({key, u256{1000}});
        const auto signature = *crypto::bls::sign(message_of(made.sum.statement), secret);
        EXPECT_EQ(pool.add({made.sum.statement, key, signature}), attestation::Pool::Added::added);
    }
    made.sum = *pool.aggregate(made.sum.statement.block_number);
    return made;
}

TEST(committee, gives_the_aggregate_that_the_contracts_verify) {
    const json given = vectors();
    const Signed made = all_sign(given);
    EXPECT_EQ(to_hex(message_of(made.sum.statement)), given.at("message").get<std::string>());
    const auto wide = widen(made.committee, made.sum);
    ASSERT_TRUE(wide);
    EXPECT_EQ(wide->bitmap, u256{7});
    EXPECT_EQ(to_hex(wide->signature), given.at("aggregate").get<std::string>());
    // (bitmap, offset, length, 256 bytes)
    EXPECT_EQ(aggregate_tuple(*wide).size(), 32U * 3 + 256);
}

TEST(committee, refuses_to_weigh_a_stranger_in) {
    Signed made = all_sign(vectors());
    made.committee.members.pop_back();
    made.committee.ids.pop_back();
    EXPECT_FALSE(widen(made.committee, made.sum));
    EXPECT_FALSE(widen(made.committee, attestation::Aggregate{}));
}

TEST(committee, writes_members_as_two_lists) {
    const Signed made = all_sign(vectors());
    const Bytes tuple = members_tuple(made.committee);
    ASSERT_EQ(tuple.size(), 32U * (2 + 4 + 4));
    EXPECT_EQ(to_u256(Hash256::from(BytesView(tuple).subspan(0))), u256{64});
    EXPECT_EQ(to_u256(Hash256::from(BytesView(tuple).subspan(32))), u256{192});
    EXPECT_EQ(to_u256(Hash256::from(BytesView(tuple).subspan(64))), u256{3});
    EXPECT_EQ(to_u256(Hash256::from(BytesView(tuple).subspan(96))), u256{11});
    Committee other = made.committee;
    other.ids[0] = 99;
    EXPECT_NE(members_hash(other), members_hash(made.committee));
}

}  // namespace
}  // namespace mega::staking
