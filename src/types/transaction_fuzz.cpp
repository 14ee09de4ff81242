// A transaction or receipt that decodes encodes to the same bytes; nothing else happens to hostile
// input.

#include "types/receipt.hpp"
#include "types/transaction.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const mega::BytesView input(data, size);
    const auto tx = mega::decode_transaction(input);
    if (tx) {
        MEGA_ASSERT(mega::equal(encode(*tx), input));
        // Recovery answers, one way or the other.
        (void)mega::recover_sender(*tx).has_value();
        for (const auto& authorization : tx->authorization_list) {
            (void)mega::recover_authority(authorization).has_value();
        }
    } else {
        MEGA_ASSERT(!to_string(tx.error()).empty());
    }
    const auto receipt = mega::decode_receipt(input);
    if (receipt) {
        MEGA_ASSERT(mega::equal(encode(*receipt), input));
    }
    return 0;
}
