#pragma once

// What a replica keeps when what it was told cannot be true: all that it takes to look at it again.
// A JSON file; bytes are hex.
//
//   format     "mega-replica-evidence-1"
//   endpoint, foundAt (seconds), chainId, sequencers
//   block      its number
//   words, expected, got
//   parent     RLP of the header before it
//   records    of the feed, of that block, that were taken
//   refused    the record that was not
//
// Mini-block headers in it are signed by the sequencer: they show who made the transactions.

#include "replica/mirror.hpp"

#include <filesystem>

namespace mega::replica {

struct Evidence {
    std::string endpoint;
    uint64_t found_at = 0;
    uint64_t chain_id = 0;
    std::vector<Address> sequencers;
    Refusal refusal;
    BlockHeader parent;
    std::vector<Bytes> records;
    Bytes refused;
};

[[nodiscard]] std::string to_json(const Evidence& evidence);
/// The path of the file; an error when it could not be written.
[[nodiscard]] Result<std::filesystem::path> write_evidence(
    const std::filesystem::path& directory, uint64_t block_number, const std::string& text
);

}  // namespace mega::replica
