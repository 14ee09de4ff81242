#pragma once

// A folder of blobs, one file each, named by the versioned hash: "0x01….blob". Whoever posts a blob
// writes it here first, so that the chain can be rebuilt after L1 has dropped it. What is read back
// counts only when its hash is right.

#include "settlement/blob.hpp"

#include <filesystem>

namespace mega::settlement {

class BlobArchive {
  public:
    explicit BlobArchive(std::filesystem::path directory) : directory_(std::move(directory)) {}

    /// Durable when it returns. A blob that is there already stays.
    [[nodiscard]] Result<void> store(const Hash256& versioned_hash, const Blob& blob) const;
    /// Fails when it is not there or is another blob than its name says.
    [[nodiscard]] Result<Blob> load(const Hash256& versioned_hash) const;

  private:
    [[nodiscard]] std::filesystem::path file_of(const Hash256& versioned_hash) const;
    std::filesystem::path directory_;
};

}  // namespace mega::settlement
