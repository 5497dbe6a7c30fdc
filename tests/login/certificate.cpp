#include "tests/login/certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>

namespace pgweir::login {

namespace {

using file_handle = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

file_handle create(const std::string& path) {
  file_handle file(std::fopen(path.c_str(), "w"), &std::fclose);
  if (file == nullptr) throw std::runtime_error("cannot create " + path);
  return file;
}

}  // namespace

temporary_directory::temporary_directory() {
  auto pattern = (std::filesystem::temp_directory_path() / "pgweir_test_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot create " + pattern);
  path_ = pattern;
}

temporary_directory::~temporary_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

config::tls_settings make_certificate(const temporary_directory& directory, const std::string& name) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), &X509_free);
  auto* subject = X509_get_subject_name(certificate.get());
  const auto* common_name = reinterpret_cast<const unsigned char*>("127.0.0.1");
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0);
  X509_set_issuer_name(certificate.get(), subject);
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());

  config::tls_settings settings;
  settings.mode = config::tls_mode::allow;
  settings.certificate = directory.file(name + ".crt");
  settings.key = directory.file(name + ".key");
  PEM_write_X509(create(settings.certificate).get(), certificate.get());
  PEM_write_PrivateKey(create(settings.key).get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return settings;
}

}  // namespace pgweir::login
