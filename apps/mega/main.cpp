#include "cli.hpp"

int main(int argc, char** argv) { return mega::app::run_command_line(argc, argv); }
