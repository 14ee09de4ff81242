// The data of DepositEvent(bytes pubkey, bytes withdrawal_credentials, bytes amount, bytes
// signature, bytes index):
//
//   offset  0  five words: where each field starts
//   offset  160  length 48 ‖ pubkey, padded to 64
//   offset  256  length 32 ‖ withdrawal credentials
//   offset  320  length 8  ‖ amount, padded to 32
//   offset  384  length 96 ‖ signature
//   offset  512  length 8  ‖ index, padded to 32        total 576

#include "execution/requests.hpp"

namespace mega::execution {

namespace {

/// keccak256("DepositEvent(bytes,bytes,bytes,bytes,bytes)")
constexpr Hash256 deposit_event{{0x64, 0x9b, 0xbc, 0x62, 0xd0, 0xe3, 0x13, 0x42, 0xaf, 0xea, 0x4e,
                                 0x5c, 0xd8, 0x2d, 0x40, 0x49, 0xe7, 0xe1, 0xee, 0x91, 0x2f, 0xc0,
                                 0x88, 0x9a, 0xa7, 0x90, 0x80, 0x3b, 0xe3, 0x90, 0x38, 0xc5}};
constexpr size_t event_size = 576;

struct Field {
    size_t offset;
    size_t size;
};
constexpr Field fields[] = {{160, 48}, {256, 32}, {320, 8}, {384, 96}, {512, 8}};

bool has_word(BytesView data, size_t offset, uint64_t value) {
    return u256::load_be(data.data() + offset) == u256{value};
}

bool is_well_formed(BytesView data) {
    if (data.size() != event_size) {
        return false;
    }
    for (size_t i = 0; i < std::size(fields); ++i) {
        if (!has_word(data, 32 * i, fields[i].offset) ||
            !has_word(data, fields[i].offset, fields[i].size)) {
            return false;
        }
    }
    return true;
}

}  // namespace

Result<Bytes> collect_deposits(std::span<const Receipt> receipts) {
    Bytes deposits;
    for (const Receipt& receipt : receipts) {
        for (const Log& log : receipt.logs) {
            if (log.address != deposit_contract || log.topics.empty() ||
                log.topics[0] != deposit_event) {
                continue;
            }
            if (!is_well_formed(log.data)) {
                return Err{Error{"malformed deposit log"}};
            }
            for (const Field& field : fields) {
                append(deposits, BytesView{log.data}.subspan(field.offset + 32, field.size));
            }
        }
    }
    return deposits;
}

}  // namespace mega::execution
