#include "types/account.hpp"

#include "types/rlp_fields.hpp"

namespace mega {

Bytes encode_account_leaf(const Account& account, const Hash256& storage_root) {
    rlp::Writer out(112);  // two hashes, a nonce, a balance and their headers
    const size_t list = out.begin_list();
    out.write(account.nonce);
    out.write(account.balance);
    out.write(storage_root);
    out.write(account.code_hash);
    out.end_list(list);
    return out.take();
}

Result<AccountLeaf, rlp::DecodeError> decode_account_leaf(BytesView encoded) {
    AccountLeaf leaf;
    auto fields = rlp::FieldReader::over_list(encoded);
    fields.read(leaf.account.nonce);
    fields.read(leaf.account.balance);
    fields.read(leaf.storage_root);
    fields.read(leaf.account.code_hash);
    fields.expect_end();
    if (const auto error = fields.error()) {
        return Err{*error};
    }
    return leaf;
}

}  // namespace mega
