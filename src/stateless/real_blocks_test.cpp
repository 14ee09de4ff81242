// Real blocks with witnesses that other clients made: an Ethereum mainnet block and one of Hoodi.

#include "base/fixtures_test.hpp"
#include "base/hex.hpp"
#include "execution/block.hpp"
#include "stateless/validate.hpp"
#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace mega::stateless {

namespace {

using Json = nlohmann::json;

Bytes bytes_of(const Json& value) { return from_hex(value.get<std::string>()).value(); }

template <size_t N>
FixedBytes<N> fixed_of(const Json& value) {
    return FixedBytes<N>::from(bytes_of(value));
}

/// JSON numbers, decimal strings and hex strings.
u256 number_of(const Json& value) {
    if (value.is_number_unsigned()) {
        return u256{value.get<uint64_t>()};
    }
    const auto text = value.get<std::string>();
    const u256 base = text.starts_with("0x") ? u256{16} : u256{10};
    u256 number;
    for (const char c : text.substr(text.starts_with("0x") ? 2 : 0)) {
        const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
        number = number * base + u256{static_cast<uint64_t>(digit)};
    }
    return number;
}
uint64_t u64_of(const Json& value) { return number_of(value).low64(); }

std::vector<Bytes> list_of(const Json& list) {
    std::vector<Bytes> items;
    for (const Json& item : list) {
        items.push_back(bytes_of(item));
    }
    return items;
}

std::vector<Withdrawal> withdrawals_of(const Json& list) {
    std::vector<Withdrawal> withdrawals;
    for (const Json& item : list) {
        withdrawals.push_back(
            {u64_of(item.at("index")),
             u64_of(item.at("validatorIndex")),
             fixed_of<20>(item.at("address")),
             u64_of(item.at("amount"))}
        );
    }
    return withdrawals;
}

struct RealBlock {
    Block block;
    Hash256 parent_state_root;
    EthereumRules rules;
};

ethereum::ChainConfig prague(uint64_t chain_id) {
    ethereum::ChainConfig config = ethereum::config_of_network("Prague").value();
    config.chain_id = chain_id;
    return config;
}

// --- mainnet block 23587691, as stateless-block-verifier keeps it

BlockHeader header_of_sbv(const Json& json) {
    BlockHeader header;
    header.parent_hash = fixed_of<32>(json.at("parent_hash"));
    header.ommers_hash = fixed_of<32>(json.at("ommers_hash"));
    header.beneficiary = fixed_of<20>(json.at("beneficiary"));
    header.state_root = fixed_of<32>(json.at("state_root"));
    header.transactions_root = fixed_of<32>(json.at("transactions_root"));
    header.receipts_root = fixed_of<32>(json.at("receipts_root"));
    header.logs_bloom = fixed_of<256>(json.at("logs_bloom"));
    header.difficulty = number_of(json.at("difficulty"));
    header.number = u64_of(json.at("number"));
    header.gas_limit = u64_of(json.at("gas_limit"));
    header.gas_used = u64_of(json.at("gas_used"));
    header.timestamp = u64_of(json.at("timestamp"));
    header.extra_data = bytes_of(json.at("extra_data"));
    header.prev_randao = fixed_of<32>(json.at("mix_hash"));
    header.nonce = fixed_of<8>(json.at("nonce"));
    header.base_fee_per_gas = number_of(json.at("base_fee_per_gas"));
    header.withdrawals_root = fixed_of<32>(json.at("withdrawals_root"));
    header.blob_gas_used = u64_of(json.at("blob_gas_used"));
    header.excess_blob_gas = u64_of(json.at("excess_blob_gas"));
    header.parent_beacon_block_root = fixed_of<32>(json.at("parent_beacon_block_root"));
    header.requests_hash = fixed_of<32>(json.at("requests_hash"));
    return header;
}

Bytes envelope_of_sbv(const Json& json) {
    const Json& kinds = json.at("transaction");
    const bool is_legacy = kinds.contains("Legacy");
    const Json& fields = is_legacy ? kinds.at("Legacy") : kinds.at("Eip1559");
    Transaction tx;
    tx.type = is_legacy ? TxType::legacy : TxType::dynamic_fee;
    tx.chain_id = u64_of(fields.at("chain_id"));
    tx.nonce = u64_of(fields.at("nonce"));
    tx.gas_limit = u64_of(fields.at("gas_limit"));
    tx.max_fee_per_gas = number_of(fields.at(is_legacy ? "gas_price" : "max_fee_per_gas"));
    tx.max_priority_fee_per_gas =
        number_of(fields.at(is_legacy ? "gas_price" : "max_priority_fee_per_gas"));
    if (fields.at("to").is_string()) {
        tx.to = fixed_of<20>(fields.at("to"));
    }
    tx.value = number_of(fields.at("value"));
    tx.data = bytes_of(fields.at("input"));
    if (!is_legacy) {
        for (const Json& entry : fields.at("access_list")) {
            AccessListEntry& added = tx.access_list.emplace_back();
            added.address = fixed_of<20>(entry.at("address"));
            for (const Json& key : entry.at("storageKeys")) {
                added.storage_keys.push_back(fixed_of<32>(key));
            }
        }
    }
    const Json& signature = json.at("signature");
    tx.signature.r = number_of(signature.at("r")).to_hash();
    tx.signature.s = number_of(signature.at("s")).to_hash();
    tx.signature.y_parity = u64_of(signature.at("yParity")) != 0;
    return encode(tx);
}

struct SbvBlock {
    RealBlock real;
    std::vector<Hash256> block_hashes;
    witness::ExecutionWitness witness;
};

SbvBlock read_sbv(const std::filesystem::path& file) {
    const Json json = Json::parse(read_fixture(file));
    SbvBlock read;
    read.real.block.header = header_of_sbv(json.at("header"));
    for (const Json& tx : json.at("transactions")) {
        read.real.block.transactions.push_back(envelope_of_sbv(tx));
    }
    read.real.block.withdrawals = withdrawals_of(json.at("withdrawals"));
    read.real.parent_state_root = fixed_of<32>(json.at("prev_state_root"));
    read.real.rules = {prague(1)};
    for (const Json& hash : json.at("block_hashes")) {
        read.block_hashes.push_back(fixed_of<32>(hash));
    }
    read.witness.state = list_of(json.at("states"));
    read.witness.codes = list_of(json.at("codes"));
    return read;
}

// --- Hoodi block 1265656, as ethrex-replay keeps it

BlockHeader header_of_rpc(const Json& json) {
    BlockHeader header;
    header.parent_hash = fixed_of<32>(json.at("parentHash"));
    header.ommers_hash = fixed_of<32>(json.at("sha3Uncles"));
    header.beneficiary = fixed_of<20>(json.at("miner"));
    header.state_root = fixed_of<32>(json.at("stateRoot"));
    header.transactions_root = fixed_of<32>(json.at("transactionsRoot"));
    header.receipts_root = fixed_of<32>(json.at("receiptsRoot"));
    header.logs_bloom = fixed_of<256>(json.at("logsBloom"));
    header.difficulty = number_of(json.at("difficulty"));
    header.number = u64_of(json.at("number"));
    header.gas_limit = u64_of(json.at("gasLimit"));
    header.gas_used = u64_of(json.at("gasUsed"));
    header.timestamp = u64_of(json.at("timestamp"));
    header.extra_data = bytes_of(json.at("extraData"));
    header.prev_randao = fixed_of<32>(json.at("mixHash"));
    header.nonce = fixed_of<8>(json.at("nonce"));
    header.base_fee_per_gas = number_of(json.at("baseFeePerGas"));
    header.withdrawals_root = fixed_of<32>(json.at("withdrawalsRoot"));
    header.blob_gas_used = u64_of(json.at("blobGasUsed"));
    header.excess_blob_gas = u64_of(json.at("excessBlobGas"));
    header.parent_beacon_block_root = fixed_of<32>(json.at("parentBeaconBlockRoot"));
    header.requests_hash = fixed_of<32>(json.at("requestsHash"));
    return header;
}

Bytes envelope_of_rpc(const Json& json) {
    Transaction tx;
    tx.type = static_cast<TxType>(u64_of(json.at("type")));
    tx.chain_id = u64_of(json.at("chainId"));
    tx.nonce = u64_of(json.at("nonce"));
    tx.gas_limit = u64_of(json.at("gas"));
    tx.max_fee_per_gas = number_of(json.at("maxFeePerGas"));
    tx.max_priority_fee_per_gas = number_of(json.at("maxPriorityFeePerGas"));
    if (json.at("to").is_string()) {
        tx.to = fixed_of<20>(json.at("to"));
    }
    tx.value = number_of(json.at("value"));
    tx.data = bytes_of(json.at("input"));
    if (tx.type == TxType::blob) {
        tx.max_fee_per_blob_gas = number_of(json.at("maxFeePerBlobGas"));
        for (const Json& hash : json.at("blobVersionedHashes")) {
            tx.blob_versioned_hashes.push_back(fixed_of<32>(hash));
        }
    }
    tx.signature.r = number_of(json.at("r")).to_hash();
    tx.signature.s = number_of(json.at("s")).to_hash();
    tx.signature.y_parity = u64_of(json.at("yParity")) != 0;
    return encode(tx);
}

struct ReplayBlock {
    RealBlock real;
    BlockHeader parent;
    witness::ExecutionWitness witness;
};

ReplayBlock read_replay(const std::filesystem::path& file) {
    const Json json = Json::parse(read_fixture(file));
    const Json& block = json.at("blocks").at(0);
    ReplayBlock read;
    read.real.block.header = header_of_rpc(block.at("header"));
    for (const Json& tx : block.at("body").at("transactions")) {
        read.real.block.transactions.push_back(envelope_of_rpc(tx));
    }
    read.real.block.withdrawals = withdrawals_of(block.at("body").at("withdrawals"));
    read.real.rules = {prague(560048)};
    const Json& witness = json.at("witness");
    read.witness = {
        list_of(witness.at("state")),
        list_of(witness.at("codes")),
        list_of(witness.at("keys")),
        list_of(witness.at("headers")),
    };
    for (const Bytes& rlp : read.witness.headers) {
        const BlockHeader header = decode_header(rlp).value();
        if (hash_of(header) == read.real.block.header.parent_hash) {
            read.parent = header;
        }
    }
    return read;
}

class RealBlocks : public ::testing::Test {
  protected:
    void SetUp() override {
        if (!fixtures_root()) {
            GTEST_SKIP() << fixtures_missing("witness");
        }
    }
    static SbvBlock mainnet_block() {
        return read_sbv(*fixtures_root() / "witness/scroll-sbv/1-23587691.json");
    }
    static ReplayBlock hoodi_block() {
        return read_replay(*fixtures_root() / "witness/ethrex-replay/cache_hoodi_1265656.json");
    }
};

/// The witness as it was made, without a header of the parent.
witness::Witness witness_of(const SbvBlock& read) {
    BlockHeader parent;
    parent.state_root = read.real.parent_state_root;
    auto witness = witness::from_execution_witness(read.witness, parent);
    EXPECT_TRUE(witness);
    return *std::move(witness);
}

}  // namespace

