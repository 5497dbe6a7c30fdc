#include "proxy/core/command_tag.hpp"

#include <initializer_list>

namespace pgweir::core {
namespace {

bool starts_with_one_of(std::string_view tag, std::initializer_list<std::string_view> starts) {
  for (const auto start : starts)
    if (tag.starts_with(start)) return true;
  return false;
}

// Most tags are those of SELECT, INSERT, UPDATE and DELETE.
bool begins_as(std::string_view letters, std::string_view tag) {
  return !tag.empty() && letters.find(tag.front()) != std::string_view::npos;
}

}  // namespace

bool may_leave_state(std::string_view tag) {
  return begins_as("CDELPR", tag) &&
         starts_with_one_of(tag, {"PREPARE", "LISTEN", "DECLARE", "LOAD", "CREATE ", "DO", "CALL", "EXPLAIN",
                                  "RESET", "DISCARD ALL"});
}

bool gives_up(std::string_view tag) {
  return tag == "UNLISTEN" || tag == "CLOSE CURSOR" || tag == "CLOSE CURSOR ALL" || tag == "DEALLOCATE" ||
         tag == "DEALLOCATE ALL" || tag.starts_with("DROP ");
}

bool changes_schema(std::string_view tag) {
  return begins_as("ACD", tag) &&
         starts_with_one_of(tag, {"ALTER ", "DROP ", "DO", "CREATE FUNCTION", "CREATE PROCEDURE",
                                  "CREATE AGGREGATE", "CREATE OPERATOR", "CREATE CAST", "CREATE VIEW"});
}

}  // namespace pgweir::core
