#pragma once

// Signed transactions to measure with: senders with keys of their own, and who sends what next.

#include "crypto/secp256k1.hpp"
#include "types/transaction.hpp"

#include <functional>
#include <string_view>
#include <vector>

namespace mega::bench {

struct Sender {
    crypto::SecretKey key;
    Address address;
};

/// The same seed gives the same senders. Made on all cores.
[[nodiscard]] std::vector<Sender> make_senders(std::string_view seed, size_t count);

/// The i-th of the addresses that nobody has keys for.
[[nodiscard]] Address synthetic_address(uint64_t index);

/// Fields of the k-th transaction that are not the sender's business: recipient, data, gas limit.
using Template = std::function<Transaction(uint64_t index)>;

/// A plain transfer of 1 wei to one of `recipients` synthetic addresses.
[[nodiscard]] Template transfer_template(uint64_t recipients);

/// An endless sequence of signed transactions: the k-th comes from sender k mod n with nonce k / n,
/// so that any prefix of it can be executed.
class TransactionSource {
  public:
    TransactionSource(std::vector<Sender> senders, uint64_t chain_id, Template make);

    /// Signs the next `count` on all cores, without moving on.
    [[nodiscard]] std::vector<Bytes> peek(uint64_t count) const;
    /// The first `count` of them are used up.
    void advance(uint64_t count) { next_ += count; }
    [[nodiscard]] std::vector<Bytes> take(uint64_t count);

    [[nodiscard]] const std::vector<Sender>& senders() const { return senders_; }
    /// How often the sender of that index has sent.
    [[nodiscard]] uint64_t nonce_of(size_t sender) const;
    [[nodiscard]] uint64_t position() const { return next_; }

  private:
    [[nodiscard]] Bytes sign(uint64_t index) const;

    std::vector<Sender> senders_;
    uint64_t chain_id_;
    Template make_;
    uint64_t next_ = 0;
};

/// Signs one transaction that carries `value` to `to`.
[[nodiscard]] Bytes sign_payment(
    const crypto::SecretKey& key, uint64_t chain_id, uint64_t nonce, const Address& to, u256 value
);

/// Calls `work(i)` for i < count on all cores.
void on_all_cores(uint64_t count, const std::function<void(uint64_t)>& work);

}  // namespace mega::bench
