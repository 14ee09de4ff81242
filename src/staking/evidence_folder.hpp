#pragma once

// Evidence on disk, so that it outlives the process that found it.
//
//   equivocation-CHAIN-BLOCK-WHO-KIND.json        the evidence, one line
//   equivocation-CHAIN-BLOCK-WHO-KIND.json.done   what came of it, one line: it is not brought
//   again
//
// Whole files alone: each is written beside its place and renamed. One process a folder.

#include "staking/contradiction.hpp"

#include <filesystem>
#include <functional>

namespace mega::staking {

class EvidenceFolder {
  public:
    static constexpr size_t max_file_bytes = 1U << 20;
    static constexpr size_t max_files = 4'096;  // looked at
    static constexpr size_t max_cases = 64;     // read

    EvidenceFolder(std::filesystem::path folder, uint64_t chain_id)
        : folder_(std::move(folder)), chain_id_(chain_id) {}

    [[nodiscard]] std::filesystem::path path_of(const Contradiction& found) const;
    /// False when it could not be written.
    [[nodiscard]] bool keep(const Contradiction& found) const;
    [[nodiscard]] bool is_done(const Contradiction& found) const;
    bool mark_done(const Contradiction& found, const std::string& outcome) const;

    /// What is not done yet, in the order of the names. `log` is told of each file that has the
    /// name of evidence and is none; such a file is left as it is.
    [[nodiscard]] std::vector<Contradiction> read_open(
        const std::function<void(const std::string&)>& log
    ) const;

  private:
    [[nodiscard]] std::string prefix() const;
    [[nodiscard]] Result<Contradiction> read(const std::filesystem::path& path) const;

    std::filesystem::path folder_;
    uint64_t chain_id_;
};

}  // namespace mega::staking
