#include "rpc/format.hpp"
#include "rpc/methods.hpp"
#include "rpc/params.hpp"

#include "crypto/keccak.hpp"

#include <map>

namespace mega::rpc {
namespace {

using mempool::TxPtr;
using nlohmann::json;

/// EIP-55, which the keys of txpool_content are written in.
std::string checksummed(const Address& address) {
    std::string text = to_hex(address);
    const Hash256 hash = crypto::keccak256(as_bytes(text).subspan(2));
    for (size_t i = 0; i < 2 * Address::size_bytes; ++i) {
        const uint8_t nibble = i % 2 == 0 ? hash[i / 2] >> 4 : hash[i / 2] & 15;
        char& digit = text[2 + i];
        if (nibble >= 8 && digit >= 'a') {
            digit = static_cast<char>(digit - 'a' + 'A');
        }
    }
    return text;
}

/// Both halves of the pool, by sender and nonce.
struct PoolContent {
    using Half = std::map<Address, std::vector<TxPtr>>;
    Half pending;
    Half queued;
};

/// At most `max_count` transactions, of `only` alone where that is given. What is copied here are
/// pointers: the pool is locked meanwhile.
PoolContent content_of(
    const sequencer::Intake& intake, size_t max_count, const std::optional<Address>& only
) {
    PoolContent content;
    size_t count = 0;
    intake.visit_pool([&](const mempool::Entry& entry, bool is_pending) {
        if (count < max_count && (!only || entry.tx->sender == *only)) {
            (is_pending ? content.pending : content.queued)[entry.tx->sender].push_back(entry.tx);
            ++count;
        }
    });
    return content;
}

/// geth's line of txpool_inspect.
std::string summary_of(const SignedTransaction& signed_tx) {
    const Transaction& tx = signed_tx.tx;
    return (tx.to ? to_hex(*tx.to) : std::string("contract creation")) + ": " +
           to_decimal(tx.value) + " wei + " + std::to_string(tx.gas_limit) + " gas × " +
           to_decimal(tx.max_fee_per_gas) + " wei";
}

using WriteTransaction = void (*)(JsonWriter&, const SignedTransaction&);

void write_summary(JsonWriter& out, const SignedTransaction& tx) { out.string(summary_of(tx)); }

void write_by_nonce(
    JsonWriter& out, const std::vector<TxPtr>& transactions, WriteTransaction write
) {
    out.begin_object();
    for (const TxPtr& tx : transactions) {
        out.key(std::to_string(tx->tx.nonce));
        write(out, *tx);
    }
    out.end_object();
}

void write_half(JsonWriter& out, const PoolContent::Half& half, WriteTransaction write) {
    out.begin_object();
    for (const auto& [sender, transactions] : half) {
        out.key(checksummed(sender));
        write_by_nonce(out, transactions, write);
    }
    out.end_object();
}

std::string content_json(const Backend& backend, WriteTransaction write) {
    const PoolContent content =
        content_of(backend.intake, backend.limits.max_pool_transactions, std::nullopt);
    JsonWriter out;
    out.begin_object().key("pending");
    write_half(out, content.pending, write);
    out.key("queued");
    write_half(out, content.queued, write);
    return out.end_object().take();
}

Answer content_from(const Backend& backend, const json& params) {
    auto address = read_address(param(params, 0), "0");
    if (!address) {
        return Err{address.error()};
    }
    const PoolContent content =
        content_of(backend.intake, backend.limits.max_pool_transactions, *address);
    const auto write = [&](JsonWriter& out, const PoolContent::Half& half) {
        const auto own = half.find(*address);
        write_by_nonce(
            out, own == half.end() ? std::vector<TxPtr>{} : own->second, write_pending_transaction
        );
    };
    JsonWriter out;
    out.begin_object().key("pending");
    write(out, content.pending);
    out.key("queued");
    write(out, content.queued);
    return out.end_object().take();
}

std::string status_json(const mempool::PoolStatus& status) {
    JsonWriter out;
    return out.begin_object()
        .field_quantity("pending", uint64_t{status.pending})
        .field_quantity("queued", uint64_t{status.queued})
        .end_object()
        .take();
}

}  // namespace

void add_pool_methods(Dispatcher& dispatcher, const Backend& backend) {
    dispatcher.add("txpool_status", [&](const json&) {
        return Answer(status_json(backend.intake.pool_status()));
    });
    dispatcher.add_slow("txpool_content", [&](const json&) {
        return Answer(content_json(backend, write_pending_transaction));
    });
    dispatcher.add_slow("txpool_inspect", [&](const json&) {
        return Answer(content_json(backend, write_summary));
    });
    dispatcher.add_slow("txpool_contentFrom", [&](const json& params) {
        return content_from(backend, params);
    });
}

}  // namespace mega::rpc
