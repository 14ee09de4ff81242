#include "staking/refusal.hpp"

#include "base/hex.hpp"
#include "settlement/abi.hpp"

#include <iterator>

namespace mega::staking {
namespace {

/// Errors of Slasher.sol that speak of the evidence itself. Not among them: Paused, and
/// UnknownBatch, which an L1 node that is behind says too.
constexpr std::string_view lasting[] = {
    "WrongChain(uint256)",
    "AlreadyPunished()",
    "AlreadyOut(uint32)",
    "NotTheSigner(address)",
    "BadSignature()",
    "NoContradiction()",
    "VoidedByForcedBatch()",
    "TooOld(uint48)",
    "NotItsBatch()",
    "WrongDigest()",
};

}  // namespace

std::optional<std::string> lasting_refusal(std::string_view words) {
    for (const std::string_view error : lasting) {
        const std::string selector = to_hex_digits(settlement::abi::selector(error).view());
        const std::string_view name = error.substr(0, error.find('('));
        // Nodes give the selector; those that know the contract may give the name.
        if (words.find("0x" + selector) != std::string_view::npos ||
            words.find(name) != std::string_view::npos) {
            return std::string(name);
        }
    }
    return std::nullopt;
}

}  // namespace mega::staking
