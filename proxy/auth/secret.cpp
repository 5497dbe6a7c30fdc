#include "proxy/auth/secret.hpp"

#include "proxy/auth/base64.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace pgweir::auth {

namespace {

constexpr std::string_view scram_prefix = "SCRAM-SHA-256$";
constexpr std::string_view md5_prefix = "md5";
constexpr unsigned max_iterations =
    10'000'000;  // some seconds: more is a mistake, or an attack on the thread pool
constexpr std::size_t max_salt = 1024;

// Cuts `text` behind the first `separator`; none if there is no separator.
std::optional<std::string_view> cut(std::string_view& text, char separator) {
  const auto at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const auto front = text.substr(0, at);
  text.remove_prefix(at + 1);
  return front;
}

bool is_md5(std::string_view text) {
  return text.size() == md5_prefix.size() + 32 && text.starts_with(md5_prefix) &&
         text.find_first_not_of("0123456789abcdef", md5_prefix.size()) == std::string_view::npos;
}

std::optional<sha256_digest> decode_key(std::string_view text) {
  const auto bytes = decode_base64(text);
  sha256_digest key;
  if (!bytes || bytes->size() != key.size()) return std::nullopt;
  std::copy(bytes->begin(), bytes->end(), key.begin());
  return key;
}

secret parse_verifier(std::string_view rest) {
  const auto count = cut(rest, ':'), salt = cut(rest, '$'), stored_key = cut(rest, ':');
  if (!count || !salt || !stored_key) {
    return malformed_secret{"a SCRAM verifier is SCRAM-SHA-256$iterations:salt$stored_key:server_key"};
  }
  scram_verifier parsed;
  const auto [end, failed] = std::from_chars(count->data(), count->data() + count->size(), parsed.iterations);
  if (failed != std::errc{} || end != count->data() + count->size() || parsed.iterations == 0 ||
      parsed.iterations > max_iterations) {
    return malformed_secret{"the iterations of a SCRAM verifier are a number from 1 to 10000000"};
  }
  const auto decoded = decode_base64(*salt);
  if (!decoded || decoded->empty() || decoded->size() > max_salt) {
    return malformed_secret{"the salt of the SCRAM verifier is not base64 of 1 to 1024 bytes"};
  }
  parsed.salt = *decoded;
  const auto stored = decode_key(*stored_key), server = decode_key(rest);
  if (!stored || !server) return malformed_secret{"a key of the SCRAM verifier is not base64 of 32 bytes"};
  parsed.keys = {*stored, *server};
  return parsed;
}

}  // namespace

secret parse_secret(std::string_view configured) {
  if (configured.empty()) return no_secret{};
  if (configured.starts_with(scram_prefix)) return parse_verifier(configured.substr(scram_prefix.size()));
  if (is_md5(configured)) return md5_secret{std::string(configured.substr(md5_prefix.size()))};
  return plain_secret{std::string(configured)};
}

}  // namespace pgweir::auth
