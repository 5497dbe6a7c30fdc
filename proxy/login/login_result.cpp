#include "proxy/login/login_result.hpp"

namespace pgweir::login {

metrics::login_outcome metric_of(login_outcome outcome) {
  switch (outcome) {
    case login_outcome::authenticated:
    case login_outcome::cancel_requested:
      return metrics::login_outcome::ok;
    case login_outcome::refused:
      return metrics::login_outcome::refused;
    case login_outcome::timed_out:
      return metrics::login_outcome::timeout;
    default:
      return metrics::login_outcome::error;
  }
}

metrics::login_method metric_of(const std::optional<config::auth_method>& method) {
  if (!method) return metrics::login_method::none;
  switch (*method) {
    case config::auth_method::trust:
      return metrics::login_method::trust;
    case config::auth_method::password:
      return metrics::login_method::password;
    case config::auth_method::md5:
      return metrics::login_method::md5;
    default:
      return metrics::login_method::scram_sha_256;
  }
}

}  // namespace pgweir::login
