#include "proxy/auth/messages.hpp"

#include "proxy/wire/message_type.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::auth {

namespace {

enum class request : std::uint32_t {
  ok = 0,
  cleartext_password = 3,
  md5_password = 5,
  sasl = 10,
  sasl_continue = 11,
  sasl_final = 12
};

std::string make(request code, std::string_view data = {}) {
  std::string message;
  wire::writer out(message);
  out.begin(wire::backend::authentication).u32(static_cast<std::uint32_t>(code)).raw(data).end();
  return message;
}

}  // namespace

std::string authentication_ok() { return make(request::ok); }
std::string authentication_cleartext_password() { return make(request::cleartext_password); }
std::string authentication_md5_password(std::string_view salt) { return make(request::md5_password, salt); }

std::string authentication_sasl(std::string_view mechanism) {
  std::string list(mechanism);
  list.append(2, '\0');
  return make(request::sasl, list);
}

std::string authentication_sasl_continue(std::string_view data) { return make(request::sasl_continue, data); }
std::string authentication_sasl_final(std::string_view data) { return make(request::sasl_final, data); }

}  // namespace pgweir::auth
