// proxy/wire/bind_parameter.hpp - one parameter's value in a Bind message (manual, "Message Formats").
#pragma once

#include "proxy/wire/cursor.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace pgweir::wire {

struct bind_parameter {
  std::size_t at = 0;  // of its length word in the body
  bytes_view value{};  // into the body
  bool is_binary = false;
};

// The `number`th, from 1. Nothing: there is none, or it is NULL.
std::optional<bind_parameter> find_parameter(bytes_view body, std::size_t number);

// What it says, if it is an integer that a process id may be: as text, or as int4 or int8.
std::optional<std::int32_t> read_process_id(const bind_parameter& from);
// Another value in the same format, behind its length word.
std::string encode_process_id(std::int32_t process_id, const bind_parameter& like);

}  // namespace pgweir::wire
