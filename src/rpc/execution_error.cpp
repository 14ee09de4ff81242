#include "rpc/execution_error.hpp"

#include "rpc/json_writer.hpp"
#include "types/u256.hpp"

#include <array>
#include <utility>

namespace mega::rpc {
namespace {

constexpr FixedBytes<4> error_selector{{0x08, 0xc3, 0x79, 0xa0}};  // Error(string)
constexpr FixedBytes<4> panic_selector{{0x4e, 0x48, 0x7b, 0x71}};  // Panic(uint256)

/// Codes of the Solidity documentation, words as geth says them, which tools match.
constexpr std::array<std::pair<uint8_t, std::string_view>, 10> panics{
    {{0x00, "generic panic"},
     {0x01, "assert(false)"},
     {0x11, "arithmetic underflow or overflow"},
     {0x12, "division or modulo by zero"},
     {0x21, "enum overflow"},
     {0x22, "invalid encoded storage byte array accessed"},
     {0x31, "out-of-bounds array access; popping on an empty array"},
     {0x32, "out-of-bounds access of an array or bytesN"},
     {0x41, "out of memory"},
     {0x51, "uninitialized function"}}
};

std::string panic_text(const u256& code) {
    for (const auto& [known, text] : panics) {
        if (code == u256{known}) {
            return std::string(text);
        }
    }
    return "unknown panic code: " + to_hex_quantity(code);
}

/// A string as its ABI encoding holds it: offset, length, bytes.
std::optional<std::string> decode_string(BytesView arguments) {
    if (arguments.size() < 64) {
        return std::nullopt;
    }
    const u256 offset = u256::load_be(arguments.data());
    if (!offset.fits_u64() || offset.low64() > arguments.size() - 32) {
        return std::nullopt;
    }
    const BytesView at = arguments.subspan(offset.low64());
    const u256 length = u256::load_be(at.data());
    if (!length.fits_u64() || length.low64() > at.size() - 32) {
        return std::nullopt;
    }
    return std::string(as_text(at.subspan(32, length.low64())));
}

/// geth's words, which some tools match; ours where geth has none.
std::string_view words(evm::Status status) {
    switch (status) {
        case evm::Status::out_of_gas:
            return "out of gas";
        case evm::Status::bad_jump_destination:
            return "invalid jump destination";
        case evm::Status::static_mode_violation:
            return "write protection";
        case evm::Status::call_depth_exceeded:
            return "max call depth exceeded";
        case evm::Status::insufficient_balance:
            return "insufficient balance for transfer";
        case evm::Status::address_collision:
            return "contract address collision";
        case evm::Status::code_size_exceeded:
            return "max code size exceeded";
        case evm::Status::code_starts_with_ef:
            return "invalid code: must not begin with 0xef";
        case evm::Status::nonce_overflow:
            return "nonce uint64 overflow";
        case evm::Status::revert:
            return "execution reverted";
        default:
            return evm::to_string(status);
    }
}

}  // namespace

std::optional<std::string> revert_reason(BytesView revert_data) {
    if (revert_data.size() < 4) {
        return std::nullopt;
    }
    const BytesView selector = revert_data.first(4);
    const BytesView arguments = revert_data.subspan(4);
    if (equal(selector, error_selector)) {
        return decode_string(arguments);
    }
    if (equal(selector, panic_selector) && arguments.size() >= 32) {
        return panic_text(u256::load_be(arguments.data()));
    }
    return std::nullopt;
}

RpcError revert_error(BytesView revert_data) {
    const auto reason = revert_reason(revert_data);
    return {
        execution_reverted,
        reason ? "execution reverted: " + *reason : "execution reverted",
        quoted_hex(revert_data)
    };
}

RpcError failure_error(const execution::TxResult& result) {
    return failure_error(result.status, result.output);
}

RpcError failure_error(evm::Status status, BytesView output) {
    if (status == evm::Status::revert) {
        return revert_error(output);
    }
    return {server_error, std::string(words(status)), {}};
}

RpcError to_rpc_error(const execution::TxError& error) { return {server_error, error.message, {}}; }
RpcError to_rpc_error(const Error& error) { return {server_error, error.message, {}}; }

}  // namespace mega::rpc
