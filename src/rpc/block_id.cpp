#include "rpc/block_id.hpp"

#include "rpc/execution_error.hpp"

#include <array>
#include <utility>

namespace mega::rpc {
namespace {

using nlohmann::json;
using sequencer::BlockViewPtr;
using sequencer::ChainReader;

constexpr std::array<std::pair<std::string_view, BlockTag>, 6> tags{
    {{"latest", BlockTag::latest},
     {"pending", BlockTag::pending},
     {"sealed", BlockTag::sealed},
     {"safe", BlockTag::safe},
     {"finalized", BlockTag::finalized},
     {"earliest", BlockTag::earliest}}
};

Read<BlockId> read_object(const json& value, std::string_view name) {
    const auto hash = value.find("blockHash");
    const auto number = value.find("blockNumber");
    if ((hash == value.end()) == (number == value.end())) {
        return fail(
            invalid_params,
            "invalid argument " + std::string(name) +
                ": exactly one of blockHash and blockNumber must be given"
        );
    }
    if (hash != value.end()) {
        auto read = read_hash(*hash, "blockHash");
        if (!read) {
            return Err{read.error()};
        }
        return BlockId{*read};
    }
    if (!number->is_string()) {
        return fail(invalid_params, "invalid argument blockNumber: not a string");
    }
    return read_block_id(*number, "blockNumber");
}

uint64_t number_of(const ChainReader& reader, BlockTag tag) {
    switch (tag) {
        case BlockTag::latest:
            return reader.latest_number();
        case BlockTag::pending:
            return reader.open_block()->header.number;
        case BlockTag::sealed:
            return reader.sealed_number();
        case BlockTag::safe:
            return reader.settled().safe;
        case BlockTag::finalized:
            return reader.settled().finalized;
        case BlockTag::earliest:
            break;
    }
    return 0;
}

}  // namespace

Read<BlockId> read_block_id(const json& value, std::string_view name, BlockTag fallback) {
    if (value.is_null()) {
        return BlockId{fallback};
    }
    if (value.is_object()) {
        return read_object(value, name);
    }
    if (value.is_string()) {
        const auto& text = value.get_ref<const std::string&>();
        for (const auto& [word, tag] : tags) {
            if (text == word) {
                return BlockId{tag};
            }
        }
        // Numbers have at most 16 digits; a text as long as a hash can only be one.
        if (text.size() == 66) {
            auto hash = read_hash(value, name);
            return hash ? Read<BlockId>(BlockId{*hash}) : Err{hash.error()};
        }
    }
    auto number = read_u64(value, name);
    if (!number) {
        return Err{number.error()};
    }
    return BlockId{*number};
}

Read<uint64_t> number_of(const ChainReader& reader, const BlockId& id) {
    if (const auto* number = std::get_if<uint64_t>(&id.which)) {
        return *number;
    }
    if (const auto* tag = std::get_if<BlockTag>(&id.which)) {
        return number_of(reader, *tag);
    }
    auto block = reader.block(std::get<Hash256>(id.which));
    if (!block) {
        return Err{to_rpc_error(block.error())};
    }
    if (*block == nullptr) {
        return fail(server_error, "header for hash not found");
    }
    return (*block)->header.number;
}

Read<BlockViewPtr> find_block(const ChainReader& reader, const BlockId& id) {
    if (id.is(BlockTag::pending)) {
        return reader.open_block();
    }
    const auto* hash = std::get_if<Hash256>(&id.which);
    auto block = hash != nullptr ? reader.block(*hash) : reader.block(*number_of(reader, id));
    if (!block) {
        return Err{to_rpc_error(block.error())};
    }
    return std::move(*block);
}

Read<storage::Snapshot> find_state(const ChainReader& reader, const BlockId& id) {
    if (id.is(BlockTag::latest) || id.is(BlockTag::pending)) {
        return reader.latest_state();
    }
    auto number = number_of(reader, id);
    if (!number) {
        return Err{number.error()};
    }
    if (*number > reader.open_block()->header.number) {
        return fail(server_error, "header not found");
    }
    auto state = reader.state_at(*number);
    if (!state) {
        return Err{to_rpc_error(state.error())};
    }
    return std::move(*state);
}

}  // namespace mega::rpc
