#include "config/conninfo.hpp"

#include "config/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <vector>

namespace pgweir::config {

namespace {

// https://www.postgresql.org/docs/18/libpq-connect.html#LIBPQ-PARAMKEYWORDS
const std::vector<std::string>& keywords() {
  static const std::vector<std::string> known{"application_name",
                                              "channel_binding",
                                              "client_encoding",
                                              "connect_timeout",
                                              "dbname",
                                              "fallback_application_name",
                                              "gssdelegation",
                                              "gssencmode",
                                              "gsslib",
                                              "host",
                                              "hostaddr",
                                              "keepalives",
                                              "keepalives_count",
                                              "keepalives_idle",
                                              "keepalives_interval",
                                              "krbsrvname",
                                              "load_balance_hosts",
                                              "max_protocol_version",
                                              "min_protocol_version",
                                              "oauth_client_id",
                                              "oauth_client_secret",
                                              "oauth_issuer",
                                              "oauth_scope",
                                              "options",
                                              "passfile",
                                              "password",
                                              "port",
                                              "replication",
                                              "require_auth",
                                              "requirepeer",
                                              "requiressl",
                                              "scram_client_key",
                                              "scram_server_key",
                                              "service",
                                              "servicefile",
                                              "ssl_max_protocol_version",
                                              "ssl_min_protocol_version",
                                              "sslcert",
                                              "sslcertmode",
                                              "sslcompression",
                                              "sslcrl",
                                              "sslcrldir",
                                              "sslkey",
                                              "sslkeylogfile",
                                              "sslmode",
                                              "sslnegotiation",
                                              "sslpassword",
                                              "sslrootcert",
                                              "sslsni",
                                              "target_session_attrs",
                                              "tcp_user_timeout",
                                              "user"};
  return known;
}

std::string key_error(std::string_view key, std::size_t part) {
  const auto& known = keywords();
  if (std::ranges::find(known, key) != known.end()) return {};
  if (const std::string_view meant = nearest(key, known); !meant.empty()) {
    return fmt::format("part {} has an unknown key, perhaps meant to be \"{}\"", part, meant);
  }
  return fmt::format("part {} has an unknown key", part);
}

// One port for every host, separated by commas; an empty one is the default port.
bool valid_ports(std::string_view list) {
  while (!list.empty()) {
    const std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(one.size() + 1, list.size()));
    if (one.empty()) continue;
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(one.data(), one.data() + one.size(), port);
    if (error != std::errc{} || end != one.data() + one.size() || port == 0) return false;
  }
  return true;
}

constexpr std::string_view blanks = " \t\r\n\f\v";

std::string_view without_leading_blanks(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(blanks), text.size()));
}

struct taken_value {
  std::string value;
  std::string_view rest;
  bool closed;  // false: a quote was opened only
};

taken_value take_value(std::string_view text) {
  const bool in_quotes = text.starts_with('\'');
  if (in_quotes) text.remove_prefix(1);
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      value += text[++i];
    } else if (in_quotes && text[i] == '\'') {
      return {std::move(value), text.substr(i + 1), true};
    } else if (!in_quotes && blanks.find(text[i]) != blanks.npos) {
      return {std::move(value), text.substr(i), true};
    } else {
      value += text[i];
    }
  }
  return {std::move(value), {}, !in_quotes};
}

std::string pairs_error(std::string_view text) {
  text = without_leading_blanks(text);
  for (std::size_t part = 1; !text.empty(); ++part) {
    const std::size_t key_end = text.find_first_of(std::string{"="}.append(blanks));
    const std::string_view key = text.substr(0, key_end);
    text = without_leading_blanks(text.substr(std::min(key.size(), text.size())));
    if (!text.starts_with('=')) return fmt::format("part {} has no \"=\"", part);
    if (std::string error = key_error(key, part); !error.empty()) return error;
    taken_value taken = take_value(without_leading_blanks(text.substr(1)));
    if (!taken.closed) return fmt::format("part {} opens a quote and does not close it", part);
    if (key == "port" && !valid_ports(taken.value)) return "the port is no number from 1 to 65535";
    text = without_leading_blanks(taken.rest);
  }
  return {};
}

bool valid_percent_codes(std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdefABCDEF";
  for (std::size_t i = text.find('%'); i != text.npos; i = text.find('%', i + 1)) {
    const std::string_view code = text.substr(i + 1, 2);
    if (code.size() < 2 || code.find_first_not_of(hex) != code.npos || code == "00") return false;
  }
  return true;
}

std::string hosts_error(std::string_view hosts) {
  while (!hosts.empty()) {
    std::size_t name_end = 0;
    if (hosts.starts_with('[')) {
      name_end = hosts.find(']');
      if (name_end == hosts.npos) return "a \"[\" is not closed";
    }
    const std::string_view one = hosts.substr(0, hosts.find(',', name_end));
    hosts.remove_prefix(std::min(one.size() + 1, hosts.size()));
    const std::size_t colon = one.find(':', name_end);
    if (colon != one.npos && !valid_ports(one.substr(colon + 1)))
      return "a port is no number from 1 to 65535";
  }
  return {};
}

std::string parameters_error(std::string_view parameters) {
  for (std::size_t part = 1; !parameters.empty(); ++part) {
    const std::string_view one = parameters.substr(0, parameters.find('&'));
    parameters.remove_prefix(std::min(one.size() + 1, parameters.size()));
    const std::size_t equals = one.find('=');
    if (equals == one.npos) return fmt::format("parameter {} after the \"?\" has no \"=\"", part);
    const std::string_view key = one.substr(0, equals);
    if (key == "ssl") continue;  // ssl=true is JDBC's way to say sslmode=require; libpq takes it
    if (!key_error(key, part).empty())
      return fmt::format("parameter {} after the \"?\" is unknown to libpq", part);
  }
  return {};
}

// user:password@host:port,host:port/dbname?key=value&...
std::string uri_error(std::string_view rest) {
  if (!valid_percent_codes(rest)) return "a \"%\" is not followed by two hexadecimal digits";
  // As in libpq, a "?" before the "@" is part of the user or password.
  if (const std::size_t at = rest.find_first_of("@/"); at != rest.npos && rest[at] == '@')
    rest.remove_prefix(at + 1);
  const std::size_t question = rest.find('?');
  const std::string_view location = rest.substr(0, question);
  const std::string_view hosts = location.substr(0, location.find('/'));
  if (std::string error = hosts_error(hosts); !error.empty()) return error;
  return question == rest.npos ? std::string{} : parameters_error(rest.substr(question + 1));
}

}  // namespace

std::string conninfo_error(std::string_view text) {
  for (const std::string_view scheme : {"postgresql://", "postgres://"}) {
    if (text.starts_with(scheme)) return uri_error(text.substr(scheme.size()));
  }
  return pairs_error(text);
}

}  // namespace pgweir::config
