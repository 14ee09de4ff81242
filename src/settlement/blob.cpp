#include "settlement/blob.hpp"

#include "base/assert.hpp"
#include "crypto/kzg.hpp"

namespace mega::settlement {
namespace {

constexpr uint64_t cell_proof_version = 1;  // EIP-7594's wrapper

template <class Items>
void write_list(rlp::Writer& out, const Items& items) {
    const size_t list = out.begin_list();
    for (const auto& item : items) {
        out.write(BytesView(item));
    }
    out.end_list(list);
}

}  // namespace

Result<SidecarPtr> make_sidecar(std::vector<Blob> blobs) {
    auto sidecar = std::make_shared<BlobSidecar>();
    for (const Blob& blob : blobs) {
        const auto commitment = crypto::kzg::commit_to_blob(blob);
        const auto proofs = crypto::kzg::prove_cells(blob);
        if (!commitment || !proofs) {
            return Err{Error{"not a blob: 4096 field elements are wanted"}};
        }
        sidecar->commitments.push_back(*commitment);
        sidecar->cell_proofs.insert(sidecar->cell_proofs.end(), proofs->begin(), proofs->end());
        sidecar->versioned_hashes.push_back(crypto::kzg::versioned_hash(*commitment));
    }
    sidecar->blobs = std::move(blobs);
    return SidecarPtr(std::move(sidecar));
}

std::optional<Hash256> versioned_hash_of(const Blob& blob) {
    const auto commitment = crypto::kzg::commit_to_blob(blob);
    return commitment ? std::optional(crypto::kzg::versioned_hash(*commitment)) : std::nullopt;
}

Bytes network_form(const Transaction& signed_tx, const BlobSidecar& sidecar) {
    MEGA_ASSERT(signed_tx.type == TxType::blob);
    const Bytes envelope = encode(signed_tx);
    rlp::Writer out(envelope.size() + sidecar.blobs.size() * (crypto::kzg::blob_size_bytes + 8192));
    out.write_raw(BytesView(envelope).first(1));
    const size_t list = out.begin_list();
    out.write_raw(BytesView(envelope).subspan(1));
    out.write(cell_proof_version);
    write_list(out, sidecar.blobs);
    write_list(out, sidecar.commitments);
    write_list(out, sidecar.cell_proofs);
    out.end_list(list);
    return out.take();
}

}  // namespace mega::settlement
