// The pgweir program: arguments, configuration, run, exit code.
#include "config/load.hpp"
#include "config/report.hpp"
#include "metrics/log.hpp"
#include "proxy/server.hpp"

#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <exception>
#include <string>

namespace {

constexpr const char* how_to_start =
    "pgweir needs a configuration file.\n"
    "\n"
    "  pgweir --config FILE    run\n"
    "  pgweir --check FILE     say what is wrong with a file, and exit\n"
    "\n"
    "The smallest one:\n"
    "\n"
    "  [databases.\"*\"]\n"
    "  server = \"host=127.0.0.1 port=5432\"\n"
    "  [users.alice]\n"
    "  password = \"...\"\n"
    "\n"
    "All keys with their defaults are in config/pgweir.toml. To try pgweir with a throw-away PostgreSQL, "
    "run\n"
    "proxy/quickstart in its source tree.\n";

void report(const pgweir::config::load_result& loaded) {
  for (const auto& one : loaded.problems)
    std::fprintf(stderr, "%s\n", pgweir::config::to_string(one).c_str());
  for (const auto& one : loaded.warnings) std::fprintf(stderr, "warning: %s\n", one.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::string file;
  std::string to_check;
  CLI::App app{"pgweir, an asynchronous query proxy for PostgreSQL"};
  app.add_option("--config", file, "Configuration file (TOML)");
  app.add_option("--check", to_check, "Report all that is wrong with a configuration file, and exit");
  app.set_version_flag("--version", std::string("pgweir ") + PGWEIR_VERSION);
  CLI11_PARSE(app, argc, argv);

  if (file.empty() && to_check.empty()) {
    std::fputs(how_to_start, stderr);
    return 2;
  }
  const auto loaded = pgweir::config::load_file(to_check.empty() ? file : to_check);
  report(loaded);
  if (!loaded.problems.empty()) return 1;
  if (!to_check.empty()) {
    std::printf("%s: no problems\n", to_check.c_str());
    return 0;
  }

  std::signal(SIGPIPE, SIG_IGN);
  const auto& settings = loaded.value;
  pgweir::metrics::log::start(settings.log.level, settings.log.format);
  int status = 0;
  try {
    pgweir::proxy::run_server(settings);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "pgweir: %s\n", error.what());
    status = 1;
  }
  pgweir::metrics::log::stop();
  return status;
}
