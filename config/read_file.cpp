#include "config/read_file.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <system_error>
#include <unistd.h>

namespace pgweir::config {

namespace {

std::string last_error() { return std::error_code{errno, std::generic_category()}.message(); }

}  // namespace

file_content read_file(const std::filesystem::path& file) {
  file_content result;
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    result.error = last_error();
    return result;
  }
  std::array<char, 4096> block;
  ssize_t count;
  while ((count = ::read(descriptor, block.data(), block.size())) > 0) {
    result.text.append(block.data(), static_cast<std::size_t>(count));
  }
  if (count < 0) result.error = last_error();
  ::close(descriptor);
  return result;
}

}  // namespace pgweir::config
