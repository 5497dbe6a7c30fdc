#include "proxy/wire/lifted_query.hpp"

#include "proxy/wire/sql_scanner.hpp"
#include "proxy/wire/writer.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

namespace pgweir::wire {
namespace {

constexpr std::uint32_t type_from_context = 0;
constexpr std::uint32_t int8_type = 20;
constexpr std::uint32_t int4_type = 23;

struct literal {
  std::string_view written;
  std::string_view value;
  std::uint32_t type;
};

// Of integers that fit for certain; others PostgreSQL may take for another type.
std::optional<literal> read_number(std::string_view digits) {
  const bool is_integer =
      std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!is_integer || digits.size() > 18 || (digits.size() > 1 && digits[0] == '0')) return std::nullopt;
  constexpr std::string_view largest_int4 = "2147483647";
  const bool is_int4 =
      digits.size() < largest_int4.size() || (digits.size() == largest_int4.size() && digits <= largest_int4);
  return literal{digits, digits, is_int4 ? int4_type : int8_type};
}

// Of '...' whose characters stand for themselves, whatever standard_conforming_strings says.
std::optional<literal> read_string(std::string_view quoted) {
  if (quoted.size() < 2 || quoted.front() != '\'') return std::nullopt;
  const auto inner = quoted.substr(1, quoted.size() - 2);
  if (inner.find_first_of("'\\") != std::string_view::npos) return std::nullopt;
  return literal{quoted, inner, type_from_context};
}

std::optional<literal> read_literal(const sql_token& token) {
  if (token.kind == sql_token_kind::number) return read_number(token.text);
  if (token.kind == sql_token_kind::string) return read_string(token.text);
  return std::nullopt;
}

// Grouping sets give NULL for what they leave out: PostgreSQL finds that by comparing expressions, and two
// parameters are never the same one.
bool allows_lifting(const sql_token& token) {
  if (token.kind == sql_token_kind::not_understood || token.kind == sql_token_kind::parameter) return false;
  return !token.is_word("rollup") && !token.is_word("cube") && !token.is_word("sets");
}

bool ends_comparison(const sql_token& token) {
  if (token.kind == sql_token_kind::end || token.is(')') || token.is(';')) return true;
  if (token.kind != sql_token_kind::word) return false;
  constexpr std::uint64_t words[] = {sql_hash("and"),    sql_hash("or"),    sql_hash("order"),
                                     sql_hash("limit"),  sql_hash("group"), sql_hash("having"),
                                     sql_hash("offset"), sql_hash("union"), sql_hash("then")};
  return std::find(std::begin(words), std::end(words), token.hash) != std::end(words);
}

// Where in `name = literal` the last token stands.
class comparison {
 public:
  bool awaits_literal() const { return at_ == place::equals; }

  void go_on(const sql_token& token) {
    const bool is_name = token.kind == sql_token_kind::word || token.kind == sql_token_kind::quoted_name;
    const bool is_equals = token.kind == sql_token_kind::op && token.text == "=";
    if (is_name)
      at_ = place::name;
    else
      at_ = is_equals && at_ == place::name ? place::equals : place::elsewhere;
  }

 private:
  enum class place : std::uint8_t { elsewhere, name, equals } at_ = place::elsewhere;
};

lifted_query as_it_is(std::string_view text, std::string& text_and_types) {
  text_and_types.clear();
  writer{text_and_types}.c_string(text).u16(0);
  return {};
}

}  // namespace

lifted_query lift_literals(std::string_view text, std::string& text_and_types) {
  lifted_query found;
  std::array<std::uint32_t, lifted_query::most_values> types{};
  auto& out = text_and_types;
  out.clear();
  sql_scanner tokens{text};
  comparison around;
  std::optional<literal> compared;
  const char* copied = text.data();
  for (;;) {
    const auto token = tokens.next();
    if (!allows_lifting(token)) return as_it_is(text, out);
    if (compared && ends_comparison(token)) {
      out.append(copied, compared->written.data());
      copied = compared->written.data() + compared->written.size();
      types[found.count] = compared->type;
      found.values[found.count++] = compared->value;
      out.append(1, '$').append(std::to_string(found.count));
    }
    compared.reset();
    if (token.kind == sql_token_kind::end) break;
    if (around.awaits_literal() && found.count < lifted_query::most_values) compared = read_literal(token);
    around.go_on(token);
  }
  out.append(copied, text.data() + text.size());
  writer rest{out};
  rest.u8(0).u16(static_cast<std::uint16_t>(found.count));
  for (std::size_t i = 0; i < found.count; ++i) rest.u32(types[i]);
  return found;
}

}  // namespace pgweir::wire
