#include "bench/stateless_given.hpp"

#include "base/hex.hpp"
#include "ethereum/block_transition.hpp"
#include "replay/block_cache.hpp"
#include "replay/block_json.hpp"
#include "replay/file_source.hpp"
#include "stateless/witness_state.hpp"
#include "witness/access_recorder.hpp"
#include "witness/execution_witness.hpp"

namespace mega::bench {
namespace {

using replay::Fields;
using replay::json;

/// Where JSON-RPC has another name than this one in camelCase.
using OtherNames = std::map<std::string, std::string>;

std::string in_camel_case(std::string_view name) {
    std::string renamed;
    for (size_t i = 0; i < name.size(); ++i) {
        const bool is_joint = name[i] == '_' && i + 1 < name.size();
        renamed += is_joint ? static_cast<char>(std::toupper(name[++i])) : name[i];
    }
    return renamed;
}

/// As JSON-RPC writes the object: other names, and numbers in hex.
json as_rpc(const Fields& object, const OtherNames& other_names) {
    json written = json::object();
    object.each_field([&](const std::string& name, const Fields& field) {
        const auto other = other_names.find(name);
        const json& value = field.value();
        written[other != other_names.end() ? other->second : in_camel_case(name)] =
            value.is_number_unsigned() ? json(to_hex_quantity(value.get<uint64_t>())) : value;
    });
    return written;
}

/// {"transaction": {kind: fields}, "signature": {...}} in one.
json rpc_transaction(const Fields& given, replay::Problem& problem) {
    static const std::map<std::string, uint64_t> types{
        {"Legacy", 0}, {"Eip2930", 1}, {"Eip1559", 2}, {"Eip4844", 3}, {"Eip7702", 4}
    };
    json tx = json::object();
    given.each_field("transaction", [&](const std::string& kind, const Fields& fields) {
        const auto type = types.find(kind);
        if (type == types.end()) {
            fields.note("unknown kind of transaction");
            return;
        }
        tx = as_rpc(fields, {{"gas_limit", "gas"}});
        tx["type"] = to_hex_quantity(type->second);
    });
    const Fields signature = given.object("signature");
    for (const char* part : {"r", "s", "yParity"}) {
        if (signature.has(part)) {
            tx[part] = *signature.value().find(part);
        }
    }
    if (tx.value("type", "") == "0x0") {
        // EIP-155; before it, 27 or 28.
        const Fields fields(tx, "transaction", problem);
        const uint64_t base = fields.has("chainId") ? 35 + 2 * fields.u64("chainId") : 27;
        tx["v"] = to_hex_quantity(base + (signature.u64("yParity") & 1));
    }
    return tx;
}

json rpc_block(const Fields& given, replay::Problem& problem) {
    json block =
        as_rpc(given.object("header"), {{"ommers_hash", "sha3Uncles"}, {"beneficiary", "miner"}});
    block["transactions"] = json::array();
    given.each("transactions", [&](const Fields& tx) {
        block["transactions"].push_back(rpc_transaction(tx, problem));
    });
    block["withdrawals"] = json::array();
    given.each("withdrawals", [&](const Fields& withdrawal) {
        block["withdrawals"].push_back(withdrawal.value());
    });
    return block;
}

std::vector<Bytes> list_of(const Fields& given, std::string_view name) {
    std::vector<Bytes> list;
    given.each(name, [&](const Fields& item) { list.push_back(item.as_data()); });
    return list;
}

/// What the block looks at, out of the witness's tries into tables.
Result<std::shared_ptr<replay::RecordedState>> flat_state(
    const replay::ReplayBlock& block,
    const witness::Witness& witness,
    const std::vector<Hash256>& block_hashes
) {
    const BlockHeader& header = block.header;
    trie::StateTree tree(witness.nodes, witness.parent_state_root);
    const stateless::BlockHashes hashes(header.number - 1, block_hashes);
    const stateless::WitnessState shown(tree, witness.codes, hashes);
    witness::AccessSet accesses;
    const witness::AccessRecorder recorder(shown, accesses);
    const auto rules = replay::mainnet_rules();
    evm::Vm vm;
    const auto result = ethereum::execute_block(
        vm,
        recorder,
        {rules.config,
         replay::fork_of(rules, header),
         header,
         block.transactions,
         block.ommers,
         block.withdrawals,
         {}}
    );
    if (shown.missing()) {
        return Err{Error{shown.missing()->words}};
    }
    if (!result) {
        return Err{Error{result.error().message}};
    }
    auto state = std::make_shared<replay::RecordedState>();
    for (const witness::AccountKeys& key : accesses.keys()) {
        state->set_account(key.address, shown.account(key.address));
        for (const u256& slot : key.slots) {
            state->set_storage(key.address, slot, shown.storage(key.address, slot));
        }
    }
    for (const witness::WitnessCode& code : witness.codes) {
        state->set_code(code.code->bytes());
    }
    for (uint64_t back = 0; back < block_hashes.size() && back < header.number; ++back) {
        state->set_block_hash(header.number - 1 - back, block_hashes[back]);
    }
    return state;
}

Result<GivenBlock> read_given(const json& value) {
    replay::Problem problem;
    const Fields given(value, "block", problem);
    if (!given.value().is_object() || given.value().value("chain_id", json()) != json(1)) {
        return Err{Error{"no block of Ethereum mainnet with its witness"}};
    }
    const json rpc = rpc_block(given, problem);
    BlockHeader parent;
    parent.state_root = given.hash("prev_state_root");
    std::vector<Hash256> block_hashes;
    given.each("block_hashes", [&](const Fields& hash) { block_hashes.push_back(hash.as_hash()); });
    const auto states = list_of(given, "states");
    const auto codes = list_of(given, "codes");
    if (problem.is_noted()) {
        return problem.error();
    }
    auto block = replay::read_block(rpc);
    if (!block) {
        return Err{block.error()};
    }
    auto witness = witness::from_execution_witness({states, codes, {}, {}}, parent);
    if (!witness) {
        return Err{Error{std::string{to_string(witness.error())}}};
    }
    auto state = flat_state(*block, *witness, block_hashes);
    if (!state) {
        return Err{state.error()};
    }
    block->state = *std::move(state);
    return GivenBlock{*std::move(block), *std::move(witness)};
}

}  // namespace

bool may_be_given_block(const std::filesystem::path& path) {
    std::error_code ignored;
    return std::filesystem::is_regular_file(path, ignored) && !replay::is_cache_file(path);
}

Result<GivenBlock> read_given_block(const std::filesystem::path& file) {
    const auto value = replay::read_json_file(file);
    if (!value) {
        return Err{value.error()};
    }
    auto given = read_given(*value);
    return given ? std::move(given) : Err{Error{file.string() + ": " + given.error().message}};
}

}  // namespace mega::bench
