// main.cpp — chooses the command.
#include <iostream>
#include <string>
#include <vector>

#include "cli/commands.h"
#include "config/config.h"
#include "serve.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  return outcry::cli::run(
      arguments, {std::cout, std::cerr, outcry::config::process_environment(), outcry::serve});
}
