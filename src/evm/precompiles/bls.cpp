// Gas and framing of the BLS12-381 precompiles 0x0b to 0x11 (EIP-2537).

#include "crypto/bls12_381.hpp"
#include "evm/precompiles/precompile.hpp"

namespace mega::evm::precompiles {

namespace {

namespace bls = crypto::bls12_381;

constexpr size_t g1_bytes = 128;
constexpr size_t g2_bytes = 256;
constexpr size_t g1_pair_bytes = g1_bytes + 32;
constexpr size_t g2_pair_bytes = g2_bytes + 32;
constexpr size_t pairing_pair_bytes = g1_bytes + g2_bytes;

using Discounts = std::array<uint16_t, 128>;

/// EIP-2537, "G1/G2 MSM": thousandths of the price of k single multiplications, for k from 1 to 128
/// and more.
constexpr Discounts g1_discounts{
    // clang-format off
    1000, 949, 848, 797, 764, 750, 738, 728, 719, 712, 705, 698, 692, 687, 682, 677,
    673, 669, 665, 661, 658, 654, 651, 648, 645, 642, 640, 637, 635, 632, 630, 627,
    625, 623, 621, 619, 617, 615, 613, 611, 609, 608, 606, 604, 603, 601, 599, 598,
    596, 595, 593, 592, 591, 589, 588, 586, 585, 584, 582, 581, 580, 579, 577, 576,
    575, 574, 573, 572, 570, 569, 568, 567, 566, 565, 564, 563, 562, 561, 560, 559,
    558, 557, 556, 555, 554, 553, 552, 551, 550, 549, 548, 547, 547, 546, 545, 544,
    543, 542, 541, 540, 540, 539, 538, 537, 536, 536, 535, 534, 533, 532, 532, 531,
    530, 529, 528, 528, 527, 526, 525, 525, 524, 523, 522, 522, 521, 520, 520, 519
    // clang-format on
};
constexpr Discounts g2_discounts{
    // clang-format off
    1000, 1000, 923, 884, 855, 832, 812, 796, 782, 770, 759, 749, 740, 732, 724, 717,
    711, 704, 699, 693, 688, 683, 679, 674, 670, 666, 663, 659, 655, 652, 649, 646,
    643, 640, 637, 634, 632, 629, 627, 624, 622, 620, 618, 615, 613, 611, 609, 607,
    606, 604, 602, 600, 598, 597, 595, 593, 592, 590, 589, 587, 586, 584, 583, 582,
    580, 579, 578, 576, 575, 574, 573, 571, 570, 569, 568, 567, 566, 565, 563, 562,
    561, 560, 559, 558, 557, 556, 555, 554, 553, 552, 552, 551, 550, 549, 548, 547,
    546, 545, 545, 544, 543, 542, 541, 541, 540, 539, 538, 537, 537, 536, 535, 535,
    534, 533, 532, 532, 531, 530, 530, 529, 528, 528, 527, 526, 526, 525, 524, 524
    // clang-format on
};

int64_t msm_gas(size_t count, int64_t multiplication_gas, const Discounts& discounts) {
    if (count == 0) {
        return 0;
    }
    const int64_t discount = discounts[std::min(count, discounts.size()) - 1];
    return static_cast<int64_t>(count) * multiplication_gas * discount / 1000;
}

bool is_list_of(BytesView input, size_t item_bytes) {
    return !input.empty() && input.size() % item_bytes == 0;
}

template <size_t N>
std::optional<Bytes> owned(const std::optional<FixedBytes<N>>& point) {
    return point ? std::optional(to_bytes(*point)) : std::nullopt;
}

}  // namespace

constinit const Precompile bls_g1_add{
    .gas = [](Fork, BytesView) -> int64_t { return 375; },
    .run = [](BytesView input) -> std::optional<Bytes> {
        return input.size() == 2 * g1_bytes ? owned(bls::g1_add(input)) : std::nullopt;
    }
};

constinit const Precompile bls_g1_msm{
    .gas = [](Fork, BytesView input) -> int64_t {
        return msm_gas(input.size() / g1_pair_bytes, 12000, g1_discounts);
    },
    .run = [](BytesView input) -> std::optional<Bytes> {
        return is_list_of(input, g1_pair_bytes) ? owned(bls::g1_msm(input)) : std::nullopt;
    }
};

constinit const Precompile bls_g2_add{
    .gas = [](Fork, BytesView) -> int64_t { return 600; },
    .run = [](BytesView input) -> std::optional<Bytes> {
        return input.size() == 2 * g2_bytes ? owned(bls::g2_add(input)) : std::nullopt;
    }
};

constinit const Precompile bls_g2_msm{
    .gas = [](Fork, BytesView input) -> int64_t {
        return msm_gas(input.size() / g2_pair_bytes, 22500, g2_discounts);
    },
    .run = [](BytesView input) -> std::optional<Bytes> {
        return is_list_of(input, g2_pair_bytes) ? owned(bls::g2_msm(input)) : std::nullopt;
    }
};

constinit const Precompile bls_pairing{
    .gas = [](Fork, BytesView input) -> int64_t {
        return 37700 + 32600 * static_cast<int64_t>(input.size() / pairing_pair_bytes);
    },
    .run = [](BytesView input) -> std::optional<Bytes> {
        if (!is_list_of(input, pairing_pair_bytes)) {
            return std::nullopt;
        }
        const std::optional<bool> is_one = bls::pairing_is_one(input);
        return is_one ? std::optional(word_of(*is_one)) : std::nullopt;
    }
};

constinit const Precompile bls_map_fp_to_g1{
    .gas = [](Fork, BytesView) -> int64_t { return 5500; },
    .run = [](BytesView input) -> std::optional<Bytes> {
        return input.size() == 64 ? owned(bls::map_fp_to_g1(input)) : std::nullopt;
    }
};

constinit const Precompile bls_map_fp2_to_g2{
    .gas = [](Fork, BytesView) -> int64_t { return 23800; },
    .run = [](BytesView input) -> std::optional<Bytes> {
        return input.size() == 128 ? owned(bls::map_fp2_to_g2(input)) : std::nullopt;
    }
};

}  // namespace mega::evm::precompiles
