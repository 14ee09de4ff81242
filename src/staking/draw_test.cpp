#include "staking/draw.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <fstream>
#include <set>

namespace mega::staking {
namespace {

using nlohmann::json;

json vectors() {
    std::ifstream file(
        std::string{MEGA_SOURCE_DIR} + "/contracts/test/fixtures/leader_schedule.json"
    );
    return json::parse(file).at("cases");
}

Hash256 hash_at(const json& object, const char* name) {
    return *fixed_from_hex<32>(object.at(name).get<std::string>());
}

u256 decimal(const std::string& digits) {
    u256 value;
    for (const char digit : digits) {
        value = value * u256{10} + u256{static_cast<uint64_t>(digit - '0')};
    }
    return value;
}

std::vector<u256> stakes_of(const json& vector) {
    std::vector<u256> stakes;
    for (const auto& stake : vector.at("stakes")) {
        stakes.push_back(decimal(stake.get<std::string>()));
    }
    return stakes;
}

std::vector<std::string> ids_at(const json& vector, const std::vector<size_t>& places) {
    std::vector<std::string> ids;
    for (const size_t place : places) {
        ids.push_back(vector.at("ids").at(place).get<std::string>());
    }
    return ids;
}

TEST(draw, gives_the_contracts_seeds) {
    for (const json& vector : vectors()) {
        EXPECT_EQ(
            epoch_seed(
                {vector.at("l1ChainId").get<uint64_t>(),
                 vector.at("l2ChainId").get<uint64_t>(),
                 vector.at("epoch").get<uint64_t>(),
                 hash_at(vector, "prevRandao"),
                 hash_at(vector, "blockHash")}
            ),
            hash_at(vector, "seed")
        );
    }
}

TEST(draw, gives_the_contracts_leaders_of_every_slot) {
    size_t slots = 0;
    for (const json& vector : vectors()) {
        for (const json& slot : vector.at("slots")) {
            const auto drawn = slot_order(
                stakes_of(vector), hash_at(vector, "seed"), slot.at("slot").get<uint64_t>()
            );
            EXPECT_EQ(ids_at(vector, drawn), slot.at("leaders").get<std::vector<std::string>>());
            ++slots;
        }
    }
    EXPECT_GT(slots, 20U);
}

TEST(draw, gives_the_contracts_committees) {
    size_t drawn_committees = 0;
    for (const json& vector : vectors()) {
        if (!vector.contains("committee")) {
            continue;
        }
        const auto size = vector.at("committeeSize").get<size_t>();
        const auto stakes = stakes_of(vector);
        const auto drawn = committee_order(stakes, hash_at(vector, "seed"), size);
        EXPECT_EQ(ids_at(vector, drawn), vector.at("committee").get<std::vector<std::string>>());
        drawn_committees += stakes.size() > size ? 1 : 0;
    }
    EXPECT_GT(drawn_committees, 0U);
}

TEST(draw, takes_nobody_twice_and_nobody_without_stake) {
    std::vector<u256> weights;
    for (uint64_t i = 0; i < 40; ++i) {
        weights.emplace_back(i % 4 == 0 ? 0 : i * 1000);
    }
    Hash256 seed;
    for (uint8_t round = 0; round < 50; ++round) {
        seed[0] = round;
        const auto drawn = order(weights, seed, 40);
        EXPECT_EQ(drawn.size(), 30U);
        EXPECT_EQ(std::set(drawn.begin(), drawn.end()).size(), 30U);
        EXPECT_TRUE(std::ranges::all_of(drawn, [](size_t place) { return place % 4 != 0; }));
    }
}

TEST(draw, of_an_empty_table_is_empty) {
    EXPECT_TRUE(order({}, {}, 8).empty());
    const std::vector<u256> nothing(3);
    EXPECT_TRUE(order(nothing, {}, 8).empty());
    EXPECT_TRUE(committee_order({}, {}, 8).empty());
}

}  // namespace
}  // namespace mega::staking
