// Any bytes as an evidence file. What parses survives the way back, and checking it again ends.

#include "attestation/evidence.hpp"

#include "base/assert.hpp"

using namespace mega;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto evidence = attestation::parse_evidence(text);
    if (!evidence) {
        return 0;
    }
    const std::string written = to_json(*evidence);
    const auto again = attestation::parse_evidence(written);
    MEGA_ASSERT(again.has_value());
    MEGA_ASSERT(to_json(*again) == written);
    const auto verdict = attestation::check_again(*evidence);
    MEGA_ASSERT(verdict == attestation::check_again(*again));
    MEGA_ASSERT(!attestation::explain(*evidence, verdict).empty());
    return 0;
}
