#include "settlement/swap.hpp"

#include "crypto/digest.hpp"
#include "settlement/abi.hpp"
#include "settlement/test_anvil.hpp"

#include <gtest/gtest.h>

namespace mega::settlement {
namespace {

Address numbered(uint8_t n) {
    Address address;
    address[19] = n;
    return address;
}

Swap sample() {
    Swap swap;
    swap.first = {
        .layer = 1,
        .sender = numbered(1),
        .recipient = numbered(2),
        .token = {},
        .amount = u256{5},
        .hash_lock = {},
        .deadline = 10'000
    };
    swap.second = swap.first;
    swap.second.layer = 2;
    std::swap(swap.second.sender, swap.second.recipient);
    swap.second.deadline = 8'000;
    return swap;
}

TEST(swap, survives_its_file) {
    const Swap swap = sample();
    const auto read = parse_swap(to_json(swap));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(to_json(*read), to_json(swap));
}

TEST(swap, refuses_legs_that_do_not_belong_together) {
    for (const int fault : {0, 1, 2}) {
        Swap swap = sample();
        if (fault == 0) {
            swap.second.layer = 1;
        } else if (fault == 1) {
            swap.second.hash_lock[0] = 1;
        } else {
            swap.second.recipient = numbered(3);
        }
        EXPECT_FALSE(parse_swap(to_json(swap))) << fault;
    }
    EXPECT_FALSE(parse_swap("{}"));
    EXPECT_FALSE(parse_swap("nonsense"));
}

TEST(swap, is_accepted_only_with_time_to_react) {
    const Swap swap = sample();
    EXPECT_FALSE(problem_of_accepting(swap, 1'000, 1'000, 600));
    EXPECT_FALSE(problem_of_accepting(swap, 1'000, 7'400, 600));
    EXPECT_TRUE(problem_of_accepting(swap, 1'000, 7'401, 600));
    EXPECT_TRUE(problem_of_accepting(swap, 9'401, 1'000, 600));
    EXPECT_FALSE(problem_of_accepting(swap, 1'000, 1'000, 2'000));
    EXPECT_TRUE(problem_of_accepting(swap, 1'000, 1'000, 2'001));
}

TEST(swap, shows_its_preimage_only_in_good_time) {
    const Swap swap = sample();
    EXPECT_FALSE(problem_of_revealing(swap, 7'400, 600));
    EXPECT_TRUE(problem_of_revealing(swap, 7'401, 600));
    EXPECT_TRUE(problem_of_revealing(swap, 9'000, 600));
}

/// A leg on an L1 that mines nothing: what is sent stays in the pool.
class swap_pool : public ::testing::Test {
  protected:
    void start() {
        anvil = TestAnvil::start({"--no-mining"});
        leg.hash_lock = crypto::sha256(preimage);
    }
    void send(const Bytes& data) {
        anvil->rpc(
            "eth_sendTransaction",
            {{{"from", to_hex(*crypto::address_of(anvil_key))},
              {"to", to_hex(numbered(9))},
              {"gas", "0x100000"},
              {"nonce", to_hex_quantity(sent++)},
              {"data", to_hex(data)}}}
        );
    }
    [[nodiscard]] static Bytes claim_of(const SwapLeg& leg, const Hash256& shown) {
        return abi::Encoder()
            .word(leg.sender)
            .word(leg.recipient)
            .word(leg.token)
            .word(leg.amount)
            .word(leg.hash_lock)
            .word(u256{leg.deadline})
            .word(shown)
            .call("claim((address,address,address,uint256,bytes32,uint64),bytes32)");
    }
    [[nodiscard]] std::optional<ShownPreimage> shown() {
        SwapSide side{.node = anvil->client(), .contract = numbered(9), .chain_id = 31337};
        const auto found = find_preimage(leg, side);
        EXPECT_TRUE(found) << found.error().message;
        return found ? *found : std::nullopt;
    }

    std::unique_ptr<TestAnvil> anvil;
    const Hash256 preimage{{1, 2, 3}};
    SwapLeg leg = sample().second;
    uint64_t sent = 0;
};

TEST_F(swap_pool, shows_the_preimage_of_a_claim_that_waits) {
    start();
    if (!anvil) {
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts";
    }
    EXPECT_FALSE(shown());
    send(claim_of(leg, preimage));
    const auto found = shown();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->preimage, preimage);
    EXPECT_TRUE(found->is_pending);
}

TEST_F(swap_pool, shows_it_inside_another_call) {
    start();
    if (!anvil) {
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts";
    }
    Bytes wrapped(77, 0xab);
    append(wrapped, claim_of(leg, Hash256{}));
    append(wrapped, claim_of(leg, preimage));
    wrapped.resize(wrapped.size() + 13, 0xcd);
    send(wrapped);
    const auto found = shown();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->preimage, preimage);
}

TEST_F(swap_pool, believes_no_claim_that_shows_something_else) {
    start();
    if (!anvil) {
        GTEST_SKIP() << "SKIPPED for lack of anvil: npm ci --ignore-scripts";
    }
    send(claim_of(leg, Hash256{{9}}));
    SwapLeg other = leg;
    other.amount += u256{1};
    send(claim_of(other, preimage));
    Bytes cut = claim_of(leg, preimage);
    cut.pop_back();
    send(cut);
    send({});
    EXPECT_FALSE(shown());
}

}  // namespace
}  // namespace mega::settlement
