// tests/fuzz/fuzz_sql.cpp - the classification of SQL texts, and what else is read from them: it ends, reads
// nothing beyond the text, and does not care about blanks and comments between tokens.
#include "proxy/wire/lifted_query.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/sql_class.hpp"
#include "proxy/wire/sql_scanner.hpp"
#include "proxy/wire/sql_vacates.hpp"
#include "proxy/wire/transaction_command.hpp"
#include "tests/fuzz/require.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>

using namespace pgweir;

namespace {

bool equal(const wire::sql_class& a, const wire::sql_class& b) {
  return a.verdict == b.verdict && a.only_reads == b.only_reads && a.fingerprint == b.fingerprint &&
         a.leaves_state == b.leaves_state;
}

// With something between each two tokens that separates them and means nothing.
std::string spaced_out(std::string_view text) {
  static constexpr std::array<std::string_view, 4> blanks = {" ", " /* ; ' /* \" */ */", " -- '\n", "\t\r\n"};
  std::string made;
  std::size_t count = 0;
  wire::sql_scanner scanner(text);
  for (auto token = scanner.next(); token.kind != wire::sql_token_kind::end; token = scanner.next()) {
    made += blanks[count++ % blanks.size()];
    const bool quoted = token.kind == wire::sql_token_kind::quoted_name;
    if (quoted) made += '"';
    made += token.text;
    if (quoted) made += '"';
  }
  return made += " --";
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const wire::session_functions forcing;
  const std::string whole(reinterpret_cast<const char*>(data), size);
  const auto exact = std::make_unique<char[]>(size);  // so that a byte read beyond it is seen
  std::copy(whole.begin(), whole.end(), exact.get());
  const auto found = wire::classify({exact.get(), size}, forcing);

  const bool understood = found.verdict != wire::sql_verdict::not_understood;
  require(understood == (found.fingerprint != 0));
  require(!found.only_reads || found.verdict == wire::sql_verdict::shareable);
  require(!found.leaves_state || found.verdict != wire::sql_verdict::shareable || !found.only_reads);
  require(understood || found.leaves_state);
  for (const auto* behind : {"'", "a(", "\\", "*/", "; drop table t"})
    require(equal(found, wire::classify(std::string_view(whole + behind).substr(0, size), forcing)));
  if (understood) require(equal(found, wire::classify(spaced_out(whole), forcing)));
  std::string lifted(1, '\0');  // as a Parse message of the unnamed statement
  std::string text_and_types;
  const auto values = wire::lift_literals({exact.get(), size}, text_and_types);
  for (const auto value : values.all()) require(whole.find(value) != std::string::npos);
  lifted += text_and_types;
  const auto view = wire::read_parse(wire::as_bytes(lifted));
  require(view || whole.find('\0') != std::string::npos);
  if (understood) require(wire::classify(view->text, forcing).fingerprint == found.fingerprint);
  const auto command = wire::read_transaction_command({exact.get(), size});
  require(command.verb == wire::transaction_verb::other || understood);
  if (command.begins())
    require(wire::read_transaction_command(wire::sql_to_begin(command.modes)).modes == command.modes);
  const auto vacated = wire::database_to_vacate({exact.get(), size});
  require(vacated.size() <= size);
  if (understood) require(vacated == wire::database_to_vacate(spaced_out(whole)));
  return 0;
}
