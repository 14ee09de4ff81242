#include "settlement/deployer.hpp"

#include "base/assert.hpp"

#include <chrono>
#include <thread>

namespace mega::settlement {
namespace {

// The deployment proxy's own deployment: a transaction whose signature was made up, so that nobody
// has the key of its sender and the address is the same everywhere.
// https://github.com/Arachnid/deterministic-deployment-proxy
constexpr std::string_view proxy_transaction =
    "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffff"
    "ff"
    "ffffffffffffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b80825250"
    "50"
    "506014600cf31ba02222222222222222222222222222222222222222222222222222222222222222a0222222222222"
    "2"
    "222222222222222222222222222222222222222222222222222";
const u256 proxy_cost{10'000'000'000'000'000ULL};  // 100,000 gas at 100 gwei

}  // namespace

Result<bool> Deployer::is_there(const Address& address) {
    const auto code = client_->code(address);
    if (!code) {
        return Err{code.error()};
    }
    return !code->empty();
}

Result<void> Deployer::send(const std::string& what, const TxRequest& request) {
    const auto receipt = sender_->send(request);
    if (!receipt) {
        return Err{Error{what + ": " + receipt.error().message}};
    }
    if (!receipt->status) {
        return Err{Error{what + ": transaction " + to_hex(receipt->tx_hash) + " reverted"}};
    }
    return {};
}

Result<void> Deployer::ensure_proxy() {
    const auto there = is_there(deployment_proxy);
    if (!there || *there) {
        return there ? Result<void>{} : Err{there.error()};
    }
    const auto raw = from_hex(proxy_transaction);
    MEGA_ASSERT(raw.has_value());
    const auto signed_tx = decode_signed_transaction(*raw);
    MEGA_ASSERT(signed_tx.has_value());
    const TxRequest funding{
        .to = signed_tx->sender, .data = {}, .value = proxy_cost, .gas_limit = 0, .sidecar = {}
    };
    if (auto funded = send("funding the deployment proxy", funding); !funded) {
        return funded;
    }
    const auto sent = client_->send_raw(*raw);
    if (!sent) {
        return Err{Error{
            "L1 has no deterministic deployment proxy and does not take its transaction: " +
            sent.error().message
        }};
    }
    for (int i = 0; i < 240; ++i) {
        const auto now = is_there(deployment_proxy);
        if (now && *now) {
            return {};
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
    return Err{Error{"the deployment proxy's transaction is not in L1 after two minutes"}};
}

Result<void> Deployer::deploy(const DeploymentPlan& plan) {
    if (auto ensured = ensure_proxy(); !ensured) {
        return ensured;
    }
    for (const DeployStep& step : plan.steps) {
        const auto there = is_there(step.address);
        if (!there) {
            return Err{there.error()};
        }
        if (*there) {
            progress_(step.name + " is at " + to_hex(step.address));
            continue;
        }
        Bytes data = to_bytes(plan.salt.view());
        append(data, step.init_code);
        const TxRequest request{
            .to = deployment_proxy, .data = data, .value = {}, .gas_limit = 0, .sidecar = {}
        };
        if (auto sent = send(step.name, request); !sent) {
            return sent;
        }
        const auto now = is_there(step.address);
        if (!now || !*now) {
            return Err{Error{step.name + " is not at " + to_hex(step.address) + " afterwards"}};
        }
        progress_(step.name + " deployed at " + to_hex(step.address));
    }
    return {};
}

Result<bool> Deployer::is_done(const WiringStep& step) {
    const auto answer = client_->call({.to = step.asked, .data = step.question});
    if (!answer) {
        return Err{Error{step.name + ": " + answer.error().message}};
    }
    if (answer->size() < 32) {
        return Err{Error{step.name + ": " + to_hex(step.asked) + " answers less than a word"}};
    }
    const Hash256 word = Hash256::from(*answer);
    return step.is_at_least ? word >= step.answer_when_done : word == step.answer_when_done;
}

/// Twice, because the price may rise until the call is in; the surplus comes back.
Result<u256> Deployer::price_of(const WiringStep& step) {
    if (step.price_question.empty()) {
        return u256{};
    }
    const auto answer = client_->call({.to = step.priced_by, .data = step.price_question});
    if (!answer || answer->size() < 32) {
        return Err{!answer ? answer.error() : Error{step.name + ": no price"}};
    }
    const u256 price = u256::from_be(BytesView(*answer).first(32));
    return price + price;
}

Result<void> Deployer::wire(const std::vector<WiringStep>& steps) {
    for (const WiringStep& step : steps) {
        const auto done = is_done(step);
        if (!done) {
            return Err{done.error()};
        }
        if (*done) {
            continue;
        }
        const auto price = price_of(step);
        if (!price) {
            return Err{price.error()};
        }
        const TxRequest request{
            .to = step.to, .data = step.data, .value = *price, .gas_limit = 0, .sidecar = {}
        };
        if (auto sent = send(step.name, request); !sent) {
            return sent;
        }
        progress_(step.name);
    }
    return {};
}

}  // namespace mega::settlement
