#include "node/predeploys.hpp"

#include "base/hex.hpp"

#include <string_view>

namespace mega::node {
namespace {

struct Predeploy {
    std::string_view address;
    std::string_view code;
};

constexpr Predeploy predeploys[] = {
    // Beacon roots (EIP-4788)
    {"0x000f3df6d732807ef1319fb7b8bb8522d0beac02",
     "0x3373fffffffffffffffffffffffffffffffffffffffe14604d57602036146024575f5ffd5b5f3580156049"
     "5762001fff810690815414603c575f5ffd5b62001fff01545f5260205ff35b5f5ffd5b62001fff4206428155"
     "5f359062001fff015500"},
    // Block hash history (EIP-2935)
    {"0x0000f90827f1c53a10cb7a02335b175320002935",
     "0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f356001430381116042"
     "57611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500"},
    // Deterministic deployment proxy
    {"0x4e59b44847b379578588920ca78fbf26c0b4956c",
     "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe036016000816020823780"
     "35828234f58015156039578182fd5b8082525050506014600cf3"},
};

}  // namespace

void add_predeploys(std::map<Address, execution::GenesisAccount>& alloc) {
    for (const Predeploy& predeploy : predeploys) {
        const auto address = fixed_from_hex<20>(predeploy.address);
        auto code = from_hex(predeploy.code);
        MEGA_ASSERT(address.has_value() && code.has_value());
        alloc[*address] = {.nonce = 1, .balance = {}, .code = std::move(*code), .storage = {}};
    }
}

}  // namespace mega::node
