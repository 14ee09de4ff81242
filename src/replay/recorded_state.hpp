#pragma once

// States that a replayed block starts from.

#include "state/hash.hpp"
#include "state/view.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

namespace mega::replay {

/// A view whose reads may fail, as those of an endpoint do. Views have no room for errors: a read
/// that fails answers "nothing there" and the reason waits here, so that whoever executes asks
/// before believing the result. Reads may come from many threads at once.
class ReplayState : public state::StateView {
  public:
    [[nodiscard]] virtual std::optional<Error> failure() const { return std::nullopt; }
    /// Lets a missing read be asked for again: one that only a run which did not stand has missed
    /// is no failure. What is broken for good stays so.
    virtual void forget_failure() {}
    /// The trie nodes that prove what was read, by hash; empty when nothing is proven.
    [[nodiscard]] virtual const std::unordered_map<Hash256, Bytes>& nodes() const = 0;
    /// The parent's state root, when the nodes were checked against it.
    [[nodiscard]] virtual std::optional<Hash256> proven_root() const { return std::nullopt; }
};

/// The code of contracts, by hash; analysed when first asked for.
class CodeSource {
  public:
    virtual ~CodeSource() = default;
    /// Null when it is not there, or is not the code of that hash. Any thread.
    [[nodiscard]] virtual evm::CodePtr find(const Hash256& code_hash) const = 0;

    CodeSource() = default;
    CodeSource(const CodeSource&) = delete;
    CodeSource& operator=(const CodeSource&) = delete;
};

/// What was written down beforehand; what was not does not exist.
class RecordedState final : public ReplayState {
  public:
    /// `codes` is asked for code that was not set here.
    explicit RecordedState(std::shared_ptr<const CodeSource> codes = nullptr)
        : codes_(std::move(codes)) {}

    void set_account(const Address& address, std::optional<Account> account);
    void set_storage(const Address& address, const u256& slot, const u256& value);
    /// Returns the code's hash.
    Hash256 set_code(BytesView code);
    void set_block_hash(uint64_t number, const Hash256& hash);
    void set_proof(const Hash256& root, std::unordered_map<Hash256, Bytes> nodes);
    void add_node(BytesView rlp);

    // What is known, as opposed to what reads as nothing.
    [[nodiscard]] const std::optional<Account>* known_account(const Address& address) const;
    [[nodiscard]] const u256* known_storage(const Address& address, const u256& slot) const;
    [[nodiscard]] evm::CodePtr known_code(const Hash256& code_hash) const;
    [[nodiscard]] const Hash256* known_block_hash(uint64_t number) const;

    using Storage = std::map<u256, u256>;
    [[nodiscard]] const std::map<Address, std::optional<Account>>& accounts() const {
        return accounts_;
    }
    [[nodiscard]] const std::map<Address, Storage>& storage() const { return storage_; }
    [[nodiscard]] const std::map<Hash256, evm::CodePtr>& set_codes() const { return own_codes_; }
    [[nodiscard]] const std::map<uint64_t, Hash256>& block_hashes() const { return block_hashes_; }

    [[nodiscard]] std::optional<Account> account(const Address& address) const override;
    [[nodiscard]] u256 storage(const Address& address, const u256& slot) const override;
    [[nodiscard]] bool has_storage(const Address& address) const override;
    [[nodiscard]] evm::CodePtr code(const Hash256& code_hash) const override;
    [[nodiscard]] Hash256 block_hash(uint64_t number) const override;
    [[nodiscard]] const std::unordered_map<Hash256, Bytes>& nodes() const override {
        return nodes_;
    }
    [[nodiscard]] std::optional<Hash256> proven_root() const override { return proven_root_; }
    [[nodiscard]] std::optional<Error> failure() const override;
    void forget_failure() override;

  private:
    struct SlotKeyHash {
        state::SeededHash hash;
        size_t operator()(const SlotKey& key) const noexcept {
            return hash(hash(key.address), key.slot);
        }
    };

    std::shared_ptr<const CodeSource> codes_;  // shared by the blocks of one folder
    // Ordered for whoever writes them down; the tables beside them are what execution reads.
    std::map<Address, std::optional<Account>> accounts_;
    std::map<Address, Storage> storage_;
    std::unordered_map<Address, std::optional<Account>> account_table_;
    std::unordered_map<SlotKey, u256, SlotKeyHash> slot_table_{
        0, SlotKeyHash{state::SeededHash::from_place(this)}
    };
    std::map<Hash256, evm::CodePtr> own_codes_;
    std::map<uint64_t, Hash256> block_hashes_;
    std::unordered_map<Hash256, Bytes> nodes_;
    std::optional<Hash256> proven_root_;
    mutable std::mutex missing_mutex_;
    mutable std::optional<Hash256> missing_code_;  // guarded by missing_mutex_
};

}  // namespace mega::replay
