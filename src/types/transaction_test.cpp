#include "types/transaction.hpp"

#include "crypto/keccak.hpp"

#include <gtest/gtest.h>

namespace mega {
namespace {

constexpr TxType signed_types[] = {
    TxType::legacy, TxType::access_list, TxType::dynamic_fee, TxType::blob, TxType::set_code
};

crypto::SecretKey key_number(uint8_t number) {
    crypto::SecretKey key;
    key[31] = number;
    return key;
}

Address address_of_key(uint8_t number) { return *crypto::address_of(key_number(number)); }

/// Every field that the type has is set to something else than its default.
Transaction sample(TxType type) {
    Transaction tx;
    tx.type = type;
    tx.gas_limit = 21'000;
    tx.to = Address{{1, 2, 3}};
    tx.value = u256{0, 5, 0, 0};
    tx.data = {0, 1, 2};
    if (type == TxType::deposit) {
        tx.source_hash[0] = 9;
        tx.from = Address{{7}};
        tx.mint = 11;
        return tx;
    }
    tx.chain_id = 6342;
    tx.nonce = 3;
    tx.max_fee_per_gas = 1000;
    const bool has_priority_fee = type != TxType::legacy && type != TxType::access_list;
    tx.max_priority_fee_per_gas = has_priority_fee ? u256{10} : tx.max_fee_per_gas;
    if (type != TxType::legacy) {
        tx.access_list = {{Address{{4}}, {Hash256{{5}}, Hash256{}}}, {Address{{6}}, {}}};
    }
    if (type == TxType::blob) {
        tx.max_fee_per_blob_gas = 12;
        tx.blob_versioned_hashes = {Hash256{{1, 1}}};
    }
    if (type == TxType::set_code) {
        Authorization authorization{.chain_id = 6342, .address = Address{{8}}, .nonce = 2};
        sign_authorization(authorization, key_number(2));
        tx.authorization_list = {authorization};
    }
    sign_transaction(tx, key_number(1));
    return tx;
}

TxDecodeError error_of(const Transaction& tx) { return decode_transaction(encode(tx)).error(); }

/// The envelope of a legacy transaction with the given v, r and s.
Bytes legacy_with(const u256& v, const u256& r, const u256& s) {
    rlp::Writer out;
    const size_t list = out.begin_list();
    for (int field = 0; field < 6; ++field) {
        out.write(BytesView{});
    }
    out.write(v);
    out.write(r);
    out.write(s);
    out.end_list(list);
    return out.take();
}

}  // namespace

TEST(transaction, every_type_round_trips) {
    for (const TxType type : signed_types) {
        const Transaction tx = sample(type);
        const Bytes envelope = encode(tx);
        const auto decoded = decode_signed_transaction(envelope);
        ASSERT_TRUE(decoded) << static_cast<int>(type);
        EXPECT_EQ(decoded->tx, tx) << static_cast<int>(type);
        EXPECT_EQ(decoded->sender, address_of_key(1));
        EXPECT_EQ(decoded->hash, crypto::keccak256(envelope));
        EXPECT_EQ(decoded->raw, envelope);
    }
}

TEST(transaction, creations_and_unprotected_ones_round_trip) {
    for (const TxType type : {TxType::legacy, TxType::access_list, TxType::dynamic_fee}) {
        Transaction tx = sample(type);
        tx.to.reset();
        if (type == TxType::legacy) {
            tx.chain_id.reset();
        }
        sign_transaction(tx, key_number(3));
        const auto decoded = decode_signed_transaction(encode(tx));
        ASSERT_TRUE(decoded);
        EXPECT_EQ(decoded->tx, tx);
        EXPECT_EQ(decoded->sender, address_of_key(3));
    }
}

// EIP-155's own example.
TEST(transaction, eip_155_example) {
    Transaction tx;
    tx.chain_id = 1;
    tx.nonce = 9;
    tx.max_fee_per_gas = tx.max_priority_fee_per_gas = 20'000'000'000;
    tx.gas_limit = 21'000;
    tx.to.emplace().bytes.fill(0x35);
    tx.value = 1'000'000'000'000'000'000;
    EXPECT_EQ(
        to_hex(signing_hash(tx)),
        "0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"
    );
    crypto::SecretKey key;
    key.bytes.fill(0x46);
    sign_transaction(tx, key);
    EXPECT_EQ(
        to_hex(encode(tx)),
        "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025"
        "a028"
        "ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b"
        "3800"
        "ccf555c9f3dc64214b297fb1966a3b6d83"
    );
}

TEST(transaction, deposit_needs_no_signature) {
    const Transaction tx = sample(TxType::deposit);
    const auto decoded = decode_signed_transaction(encode(tx));
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->tx, tx);
    EXPECT_EQ(decoded->sender, tx.from);
}

