#include "node/l1_session.hpp"

#include "node/dev_accounts.hpp"
#include "node/l1_options.hpp"

#include <cstdio>

namespace mega::node {
namespace {

namespace l1 = mega::settlement;

constexpr int decimals = 18;

Result<crypto::SecretKey> key_of(const LayersOptions& options) {
    if (options.account) {
        return derive_accounts(test_mnemonic, *options.account + 1).back().key;
    }
    if (options.key_file.empty()) {
        return Err{Error{"--key names no file (--account N takes one of a development chain)"}};
    }
    return read_l1_key(options.key_file, options.password_file);
}

}  // namespace

void say(const std::string& words) {
    std::printf("%s\n", words.c_str());
    std::fflush(stdout);
}

/// "1.5" -> 1.5 * 10^18.
Result<u256> parse_amount(const std::string& text) {
    const size_t point = text.find('.');
    const std::string whole = text.substr(0, point);
    std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
    const auto is_digits = [](const std::string& digits) {
        return digits.find_first_not_of("0123456789") == std::string::npos;
    };
    if (text.empty() || whole.empty() || whole.size() > 40 || fraction.size() > decimals ||
        !is_digits(whole) || !is_digits(fraction)) {
        return Err{Error{"\"" + text + "\" is no amount of MEGA, such as 1.5"}};
    }
    fraction.resize(decimals, '0');
    const auto value = u256_from_text(whole + fraction);
    return value ? Result<u256>(*value)
                 : Result<u256>(Err{Error{"\"" + text + "\" is too large an amount"}});
}

Result<std::unique_ptr<L1Session>> open_l1_session(
    const LayersOptions& options, bool needs_key, bool needs_l2
) {
    auto session = std::make_unique<L1Session>();
    auto rollup = l1::read_rollup_file(options.rollup_file);
    auto l1_node = l1::L1Client::open({.url = options.l1_url, .beacon_url = {}});
    auto l2_node = l1::L1Client::open({.url = options.l2_url, .beacon_url = {}});
    if (!rollup) {
        return Err{rollup.error()};
    }
    if (!l1_node || !l2_node) {
        return Err{!l1_node ? l1_node.error() : l2_node.error()};
    }
    session->rollup = *std::move(rollup);
    session->l1_node = *std::move(l1_node);
    if (needs_l2) {
        session->l2_node = *std::move(l2_node);
    }
    for (const auto& [node, wanted] :
         {std::pair{session->l1_node.get(), session->rollup.config.l1_chain_id},
          std::pair{session->l2_node.get(), session->rollup.config.l2_chain_id}}) {
        if (node == nullptr) {
            continue;
        }
        const auto found = node->chain_id();
        if (!found) {
            return Err{found.error()};
        }
        if (*found != wanted) {
            return Err{Error{
                node->url() + " is chain " + std::to_string(*found) + ", wanted is " +
                std::to_string(wanted)
            }};
        }
    }
    if (needs_key) {
        const auto key = key_of(options);
        if (!key) {
            return Err{key.error()};
        }
        const l1::TxManagerOptions sending{.poll_ms = 100};
        session->l1_sender = std::make_unique<l1::TxManager>(
            *session->l1_node, *key, session->rollup.config.l1_chain_id, sending, session->never
        );
        if (!needs_l2) {
            return session;
        }
        session->l2_sender = std::make_unique<l1::TxManager>(
            *session->l2_node, *key, session->rollup.config.l2_chain_id, sending, session->never
        );
    }
    return session;
}

}  // namespace mega::node
