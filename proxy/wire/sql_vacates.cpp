#include "proxy/wire/sql_vacates.hpp"

#include "proxy/wire/ascii.hpp"
#include "proxy/wire/sql_hash.hpp"
#include "proxy/wire/sql_scanner.hpp"

namespace pgweir::wire {
namespace {

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
    if (!token.is_word("template")) continue;
    token = rest.next();
    return name_of(token.text == "=" ? rest.next() : token);
  }
  return {};
}

// Of ALTER DATABASE name: anything else may be done while others are connected.
bool moves(sql_scanner& rest) {
  const auto action = rest.next();
  return action.is_word("rename") || (action.is_word("set") && rest.next().is_word("tablespace"));
}

}  // namespace

std::string database_to_vacate(std::string_view text) {
  sql_scanner scanner{text};
  const auto command = scanner.next();
  const bool creates = command.is_word("create"), drops = command.is_word("drop");
  if (!creates && !drops && !command.is_word("alter")) return {};
  if (!scanner.next().is_word("database")) return {};
  if (creates) return template_of(scanner);
  auto name = scanner.next();
  if (drops && name.is_word("if")) {
    scanner.next();
    name = scanner.next();
  }
  return drops || moves(scanner) ? name_of(name) : std::string{};
}

}  // namespace pgweir::wire
