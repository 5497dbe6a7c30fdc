#include "proxy/wire/sql_vacates.hpp"

#include "proxy/wire/ascii.hpp"
#include "proxy/wire/sql_hash.hpp"
#include "proxy/wire/sql_scanner.hpp"

namespace pgweir::wire {
namespace {

bool is_word(const sql_token& token, std::string_view lower_case) {
  return token.kind == sql_token_kind::word && token.hash == sql_hash(lower_case);
}

// Folded, or without the doubling of its quotes.
std::string name_of(const sql_token& token) {
  std::string name;
  if (token.kind == sql_token_kind::word)
    for (const char c : token.text) name.push_back(lower(c));
  if (token.kind == sql_token_kind::quoted_name)
    for (std::size_t i = 0; i < token.text.size(); ++i) {
      name.push_back(token.text[i]);
      if (token.text[i] == '"') ++i;
    }
  return name;
}

std::string template_of(sql_scanner& rest) {
  for (auto token = rest.next(); token.kind != sql_token_kind::end; token = rest.next()) {
    if (token.kind == sql_token_kind::not_understood) break;
    if (!is_word(token, "template")) continue;
    token = rest.next();
    return name_of(token.text == "=" ? rest.next() : token);
  }
  return {};
}

// Of ALTER DATABASE name: anything else may be done while others are connected.
bool moves(sql_scanner& rest) {
  const auto action = rest.next();
  return is_word(action, "rename") || (is_word(action, "set") && is_word(rest.next(), "tablespace"));
}

}  // namespace

std::string database_to_vacate(std::string_view text) {
  sql_scanner scanner{text};
  const auto command = scanner.next();
  const bool creates = is_word(command, "create"), drops = is_word(command, "drop");
  if (!creates && !drops && !is_word(command, "alter")) return {};
  if (!is_word(scanner.next(), "database")) return {};
  if (creates) return template_of(scanner);
  auto name = scanner.next();
  if (drops && is_word(name, "if")) {
    scanner.next();
    name = scanner.next();
  }
  return drops || moves(scanner) ? name_of(name) : std::string{};
}

}  // namespace pgweir::wire
