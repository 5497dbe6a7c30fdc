// proxy/wire/request.hpp - views of the client's extended-protocol messages, and builders of those pgweir
// injects. `body` is what follows the header. A parser that fails returns nothing: the message is malformed.
#pragma once

#include "proxy/wire/cursor.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace pgweir::wire {

struct parse_view {
  std::string_view name;
  std::string_view text;
  bytes_view text_and_types;  // what identifies a statement: text, zero, count and types
};
std::optional<parse_view> read_parse(bytes_view body);

// Only the two names at the front are looked at, so that a huge Bind need not be kept whole.
struct bind_names {
  std::string_view portal;
  std::string_view statement;
  std::size_t size;  // bytes of both names with their zeros
};
std::optional<bind_names> read_bind_names(bytes_view start_of_body);

// Describe and Close.
struct target_view {
  char kind;  // 'S' statement, 'P' portal
  std::string_view name;
};
std::optional<target_view> read_target(bytes_view body);

void append_parse(std::string& out, std::string_view name, bytes_view text_and_types);
// `text` with the zero behind it. No type of a parameter is given.
void append_parse_untyped(std::string& out, std::string_view name, bytes_view text);
// Of the unnamed portal. `values` in text format; so are the results.
void append_bind(std::string& out, std::string_view statement, std::span<const std::string_view> values = {});
void append_describe(std::string& out, char kind, std::string_view name);
void append_execute(std::string& out, std::string_view portal);  // to its end
void append_close(std::string& out, char kind, std::string_view name);
void append_sync(std::string& out);
void append_flush(std::string& out);
void append_query(std::string& out, std::string_view text);

}  // namespace pgweir::wire
