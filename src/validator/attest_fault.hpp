#pragma once

// A validator that contradicts itself, for the tests of those who must notice. The library has
// none; the program mega_faulty does.

#include "attestation/attestation.hpp"

#include <optional>

namespace mega::validator {

class AttestFault {
  public:
    virtual ~AttestFault() = default;
    /// What to attest instead of `truth`; `truth` itself, mostly.
    [[nodiscard]] virtual attestation::Statement first_word(const attestation::Statement& truth
    ) = 0;
    /// What to attest of the same block beside `truth`.
    [[nodiscard]] virtual std::optional<attestation::Statement> second_word(
        const attestation::Statement& truth
    ) = 0;

    AttestFault() = default;
    AttestFault(const AttestFault&) = delete;
    AttestFault& operator=(const AttestFault&) = delete;
};

}  // namespace mega::validator
