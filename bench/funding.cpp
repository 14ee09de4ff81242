#include "bench/funding.hpp"

#include "bench/clock.hpp"
#include "node/dev_accounts.hpp"

namespace mega::bench {
namespace {

constexpr uint64_t one_mega = 1'000'000'000'000'000'000;
/// Of the 10,000 that a development account has.
constexpr uint64_t spent_mega = 9'000;
constexpr uint64_t timeout_ns = 30'000'000'000;

}  // namespace

Result<std::vector<Sender>> fund_senders(
    RpcClient& client, uint64_t chain_id, std::string_view seed, size_t count, size_t payer
) {
    auto senders = make_senders(seed, count);
    const auto account = node::derive_accounts(node::test_mnemonic, payer + 1).back();
    const auto nonce = client.nonce(account.address);
    if (!nonce) {
        return Err{nonce.error()};
    }
    const u256 share = u256{one_mega} * u256{spent_mega} / u256{count};
    std::vector<Bytes> payments(count);
    on_all_cores(count, [&](uint64_t i) {
        payments[i] = sign_payment(account.key, chain_id, *nonce + i, senders[i].address, share);
    });
    if (auto sent = client.send_all(payments); !sent) {
        return Err{sent.error()};
    }
    const uint64_t deadline = now_ns() + timeout_ns;
    while (now_ns() < deadline) {
        const auto balance = client.balance(senders.back().address);
        if (!balance) {
            return Err{balance.error()};
        }
        if (!balance->is_zero()) {
            return senders;
        }
        sleep_until_ns(now_ns() + 5'000'000);
    }
    return Err{Error{"the senders' money does not arrive"}};
}

}  // namespace mega::bench
