#pragma once

// The bytes of state in the database: keys and values of the tables accounts, slots and their
// histories. One encoder and one decoder each; decoding is strict, since a disk may lie.
//
//   accounts         address[20]                      -> account
//   slots            address[20] ‖ slot[32]           -> word              absent when zero
//   account_history  address[20] ‖ block[8]           -> account, or nothing when it did not exist
//   before that block slot_history     address[20] ‖ slot[32] ‖ block[8] -> word             value
//   before that block
//
//   account = nonce length (1) ‖ nonce ‖ balance length (1) ‖ balance ‖ code hash[32]?   the hash
//   only when there is code word    = big-endian without leading zeros, 0 to 32 bytes numbers in
//   keys are big-endian

#include "types/account.hpp"

#include <optional>

namespace mega::storage {

[[nodiscard]] Bytes slot_table_key(const SlotKey& key);
/// `table_key` ‖ block number.
[[nodiscard]] Bytes history_key(BytesView table_key, uint64_t block_number);

[[nodiscard]] Bytes encode_account_record(const Account& account);
[[nodiscard]] std::optional<Account> decode_account_record(BytesView record);
[[nodiscard]] Bytes encode_word(const u256& value);
[[nodiscard]] std::optional<u256> decode_word(BytesView record);

}  // namespace mega::storage
