#include "settlement/l1_inputs.hpp"

#include <algorithm>

namespace mega::settlement {

Result<derivation::L1Inputs::Heads> ClientL1Inputs::heads() {
    const auto newest = client_->head_number();
    const auto finalized =
        newest ? client_->block("finalized") : Result<std::optional<L1Header>>(Err{newest.error()});
    if (!finalized) {
        return Err{finalized.error()};
    }
    return Heads{
        .newest = *newest - std::min(*newest, depth_),
        .finalized = *finalized ? (*finalized)->number : 0,
    };
}

Result<std::optional<Hash256>> ClientL1Inputs::hash_of(uint64_t number) {
    const auto block = client_->block(number);
    if (!block) {
        return Err{block.error()};
    }
    return *block ? std::optional((*block)->hash) : std::nullopt;
}

Result<std::vector<rollup::L1BlockInput>> ClientL1Inputs::read(uint64_t from, uint64_t to) {
    return read_l1_inputs(*client_, config_, archive_, from, to);
}

}  // namespace mega::settlement
