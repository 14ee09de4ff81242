// Blocks, headers and account leaves that decode encode to the same bytes.

#include "types/account.hpp"
#include "types/block.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const mega::BytesView input(data, size);
    if (const auto block = mega::decode_block(input)) {
        MEGA_ASSERT(mega::equal(encode(*block), input));
    }
    if (const auto header = mega::decode_header(input)) {
        MEGA_ASSERT(mega::equal(encode(*header), input));
    }
    if (const auto leaf = mega::decode_account_leaf(input)) {
        MEGA_ASSERT(mega::equal(encode_account_leaf(leaf->account, leaf->storage_root), input));
    }
    return 0;
}
