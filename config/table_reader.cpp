#include "config/table_reader.hpp"

#include "config/nearest.hpp"
#include "config/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgweir::config {

const node* table_reader::find(std::string_view key) {
  asked_.emplace_back(key);
  if (!content_) return nullptr;
  const auto entry = std::ranges::find(*content_, key, &table_entry::key);
  if (entry == content_->end()) return nullptr;
  state_.lines.note(path_of(key), entry->value.line);
  return &entry->value;
}

void table_reader::reject(const node& value, const std::string& path, std::string_view wanted) {
  state_.findings.add_problem(value.line, fmt::format("{} is {}", path, kind_of(value)),
                              fmt::format("write {}", wanted));
}

std::optional<bool> table_reader::flag(std::string_view key) {
  const node* value = find(key);
  if (!value) return std::nullopt;
  if (const bool* found = std::get_if<bool>(&value->content)) return *found;
  reject(*value, path_of(key), "true or false, without quotes");
  return std::nullopt;
}

std::optional<std::size_t> table_reader::count(std::string_view key, bounds range) {
  const node* value = find(key);
  if (!value) return std::nullopt;
  const std::int64_t* found = std::get_if<std::int64_t>(&value->content);
  if (!found) {
    reject(*value, path_of(key), "a whole number, without quotes");
    return std::nullopt;
  }
  if (*found >= 0 && static_cast<std::size_t>(*found) >= range.least &&
      static_cast<std::size_t>(*found) <= range.most) {
    return static_cast<std::size_t>(*found);
  }
  state_.findings.add_problem(value->line, fmt::format("{} is {}", path_of(key), *found),
                              fmt::format("write a whole number from {} to {}", range.least, range.most));
  return std::nullopt;
}

std::optional<std::string> table_reader::text(std::string_view key) {
  const node* value = find(key);
  if (!value) return std::nullopt;
  if (const std::string* found = std::get_if<std::string>(&value->content)) return *found;
  reject(*value, path_of(key), "a string in double quotes");
  return std::nullopt;
}

std::optional<std::vector<std::string>> table_reader::texts(std::string_view key) {
  const node* value = find(key);
  if (!value) return std::nullopt;
  if (const std::string* only = std::get_if<std::string>(&value->content)) {
    state_.lines.note(path_of(key) + "[0]", value->line);
    return std::vector<std::string>{*only};
  }
  const node::array* elements = std::get_if<node::array>(&value->content);
  if (!elements) {
    reject(*value, path_of(key), "a string or a list of strings");
    return std::nullopt;
  }
  std::vector<std::string> found;
  for (const node& element : *elements) {
    const std::string* one = std::get_if<std::string>(&element.content);
    if (!one) {
      reject(element, fmt::format("{}[{}]", path_of(key), found.size()), "a string in double quotes");
      return std::nullopt;
    }
    state_.lines.note(fmt::format("{}[{}]", path_of(key), found.size()), element.line);
    found.push_back(*one);
  }
  return found;
}

std::optional<std::vector<std::string>> table_reader::texts(std::string_view key, const text_rule& rule) {
  std::optional<std::vector<std::string>> found = texts(key);
  if (!found) return std::nullopt;
  bool all_fit = true;
  for (std::size_t i = 0; i < found->size(); ++i) {
    if (rule.fits((*found)[i])) continue;
    const std::string path = fmt::format("{}[{}]", path_of(key), i);
    state_.findings.add_problem(state_.lines.line_of(path), fmt::format("{} is {}", path, rule.otherwise),
                                std::string{rule.advice});
    all_fit = false;
  }
  return all_fit ? found : std::nullopt;
}

std::optional<std::chrono::milliseconds> table_reader::duration(std::string_view key,
                                                                std::chrono::milliseconds least) {
  const node* value = find(key);
  if (!value) return std::nullopt;
  const std::int64_t* bare = std::get_if<std::int64_t>(&value->content);
  if (bare && *bare != 0) {
    state_.findings.add_problem(value->line, fmt::format("{} has no unit", path_of(key)),
                                fmt::format("write a duration in {}, as in \"15s\"", duration_units));
    return std::nullopt;
  }
  const std::string* written = std::get_if<std::string>(&value->content);
  if (!bare && !written) {
    reject(*value, path_of(key), "a duration in quotes, as in \"15s\"");
    return std::nullopt;
  }
  const std::optional<std::chrono::milliseconds> found = parse_duration(written ? *written : "0");
  if (!found) {
    state_.findings.add_problem(value->line, fmt::format("{} is not a duration", path_of(key)),
                                fmt::format("write a whole number and one of the units {}, as in \"15s\"{}",
                                            duration_units, least.count() == 0 ? ", or 0" : ""));
  } else if (*found < least) {
    state_.findings.add_problem(value->line, fmt::format("{} is {}ms", path_of(key), found->count()),
                                fmt::format("write at least \"{}ms\"", least.count()));
    return std::nullopt;
  }
  return found;
}

std::optional<std::size_t> table_reader::size(std::string_view key) {
  const node* value = find(key);
  if (!value) return std::nullopt;
  if (const std::int64_t* bytes = std::get_if<std::int64_t>(&value->content); bytes && *bytes >= 0) {
    return static_cast<std::size_t>(*bytes);
  }
  const std::string* written = std::get_if<std::string>(&value->content);
  const std::optional<std::size_t> found = written ? parse_size(*written) : std::nullopt;
  if (!found) {
    state_.findings.add_problem(
        value->line, fmt::format("{} is not a size", path_of(key)),
        fmt::format("write a whole number of bytes, or one with a unit of {}, as in \"64MiB\"", size_units));
  }
  return found;
}

std::optional<std::size_t> table_reader::index_of(std::string_view key, std::span<const std::string> names) {
  const node* value = find(key);
  if (!value) return std::nullopt;
  const std::string* written = std::get_if<std::string>(&value->content);
  if (!written) {
    reject(*value, path_of(key), fmt::format("one of {}, in double quotes", fmt::join(names, ", ")));
    return std::nullopt;
  }
  const auto found = std::ranges::find(names, *written);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  state_.findings.add_problem(value->line, fmt::format("{} has an unknown value", path_of(key)),
                              suggestion(*written, names, "values"));
  return std::nullopt;
}

table_reader table_reader::nested(const node& value, std::string_view key) {
  const node::table* content = std::get_if<node::table>(&value.content);
  if (!content) reject(value, path_of(key), fmt::format("it as a table: [{}]", path_of(key)));
  return {content, path_of(key), state_};
}

table_reader table_reader::table(std::string_view key) {
  const node* value = find(key);
  return value ? nested(*value, key) : table_reader{nullptr, path_of(key), state_};
}

std::vector<table_reader::named_table> table_reader::tables(std::string_view key) {
  table_reader group = table(key);
  std::vector<named_table> found;
  if (!group.content_) return found;
  for (const auto& [name, value] : *group.content_) {
    state_.lines.note(group.path_of(name), value.line);
    found.push_back({name, group.nested(value, name)});
  }
  return found;
}

void table_reader::finish() {
  for (const std::string& key : asked_) state_.asked.push_back(path_of(key));
  if (!content_) return;
  for (const auto& [key, value] : *content_) {
    if (std::ranges::find(asked_, key) == asked_.end()) {
      state_.unknown.push_back({path_, key, value.line, asked_});
    }
  }
}

std::size_t table_reader::line_of(std::string_view key) const {
  const std::string path = path_of(key);
  return state_.lines.line_of(state_.lines.written(path) ? std::string_view{path} : std::string_view{path_});
}

}  // namespace pgweir::config
