// proxy/core/transaction_unit.hpp - a unit that does nothing but begin or end a transaction, by either
// protocol, and what PostgreSQL answers to it.
#pragma once

#include "proxy/core/state.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/transaction_command.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace pgweir::core {

struct transaction_unit {
  wire::transaction_command command;
  std::size_t size = 0;  // 0: it is none
  bool is_query = false;
  bool parses = false;  // a statement, of which `parsed` is a view into the unit
  wire::parse_view parsed{};
};

// Looks at the unit at the front of `arrived`, which must be whole: a Query, or one Bind and one Execute of
// the unnamed portal, with Parse and Describe as drivers send them. Any other is none, though the server may
// take it.
transaction_unit read_transaction_unit(const client_state& client, wire::bytes_view arrived);

// Whether PostgreSQL may take the message at the front in a transaction that has failed, because it is about
// the end of one, or about nothing. Others it refuses, whatever they say.
bool may_run_in_failed(const client_state& client, wire::bytes_view arrived);

// What the client's statements are after it. False: there is no room to keep them, and nothing has changed.
[[nodiscard]] bool keep_statements_of(const transaction_unit& unit, client_state& client,
                                      statement_catalogue& catalogue);

// The answers to the messages of `whole`, the bytes of such a unit.
void append_answers(std::string& out, wire::bytes_view whole, std::string_view tag, char transaction);

}  // namespace pgweir::core
