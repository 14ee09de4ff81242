#include "rpc/attestations.hpp"

#include "rpc/block_id.hpp"
#include "rpc/json_writer.hpp"
#include "rpc/params.hpp"

#include <algorithm>

namespace mega::rpc {
namespace {

using attestation::Aggregate;
using attestation::Attestation;
using attestation::Pool;
using nlohmann::json;

template <size_t size>
Read<FixedBytes<size>> read_fixed(const json& value, const char* name) {
    if (value.is_string()) {
        if (const auto fixed = fixed_from_hex<size>(value.get_ref<const std::string&>())) {
            return *fixed;
        }
    }
    return fail(
        invalid_params,
        std::string{"invalid argument "} + name + ": want 0x and " + std::to_string(2 * size) +
            " digits"
    );
}

std::string_view words_of(Pool::Added refused) {
    switch (refused) {
        case Pool::Added::contradicts:
            return "another block of this number is attested to";
        case Pool::Added::full:
            return "the block has as many attestations as are kept";
        case Pool::Added::too_old:
            return "the block is too old";
        case Pool::Added::added:
        case Pool::Added::known:
            break;
    }
    return "";
}

void write_statement(JsonWriter& out, const attestation::Statement& statement) {
    out.field_quantity("chainId", statement.chain_id)
        .field_quantity("blockNumber", statement.block_number)
        .field("blockHash", statement.block_hash.view())
        .field("stateRoot", statement.state_root.view());
}

/// {"signatures": true}
Read<bool> wants_signatures(const json& options) {
    if (!options.is_object() || !options.contains("signatures")) {
        return false;
    }
    return read_bool(options.at("signatures"), "signatures");
}

/// With `each` the signatures behind the sum as well.
std::string aggregate_json(
    const attestation::Statement& statement,
    const Aggregate* sum,
    const std::vector<Attestation>* each
) {
    JsonWriter out;
    out.begin_object();
    write_statement(out, statement);
    out.field("message", message_of(statement).view());
    out.field_quantity("count", uint64_t{sum == nullptr ? 0 : sum->keys.size()});
    out.key("keys").begin_array();
    if (sum != nullptr) {
        for (const auto& key : sum->keys) {
            out.data(key.view());
        }
    }
    out.end_array().key("signature");
    if (sum != nullptr) {
        out.data(sum->signature.view());
    } else {
        out.null();
    }
    if (each != nullptr) {
        out.key("signatures").begin_array();
        for (const Attestation& one : *each) {
            out.begin_object().field("key", one.key.view());
            out.field("signature", one.signature.view()).end_object();
        }
        out.end_array();
    }
    return out.end_object().take();
}

}  // namespace

Attestations::Attestations(const sequencer::ChainReader& reader, Options options)
    : reader_(&reader), options_(std::move(options)), pool_(options_.pool) {}

Result<Attestation, RpcError> Attestations::read(const json& value) const {
    if (!value.is_object()) {
        return fail(invalid_params, "invalid argument 0: want an attestation object");
    }
    const auto at = [&](const char* name) -> const json& {
        static const json missing;
        const auto found = value.find(name);
        return found == value.end() ? missing : *found;
    };
    const auto chain = read_u64(at("chainId"), "chainId");
    const auto number = read_u64(at("blockNumber"), "blockNumber");
    const auto hash = read_hash(at("blockHash"), "blockHash");
    const auto root = read_hash(at("stateRoot"), "stateRoot");
    const auto key = read_fixed<48>(at("key"), "key");
    const auto signature = read_fixed<96>(at("signature"), "signature");
    for (const RpcError* error :
         {chain ? nullptr : &chain.error(),
          number ? nullptr : &number.error(),
          hash ? nullptr : &hash.error(),
          root ? nullptr : &root.error(),
          key ? nullptr : &key.error(),
          signature ? nullptr : &signature.error()}) {
        if (error != nullptr) {
            return Err{*error};
        }
    }
    return Attestation{{*chain, *number, *hash, *root}, *key, *signature};
}

std::optional<RpcError> Attestations::objection_to(const Attestation& given) {
    const auto error = [](std::string words) {
        return RpcError{server_error, "attestation refused: " + std::move(words), {}};
    };
    if (given.chain_id != options_.chain_id) {
        return error("it is of chain " + std::to_string(given.chain_id));
    }
    const uint64_t sealed = reader_->sealed_number();
    if (given.block_number > sealed) {
        return error("block " + std::to_string(given.block_number) + " is not sealed yet");
    }
    if (sealed - given.block_number >= options_.pool.max_blocks) {
        return error(
            "block " + std::to_string(given.block_number) + " is too old: the last " +
            std::to_string(options_.pool.max_blocks) + " count"
        );
    }
    const auto header = reader_->header(given.block_number);
    if (!header || !*header) {
        return error("block " + std::to_string(given.block_number) + " is not known");
    }
    const auto* const board = options_.committees;
    if (board != nullptr && !board->admits(given.key, (*header)->timestamp)) {
        const auto committee = board->at((*header)->timestamp);
        return error(
            "its key is not of the committee of epoch " +
            std::to_string(committee == nullptr ? 0 : committee->epoch)
        );
    }
    look_for_equivocation(given, (*header)->timestamp);
    look_for_untruth(given, **header);
    if (hash_of(**header) != given.block_hash || (*header)->state_root != given.state_root) {
        return error("block " + std::to_string(given.block_number) + " is another one here");
    }
    return std::nullopt;
}

void Attestations::look_for_equivocation(const Attestation& given, uint64_t block_timestamp) {
    // Only who has a stake can lose it; and nobody else can fill the list.
    const auto committee =
        options_.committees == nullptr ? nullptr : options_.committees->at(block_timestamp);
    if (committee == nullptr || !committee->has(given.key)) {
        return;
    }
    const auto is_kept = [&](const Equivocation& kept) {
        return kept.first.key == given.key && kept.first.block_number == given.block_number;
    };
    std::optional<Attestation> before;
    {
        const std::lock_guard lock(mutex_);
        if (std::ranges::none_of(equivocations_, is_kept)) {
            before = pool_.find(given.block_number, given.key);
        }
    }
    const attestation::Statement& statement = given;
    if (!before || static_cast<const attestation::Statement&>(*before) == statement ||
        !verify(given)) {
        return;
    }
    const std::lock_guard lock(mutex_);
    if (std::ranges::none_of(equivocations_, is_kept)) {
        equivocations_.push_back({*before, given});
        ++counters_.equivocations;
        if (equivocations_.size() > options_.max_equivocations) {
            equivocations_.pop_front();
        }
    }
}

void Attestations::look_for_untruth(const Attestation& given, const BlockHeader& header) {
    const auto committee =
        options_.committees == nullptr ? nullptr : options_.committees->at(header.timestamp);
    if (committee == nullptr || !committee->has(given.key) ||
        header.state_root == given.state_root || hash_of(header) != given.block_hash) {
        return;
    }
    const auto is_kept = [&](const Untruth& kept) {
        return kept.attestation.key == given.key &&
               kept.attestation.block_number == given.block_number;
    };
    {
        const std::lock_guard lock(mutex_);
        if (std::ranges::any_of(untruths_, is_kept)) {
            return;
        }
    }
    if (!verify(given)) {
        return;
    }
    const std::lock_guard lock(mutex_);
    if (std::ranges::none_of(untruths_, is_kept)) {
        untruths_.push_back({given, encode(header)});
        if (untruths_.size() > options_.max_equivocations) {
            untruths_.pop_front();
        }
    }
}

Answer Attestations::send(const json& params) {
    const auto given = read(param(params, 0));
    if (!given) {
        return Err{given.error()};
    }
    auto objection = objection_to(*given);
    Pool::Added judged = Pool::Added::added;
    if (!objection) {
        const std::lock_guard lock(mutex_);
        judged = pool_.judge(*given);
        if (judged == Pool::Added::contradicts) {
            // What was kept is of a block that was taken back: this node has the given one.
            pool_.forget_from(given->block_number);
            judged = pool_.judge(*given);
        }
    }
    if (judged == Pool::Added::known) {
        return R"("known")";
    }
    if (!objection && judged == Pool::Added::added) {
        if (!verify(*given)) {
            objection = RpcError{server_error, "attestation refused: its signature is wrong", {}};
        } else {
            const std::lock_guard lock(mutex_);
            judged = pool_.add(*given);
        }
    }
    if (!objection && judged != Pool::Added::added && judged != Pool::Added::known) {
        objection =
            RpcError{server_error, "attestation refused: " + std::string{words_of(judged)}, {}};
    }
    if (objection) {
        ++counters_.refused;
        return Err{*objection};
    }
    ++counters_.taken;
    if (options_.on_added) {
        options_.on_added(*given);
    }
    return R"("added")";
}

Answer Attestations::get(const json& params) const {
    const auto id = read_block_id(param(params, 0), "block", BlockTag::sealed);
    if (!id) {
        return Err{id.error()};
    }
    const auto block = find_block(*reader_, *id);
    if (!block) {
        return Err{block.error()};
    }
    if (*block == nullptr || (*block)->is_open) {
        return fail(resource_not_found, *block == nullptr ? "block not found" : "block not sealed");
    }
    const attestation::Statement statement{
        options_.chain_id, (*block)->header.number, (*block)->hash, (*block)->header.state_root
    };
    const auto wants_each = wants_signatures(param(params, 1));
    if (!wants_each) {
        return Err{wants_each.error()};
    }
    const auto sum = aggregate(statement.block_number, statement.block_hash);
    std::vector<Attestation> each;
    if (*wants_each && sum) {
        const std::lock_guard lock(mutex_);
        each = pool_.attestations(statement.block_number);
    }
    return aggregate_json(statement, sum ? &*sum : nullptr, *wants_each ? &each : nullptr);
}

Answer Attestations::equivocations() const {
    std::string out = "[";
    const std::lock_guard lock(mutex_);
    for (const auto& [first, second] : equivocations_) {
        out += out.size() > 1 ? "," : "";
        out += R"({"first":)" + to_json(first) + R"(,"second":)" + to_json(second) + "}";
    }
    return out + "]";
}

Answer Attestations::false_attestations() const {
    std::string out = "[";
    const std::lock_guard lock(mutex_);
    for (const auto& [attestation, header] : untruths_) {
        out += out.size() > 1 ? "," : "";
        out += R"({"attestation":)" + to_json(attestation) + R"(,"header":")" + to_hex(header) +
               R"("})";
    }
    return out + "]";
}

