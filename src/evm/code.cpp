#include "evm/code.hpp"

#include "evm/opcodes.hpp"

namespace mega::evm {

namespace {

std::vector<uint64_t> find_jump_destinations(BytesView code) {
    std::vector<uint64_t> bitmap((code.size() + 63) / 64);
    constexpr auto push1 = static_cast<uint8_t>(Opcode::PUSH1);
    constexpr auto push32 = static_cast<uint8_t>(Opcode::PUSH32);
    for (size_t i = 0; i < code.size(); ++i) {
        const uint8_t op = code[i];
        if (op == static_cast<uint8_t>(Opcode::JUMPDEST)) {
            bitmap[i / 64] |= uint64_t{1} << (i % 64);
        } else if (op >= push1 && op <= push32) {
            i += op - push1 + 1U;
        }
    }
    return bitmap;
}

}  // namespace

Code::Code(BytesView bytes)
    : size_(bytes.size()),
      padded_(front_padding + bytes.size() + back_padding),
      jump_destinations_(find_jump_destinations(bytes)) {
    std::copy(bytes.begin(), bytes.end(), padded_.begin() + front_padding);
}

std::optional<Address> Code::delegation() const {
    constexpr std::array<uint8_t, 3> prefix{0xef, 0x01, 0x00};
    if (size_ != prefix.size() + Address::size_bytes ||
        !std::equal(prefix.begin(), prefix.end(), data())) {
        return std::nullopt;
    }
    return Address::from(bytes().subspan(prefix.size()));
}

const Code& Code::empty() {
    static const Code code{BytesView{}};
    return code;
}

}  // namespace mega::evm
