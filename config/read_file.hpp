// config/read_file.hpp - a small file as a string.
#pragma once

#include <filesystem>
#include <string>

namespace pgweir::config {

struct file_content {
  std::string text;
  std::string error;  // why it could not be read, in the system's words; empty: it was read
};

file_content read_file(const std::filesystem::path& file);

}  // namespace pgweir::config
