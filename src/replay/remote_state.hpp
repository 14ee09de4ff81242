#pragma once

// The state at the end of one block, asked of an endpoint piece by piece and remembered. With
// proofs (EIP-1186) every account and slot is checked against the block's state root, and every
// block hash against the chain of parents, so that an endpoint cannot make a wrong one pass.
//
// Without proofs an account without nonce, balance and code counts as absent: an endpoint's plain
// getters cannot tell. It makes a difference before EIP-161 (block 2,675,000) alone.

#include "replay/endpoint.hpp"
#include "replay/recorded_state.hpp"

#include <mutex>
#include <set>

namespace mega::replay {

/// The block whose state it is.
struct StateAnchor {
    uint64_t number = 0;
    Hash256 hash;
    /// Wanted for proofs.
    std::optional<Hash256> state_root;
};

class RemoteState final : public ReplayState {
  public:
    /// `known` may hold something already, and gets whatever is learnt.
    RemoteState(
        Endpoint& endpoint, const StateAnchor& anchor, std::shared_ptr<RecordedState> known
    );

    struct Wanted {
        std::set<Address> accounts;
        std::set<std::pair<Address, u256>> slots;
    };
    /// Fetches in few exchanges what will surely be read.
    void prefetch(const Wanted& wanted);

    /// While nothing executes.
    [[nodiscard]] const RecordedState& known() const { return *known_; }

    [[nodiscard]] std::optional<Account> account(const Address& address) const override;
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override;
    [[nodiscard]] bool has_storage(const Address& address) const override;
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override;
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override;
    [[nodiscard]] std::optional<Error> failure() const override {
        const std::lock_guard lock{mutex_};
        return failure_;
    }
    [[nodiscard]] const std::unordered_map<Hash256, Bytes>& nodes() const override {
        return known_->nodes();
    }
    [[nodiscard]] std::optional<Hash256> proven_root() const override { return anchor_.state_root; }

  private:
    using Fetch = Result<void>;

    // All of these with mutex_ held.
    void learn_account(const Address& address) const;
    [[nodiscard]] bool has_failed() const { return failure_.has_value(); }
    void keep_failure(const Fetch& fetched) const;
    [[nodiscard]] Fetch fetch_accounts(const std::vector<Address>& addresses) const;
    [[nodiscard]] Fetch fetch_plain(const std::vector<Address>& addresses) const;
    [[nodiscard]] Fetch fetch_proven(const std::vector<Address>& addresses) const;
    [[nodiscard]] Fetch take_account_proof(
        const Address& address, const json& proof, const json& code
    ) const;
    [[nodiscard]] Fetch fetch_slots(const std::vector<std::pair<Address, u256>>& slots) const;
    [[nodiscard]] Fetch take_slot_proof(const Address& address, const u256& slot, const json& proof)
        const;
    [[nodiscard]] Result<std::vector<Bytes>> read_nodes(const json& list) const;
    [[nodiscard]] Fetch fetch_block_hash(uint64_t number) const;
    [[nodiscard]] Fetch walk_to_block(uint64_t number) const;

    Endpoint& endpoint_;
    StateAnchor anchor_;
    std::string block_;                     // as a parameter
    std::shared_ptr<RecordedState> known_;  // shared with the source, which writes it to the cache
    // What reads learn; a view's reads are const. One thread at a time asks the endpoint, and the
    // mutex guards what is known, too.
    mutable std::mutex mutex_;
    mutable std::unordered_map<Address, Hash256> storage_roots_;
    mutable std::optional<Error> failure_;
};

}  // namespace mega::replay
