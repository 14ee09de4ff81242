#include "commands.hpp"
#include "faults.hpp"
#include "node/config.hpp"
#include "validator/validate.hpp"

namespace mega::app {

namespace {

/// Attests one block twice: as it is, and with a state root that is nobody's.
class DoubleAttestation final : public validator::AttestFault {
  public:
    std::optional<attestation::Statement> second_word(const attestation::Statement& truth
    ) override {
        if (has_lied_) {
            return std::nullopt;
        }
        has_lied_ = true;
        attestation::Statement lie = truth;
        lie.block_hash[31] ^= 1;
        lie.state_root[31] ^= 1;
        return lie;
    }

  private:
    bool has_lied_ = false;
};

}  // namespace

void add_fault_keys(CLI::App& command, validator::ValidateOptions& options) {
    command.add_option_function<std::string>(
        "--inject-fault",
        [&options](const std::string& text) {
            if (text != "double-attestation") {
                throw CLI::ValidationError("--inject-fault", "want double-attestation");
            }
            static DoubleAttestation fault;
            options.fault = &fault;
        },
        "Lie once: double-attestation, two words on the first block"
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
                    "want wrong-balance, skipped-tx, wrong-gas or wrong-root, and @BLOCK after it "
                    "for not before that block"
                );
            }
            // As long as the program: the node ends before static objects do.
            static const std::unique_ptr<sequencer::SealFault> fault = make_fault(*plan);
            config.seal_fault = fault.get();
        },
        "Lie once: wrong-balance, skipped-tx, wrong-gas or wrong-root, with @BLOCK not before it"
    );
}

}  // namespace mega::app
