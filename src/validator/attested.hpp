#pragma once

// What a validator has attested, kept on disk: two attestations of one number cost it its stake,
// also when a reorganisation or a forced batch of L1 gave the number to another block, and nothing
// excuses them (docs/staking.md). So it attests numbers in ascending order alone, and each is on
// disk before its signature leaves.
//
//   file    one line a chain: "<chain id> <block number> <block hash> <state root>\n", the newest
//           statement on it; written anew, synced and renamed into place
//
// Held by one process: a second one with the same key is refused.

#include "attestation/attestation.hpp"
#include "base/result.hpp"

#include <map>

namespace mega::validator {

class Attested {
  public:
    /// A file that does not exist is made.
    [[nodiscard]] static Result<Attested> open(const std::string& path);
    /// Of a key that nobody else will know: in memory.
    Attested() = default;
    ~Attested();
    Attested(Attested&& other) noexcept;
    Attested& operator=(Attested&&) = delete;

    enum class Verdict : uint8_t {
        granted,  // it is on disk: sign
        repeats,  // this very statement is the last one: signing it again says nothing else
        refused,  // the number, or a later one, has been attested
    };
    /// Fails when it cannot be written down.
    [[nodiscard]] Result<Verdict> grant(const attestation::Statement& statement);

  private:
    [[nodiscard]] Result<void> write() const;

    std::string path_;  // empty: in memory
    int lock_ = -1;
    std::map<uint64_t, attestation::Statement> newest_;  // by chain id
};

}  // namespace mega::validator
