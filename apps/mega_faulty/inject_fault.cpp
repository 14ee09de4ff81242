#include "commands.hpp"
#include "faults.hpp"
#include "node/config.hpp"

namespace mega::app {

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
