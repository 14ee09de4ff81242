#include "bench/transfers.hpp"

#include "crypto/keccak.hpp"

#include <algorithm>
#include <atomic>
#include <thread>

namespace mega::bench {
namespace {

constexpr uint64_t gwei = 1'000'000'000;
constexpr uint64_t transfer_gas = 21'000;

Sender make_sender(std::string_view seed, uint64_t index) {
    Bytes preimage = to_bytes(as_bytes(seed));
    append(preimage, u256{index}.to_hash().view());
    // A digest that is no valid key has a chance of 2^-128: hashing again is enough.
    crypto::SecretKey key = crypto::keccak256(preimage);
    auto address = crypto::address_of(key);
    while (!address) {
        key = crypto::keccak256(key.view());
        address = crypto::address_of(key);
    }
    return {key, *address};
}

/// Enough for a base fee that rises for a while; small enough for thousands of transactions from
/// one balance.
void set_fees(Transaction& tx, uint64_t chain_id) {
    tx.type = TxType::dynamic_fee;
    tx.chain_id = chain_id;
    tx.max_fee_per_gas = 20 * gwei;
    tx.max_priority_fee_per_gas = gwei / 1000;
}

}  // namespace

void on_all_cores(uint64_t count, const std::function<void(uint64_t)>& work) {
    constexpr uint64_t piece = 64;
    std::atomic<uint64_t> next{0};
    const auto run = [&] {
        for (uint64_t begin = next.fetch_add(piece); begin < count; begin = next.fetch_add(piece)) {
            for (uint64_t i = begin; i < std::min(begin + piece, count); ++i) {
                work(i);
            }
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 1; i < std::max(1U, std::thread::hardware_concurrency()); ++i) {
        threads.emplace_back(run);
    }
    run();
    for (std::thread& thread : threads) {
        thread.join();
    }
}

std::vector<Sender> make_senders(std::string_view seed, size_t count) {
    std::vector<Sender> senders(count);
    on_all_cores(count, [&](uint64_t i) { senders[i] = make_sender(seed, i); });
    return senders;
}

Address synthetic_address(uint64_t index) {
    // Not hashed: ten million of them are made in a loop.
    Address address;
    for (size_t i = 0; i < address.size(); i += 4) {
        const auto word = static_cast<uint32_t>(mix64(index + 1, 0x6d656761 + i) >> 16);
        std::memcpy(address.data() + i, &word, 4);
    }
    return address;
}

Template transfer_template(uint64_t recipients) {
    return [recipients](uint64_t index) {
        Transaction tx;
        tx.gas_limit = transfer_gas;
        tx.to = synthetic_address(mix64(index, 0x746f) % recipients);
        tx.value = 1;
        return tx;
    };
}

TransactionSource::TransactionSource(std::vector<Sender> senders, uint64_t chain_id, Template make)
    : senders_(std::move(senders)), chain_id_(chain_id), make_(std::move(make)) {}

Bytes TransactionSource::sign(uint64_t index) const {
    Transaction tx = make_(index);
    set_fees(tx, chain_id_);
    tx.nonce = index / senders_.size();
    sign_transaction(tx, senders_[index % senders_.size()].key);
    return encode(tx);
}

std::vector<Bytes> TransactionSource::peek(uint64_t count) const {
    std::vector<Bytes> signed_ones(count);
    on_all_cores(count, [&](uint64_t i) { signed_ones[i] = sign(next_ + i); });
    return signed_ones;
}

std::vector<Bytes> TransactionSource::take(uint64_t count) {
    auto taken = peek(count);
    advance(count);
    return taken;
}

uint64_t TransactionSource::nonce_of(size_t sender) const {
    return next_ / senders_.size() + (sender < next_ % senders_.size() ? 1 : 0);
}

Bytes sign_payment(
    const crypto::SecretKey& key, uint64_t chain_id, uint64_t nonce, const Address& to, u256 value
) {
    Transaction tx;
    set_fees(tx, chain_id);
    tx.nonce = nonce;
    tx.gas_limit = transfer_gas;
    tx.to = to;
    tx.value = value;
    sign_transaction(tx, key);
    return encode(tx);
}

}  // namespace mega::bench
