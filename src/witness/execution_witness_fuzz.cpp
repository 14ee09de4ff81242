// Any bytes as the lists of debug_executionWitness. What decodes survives the way back, and its
// compact form, when it has one, holds no node that was not there.

#include "witness/compact.hpp"
#include "witness/execution_witness.hpp"

using namespace mega;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    // Items: list u8 | size u8 | bytes.
    witness::ExecutionWitness lists;
    size_t at = 0;
    while (at + 2 <= size) {
        const size_t length = std::min<size_t>(data[at + 1], size - at - 2);
        const Bytes item(data + at + 2, data + at + 2 + length);
        const std::array all{&lists.state, &lists.codes, &lists.keys, &lists.headers};
        all[data[at] % all.size()]->push_back(item);
        at += 2 + length;
    }
    BlockHeader parent;
    if (!lists.state.empty()) {
        parent.state_root = crypto::keccak256(lists.state.front());
    }
    const auto decoded = witness::from_execution_witness(lists, parent);
    if (!decoded) {
        return 0;
    }
    const auto back = witness::to_execution_witness(*decoded, parent);
    const auto again = witness::from_execution_witness(back, parent);
    MEGA_ASSERT(again.has_value());
    MEGA_ASSERT(again->nodes.size() == decoded->nodes.size());
    MEGA_ASSERT(again->codes == decoded->codes && again->keys == decoded->keys);
    if (const auto body = witness::encode_body(*decoded)) {
        const auto compact = witness::decode_body(*body);
        MEGA_ASSERT(compact.has_value());
        MEGA_ASSERT(compact->parent_state_root == parent.state_root);
        for (size_t i = 0; i < compact->nodes.size(); ++i) {
            MEGA_ASSERT(decoded->nodes.contains(compact->nodes.hash(i)));
        }
    }
    return 0;
}
