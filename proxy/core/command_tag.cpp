#include "proxy/core/command_tag.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace pgweir::core {
namespace {

struct row {
  std::string_view start;  // of the tag
  tag_effects effects;
};

constexpr tag_effects leaves{.leaves_state = true};
constexpr tag_effects gives_up{.gives_up = true};
constexpr tag_effects alters{.changes_schema = true};
constexpr tag_effects drops{.gives_up = true, .changes_schema = true};
constexpr tag_effects alters_login{.changes_schema = true, .changes_logins = true};
constexpr tag_effects drops_login{.gives_up = true, .changes_schema = true, .changes_logins = true};
constexpr tag_effects replaces{.leaves_state = true, .changes_schema = true};
constexpr tag_effects makes{.leaves_state = true, .changes_schema = true, .may_make_relation = true};

// The first that fits counts. Those of one letter stand together.
constexpr row rows[] = {
    {"ALTER ROLE", alters_login},
    {"ALTER DATABASE", alters_login},
    {"ALTER ", alters},
    {"CALL", replaces},
    {"CLOSE CURSOR", gives_up},
    {"CREATE TABLE", makes},
    {"CREATE VIEW", makes},
    {"CREATE MATERIALIZED VIEW", makes},
    {"CREATE SEQUENCE", makes},
    {"CREATE INDEX", leaves},
    {"CREATE DATABASE", leaves},
    {"CREATE ROLE", leaves},
    {"CREATE TRIGGER", leaves},
    {"CREATE ", replaces},
    {"DEALLOCATE", gives_up},
    {"DECLARE", leaves},
    {"DISCARD ALL", leaves},
    {"DO", replaces},
    {"DROP TABLE", gives_up},
    {"DROP VIEW", gives_up},
    {"DROP MATERIALIZED VIEW", gives_up},
    {"DROP SEQUENCE", gives_up},
    {"DROP INDEX", gives_up},
    {"DROP DATABASE", gives_up},
    {"DROP ROLE", drops_login},
    {"DROP ", drops},
    {"EXPLAIN", leaves},
    {"IMPORT ", alters},
    {"LISTEN", leaves},
    {"LOAD", leaves},
    {"PREPARE", leaves},
    {"RESET", leaves},
    {"SELECT", {.may_make_relation = true}},
    {"UNLISTEN", gives_up},
};

// Where those of a letter begin and end, so that the tag of an INSERT costs next to nothing.
struct rows_of_letter {
  std::uint8_t begin = 0, end = 0;
};

constexpr auto make_index() {
  std::array<rows_of_letter, 26> made{};
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    auto& of_letter = made[static_cast<std::size_t>(rows[i].start.front() - 'A')];
    if (of_letter.end == 0) of_letter.begin = static_cast<std::uint8_t>(i);
    of_letter.end = static_cast<std::uint8_t>(i + 1);
  }
  return made;
}
constexpr auto by_letter = make_index();

}  // namespace

tag_effects effects_of(std::string_view tag) {
  if (tag.empty() || tag.front() < 'A' || tag.front() > 'Z') return {};
  const auto [begin, end] = by_letter[static_cast<std::size_t>(tag.front() - 'A')];
  const auto fits = [&](const row& one) { return tag.starts_with(one.start); };
  const auto* found = std::find_if(rows + begin, rows + end, fits);
  return found == rows + end ? tag_effects{} : found->effects;
}

}  // namespace pgweir::core
