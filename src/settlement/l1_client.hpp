#pragma once

// An Ethereum node (L1) as settlement uses it, over JSON-RPC: blocks, logs, receipts, calls, fees,
// raw transactions, and blobs from its consensus side. The node is trusted to tell which chain is
// L1's, and for nothing else that it can be checked for: answers are bounded and named when they
// are malformed, and blobs count only when their commitment has the hash that was asked for.
//
// Blocking, one thread at a time, http only (TLS is a proxy's business).

#include "replay/endpoint.hpp"
#include "settlement/blob.hpp"
#include "types/receipt.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mega::settlement {

struct L1ClientOptions {
    std::string url;
    /// Consensus endpoint for blobs; the first one's own when empty (anvil serves both).
    std::string beacon_url;
    uint32_t timeout_ms = 10'000;
};

struct L1BlockId {
    uint64_t number = 0;
    Hash256 hash;
    friend bool operator==(const L1BlockId&, const L1BlockId&) = default;
};

/// What L2 is told of an L1 block.
struct L1Header {
    uint64_t number = 0;
    Hash256 hash;
    Hash256 parent_hash;
    uint64_t timestamp = 0;
    u256 base_fee;
    u256 blob_base_fee;
    friend bool operator==(const L1Header&, const L1Header&) = default;
};

struct L1Log {
    Log log;
    L1BlockId block;
    Hash256 tx_hash;
    uint64_t log_index = 0;
};

struct L1Receipt {
    Hash256 tx_hash;
    L1BlockId block;
    bool status = false;
    uint64_t gas_used = 0;
    u256 effective_gas_price;
    uint64_t blob_gas_used = 0;
    u256 blob_gas_price;
    std::optional<Address> created;
    std::vector<Log> logs;
};

struct L1Transaction {
    Hash256 hash;
    Address from;
    std::optional<Address> to;
    uint64_t nonce = 0;
    Bytes data;
    std::vector<Hash256> blob_hashes;
    std::optional<L1BlockId> block;  // none while it waits
};

/// Wei per gas for the next block.
struct L1Fees {
    u256 base_fee;
    u256 priority_fee;
    u256 blob_base_fee;  // 0 where there are no blobs
    /// Where there are, they cost 1 wei at least (EIP-4844).
    [[nodiscard]] bool has_blobs() const { return !blob_base_fee.is_zero(); }
};

struct LogQuery {
    uint64_t from_block = 0;
    uint64_t to_block = 0;
    std::vector<Address> addresses;
    std::vector<Hash256> topics;  // any of these as the first topic; none: any
};

struct L1Call {
    Address to;
    Bytes data;
    Address from{};
    u256 value{};
};

class L1Client {
  public:
    /// Asks nothing yet: works while the node is away.
    [[nodiscard]] static Result<std::unique_ptr<L1Client>> open(const L1ClientOptions& options);

    [[nodiscard]] Result<uint64_t> chain_id();
    [[nodiscard]] Result<std::string> client_version();
    [[nodiscard]] Result<uint64_t> head_number();
    /// "latest", "safe", "finalized"; nothing when the node knows no such block yet.
    [[nodiscard]] Result<std::optional<L1Header>> block(std::string_view tag);
    [[nodiscard]] Result<std::optional<L1Header>> block(uint64_t number);
    /// Ascending, [from, to], at most 1024; ends early where the node's chain ends.
    [[nodiscard]] Result<std::vector<L1Header>> blocks(uint64_t from, uint64_t to);

    /// In the chain's order.
    [[nodiscard]] Result<std::vector<L1Log>> logs(const LogQuery& query);
    [[nodiscard]] Result<std::optional<L1Receipt>> receipt(const Hash256& tx_hash);
    [[nodiscard]] Result<std::optional<L1Transaction>> transaction(const Hash256& tx_hash);

    /// eth_call at the latest block, or at the end of block `number`.
    [[nodiscard]] Result<Bytes> call(const L1Call& call, std::optional<uint64_t> number = {});
    /// All at the end of block `number`, in one request where the node takes that.
    [[nodiscard]] Result<std::vector<Bytes>> calls(
        const std::vector<L1Call>& calls, uint64_t number
    );
    [[nodiscard]] Result<uint64_t> estimate_gas(const L1Call& call);
    [[nodiscard]] Result<Bytes> code(const Address& address);
    [[nodiscard]] Result<u256> balance(const Address& address);
    [[nodiscard]] Result<Hash256> storage(const Address& address, const u256& slot);
    /// `is_pending`: with those that wait in the pool.
    [[nodiscard]] Result<uint64_t> nonce(const Address& address, bool is_pending);
    /// At the end of block `number`.
    [[nodiscard]] Result<uint64_t> nonce_at(const Address& address, uint64_t number);
    /// Transactions that wait: those of the node's next block, and all of `from`, as far as the
    /// node shows them; it need not show any.
    [[nodiscard]] Result<std::vector<L1Transaction>> pending(const Address& from);
    [[nodiscard]] Result<L1Fees> fees();
    /// An envelope, or the network form of a blob transaction.
    [[nodiscard]] Result<Hash256> send_raw(BytesView envelope);

    /// The blobs of block `block`, in the order of `hashes`; fails when one is missing or is not
    /// what its hash says. Each costs a commitment (40 ms).
    [[nodiscard]] Result<std::vector<Blob>> blobs(
        const L1Header& block, const std::vector<Hash256>& hashes
    );

    /// Any other method (anvil's own, eth_getProof): the result as it is.
    [[nodiscard]] Result<replay::json> raw_call(const std::string& method, replay::json params);

    /// The last question brought no whole answer: the node is away rather than unwilling.
    [[nodiscard]] bool is_lost() const { return is_lost_; }
    [[nodiscard]] const std::string& url() const { return options_.url; }

  private:
    struct Beacon;
    L1Client(L1ClientOptions options, std::unique_ptr<replay::Endpoint> endpoint);

    [[nodiscard]] Result<std::optional<L1Header>> block_by(const replay::json& id);
    [[nodiscard]] Result<uint64_t> nonce_by(const Address& address, const replay::json& id);
    [[nodiscard]] Result<void> add_blob_fees(std::vector<L1Header>& blocks);
    [[nodiscard]] Result<std::string> blobs_path(const L1Header& block);
    [[nodiscard]] Result<replay::json> beacon_get(const std::string& path);

    L1ClientOptions options_;
    std::unique_ptr<replay::Endpoint> endpoint_;
    std::optional<net::HttpClient> beacon_;
    std::optional<uint64_t> beacon_genesis_time_;
    uint64_t seconds_per_slot_ = 0;
    bool is_lost_ = false;
};

}  // namespace mega::settlement
