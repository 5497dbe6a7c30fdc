// proxy/core/own_names.hpp - SQL can name the statements that a client has prepared by the protocol: EXECUTE,
// DEALLOCATE, PREPARE of a name that is taken, pg_prepared_statements. On the server they carry the
// catalogue's names. So before such a text runs, the server is made to have what it would have without
// pgweir: this client's statements and nobody else's, under their own names (request_own_names.cpp). The
// client keeps that server connection until nothing that SQL has prepared is left; then the statements are
// read back from the server and shared again. Those which the server refused, as a table is locked or has
// gone, stay in client_state all the time.
#pragma once

#include "proxy/core/state_probe.hpp"
#include "proxy/wire/error_response.hpp"

#include <string_view>
#include <vector>

namespace pgweir::core {

struct client_state;
class statement_catalogue;

// Rows for state_findings of what the protocol has prepared, to be joined to the probe.
std::string_view protocol_statements_sql();
// The row's value; false: it cannot be one.
bool read_protocol_statement(std::string_view name, std::string_view value,
                             std::vector<protocol_statement>& all);

// Of a text that names statements where they cannot be had under their own names: it must not meet those of
// other clients.
wire::error_fields refusal_of_names_in_unit();
wire::error_fields refusal_of_names_of_large();
// Of the unit that had to wait for them, as its client does not want it any more.
wire::error_fields refusal_of_cancelled();

// To the statements that the server could not be given come those that it told of, under shared names. False:
// one of them has to stay where it is (it names others, it would mean something else when it is parsed again,
// or there is no room for it).
bool share_names(client_state& client, statement_catalogue& catalogue,
                 const std::vector<protocol_statement>& found);

}  // namespace pgweir::core
