// config/report.hpp - collects everything that is wrong with a configuration file, so that all of it is told
// at once.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

struct problem {
  std::string file;
  std::size_t line;  // from 1; 0: the file as a whole
  std::string text;  // "what; what to do", never a secret
};

// "file:line: what; what to do"
std::string to_string(const problem& one);

class report {
 public:
  explicit report(std::string file) : file_(std::move(file)) {}

  // A problem keeps the file from being used, a warning does not.
  void add_problem(std::size_t line, std::string_view what, std::string_view advice);
  void add_warning(std::size_t line, std::string_view what, std::string_view advice);

  const std::string& file() const { return file_; }
  // In the order of the file.
  std::vector<problem> problems() const;
  std::vector<std::string> warnings() const;

 private:
  std::string file_;
  std::vector<problem> problems_;
  std::vector<problem> warnings_;
};

}  // namespace pgweir::config
