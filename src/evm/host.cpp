#include "evm/host.hpp"

namespace mega::evm {

std::string_view to_string(Status status) {
    switch (status) {
        case Status::success:
            return "success";
        case Status::revert:
            return "execution reverted";
        case Status::out_of_gas:
            return "out of gas";
        case Status::invalid_instruction:
            return "invalid instruction";
        case Status::undefined_instruction:
            return "undefined instruction";
        case Status::stack_overflow:
            return "stack overflow";
        case Status::stack_underflow:
            return "stack underflow";
        case Status::bad_jump_destination:
            return "bad jump destination";
        case Status::invalid_memory_access:
            return "return data out of bounds";
        case Status::static_mode_violation:
            return "write in static mode";
        case Status::call_depth_exceeded:
            return "call depth exceeded";
        case Status::insufficient_balance:
            return "insufficient balance for transfer";
        case Status::nonce_overflow:
            return "nonce overflow";
        case Status::address_collision:
            return "contract address collision";
        case Status::code_size_exceeded:
            return "code size exceeded";
        case Status::code_starts_with_ef:
            return "code starts with 0xef";
        case Status::precompile_failure:
            return "precompile failed";
    }
    return "unknown status";
}

}  // namespace mega::evm
