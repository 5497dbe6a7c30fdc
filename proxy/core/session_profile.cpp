#include "proxy/core/session_profile.hpp"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

namespace pgweir::core {
namespace {

void append_identifier(std::string& sql, std::string_view name) {
  sql += '"';
  for (const char c : name) {
    if (c == '"') sql += c;
    sql += c;
  }
  sql += '"';
}

// In milliseconds: a shorter number is less than a second.
constexpr std::size_t digits_of_a_second = 4;

constexpr std::string_view encoding = "client_encoding";

std::string setting(const std::pair<std::string, std::string>& one) {
  return " pg_catalog.set_config(" + sql_literal(one.first) + "," + sql_literal(one.second) + ",false)";
}

std::string_view value_of(const shared_session_profile& in, std::string_view name) {
  if (in == nullptr) return {};
  for (const auto& [known, value] : in->settings)
    if (known == name) return value;
  return {};
}

}  // namespace

std::string sql_literal(std::string_view text) {
  std::string literal = " E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') literal += c;
    literal += c;
  }
  return literal + '\'';
}

bool is_same(const shared_session_profile& a, const shared_session_profile& b) {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

// The role goes last: it may not be allowed to set the rest. RESET ALL does not touch it.
std::vector<std::string> sql_to_have(const shared_session_profile& wanted) {
  std::vector<std::string> queries{"RESET SESSION AUTHORIZATION;RESET ROLE;RESET ALL"};
  if (wanted == nullptr) return queries;
  std::string sql;
  for (const auto& one : wanted->settings) {
    if (one.first == encoding)
      queries.push_back("SELECT" + setting(one));
    else
      sql += (sql.empty() ? "SELECT" : ",") + setting(one);
  }
  if (!wanted->authorization.empty()) {
    sql += ";SET SESSION AUTHORIZATION ";
    append_identifier(sql, wanted->authorization);
  }
  if (!wanted->role.empty()) {
    sql += ";SET ROLE ";
    append_identifier(sql, wanted->role);
  }
  if (!sql.empty()) queries.push_back(std::move(sql));
  return queries;
}

bool parse_alike(const shared_session_profile& a, const shared_session_profile& b) {
  if (a == b) return true;
  constexpr std::string_view names[] = {"TimeZone",
                                        "timezone_abbreviations",
                                        "DateStyle",
                                        "IntervalStyle",
                                        "standard_conforming_strings",
                                        "backslash_quote",
                                        "transform_null_equals",
                                        "xmloption",
                                        "array_nulls",
                                        "lc_monetary",
                                        "default_text_search_config",
                                        encoding};
  return std::all_of(std::begin(names), std::end(names),
                     [&](std::string_view name) { return value_of(a, name) == value_of(b, name); });
}

bool is_hasty(const session_profile& one) {
  return std::any_of(one.settings.begin(), one.settings.end(), [](const auto& set) {
    const auto& [name, value] = set;
    if (value == "0") return false;
    if (name == "idle_session_timeout") return true;
    return name == "statement_timeout" && value.size() < digits_of_a_second;
  });
}

bool limits_transactions(const session_profile& one) {
  return std::any_of(one.settings.begin(), one.settings.end(), [](const auto& set) {
    const auto& [name, value] = set;
    return value != "0" && (name == "idle_in_transaction_session_timeout" || name == "transaction_timeout");
  });
}

}  // namespace pgweir::core