TEST(transaction, signature_covers_every_field) {
    for (const TxType type : signed_types) {
        const Transaction tx = sample(type);
        const Hash256 digest = signing_hash(tx);
        const auto differs = [&](auto change) {
            Transaction changed = tx;
            change(changed);
            return signing_hash(changed) != digest;
        };
        EXPECT_TRUE(differs([](Transaction& t) { t.chain_id = 1; }));
        EXPECT_TRUE(differs([](Transaction& t) { ++t.nonce; }));
        EXPECT_TRUE(differs([](Transaction& t) { ++t.gas_limit; }));
        EXPECT_TRUE(differs([](Transaction& t) { t.max_fee_per_gas += 1; }));
        EXPECT_TRUE(differs([](Transaction& t) { t.to.reset(); }));
        EXPECT_TRUE(differs([](Transaction& t) { t.value += 1; }));
        EXPECT_TRUE(differs([](Transaction& t) { t.data.push_back(0); }));
        EXPECT_FALSE(differs([](Transaction& t) { t.signature.r[0] ^= 1; }));
    }
    const Hash256 zero{};
    const Transaction blob = sample(TxType::blob);
    Transaction other = blob;
    other.blob_versioned_hashes.push_back(zero);
    EXPECT_NE(signing_hash(other), signing_hash(blob));
    const Transaction set_code = sample(TxType::set_code);
    other = set_code;
    ++other.authorization_list[0].nonce;
    EXPECT_NE(signing_hash(other), signing_hash(set_code));
}

// Every proper prefix and every extension of an envelope is refused.
TEST(transaction, truncation_and_trailing_bytes_are_refused) {
    for (const TxType type :
         {TxType::legacy,
          TxType::access_list,
          TxType::dynamic_fee,
          TxType::blob,
          TxType::set_code,
          TxType::deposit}) {
        Bytes envelope = encode(sample(type));
        for (size_t size = 0; size < envelope.size(); ++size) {
            EXPECT_FALSE(decode_transaction(BytesView(envelope).first(size)));
        }
        envelope.push_back(0);
        EXPECT_EQ(decode_transaction(envelope).error(), TxDecodeError::bad_rlp);
    }
}

TEST(transaction, unknown_envelopes_are_refused) {
    EXPECT_EQ(decode_transaction({}).error(), TxDecodeError::empty);
    EXPECT_EQ(decode_transaction(Bytes{0xc0}).error(), TxDecodeError::bad_rlp);
    for (unsigned first = 0; first < 0xc0; ++first) {
        const bool known = (first >= 1 && first <= 4) || first == 0x7e;
        const Bytes envelope{static_cast<uint8_t>(first), 0xc0};
        const bool typed = first < 0x80;
        EXPECT_EQ(
            decode_transaction(envelope).error(),
            known || !typed ? TxDecodeError::bad_rlp : TxDecodeError::unknown_type
        ) << first;
    }
    const Bytes long_one(max_envelope_size_bytes + 1, 0xff);
    EXPECT_EQ(decode_transaction(long_one).error(), TxDecodeError::oversized);
    EXPECT_EQ(
        decode_transaction(BytesView(long_one).first(max_envelope_size_bytes)).error(),
        TxDecodeError::bad_rlp
    );
}

TEST(transaction, legacy_v_names_chain_and_parity) {
    const auto decode_v = [](const u256& v) { return decode_transaction(legacy_with(v, 1, 1)); };
    for (const uint64_t v : {0U, 1U, 26U, 29U, 34U}) {
        EXPECT_EQ(decode_v(v).error(), TxDecodeError::invalid_signature) << v;
    }
    EXPECT_EQ(decode_v(27)->chain_id, std::nullopt);
    EXPECT_EQ(decode_v(27)->signature.y_parity, 0);
    EXPECT_EQ(decode_v(28)->signature.y_parity, 1);
    EXPECT_EQ(decode_v(35)->chain_id, 0U);
    EXPECT_EQ(decode_v(38)->chain_id, 1U);
    EXPECT_EQ(decode_v(38)->signature.y_parity, 1);
    const u256 largest = u256{UINT64_MAX} + u256{UINT64_MAX} + u256{36};
    EXPECT_EQ(decode_v(largest)->chain_id, UINT64_MAX);
    EXPECT_EQ(encode(*decode_v(largest)), legacy_with(largest, 1, 1));
    EXPECT_EQ(decode_v(largest + u256{1}).error(), TxDecodeError::invalid_chain_id);
    EXPECT_EQ(decode_v(u256::max()).error(), TxDecodeError::invalid_chain_id);
}

