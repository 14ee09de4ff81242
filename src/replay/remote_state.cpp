#include "replay/remote_state.hpp"

#include "replay/block_json.hpp"
#include "trie/proof.hpp"

namespace mega::replay {
namespace {

Hash256 hashed(const Address& address) { return crypto::keccak256(address); }
Hash256 hashed(const u256& slot) { return crypto::keccak256(slot.to_hash()); }

Err<Error> lies(const std::string& about, std::string_view why) {
    return Err{Error{"the endpoint's proof of " + about + " does not hold: " + std::string(why)}};
}

}  // namespace

RemoteState::RemoteState(
    Endpoint& endpoint, const StateAnchor& anchor, std::shared_ptr<RecordedState> known
)
    : endpoint_(endpoint),
      anchor_(anchor),
      block_(to_hex_quantity(anchor.number)),
      known_(std::move(known)) {
    known_->set_block_hash(anchor.number, anchor.hash);
}

void RemoteState::keep_failure(const Fetch& fetched) const {
    if (!fetched && !failure_) {
        failure_ = fetched.error();
    }
}

void RemoteState::prefetch(const Wanted& wanted) {
    const std::lock_guard lock{mutex_};
    std::vector<Address> accounts;
    for (const Address& address : wanted.accounts) {
        if (known_->known_account(address) == nullptr) {
            accounts.push_back(address);
        }
    }
    keep_failure(fetch_accounts(accounts));
    std::vector<std::pair<Address, u256>> slots;
    for (const auto& [address, slot] : wanted.slots) {
        if (known_->known_storage(address, slot) == nullptr) {
            slots.emplace_back(address, slot);
        }
    }
    if (!has_failed()) {
        keep_failure(fetch_slots(slots));
    }
}

void RemoteState::learn_account(const Address& address) const {
    if (!has_failed() && known_->known_account(address) == nullptr) {
        keep_failure(fetch_accounts({address}));
    }
}

std::optional<Account> RemoteState::account(const Address& address) const {
    const std::lock_guard lock{mutex_};
    if (has_failed()) {
        return std::nullopt;
    }
    learn_account(address);
    return known_->account(address);
}

u256 RemoteState::storage(const Address& address, const u256& slot) const {
    const std::lock_guard lock{mutex_};
    if (has_failed()) {
        return {};
    }
    if (known_->known_storage(address, slot) == nullptr) {
        keep_failure(fetch_slots({{address, slot}}));
    }
    return known_->storage(address, slot);
}

bool RemoteState::has_storage(const Address& address) const {
    const std::lock_guard lock{mutex_};
    if (anchor_.state_root && !has_failed()) {
        learn_account(address);
        const auto root = storage_roots_.find(address);
        return root != storage_roots_.end() && root->second != empty_trie_root;
    }
    return known_->has_storage(address);
}

evm::CodePtr RemoteState::code(const Hash256& code_hash) const {
    const std::lock_guard lock{mutex_};
    // Came with its account.
    return known_->code(code_hash);
}

Hash256 RemoteState::block_hash(uint64_t number) const {
    const std::lock_guard lock{mutex_};
    if (has_failed() || number > anchor_.number) {
        return {};
    }
    if (known_->known_block_hash(number) == nullptr) {
        keep_failure(anchor_.state_root ? walk_to_block(number) : fetch_block_hash(number));
    }
    return known_->block_hash(number);
}

// ---- accounts
// ------------------------------------------------------------------------------------

RemoteState::Fetch RemoteState::fetch_accounts(const std::vector<Address>& addresses) const {
    if (addresses.empty()) {
        return {};
    }
    return anchor_.state_root ? fetch_proven(addresses) : fetch_plain(addresses);
}

RemoteState::Fetch RemoteState::fetch_plain(const std::vector<Address>& addresses) const {
    std::vector<RpcCall> calls;
    for (const Address& address : addresses) {
        const json params{to_hex(address), block_};
        calls.push_back({"eth_getTransactionCount", params});
        calls.push_back({"eth_getBalance", params});
        calls.push_back({"eth_getCode", params});
    }
    const auto answers = endpoint_.call_all(calls);
    if (!answers) {
        return Err{answers.error()};
    }
    for (size_t i = 0; i < addresses.size(); ++i) {
        Problem problem;
        const json object{
            {"nonce", (*answers)[3 * i]},
            {"balance", (*answers)[3 * i + 1]},
            {"code", (*answers)[3 * i + 2]},
        };
        const Fields fields{object, "account " + to_hex(addresses[i]), problem};
        Account account{.nonce = fields.u64("nonce"), .balance = fields.word("balance")};
        if (const Bytes code = fields.data("code"); !code.empty()) {
            account.code_hash = known_->set_code(code);
        }
        if (problem.is_noted()) {
            return problem.error();
        }
        known_->set_account(
            addresses[i], account.is_empty() ? std::nullopt : std::optional(account)
        );
    }
    return {};
}

RemoteState::Fetch RemoteState::fetch_proven(const std::vector<Address>& addresses) const {
    std::vector<RpcCall> calls;
    for (const Address& address : addresses) {
        calls.push_back({"eth_getProof", {to_hex(address), json::array(), block_}});
        calls.push_back({"eth_getCode", {to_hex(address), block_}});
    }
    const auto answers = endpoint_.call_all(calls);
    if (!answers) {
        return Err{answers.error()};
    }
    for (size_t i = 0; i < addresses.size(); ++i) {
        if (auto taken = take_account_proof(addresses[i], (*answers)[2 * i], (*answers)[2 * i + 1]);
            !taken) {
            return taken;
        }
    }
    return {};
}

Result<std::vector<Bytes>> RemoteState::read_nodes(const json& list) const {
    Problem problem;
    std::vector<Bytes> nodes;
    const json wrapped{{"proof", list}};
    Fields{wrapped, "eth_getProof", problem}.each("proof", [&](const Fields& node) {
        nodes.push_back(node.as_data());
    });
    if (problem.is_noted()) {
        return problem.error();
    }
    for (const Bytes& node : nodes) {
        known_->add_node(node);
    }
    return nodes;
}

RemoteState::Fetch RemoteState::take_account_proof(
    const Address& address, const json& proof, const json& code
) const {
    const std::string name = "account " + to_hex(address);
    if (!proof.is_object()) {
        return lies(name, "it is no object");
    }
    const auto nodes = read_nodes(proof.value("accountProof", json()));
    if (!nodes) {
        return lies(name, nodes.error().message);
    }
    const auto proven = trie::verify_proof(*anchor_.state_root, hashed(address), *nodes);
    if (!proven) {
        return lies(name, trie::to_string(proven.error()));
    }
    if (!*proven) {
        known_->set_account(address, std::nullopt);
        storage_roots_[address] = empty_trie_root;
        return {};
    }
    const auto leaf = decode_account_leaf(**proven);
    if (!leaf) {
        return lies(name, "the leaf is no account");
    }
    Problem problem;
    const json wrapped{{"code", code}};
    const Bytes bytes = Fields{wrapped, name, problem}.data("code");
    if (problem.is_noted()) {
        return problem.error();
    }
    if (crypto::keccak256(bytes) != leaf->account.code_hash) {
        return lies(name, "its code has another hash");
    }
    known_->set_code(bytes);
    known_->set_account(address, leaf->account);
    storage_roots_[address] = leaf->storage_root;
    return {};
}

// ---- storage
// -------------------------------------------------------------------------------------

RemoteState::Fetch RemoteState::fetch_slots(const std::vector<std::pair<Address, u256>>& slots
) const {
    std::vector<RpcCall> calls;
    for (const auto& [address, slot] : slots) {
        const std::string key = to_hex(slot.to_hash());
        if (anchor_.state_root) {
            calls.push_back({"eth_getProof", {to_hex(address), json::array({key}), block_}});
        } else {
            calls.push_back({"eth_getStorageAt", {to_hex(address), key, block_}});
        }
    }
    if (calls.empty()) {
        return {};
    }
    const auto answers = endpoint_.call_all(calls);
    if (!answers) {
        return Err{answers.error()};
    }
    for (size_t i = 0; i < slots.size(); ++i) {
        const auto& [address, slot] = slots[i];
        if (anchor_.state_root) {
            if (auto taken = take_slot_proof(address, slot, (*answers)[i]); !taken) {
                return taken;
            }
            continue;
        }
        const auto value = rpc::read_slot((*answers)[i], "eth_getStorageAt");
        if (!value) {
            return Err{Error{value.error().message}};
        }
        known_->set_storage(address, slot, *value);
    }
    return {};
}

RemoteState::Fetch RemoteState::take_slot_proof(
    const Address& address, const u256& slot, const json& proof
) const {
    const std::string name = "slot " + to_hex_quantity(slot) + " of " + to_hex(address);
    if (!storage_roots_.contains(address)) {
        // Known from a cache, root and all but this slot: the account's proof is here again.
        if (auto fetched = fetch_proven({address}); !fetched) {
            return fetched;
        }
    }
    const Hash256 root = storage_roots_[address];
    if (root == empty_trie_root) {
        known_->set_storage(address, slot, {});
        return {};
    }
    const json list = proof.is_object() ? proof.value("storageProof", json()) : json();
    if (!list.is_array() || list.size() != 1 || !list[0].is_object()) {
        return lies(name, "storageProof does not hold one proof");
    }
    const auto nodes = read_nodes(list[0].value("proof", json()));
    if (!nodes) {
        return lies(name, nodes.error().message);
    }
    const auto proven = trie::verify_proof(root, hashed(slot), *nodes);
    if (!proven) {
        return lies(name, trie::to_string(proven.error()));
    }
    u256 value;
    if (*proven) {
        rlp::Reader reader{**proven};
        const auto read = reader.read_u256();
        if (!read) {
            return lies(name, "the leaf is no number");
        }
        value = *read;
    }
    known_->set_storage(address, slot, value);
    return {};
}

// ---- block hashes
// --------------------------------------------------------------------------------

namespace {

Result<BlockHeader> header_of(const json& block, uint64_t number) {
    Problem problem;
    const Fields fields{block, "block " + std::to_string(number), problem};
    BlockHeader header = read_header(fields);
    if (problem.is_noted()) {
        return problem.error();
    }
    if (header.number != number) {
        return Err{Error{
            "the endpoint gave block " + std::to_string(header.number) + " for block " +
            std::to_string(number)
        }};
    }
    return header;
}

}  // namespace

RemoteState::Fetch RemoteState::fetch_block_hash(uint64_t number) const {
    const auto answer = endpoint_.call("eth_getBlockByNumber", {to_hex_quantity(number), false});
    if (!answer) {
        return Err{answer.error()};
    }
    const auto header = header_of(*answer, number);
    if (!header) {
        return Err{header.error()};
    }
    known_->set_block_hash(number, hash_of(*header));
    return {};
}

RemoteState::Fetch RemoteState::walk_to_block(uint64_t number) const {
    uint64_t lowest = anchor_.number;
    while (known_->known_block_hash(lowest - 1) != nullptr) {
        --lowest;
    }
    std::vector<RpcCall> calls;
    for (uint64_t at = lowest; at > number; --at) {
        calls.push_back({"eth_getBlockByNumber", {to_hex_quantity(at), false}});
    }
    const auto answers = endpoint_.call_all(calls);
    if (!answers) {
        return Err{answers.error()};
    }
    uint64_t at = lowest;
    for (const json& answer : *answers) {
        const auto header = header_of(answer, at);
        if (!header) {
            return Err{header.error()};
        }
        if (hash_of(*header) != known_->block_hash(at)) {
            return Err{Error{
                "the endpoint's block " + std::to_string(at) + " is not the ancestor it claims"
            }};
        }
        known_->set_block_hash(--at, header->parent_hash);
    }
    return {};
}

}  // namespace mega::replay
