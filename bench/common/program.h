// bench/common/program.h — what every program of the benchmark does around its work: options in,
// exit code out (0 done, 1 faults seen, 2 usage, or it can't be done).
#pragma once

#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>

namespace outcry::bench {

/// Declares the options, reads the command line, and runs. `name` begins what is said on failure.
template <class Options, class Taken>
int run_program(int argc, char** argv, const char* name, const char* purpose,
                void (*declare)(CLI::App&, Options&), int (*run)(Taken)) {
  Options options;
  CLI::App app{std::string(name) + ": " + purpose};
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 2;
  }
}

}  // namespace outcry::bench
