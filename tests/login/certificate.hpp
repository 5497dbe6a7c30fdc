// tests/login/certificate.hpp - a self-signed certificate for 127.0.0.1 in a directory of its own.
#pragma once

#include "config/config.hpp"

#include <filesystem>
#include <string>

namespace pgweir::login {

// Removes the directory with all that the test puts there.
class temporary_directory {
 public:
  temporary_directory();
  ~temporary_directory();
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// Writes <name>.crt and <name>.key; the settings name them, with mode `allow`.
config::tls_settings make_certificate(const temporary_directory& directory,
                                      const std::string& name = "server");

}  // namespace pgweir::login
