#include "witness/witness.hpp"

#include <algorithm>

namespace mega::witness {

uint64_t headers_needed(uint64_t parent_number, std::optional<uint64_t> lowest_block_hash) {
    // Header n gives the hash of block n - 1: the parent's header that of its parent.
    if (!lowest_block_hash || *lowest_block_hash + 1 >= parent_number) {
        return 0;
    }
    return parent_number - 1 - *lowest_block_hash;
}

void fill_codes(Witness& witness, std::span<const WitnessCode> codes) {
    for (WitnessCode& wanted : witness.codes) {
        const auto found = std::lower_bound(
            codes.begin(),
            codes.end(),
            wanted,
            [](const WitnessCode& a, const WitnessCode& b) { return a.hash < b.hash; }
        );
        if (!wanted.code && found != codes.end() && found->hash == wanted.hash) {
            wanted.code = found->code;
        }
    }
}

}  // namespace mega::witness
