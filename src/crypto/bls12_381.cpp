#include "crypto/bls12_381.hpp"

#include "crypto/provider.hpp"

namespace mega::crypto::bls12_381 {

namespace made = provider::bls12_381;

std::optional<FixedBytes<128>> g1_add(BytesView input_256) { return made::g1_add(input_256); }
std::optional<FixedBytes<128>> g1_msm(BytesView pairs) { return made::g1_msm(pairs); }
std::optional<FixedBytes<256>> g2_add(BytesView input_512) { return made::g2_add(input_512); }
std::optional<FixedBytes<256>> g2_msm(BytesView pairs) { return made::g2_msm(pairs); }
std::optional<bool> pairing_is_one(BytesView pairs) { return made::pairing_is_one(pairs); }
std::optional<FixedBytes<128>> map_fp_to_g1(BytesView fp_64) { return made::map_fp_to_g1(fp_64); }
std::optional<FixedBytes<256>> map_fp2_to_g2(BytesView fp2_128) {
    return made::map_fp2_to_g2(fp2_128);
}

}  // namespace mega::crypto::bls12_381