TEST_F(RealBlocks, a_mainnet_block_validates_to_its_header) {
    const SbvBlock read = mainnet_block();
    const Block& block = read.real.block;
    const BlockHashes hashes(block.header.number - 1, read.block_hashes);
    const auto validated = validate_transition(
        read.real.parent_state_root, hashes, block, witness_of(read), read.real.rules
    );
    ASSERT_TRUE(validated) << validated.error().words;
    EXPECT_EQ(validated->state_root, block.header.state_root);
    EXPECT_EQ(validated->gas_used, 1'429'580);
    EXPECT_EQ(execution::receipts_root(validated->receipts), block.header.receipts_root);
    EXPECT_EQ(execution::requests_hash(validated->requests), block.header.requests_hash);
    EXPECT_EQ(validated->receipts.size(), 40);
}

TEST_F(RealBlocks, a_hoodi_block_with_blobs_validates_to_its_header) {
    const ReplayBlock read = hoodi_block();
    const auto witness = witness::from_execution_witness(read.witness, read.parent);
    ASSERT_TRUE(witness);
    const auto validated = validate_block(read.parent, read.real.block, *witness, read.real.rules);
    ASSERT_TRUE(validated) << validated.error().words;
    EXPECT_EQ(validated->receipts.size(), 11);
}