uint64_t Attestations::newest_block() const {
    const std::lock_guard lock(mutex_);
    return pool_.newest_block();
}

std::vector<crypto::bls::PublicKey> Attestations::keys(
    uint64_t block_number, const Hash256& block_hash
) const {
    const std::lock_guard lock(mutex_);
    return pool_.keys(block_number, block_hash);
}

std::optional<Aggregate> Attestations::aggregate(
    uint64_t block_number, const Hash256& block_hash, const attestation::Committee* committee
) const {
    std::function<bool(const crypto::bls::PublicKey&)> counts;
    if (committee != nullptr) {
        counts = [committee](const auto& key) { return committee->has(key); };
    }
    const std::lock_guard lock(mutex_);
    auto sum = pool_.aggregate(block_number, counts);
    return sum && sum->statement.block_hash == block_hash ? std::move(sum) : std::nullopt;
}

void add_attestation_methods(Dispatcher& dispatcher, Attestations& attestations) {
    dispatcher.add_slow("mega_sendAttestation", [&attestations](const json& params) {
        return attestations.send(params);
    });
    dispatcher.add_slow("mega_getAttestations", [&attestations](const json& params) {
        return attestations.get(params);
    });
    dispatcher.add("mega_getEquivocations", [&attestations](const json&) {
        return attestations.equivocations();
    });
    dispatcher.add("mega_getFalseAttestations", [&attestations](const json&) {
        return attestations.false_attestations();
    });
}

}  // namespace mega::rpc
