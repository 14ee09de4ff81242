#pragma once

// Blobs as they travel to L1 and back.

#include "base/result.hpp"
#include "crypto/kzg_blob.hpp"
#include "types/transaction.hpp"

#include <memory>

namespace mega::settlement {

/// crypto::kzg::blob_size_bytes bytes.
using Blob = Bytes;

/// What accompanies a blob transaction through the network (EIP-7594): never part of a block.
struct BlobSidecar {
    std::vector<Blob> blobs;
    std::vector<crypto::kzg::Commitment> commitments;
    std::vector<crypto::kzg::Proof> cell_proofs;  // 128 a blob
    std::vector<Hash256> versioned_hashes;
};
/// Shared by a transaction and its replacements.
using SidecarPtr = std::shared_ptr<const BlobSidecar>;

/// Commits and proves: 0.35 s a blob. Fails on a blob of another size or with an element that is
/// no field element.
[[nodiscard]] Result<SidecarPtr> make_sidecar(std::vector<Blob> blobs);

/// Nothing when `blob` is none.
[[nodiscard]] std::optional<Hash256> versioned_hash_of(const Blob& blob);

/// 0x03 || rlp([tx payload body, 1, blobs, commitments, cell proofs]): what eth_sendRawTransaction
/// takes.
[[nodiscard]] Bytes network_form(const Transaction& signed_tx, const BlobSidecar& sidecar);

}  // namespace mega::settlement
