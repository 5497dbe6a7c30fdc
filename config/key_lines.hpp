// config/key_lines.hpp - where each key of the file was written.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>

namespace pgweir::config {

// How a key is named in messages: join_path("users", "a.b") is users."a.b". The empty parent is the top
// level.
std::string join_path(std::string_view parent, std::string_view key);

class key_lines {
 public:
  void note(std::string path, std::size_t line) { lines_.insert_or_assign(std::move(path), line); }

  bool written(std::string_view path) const { return lines_.contains(path); }
  // 0: not written.
  std::size_t line_of(std::string_view path) const {
    const auto found = lines_.find(path);
    return found == lines_.end() ? 0 : found->second;
  }

 private:
  std::map<std::string, std::size_t, std::less<>> lines_;
};

}  // namespace pgweir::config
