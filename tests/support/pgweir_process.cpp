#include "tests/support/pgweir_process.hpp"

#include <arpa/inet.h>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <netinet/in.h>
#include <signal.h>
#include <sstream>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace pgweir::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

std::string make_directory() {
  std::string name = "/tmp/pgweir-run-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a directory in /tmp");
  ::chmod(name.c_str(), 0755);
  return name;
}

bool is_free(int port) {
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes,
               sizeof yes);  // old connections in TIME_WAIT are no obstacle
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(probe);
  return bound;
}

// Below the ports that PostgreSQL fixtures take (20000) and far below those of outgoing connections. Each
// test process begins at a place of its own: pgweir shares its port with whoever has it (SO_REUSEPORT), so a
// clash would go unseen.
int free_port() {
  static int next = 10000 + static_cast<int>(::getpid() * 37L % 9900);
  for (int tries = 0; tries < 1000; ++tries) {
    next = next >= 19990 ? 10000 : next + 1;
    if (is_free(next)) return next;
  }
  throw std::runtime_error("no free port between 10000 and 20000");
}

std::string read_file(const std::string& path) {
  std::ifstream in{path};
  return {std::istreambuf_iterator<char>(in), {}};
}

// Sanitizers make the program slower to start.
constexpr seconds start_limit{30};

}  // namespace

pgweir_process::pgweir_process(pgweir_options options)
    : directory_(make_directory()), port_(free_port()), metrics_port_(free_port()) {
  write_config(options);
  launch();
  try {
    wait_until_ready();
  } catch (...) {
    signal(SIGKILL);
    wait_for_end(20);
    std::filesystem::remove_all(directory_);
    throw;
  }
}

pgweir_process::~pgweir_process() {
  stop();
  std::filesystem::remove_all(directory_);
}

std::string pgweir_process::trusting(const std::string& server, const std::string& pool) {
  return "[pool]\n" + pool + "\n[databases.\"*\"]\nserver = \"" + server +
         "\"\n[users.\"*\"]\nauth = \"trust\"\n";
}

void pgweir_process::write_config(const pgweir_options& options) const {
  std::ofstream out{directory_ + "/pgweir.toml"};
  out << options.top << "\n[listen]\naddress = [\"127.0.0.1:" << port_ << "\", \"" << directory_
      << "\"]\nunix_port = " << port_ << '\n'
      << options.listen << "\n[metrics]\naddress = \"127.0.0.1:" << metrics_port_ << "\"\n"
      << options.metrics << '\n'
      << options.rest << '\n';
  if (!out.flush()) throw std::runtime_error("cannot write " + directory_ + "/pgweir.toml");
}

void pgweir_process::launch() {
  const auto config = directory_ + "/pgweir.toml";
  const auto log = directory_ + "/log";
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ > 0) return;
  // Only async-signal-safe calls from here on.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  const int in = ::open("/dev/null", O_RDONLY);
  ::dup2(in, STDIN_FILENO);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(out, STDERR_FILENO);
  ::execl(PGWEIR_BINARY, "pgweir", "--config", config.c_str(), nullptr);
  ::_exit(127);
}

void pgweir_process::wait_until_ready() {
  const auto deadline = steady_clock::now() + start_limit;
  while (steady_clock::now() < deadline) {
    if (!is_running())
      throw std::runtime_error("pgweir did not start, status " + std::to_string(status_) + ": " + log());
    try {
      page("/readyz");
      return;
    } catch (const std::runtime_error&) {
      std::this_thread::sleep_for(milliseconds{5});
    }
  }
  throw std::runtime_error("pgweir did not become ready: " + log());
}

std::string pgweir_process::log() const { return read_file(directory_ + "/log"); }

std::string pgweir_process::page(const std::string& path) const {
  const auto answer = exchange({"127.0.0.1", metrics_port_},
                               "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  const auto body = answer.find("\r\n\r\n");
  if (answer.compare(0, 12, "HTTP/1.1 200") != 0 || body == std::string::npos)
    throw std::runtime_error(path + ": " + answer.substr(0, answer.find('\r')));
  return answer.substr(body + 4);
}

double pgweir_process::metric(const std::string& name, const std::string& labels) const {
  std::istringstream lines{page("/metrics")};
  double sum = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto end = line.find_first_of("{ ");
    const auto value = line.rfind(' ');
    if (line.compare(0, end, name) != 0 || value == std::string::npos) continue;
    if (line.find(labels) == std::string::npos) continue;
    sum += std::strtod(line.c_str() + value, nullptr);
  }
  return sum;
}

std::size_t pgweir_process::resident() const {
  std::ifstream in{"/proc/" + std::to_string(pid_) + "/statm"};
  std::size_t total = 0;
  std::size_t pages = 0;
  in >> total >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::size_t pgweir_process::open_descriptors() const {
  const std::filesystem::directory_iterator all{"/proc/" + std::to_string(pid_) + "/fd"};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

bool pgweir_process::is_running() {
  if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

void pgweir_process::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

bool pgweir_process::wait_for_end(int limit) {
  const auto deadline = steady_clock::now() + seconds{limit};
  while (is_running()) {
    if (steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(milliseconds{2});
  }
  return true;
}

int pgweir_process::stop() {
  signal(SIGTERM);
  if (!wait_for_end(20)) {
    signal(SIGKILL);
    wait_for_end(20);
  }
  return WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
}

}  // namespace pgweir::test
