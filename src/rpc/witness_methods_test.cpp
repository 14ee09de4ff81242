// Witnesses that the methods give out, taken the way a validator takes them: parsed from the answer
// and nothing else, and believed only as far as stateless::validate_block goes.

#include "rpc/test_chain.hpp"
#include "stateless/validate.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"

namespace mega::rpc {
namespace {

using nlohmann::json;
using test::TestChain;

Bytes data_of(const json& value) {
    auto bytes = from_hex(value.get<std::string>());
    EXPECT_TRUE(bytes.has_value());
    return bytes ? *std::move(bytes) : Bytes{};
}

std::vector<Bytes> list_of(const json& list) {
    std::vector<Bytes> all;
    for (const json& entry : list) {
        all.push_back(data_of(entry));
    }
    return all;
}

/// Init code that returns `runtime`.
Bytes deploys(const Bytes& runtime) {
    Bytes code{
        0x60, static_cast<uint8_t>(runtime.size()), 0x80, 0x60, 0x0b, 0x60, 0, 0x39, 0x60, 0
    };
    code.push_back(0xf3);
    append(code, runtime);
    return code;
}

Bytes words(std::initializer_list<uint64_t> values) {
    Bytes data;
    for (const uint64_t value : values) {
        append(data, u256{value}.to_hash().view());
    }
    return data;
}

const Bytes writes_slot{0x60, 0x20, 0x35, 0x60, 0, 0x35, 0x55, 0};  // slot, value
const Bytes reverts{0x60, 0, 0x60, 0, 0xfd};
const Bytes destructs{0x33, 0xff};
const Bytes asks_block_hash{0x60, 0, 0x35, 0x43, 0x03, 0x40, 0x60, 0, 0x55, 0};  // how far back

class WitnessMethods : public testing::Test {
  protected:
    /// The address that was created, if one was.
    std::optional<Address> send(const std::function<void(Transaction&)>& change) {
        const json receipt = chain_.result(
            "eth_sendRawTransactionSync",
            {chain_.signed_transfer(
                nonce_++,
                [&](Transaction& tx) {
                    tx.gas_limit = 1'000'000;
                    change(tx);
                }
            )}
        );
        const json& created = receipt.value("contractAddress", json{});
        return created.is_string()
                   ? fixed_from_hex<20>(created.get<std::string>()).value_or(Address{})
                   : std::optional<Address>{};
    }
    Address deploy(const Bytes& init_code) {
        return *send([&](Transaction& tx) {
            tx.to.reset();
            tx.data = init_code;
        });
    }
    void call(const Address& to, Bytes data, uint64_t value = 0) {
        send([&](Transaction& tx) {
            tx.to = to;
            tx.data = std::move(data);
            tx.value = value;
        });
    }
    void delegate(const Address& to) {
        Authorization authorization;
        authorization.chain_id = test::chain_id;
        authorization.address = to;
        sign_authorization(authorization, u256{77}.to_hash());
        send([&](Transaction& tx) {
            tx.type = TxType::set_code;
            tx.authorization_list = {authorization};
            tx.to = *crypto::address_of(u256{77}.to_hash());
            tx.data = words({1, 2});
        });
    }
    /// Transfers, deployments, writes and deletions, reverts, destroyed contracts, old block
    /// hashes, a delegation, an empty block; in seven blocks.
    void make_busy_chain() {
        const Address store = deploy(deploys(writes_slot));
        const Address failing = deploy(deploys(reverts));
        chain_.mine();
        for (uint64_t slot = 0; slot < 20; ++slot) {
            call(store, words({slot, slot + 1}));
        }
        chain_.mine();
        for (uint64_t i = 1; i < 30; ++i) {
            call(Address::from(u256{i * 0x1234567}.to_hash().view().subspan(12)), {}, i);
        }
        call(failing, {});
        chain_.mine();
        chain_.mine();
        const Address asking = deploy(deploys(asks_block_hash));
        deploy(destructs);  // gone before it ever was
        const Address mortal = deploy(deploys(destructs));
        chain_.mine();
        call(asking, words({4}));
        call(mortal, {});
        for (uint64_t slot = 0; slot < 19; ++slot) {
            call(store, words({slot, 0}));
        }
        chain_.mine();
        delegate(store);
        chain_.mine();
    }

    Block block(uint64_t number) {
        auto decoded =
            decode_block(data_of(chain_.result("debug_getRawBlock", {quantity(number)})));
        EXPECT_TRUE(decoded.has_value());
        return decoded ? *std::move(decoded) : Block{};
    }
    static std::string quantity(uint64_t number) { return to_hex_quantity(number); }
    static stateless::Rules rules() {
        stateless::MegaRules rules;
        rules.chain_id = test::chain_id;
        return rules;
    }

