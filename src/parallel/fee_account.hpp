#pragma once

// The balances of those whom nearly every transaction pays a fee and nearly none looks at: the
// beneficiary, and the L2's fee vault. Their fees are not published one by one: commit adds them up
// here, and publishes the sums just before it comes to a transaction that does look. Such a
// transaction has seen too little while others were under way; commit finds that out and repeats
// it, unless what it looked at is not the balance itself.
//
// Belongs to whoever commits.

#include "parallel/record.hpp"
#include "state/access_log.hpp"
#include "state/diff.hpp"

#include <array>

namespace mega::parallel {

using FeeAddresses = std::array<Address, 2>;
/// Equal ones do no harm.
[[nodiscard]] inline FeeAddresses fee_addresses(const execution::BlockEnv& env) {
    return {env.context.beneficiary, execution::fee_vault_address};
}

class FeeAccounts {
  public:
    explicit FeeAccounts(MultiVersionMemory& memory) : memory_(&memory) {}

    void begin_round(const FeeAddresses& addresses);
    /// Adds a fee of `tx`, all before it being committed; `change` becomes what that changes.
    void collect(Arena& arena, const Fee& fee, uint32_t tx, state::AccountChange& change);
    /// That the receiver of this fee was asked for: once a round.
    void note(state::AccessLog& log, const Fee& fee);
    /// Before a transaction that meets one of the accounts is checked: lets readers see the sums.
    void publish(Arena& arena);
    /// After one has been committed: it may have changed an account in its own way.
    void forget(Arena& arena);

  private:
    struct Sum {
        Address address;
        AccountLocation* location = nullptr;  // found once a round
        AccountVersion now;                   // absolute; when known
        uint32_t last_payer = no_tx;
        bool is_known = false;
        bool is_published = true;
        bool is_noted = false;
    };
    [[nodiscard]] Sum& sum_of(const Address& address);

    MultiVersionMemory* memory_;
    std::array<Sum, std::tuple_size_v<FeeAddresses>> sums_;
};

}  // namespace mega::parallel
