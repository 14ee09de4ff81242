#include "commands.hpp"
#include "faults.hpp"
#include "node/config.hpp"
#include "validator/validate.hpp"

#include <utility>

namespace mega::app {

namespace {

attestation::Statement lie_about(const attestation::Statement& truth) {
    attestation::Statement lie = truth;
    lie.state_root[31] ^= 1;
    return lie;
}

/// Attests one block twice: as it is, and as another one with a state root that is nobody's.
class DoubleAttestation final : public validator::AttestFault {
  public:
    attestation::Statement first_word(const attestation::Statement& truth) override {
        return truth;
    }
    std::optional<attestation::Statement> second_word(const attestation::Statement& truth
    ) override {
        if (has_lied_) {
            return std::nullopt;
        }
        has_lied_ = true;
        attestation::Statement lie = lie_about(truth);
        lie.block_hash[31] ^= 1;
        return lie;
    }

  private:
    bool has_lied_ = false;
};

/// Attests of one block a state root that is not in its header, and nothing else.
class FalseAttestation final : public validator::AttestFault {
  public:
    attestation::Statement first_word(const attestation::Statement& truth) override {
        return std::exchange(has_lied_, true) ? truth : lie_about(truth);
    }
    std::optional<attestation::Statement> second_word(const attestation::Statement&) override {
        return std::nullopt;
    }

  private:
    bool has_lied_ = false;
};

}  // namespace

void add_fault_keys(CLI::App& command, validator::ValidateOptions& options) {
    command.add_option_function<std::string>(
        "--inject-fault",
        [&options](const std::string& text) {
            static DoubleAttestation twice;
            static FalseAttestation once;
            if (text == "double-attestation") {
                options.fault = &twice;
            } else if (text == "false-attestation") {
                options.fault = &once;
            } else {
                throw CLI::ValidationError(
                    "--inject-fault", "want double-attestation or false-attestation"
                );
            }
        },
        "Lie once, of the first block: double-attestation, two words on it; false-attestation, one "
        "that its header does not bear out"
    );
}

void add_fault_keys(CLI::App& command, node::Config& config) {
    command.add_option_function<std::string>(
        "--inject-fault",
        [&config](const std::string& text) {
            const auto plan = read_fault_plan(text);
            if (!plan) {
                throw CLI::ValidationError(
                    "--inject-fault",
                    "want wrong-balance, skipped-tx, wrong-gas, wrong-root, two-mini-blocks or "
                    "left-out-mini-block, and @BLOCK after it for not before that block"
                );
            }
            // As long as the program: the node ends before static objects do.
            static const std::unique_ptr<sequencer::SealFault> fault = make_fault(*plan);
            config.seal_fault = fault.get();
        },
        "Lie once: wrong-balance, skipped-tx, wrong-gas, wrong-root, two-mini-blocks or "
        "left-out-mini-block, with @BLOCK not before it"
    );
}

}  // namespace mega::app
