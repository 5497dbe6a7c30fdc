#include "proxy/auth/md5_password.hpp"

namespace pgweir::auth {

md5_secret md5_of_password(std::string_view password, std::string_view user) {
  std::string salted(password);
  salted.append(user);
  return {md5_hex(salted)};
}

std::string md5_response(const md5_secret& known, std::string_view salt) {
  std::string salted = known.hash;
  salted.append(salt);
  return "md5" + md5_hex(salted);
}

}  // namespace pgweir::auth
