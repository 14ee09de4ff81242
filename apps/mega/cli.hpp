#pragma once

// The command line of the binary: subcommands, flags, the configuration file, the environment.

namespace mega::app {

/// Runs the program; returns its exit status: 0 done, 1 failed with words on stderr, 2 wrong usage.
int run_command_line(int argc, char** argv);

}  // namespace mega::app
