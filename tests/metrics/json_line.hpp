// tests/metrics/json_line.hpp - a strict reader for one flat JSON object, to judge log lines by.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace pgweir::metrics::test {

// Members of the object: strings unescaped, numbers and literals as they are written. None when the line is
// not exactly one valid flat object in valid UTF-8, or has a member twice.
std::optional<std::map<std::string, std::string>> read_json_line(std::string_view line);

}  // namespace pgweir::metrics::test