TEST_F(RealBlocks, survive_the_compact_form) {
    const SbvBlock read = mainnet_block();
    const Block& block = read.real.block;
    const auto encoded = witness::encode_compact(witness_of(read));
    ASSERT_TRUE(encoded);
    auto decoded = witness::decode_compact(*encoded);
    ASSERT_TRUE(decoded) << witness::to_string(decoded.error());
    // It was not recorded here, and holds what its maker thought good.
    decoded->is_minimal = false;
    const BlockHashes hashes(block.header.number - 1, read.block_hashes);
    const auto validated =
        validate_transition(read.real.parent_state_root, hashes, block, *decoded, read.real.rules);
    ASSERT_TRUE(validated) << validated.error().words;
}

TEST_F(RealBlocks, every_changed_result_field_is_named) {
    const ReplayBlock read = hoodi_block();
    const auto witness = witness::from_execution_witness(read.witness, read.parent);
    ASSERT_TRUE(witness);
    const auto code_after = [&](auto&& change) {
        Block block = read.real.block;
        change(block.header);
        const auto validated = validate_block(read.parent, block, *witness, read.real.rules);
        EXPECT_FALSE(validated);
        return validated ? MismatchCode::body : validated.error().code;
    };
    EXPECT_EQ(code_after([](auto& h) { h.parent_hash.bytes[0] ^= 1; }), MismatchCode::parent_hash);
    EXPECT_EQ(code_after([](auto& h) { h.number += 1; }), MismatchCode::header);
    EXPECT_EQ(code_after([](auto& h) { h.gas_used += 1; }), MismatchCode::gas_used);
    EXPECT_EQ(code_after([](auto& h) { h.state_root.bytes[0] ^= 1; }), MismatchCode::state_root);
    EXPECT_EQ(
        code_after([](auto& h) { h.receipts_root.bytes[0] ^= 1; }), MismatchCode::receipts_root
    );
    EXPECT_EQ(code_after([](auto& h) { h.logs_bloom.bytes[0] ^= 1; }), MismatchCode::logs_bloom);
    EXPECT_EQ(
        code_after([](auto& h) { h.requests_hash->bytes[0] ^= 1; }), MismatchCode::requests_hash
    );
    EXPECT_EQ(
        code_after([](auto& h) { h.transactions_root.bytes[0] ^= 1; }),
        MismatchCode::transactions_root
    );
    EXPECT_EQ(
        code_after([](auto& h) { h.withdrawals_root->bytes[0] ^= 1; }),
        MismatchCode::withdrawals_root
    );
}

}  // namespace mega::stateless
