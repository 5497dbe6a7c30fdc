// proxy/wire/lifted_query.hpp - a query's text with parameters in the place of the literals that columns are
// compared with: what many simple Queries have in common, so that the server need prepare it only once.
//
// Taken out is `name = literal` alone, before a word or mark that ends the comparison. There the parameter
// means what the literal meant: a number keeps the type that its digits give it, a string literal has as
// little type of its own as a parameter without one has, and takes it from the name (manual, "Lexical
// Structure", 4.1.2, and "Type Conversion", 10.2). Elsewhere a literal may decide more: the place in ORDER BY
// 1, the plan of a LIMIT, what is computed when the statement is planned (1/0).
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pgweir::wire {

struct lifted_query {
  static constexpr std::size_t most_values = 16;

  std::array<std::string_view, most_values> values;  // of $1, $2, ... in text format; views into the text
  std::size_t count = 0;

  // A view of this.
  std::span<const std::string_view> all() const& { return std::span(values).first(count); }
  std::span<const std::string_view> all() const&& = delete;
};

// `text_and_types` becomes what a Parse message has behind the name of its statement; it keeps its memory. A
// text that is not understood, has parameters of its own, or grouping sets, stays as it is.
lifted_query lift_literals(std::string_view text, std::string& text_and_types);

}  // namespace pgweir::wire
