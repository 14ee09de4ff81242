#include "commands.hpp"

namespace mega::app {

void add_fault_keys(CLI::App& /*command*/, node::Config& /*config*/) {}
void add_fault_keys(CLI::App& /*command*/, validator::ValidateOptions& /*options*/) {}

}  // namespace mega::app
