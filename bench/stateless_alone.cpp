// Validation in a process of its own, for its memory: mega's own blocks and those of mainnet.
//
//   file   u64 size and bytes of each: parent state root | block hashes | RLP of the block |
//          compact witness | rules          (sizes in the machine's order)
//   rules  the chain id, 32 bytes: mega's; one byte: mainnet's, 1 from the merge on

#include "bench/clock.hpp"
#include "bench/stateless_measure.hpp"
#include "bench/statistics.hpp"
#include "validator/memory.hpp"
#include "witness/compact.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace mega::bench {
namespace {

constexpr int rounds = 20;

void put(std::ofstream& out, BytesView bytes) {
    const uint64_t size = bytes.size();
    out.write(reinterpret_cast<const char*>(&size), sizeof(size));
    out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(size));
}

Bytes get(std::ifstream& in) {
    uint64_t size = 0;
    in.read(reinterpret_cast<char*>(&size), sizeof(size));
    Bytes bytes(in ? size : 0);
    in.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

/// VmHWM: the largest resident size so far.
double peak_mib() {
    std::ifstream file("/proc/self/status");
    std::string line;
    while (std::getline(file, line)) {
        if (line.starts_with("VmHWM:")) {
            return std::stod(line.substr(6)) / 1024;
        }
    }
    return 0;
}

Bytes encode_rules(const stateless::Rules& rules) {
    const auto* mega = std::get_if<stateless::MegaRules>(&rules);
    return mega != nullptr ? to_bytes(u256{mega->chain_id}.to_hash())
                           : Bytes{std::get<stateless::EthereumRules>(rules).is_merged};
}

stateless::Rules decode_rules(const Bytes& bytes) {
    if (bytes.size() == 1) {
        return stateless::EthereumRules{ethereum::mainnet(), bytes[0] != 0};
    }
    stateless::MegaRules rules;
    rules.chain_id = u256::from_be(bytes).low64();
    return rules;
}

/// Of the validation alone: what comes and goes with a block counts, its own text does not.
int validate_rounds(const std::filesystem::path& file) {
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        validator::BlockMemory memory;
        std::ifstream in(file, std::ios::binary);
        const Bytes root = get(in);
        const Bytes hash_list = get(in);
        Bytes encoded = get(in);
        Bytes compact = get(in);
        const Bytes rules = get(in);
        const auto block = decode_block(encoded);
        const size_t encoded_bytes = encoded.size();
        encoded = Bytes{};  // not {}, which keeps the memory
        if (!in || root.size() != 32 || !block) {
            std::fprintf(stderr, "%s: no file of this benchmark\n", file.c_str());
            return 1;
        }
        std::vector<Hash256> hashes;
        for (size_t at = 0; at + 32 <= hash_list.size(); at += 32) {
            hashes.push_back(Hash256::from(BytesView{hash_list}.subspan(at, 32)));
        }
        memory.is_for(encoded_bytes + compact.size());
        const uint64_t began = thread_cpu_ns();
        const auto witness = witness::decode_compact(compact);
        compact = Bytes{};  // as a validator does (attestation/block_check.hpp)
        const auto validated =
            witness ? stateless::validate_transition(
                          Hash256::from(root),
                          {block->header.number - 1, std::move(hashes)},
                          *block,
                          *witness,
                          decode_rules(rules)
                      )
                    : Result<stateless::Validated, stateless::Mismatch>{Err{stateless::Mismatch{
                          stateless::MismatchCode::body, "no witness", {}, {}, {}
                      }}};
        times.push_back(static_cast<double>(thread_cpu_ns() - began) / 1e6);
        if (!validated) {
            std::fprintf(stderr, "%s\n", validated.error().words.c_str());
            return 1;
        }
    }
    fmt::print("{} {}\n", peak_mib(), median(times));
    return 0;
}

}  // namespace

Result<AloneFigures> validate_alone(
    const StatelessBlock& block, const std::filesystem::path& file
) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    put(out, block.parent_root().view());
    Bytes hashes;
    for (const Hash256& hash : block.block_hashes()) {
        append(hashes, hash.view());
    }
    put(out, hashes);
    put(out, encode(block.block()));
    put(out, witness::encode_compact(block.witness()).value());
    put(out, encode_rules(block.rules()));
    out.close();
    // The path is ours: nothing in it means anything to a shell.
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    std::FILE* const child =
        error ? nullptr
              : ::popen(
                    ("'" + self.string() + "' bench stateless --alone '" + file.string() + "'")
                        .c_str(),
                    "r"
                );
    AloneFigures figures;
    const bool is_read =
        child != nullptr &&
        std::fscanf(child, "%lf %lf", &figures.peak_mib, &figures.validate_ms) == 2;
    const bool is_done = child != nullptr && ::pclose(child) == 0;
    std::filesystem::remove(file, error);
    return is_read && is_done ? Result<AloneFigures>{figures}
                              : Err{Error{"the validator of its own failed: " + block.name()}};
}

int run_validate_alone(const std::filesystem::path& file) {
    validator::return_memory_at_once();
    return validate_rounds(file);
}

}  // namespace mega::bench
