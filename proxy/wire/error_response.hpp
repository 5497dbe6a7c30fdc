// proxy/wire/error_response.hpp - the fields of ErrorResponse and NoticeResponse (PostgreSQL manual, "Error
// and Notice Message Fields").
#pragma once

#include "proxy/wire/cursor.hpp"

#include <string>
#include <string_view>

namespace pgweir::wire {

// Empty means: not in the message.
struct error_fields {
  std::string severity;  // ERROR, FATAL, PANIC; WARNING, NOTICE, DEBUG, INFO, LOG
  std::string sqlstate;  // five characters
  std::string message;
  std::string detail;
  std::string hint;
};

// Append the message to `out`. Zero bytes inside a field end that field.
void append_error(std::string& out, const error_fields& fields);
void append_notice(std::string& out, const error_fields& fields);

// The value of the first field with that code ('C' is the SQLSTATE), empty where there is none. `body` is
// what follows the header; it may come from a broken or hostile peer: fields and terminators may be missing
// (CVE-2026-6666). The view points into `body`.
std::string_view find_error_field(bytes_view body, char code);

// As above, for all fields that error_fields has; the severity is the one that is never translated, if there
// is one.
error_fields parse_error(bytes_view body);

}  // namespace pgweir::wire