    TestChain chain_;
    uint64_t nonce_ = 0;
};

TEST_F(WitnessMethods, every_block_validates_from_the_json_form) {
    make_busy_chain();
    for (uint64_t number = 1; number <= 7; ++number) {
        const json answer = chain_.result("debug_executionWitness", {quantity(number)});
        const witness::ExecutionWitness lists{
            list_of(answer["state"]),
            list_of(answer["codes"]),
            list_of(answer["keys"]),
            list_of(answer["headers"])
        };
        const BlockHeader parent = block(number - 1).header;
        EXPECT_EQ(lists.headers.back(), encode(parent));
        const auto parsed = witness::from_execution_witness(lists, parent);
        ASSERT_TRUE(parsed.has_value());
        const Block sealed = block(number);
        const auto validated = stateless::validate_block(parent, sealed, *parsed, rules());
        ASSERT_TRUE(validated.has_value()) << number << ": " << validated.error().words;
        EXPECT_EQ(validated->state_root, sealed.header.state_root);
    }
}

TEST_F(WitnessMethods, every_block_validates_from_the_compact_form) {
    make_busy_chain();
    for (uint64_t number = 1; number <= 7; ++number) {
        const Bytes encoded = data_of(chain_.result("mega_getBlockWitness", {quantity(number)}));
        const auto decoded = witness::decode_compact(encoded);
        ASSERT_TRUE(decoded.has_value());
        const auto validated =
            stateless::validate_block(block(number - 1).header, block(number), *decoded, rules());
        ASSERT_TRUE(validated.has_value()) << number << ": " << validated.error().words;
    }
}

TEST_F(WitnessMethods, the_witness_of_another_block_does_not_do) {
    make_busy_chain();
    const auto other =
        witness::decode_compact(data_of(chain_.result("mega_getBlockWitness", {quantity(3)})));
    const auto validated = stateless::validate_block(block(1).header, block(2), *other, rules());
    ASSERT_FALSE(validated.has_value());
    EXPECT_EQ(validated.error().code, stateless::MismatchCode::witness_of_other_state);
}

TEST_F(WitnessMethods, an_open_block_beside_it_changes_nothing) {
    make_busy_chain();
    const json before = chain_.result("mega_getBlockWitness", {quantity(2)});
    call(Address{{0x99}}, {}, 5);
    chain_.mine();
    call(Address{{0x98}}, {}, 5);
    // Another service of the same chain has kept nothing: see also the caching of this one.
    EXPECT_EQ(chain_.result("mega_getBlockWitness", {quantity(2)}), before);
    const auto late =
        witness::decode_compact(data_of(chain_.result("mega_getBlockWitness", {quantity(5)})));
    ASSERT_TRUE(late.has_value());
    EXPECT_TRUE(stateless::validate_block(block(4).header, block(5), *late, rules()).has_value());
}

TEST_F(WitnessMethods, known_codes_stay_at_home) {
    make_busy_chain();
    const auto whole =
        witness::decode_compact(data_of(chain_.result("mega_getBlockWitness", {quantity(2)})));
    ASSERT_EQ(whole->codes.size(), 1U);
    const json known{{"knownCodes", {to_hex(whole->codes[0].hash)}}};
    auto lean =
        witness::decode_compact(data_of(chain_.result("mega_getBlockWitness", {quantity(2), known}))
        );
    ASSERT_EQ(lean->codes.size(), 1U);
    EXPECT_EQ(lean->codes[0].code, nullptr);
    witness::fill_codes(*lean, whole->codes);
    EXPECT_TRUE(stateless::validate_block(block(1).header, block(2), *lean, rules()).has_value());
}

TEST_F(WitnessMethods, blocks_are_found_by_number_hash_and_tag) {
    make_busy_chain();
    const json by_number = chain_.result("debug_executionWitness", {"0x7"});
    EXPECT_EQ(chain_.result("debug_executionWitness", {"finalized"}), by_number);
    EXPECT_EQ(chain_.result("debug_executionWitness"), by_number);
    const std::string hash = to_hex(hash_of(block(7).header));
    EXPECT_EQ(chain_.result("debug_executionWitness", {hash}), by_number);
}

TEST_F(WitnessMethods, errors_are_named) {
    chain_.mine();
    const auto message = [&](const json& params) {
        return chain_.error("mega_getBlockWitness", params).value("message", "");
    };
    EXPECT_EQ(message({"0x0"}), "block 0 is the genesis: it has no witness");
    EXPECT_EQ(message({"0x99"}), "block not found");
    EXPECT_EQ(message({"pending"}), "block 2 is not sealed yet");
    EXPECT_EQ(message({"0x1", 5}), "invalid argument options: want {\"knownCodes\": [hash, ...]}");
    EXPECT_NE(message({"0x1", {{"knownCodes", {"0x12"}}}}).find("knownCodes"), std::string::npos);
}

TEST_F(WitnessMethods, blocks_beyond_the_window_are_refused_by_name) {
    for (size_t i = 0; i < sequencer::Commitment::proof_window + 2; ++i) {
        chain_.mine();
    }
    chain_.result("mega_getBlockWitness", {"0x3"});
    EXPECT_EQ(
        chain_.error("mega_getBlockWitness", {"0x2"}).value("message", ""),
        "witnesses are available from block 3 on, not for block 2"
    );
}

TEST_F(WitnessMethods, state_set_by_hand_leaves_no_witness) {
    chain_.result("anvil_setBalance", {"0x00000000000000000000000000000000000000aa", "0x5"});
    chain_.mine();
    const std::string message = chain_.error("mega_getBlockWitness", {"0x1"}).value("message", "");
    EXPECT_NE(message.find("changed by hand"), std::string::npos) << message;
    chain_.mine();
    chain_.result("mega_getBlockWitness", {"0x2"});
}

}  // namespace
}  // namespace mega::rpc
