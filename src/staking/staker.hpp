#pragma once

// Staking from the side of who has MEGA: becoming a validator, delegating, leaving, being paid.
// Each step asks L1 first and says what is missing where it cannot be done.

#include "settlement/rollup_file.hpp"
#include "settlement/tx_manager.hpp"
#include "staking/registration.hpp"
#include "staking/reward_source.hpp"

namespace mega::staking {

/// What an account has with one validator.
struct Position {
    uint32_t id = 0;
    u256 stake{};  // what its shares are worth now
};
/// On its way out.
struct ExitRequest {
    uint64_t number = 0;
    uint32_t id = 0;
    uint64_t payable_epoch = 0;  // from which it can be withdrawn
    u256 shares{};               // of the exit pool; wei unless the validator was slashed since
};

class Staker {
  public:
    /// All must outlive it; `sender` may be null for one who only looks.
    Staker(
        settlement::L1Client& client,
        settlement::TxManager* sender,
        L1Staking& staking,
        const settlement::RollupFile& rollup
    )
        : client_(&client), sender_(sender), staking_(&staking), rollup_(&rollup) {}

    struct Registration {
        crypto::bls::SecretKey attester{};
        crypto::SecretKey base{};  // of mini-blocks
        uint64_t commission_bps = 0;
        u256 self_stake{};
        uint32_t outbid = 0;
    };
    /// The validator's id; that of an operator who is one already is no error.
    [[nodiscard]] Result<uint32_t> register_validator(const Registration& registration);
    [[nodiscard]] Result<void> delegate(uint32_t id, const u256& amount);
    /// Nothing: all of it. The request that it became.
    [[nodiscard]] Result<ExitRequest> undelegate(uint32_t id, const std::optional<u256>& amount);
    [[nodiscard]] Result<ExitRequest> retire();
    /// Requests of an account that have not been paid.
    [[nodiscard]] Result<std::vector<ExitRequest>> requests_of(const Address& account);
    [[nodiscard]] Result<void> withdraw(const ExitRequest& request);
    [[nodiscard]] Result<std::vector<Position>> positions_of(const Address& account);
    /// With a bond, as the operator of a validator. The same root on L1 already is no error.
    [[nodiscard]] Result<void> propose_rewards(const CheckedReport& report);
    /// With a bond, against a root that is not the report's; governance decides.
    [[nodiscard]] Result<void> object(const CheckedReport& report);
    /// Makes the root on L1 final where it is time and it is the report's; no error when it is.
    [[nodiscard]] Result<void> make_final(const CheckedReport& report);
    /// Pays what `account` earned, by the report's proof; makes the root final where it is time.
    /// Fails when it has been paid.
    [[nodiscard]] Result<void> claim(const CheckedReport& report, const Address& account);
    /// Epoch of L1's newest block.
    [[nodiscard]] Result<uint64_t> present_epoch();

  private:
    [[nodiscard]] Result<u256> number(const Address& contract, const Bytes& question);
    [[nodiscard]] Result<std::vector<Log>> logs_of(
        std::string_view event, size_t topic, const Address& account
    );
    [[nodiscard]] Result<std::optional<ExitRequest>> request(
        uint64_t number, const Address& account
    );
    [[nodiscard]] Result<ExitRequest> leave(const std::string& what, Bytes data);
    /// Lets `spender` take `amount`, which the sender must have.
    [[nodiscard]] Result<void> allow(const Address& spender, const u256& amount);
    /// Lets Rewards take the bond; the sender must be an operator that is not barred.
    [[nodiscard]] Result<void> bond_as_operator();
    [[nodiscard]] Result<settlement::L1Receipt> send(
        const std::string& what, const Address& to, Bytes data
    );

    settlement::L1Client* client_;
    settlement::TxManager* sender_;
    L1Staking* staking_;
    const settlement::RollupFile* rollup_;
};

}  // namespace mega::staking
