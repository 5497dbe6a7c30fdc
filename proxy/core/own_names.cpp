#include "proxy/core/own_names.hpp"

#include "proxy/core/state.hpp"
#include "proxy/core/statement_catalogue.hpp"
#include "proxy/wire/writer.hpp"

#include <charconv>
#include <utility>

namespace pgweir::core {
namespace {

// Without a value where it is too large to be read back.
constexpr std::string_view sql =
    " UNION ALL SELECT 'q',name,CASE WHEN pg_catalog.octet_length(statement) OPERATOR(pg_catalog.<) 100000 "
    "THEN "
    "pg_catalog.concat(pg_catalog.array_to_string(parameter_types::pg_catalog.oid[],','),':',statement) ELSE "
    "'' "
    "END FROM pg_catalog.pg_prepared_statement() WHERE NOT from_sql";

bool may_be_parsed_again(const statement& one) {
  return !one.is_large() && !one.freezes_time && !one.sharing.bonds.names_statements;
}

}  // namespace

std::string_view protocol_statements_sql() { return sql; }

bool read_protocol_statement(std::string_view name, std::string_view value,
                             std::vector<protocol_statement>& all) {
  if (value.empty()) {
    all.push_back({.name = std::string(name)});
    return true;
  }
  const auto text_at = value.find(':');
  if (text_at == std::string_view::npos) return false;
  std::vector<std::uint32_t> types;
  for (auto list = value.substr(0, text_at); !list.empty();) {
    const auto [end, error] = std::from_chars(list.data(), list.data() + list.size(), types.emplace_back());
    if (error != std::errc{}) return false;
    list.remove_prefix(static_cast<std::size_t>(end - list.data()));
    if (!list.empty() && list.front() != ',') return false;
    if (!list.empty()) list.remove_prefix(1);
  }
  protocol_statement made{.name = std::string(name),
                          .text_and_types = std::string(value.substr(text_at + 1))};
  wire::writer out{made.text_and_types};
  out.u8(0).u16(static_cast<std::uint16_t>(types.size()));
  for (const auto type : types) out.u32(type);
  all.push_back(std::move(made));
  return true;
}

wire::error_fields refusal_of_names_in_unit() {
  return {.severity = "ERROR",
          .sqlstate = "0A000",
          .message = "prepared statements cannot be named by SQL in the midst of a pipeline",
          .detail = "pgweir has to give the server their names before anything of the pipeline runs.",
          .hint =
              "Send Sync before EXECUTE, PREPARE, DEALLOCATE or a look at pg_prepared_statements, or use "
              "pool mode \"session\"."};
}

wire::error_fields refusal_of_names_of_large() {
  return {
      .severity = "ERROR",
      .sqlstate = "0A000",
      .message = "prepared statements cannot be named by SQL beside one that pgweir cannot prepare again",
      .detail = "One of this session is very large, or has a constant like 'now', whose value would change.",
      .hint = "DEALLOCATE that statement first, prepare it without a name, or use pool mode \"session\"."};
}

wire::error_fields refusal_of_cancelled() {
  return {.severity = "ERROR",
          .sqlstate = "57014",
          .message = "canceling statement due to user request",
          .detail = "The server was being given the names of the session's prepared statements.",
          .hint = ""};
}

bool share_names(client_state& client, statement_catalogue& catalogue,
                 const std::vector<protocol_statement>& found) {
  std::vector<shared_statement> shared;
  for (const auto& one : found) {
    if (one.text_and_types.empty()) return false;
    auto made = catalogue.intern(wire::as_bytes(one.text_and_types), client.stale_up_to);
    if (made == nullptr || !may_be_parsed_again(*made)) return false;
    shared.push_back(std::move(made));
  }
  auto& names = client.statements;
  for (const auto& [name, kept] : names.in_order())
    if (!may_be_parsed_again(*kept)) return false;
  const auto first = names.next_serial();
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!names.reserve(found[i].name, catalogue)) {
      names.undo_defines_from(first);
      return false;
    }
    names.define(found[i].name, std::move(shared[i]), catalogue.parses());
  }
  client.names = naming::shared;
  return true;
}

}  // namespace pgweir::core
