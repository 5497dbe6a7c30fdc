#include "tests/support/process.hpp"

#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pgweir::test {
namespace {

// Files rather than pipes: a daemon that keeps its standard output open must not keep us waiting.
using file = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
file temporary_file() { return {std::tmpfile(), &std::fclose}; }

std::string read_all(std::FILE* from) {
  std::rewind(from);
  std::string text;
  char part[4096];
  while (const auto n = std::fread(part, 1, sizeof part, from)) text.append(part, n);
  return text;
}

}  // namespace

finished_process run(const std::vector<std::string>& command, const std::string& input) {
  const auto in = temporary_file();
  const auto out = temporary_file();
  std::fwrite(input.data(), 1, input.size(), in.get());
  std::fflush(in.get());
  std::rewind(in.get());

  std::vector<char*> arguments;
  for (const auto& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, fileno(in.get()), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(out.get()), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, fileno(out.get()), STDERR_FILENO);
  pid_t child = -1;
  const int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return {127, "cannot start " + command.front()};

  int status = 0;
  ::waitpid(child, &status, 0);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_all(out.get())};
}

}  // namespace pgweir::test
