#include "node/cli.hpp"

int main(int argc, char** argv) { return mega::node::run_command_line(argc, argv); }
