#include "crypto/kzg_blob.hpp"

#include "base/assert.hpp"
#include "base/hex.hpp"

#include <ckzg.h>

#include <memory>
#include <string_view>

extern "C" {
// The ceremony's text file: "4096\n65\n", then a point in hex per line: G1 in Lagrange form, G2,
// G1.
extern const char mega_kzg_trusted_setup[];
extern const char mega_kzg_trusted_setup_end[];
}

namespace mega::crypto::kzg {
namespace {

constexpr size_t g1_points = 4096;
constexpr size_t g2_points = 65;
constexpr size_t g1_size_bytes = 48;
constexpr size_t g2_size_bytes = 96;
static_assert(blob_size_bytes == BYTES_PER_BLOB);
static_assert(cells_per_blob == CELLS_PER_EXT_BLOB);

/// The embedded file is ours: whatever is wrong with it is a bug.
class SetupText {
  public:
    SetupText()
        : rest_(mega_kzg_trusted_setup, mega_kzg_trusted_setup_end - mega_kzg_trusted_setup) {}

    std::string_view word() {
        rest_.remove_prefix(rest_.find_first_not_of(" \r\n"));
        const std::string_view word = rest_.substr(0, rest_.find_first_of(" \r\n"));
        rest_.remove_prefix(word.size());
        return word;
    }
    Bytes points(size_t count, size_t size_bytes) {
        Bytes all;
        all.reserve(count * size_bytes);
        for (size_t i = 0; i < count; ++i) {
            const auto point = from_hex(word(), /*prefix_required=*/false);
            MEGA_ASSERT(point.has_value() && point->size() == size_bytes);
            append(all, *point);
        }
        return all;
    }

  private:
    std::string_view rest_;
};

const KZGSettings& settings() {
    static const KZGSettings loaded = [] {
        SetupText text;
        MEGA_ASSERT(text.word() == "4096" && text.word() == "65");
        const Bytes g1_lagrange = text.points(g1_points, g1_size_bytes);
        const Bytes g2_monomial = text.points(g2_points, g2_size_bytes);
        const Bytes g1_monomial = text.points(g1_points, g1_size_bytes);
        KZGSettings made;
        const auto result = load_trusted_setup(
            &made,
            g1_monomial.data(),
            g1_monomial.size(),
            g1_lagrange.data(),
            g1_lagrange.size(),
            g2_monomial.data(),
            g2_monomial.size(),
            /*precompute=*/0
        );
        MEGA_ASSERT(result == C_KZG_OK);
        return made;
    }();
    return loaded;
}

const Blob* as_blob(BytesView bytes) { return reinterpret_cast<const Blob*>(bytes.data()); }

Bytes48 to_bytes48(const FixedBytes<48>& from) {
    Bytes48 bytes;
    std::copy_n(from.data(), from.size(), bytes.bytes);
    return bytes;
}

FixedBytes<48> from_bytes48(const Bytes48& bytes) {
    return FixedBytes<48>::from({bytes.bytes, sizeof(bytes.bytes)});
}

}  // namespace

std::optional<Commitment> commit_to_blob(BytesView blob) {
    KZGCommitment commitment;
    if (blob.size() != blob_size_bytes ||
        blob_to_kzg_commitment(&commitment, as_blob(blob), &settings()) != C_KZG_OK) {
        return std::nullopt;
    }
    return from_bytes48(commitment);
}

std::optional<Proof> prove_blob(BytesView blob, const Commitment& commitment) {
    KZGProof proof;
    const Bytes48 given = to_bytes48(commitment);
    if (blob.size() != blob_size_bytes ||
        compute_blob_kzg_proof(&proof, as_blob(blob), &given, &settings()) != C_KZG_OK) {
        return std::nullopt;
    }
    return from_bytes48(proof);
}

bool verify_blob(BytesView blob, const Commitment& commitment, const Proof& proof) {
    bool is_right = false;
    const Bytes48 commitment_bytes = to_bytes48(commitment);
    const Bytes48 proof_bytes = to_bytes48(proof);
    return blob.size() == blob_size_bytes &&
           verify_blob_kzg_proof(
               &is_right, as_blob(blob), &commitment_bytes, &proof_bytes, &settings()
           ) == C_KZG_OK &&
           is_right;
}

std::optional<std::vector<Proof>> prove_cells(BytesView blob) {
    std::vector<KZGProof> proofs(cells_per_blob);
    if (blob.size() != blob_size_bytes ||
        compute_cells_and_kzg_proofs(nullptr, proofs.data(), as_blob(blob), &settings()) !=
            C_KZG_OK) {
        return std::nullopt;
    }
    std::vector<Proof> result;
    result.reserve(cells_per_blob);
    for (const KZGProof& proof : proofs) {
        result.push_back(from_bytes48(proof));
    }
    return result;
}

}  // namespace mega::crypto::kzg
