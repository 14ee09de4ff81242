#pragma once

// For tests: batches with all that a transaction can have, drawn from small pools so that values
// repeat, and from the edges of their ranges. Signatures are random bytes: the format keeps them as
// they are, but for the highest bit of s, which is 0 in every valid one.

#include "rollup/batch_format.hpp"

#include <random>

namespace mega::rollup::test {

inline constexpr uint64_t chain_id = 6342;

class RandomBatches {
  public:
    explicit RandomBatches(uint64_t seed) : engine_(seed) {
        for (int i = 0; i < 6; ++i) {
            known_addresses_.push_back(Address::from(random_bytes(20)));
            known_words_.push_back(random_word());
        }
    }

    [[nodiscard]] uint64_t below(uint64_t end) { return engine_() % end; }
    [[nodiscard]] bool one_in(uint64_t n) { return below(n) == 0; }
    [[nodiscard]] Bytes random_bytes(size_t count) {
        Bytes bytes(count);
        for (uint8_t& byte : bytes) {
            byte = static_cast<uint8_t>(engine_());
        }
        return bytes;
    }
    [[nodiscard]] Address address() {
        return one_in(3) ? Address::from(random_bytes(20))
                         : known_addresses_[below(known_addresses_.size())];
    }

    [[nodiscard]] std::vector<BatchBlock> blocks(size_t count, size_t transactions_a_block) {
        std::vector<BatchBlock> blocks;
        BatchBlock block;
        block.timestamp = 1'700'000'000 + below(1000);
        block.origin_number = below(1000);
        block.gas_limit = 30'000'000;
        block.beneficiary = address();
        for (size_t i = 0; i < count; ++i) {
            block.timestamp += below(3);
            block.origin_number += below(2);
            block.cursor += below(4);
            if (one_in(5)) {
                block.gas_limit = 22'000'000 + below(1'000'000'000);
            }
            if (one_in(5)) {
                block.beneficiary = address();
            }
            block.transactions.clear();
            const size_t transactions = below(transactions_a_block + 1);
            for (size_t k = 0; k < transactions; ++k) {
                block.transactions.push_back(transaction(block.timestamp));
            }
            blocks.push_back(block);
        }
        return blocks;
    }

    [[nodiscard]] Transaction transaction(uint64_t timestamp) {
        constexpr TxType types[] = {
            TxType::legacy, TxType::access_list, TxType::dynamic_fee, TxType::set_code
        };
        Transaction tx;
        tx.type = types[below(4)];
        if (tx.type != TxType::legacy || one_in(2)) {
            tx.chain_id = chain_id;
        }
        tx.nonce = one_in(8) ? engine_() : below(1000);
        tx.gas_limit = one_in(8) ? engine_() : 21'000 * (1 + below(3));
        tx.max_fee_per_gas = number();
        const bool has_tip = tx.type == TxType::dynamic_fee || tx.type == TxType::set_code;
        tx.max_priority_fee_per_gas = has_tip ? number() : tx.max_fee_per_gas;
        if (tx.type == TxType::set_code || !one_in(6)) {
            tx.to = address();
        }
        tx.value = one_in(2) ? u256{} : number();
        tx.data = data(timestamp);
        tx.signature = {random_word(), random_word(), static_cast<uint8_t>(below(2))};
        tx.signature.s.bytes[0] &= 0x7f;
        if (tx.type != TxType::legacy) {
            add_lists(tx);
        }
        return tx;
    }

  private:
    [[nodiscard]] Hash256 random_word() { return Hash256::from(random_bytes(32)); }
    [[nodiscard]] u256 number() {
        switch (below(8)) {
            case 0:
                return to_u256(random_word());
            case 1:
                return u256::max();
            case 2:
                return u256{1'000'000'000} * u256{below(5)};
            case 3: {
                u256 power = 1;
                for (uint64_t i = below(78); i > 0; --i) {
                    power = power * u256{10};
                }
                return power;
            }
            case 4:
                return u256{1} << static_cast<unsigned>(below(256));
            default:
                return u256{engine_() >> below(64)};
        }
    }
    [[nodiscard]] Bytes data(uint64_t timestamp) {
        switch (below(4)) {
            case 0:
                return {};
            case 1:
                return random_bytes(below(100));
            default:
                break;
        }
        Bytes call{0xa9, 0x05, 0x9c, static_cast<uint8_t>(below(3))};
        for (uint64_t words = below(5); words > 0; --words) {
            append(call, word(timestamp).view());
        }
        return call;
    }
    [[nodiscard]] Hash256 word(uint64_t timestamp) {
        switch (below(7)) {
            case 0:
                return random_word();
            case 1:
                return known_words_[below(known_words_.size())];
            case 2:
                return u256::from_be(address().view()).to_hash();
            case 3:
                return u256{timestamp + below(1u << 19) - (1u << 18)}.to_hash();
            case 4:
                return (u256{} - number()).to_hash();
            default:
                return number().to_hash();
        }
    }
    void add_lists(Transaction& tx) {
        for (uint64_t entries = below(3); entries > 0; --entries) {
            AccessListEntry& entry = tx.access_list.emplace_back();
            entry.address = address();
            for (uint64_t keys = below(3); keys > 0; --keys) {
                entry.storage_keys.push_back(random_word());
            }
        }
        if (tx.type != TxType::set_code) {
            return;
        }
        for (uint64_t tuples = below(3); tuples > 0; --tuples) {
            tx.authorization_list.push_back(
                {number(), address(), engine_() >> below(64), u256{below(256)}, number(), number()}
            );
        }
    }

    std::mt19937_64 engine_;
    std::vector<Address> known_addresses_;
    std::vector<Hash256> known_words_;
};

}  // namespace mega::rollup::test