TEST(transaction, typed_parity_is_zero_or_one) {
    Transaction tx = sample(TxType::dynamic_fee);
    for (const int parity : {2, 27, 28, 255}) {
        tx.signature.y_parity = static_cast<uint8_t>(parity);
        EXPECT_EQ(error_of(tx), TxDecodeError::invalid_signature);
    }
}

TEST(transaction, blob_and_set_code_need_a_recipient) {
    for (const TxType type : {TxType::blob, TxType::set_code}) {
        Transaction tx = sample(type);
        tx.to.reset();
        EXPECT_EQ(error_of(tx), TxDecodeError::missing_recipient);
    }
}

TEST(transaction, set_code_needs_an_authorization) {
    Transaction tx = sample(TxType::set_code);
    tx.authorization_list.clear();
    EXPECT_EQ(error_of(tx), TxDecodeError::empty_authorization_list);
}

TEST(transaction, authorization_parity_is_one_byte) {
    Transaction tx = sample(TxType::set_code);
    tx.authorization_list[0].y_parity = 255;
    EXPECT_TRUE(decode_transaction(encode(tx)));
    tx.authorization_list[0].y_parity = 256;
    EXPECT_EQ(error_of(tx), TxDecodeError::bad_rlp);
}

// 0x03 ‖ rlp([[...transaction...], blobs, commitments, proofs])
TEST(transaction, blob_sidecar_is_refused_by_name) {
    const Bytes plain = encode(sample(TxType::blob));
    rlp::Writer out;
    out.write_raw({plain.data(), 1});
    const size_t list = out.begin_list();
    out.write_raw(BytesView(plain).subspan(1));
    for (int lists = 0; lists < 3; ++lists) {
        out.end_list(out.begin_list());
    }
    out.end_list(list);
    EXPECT_EQ(decode_transaction(out.view()).error(), TxDecodeError::blob_sidecar);
}

// (r, n - s) with the other parity signs as well, but only one of the two may enter a block
// (EIP-2).
TEST(transaction, high_s_and_out_of_range_values_are_refused) {
    const u256 order =
        *u256_from_text("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    const Transaction good = sample(TxType::dynamic_fee);
    Transaction tx = good;
    tx.signature.s = (order - to_u256(tx.signature.s)).to_hash();
    tx.signature.y_parity ^= 1;
    EXPECT_EQ(crypto::recover_address(signing_hash(tx), tx.signature), address_of_key(1));
    EXPECT_EQ(recover_sender(tx).error(), TxDecodeError::invalid_signature);
    for (const u256& bad : {u256{}, order, u256::max()}) {
        tx = good;
        tx.signature.r = bad.to_hash();
        EXPECT_EQ(recover_sender(tx).error(), TxDecodeError::invalid_signature);
        tx = good;
        tx.signature.s = bad.to_hash();
        EXPECT_EQ(recover_sender(tx).error(), TxDecodeError::invalid_signature);
    }
    EXPECT_EQ(*recover_sender(good), address_of_key(1));
}

TEST(authorization, recovers_its_authority) {
    const Authorization good = sample(TxType::set_code).authorization_list[0];
    EXPECT_EQ(recover_authority(good), address_of_key(2));
    Authorization changed = good;
    ++changed.nonce;
    EXPECT_NE(recover_authority(changed), address_of_key(2));
}

TEST(authorization, refuses_high_s_and_odd_parities) {
    const u256 order =
        *u256_from_text("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    const Authorization good = sample(TxType::set_code).authorization_list[0];
    Authorization bad = good;
    bad.s = order - good.s;
    bad.y_parity = u256{1} - good.y_parity;
    EXPECT_EQ(recover_authority(bad), std::nullopt);
    bad = good;
    bad.y_parity += 2;
    EXPECT_EQ(recover_authority(bad), std::nullopt);
    bad.y_parity = good.y_parity + u256{256};  // would look right if cut to a byte
    EXPECT_EQ(recover_authority(bad), std::nullopt);
    bad = good;
    bad.r = 0;
    EXPECT_EQ(recover_authority(bad), std::nullopt);
}

TEST(transaction, effective_price_adds_the_priority_fee_up_to_the_maximum) {
    Transaction tx = sample(TxType::dynamic_fee);  // at most 1000, priority 10
    EXPECT_EQ(effective_gas_price(tx, 100), u256{110});
    EXPECT_EQ(effective_gas_price(tx, 990), u256{1000});
    EXPECT_EQ(effective_gas_price(tx, 995), u256{1000});
    EXPECT_EQ(effective_gas_price(tx, 1000), u256{1000});
    EXPECT_EQ(effective_gas_price(sample(TxType::legacy), 100), u256{1000});
    tx.max_fee_per_gas = tx.max_priority_fee_per_gas = u256::max();
    EXPECT_EQ(effective_gas_price(tx, 7), u256::max());
}

}  // namespace mega
