// tests/support/process.hpp - runs a program and waits for it.
#pragma once

#include <string>
#include <vector>

namespace pgweir::test {

struct finished_process {
  int status;          // exit status, 128 + signal, or 127 where it could not be started
  std::string output;  // standard output and standard error
};

// Searches PATH. `input` becomes standard input.
finished_process run(const std::vector<std::string>& command, const std::string& input = {});

}  // namespace pgweir::test
