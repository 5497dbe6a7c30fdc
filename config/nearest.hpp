// config/nearest.hpp - guesses which word was meant.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pgweir::config {

// Levenshtein distance: how many letters to insert, delete or replace.
std::size_t edit_distance(std::string_view a, std::string_view b);

// The candidate most like `word`; empty if none is like it at all.
std::string_view nearest(std::string_view word, std::span<const std::string> candidates);

// "did you mean "x"?", else "known WHAT: a, b, c".
std::string suggestion(std::string_view word, std::span<const std::string> candidates, std::string_view what);

}  // namespace pgweir::config
