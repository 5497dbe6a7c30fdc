// config/table_reader.hpp - reads one table strictly: every wrong type, range, unit and unknown key is
// reported. A reading method returns nothing if the key is absent or wrong; the default then stays, and
// reading goes on. Messages name keys and never repeat values, which may be secrets.
#pragma once

#include "config/document.hpp"
#include "config/key_lines.hpp"
#include "config/report.hpp"

#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

struct unknown_key {
  std::string table;  // path; empty: the top level
  std::string key;
  std::size_t line;
  std::vector<std::string> known;  // what the table may hold
};

// What the readers of one file share. Lives as long as any of them.
struct reading {
  report& findings;
  key_lines lines;
  std::vector<unknown_key> unknown;
  std::vector<std::string> asked;  // the path of every key that was looked for
};

struct bounds {
  std::size_t least = 0;
  std::size_t most = 1'000'000'000;
};

struct text_rule {
  bool (*fits)(std::string_view);
  std::string_view otherwise;  // what a text is that does not fit, to follow "KEY is"
  std::string_view advice;
};

template <class Enum>
struct choice {
  std::string_view name;
  Enum value;
};

class table_reader {
 public:
  // `content` may be null: a table that is not there has no keys. It must outlive the reader.
  table_reader(const node::table* content, std::string path, reading& state)
      : content_(content), path_(std::move(path)), state_(state) {}

  std::optional<bool> flag(std::string_view key);
  std::optional<std::size_t> count(std::string_view key, bounds range);
  std::optional<std::string> text(std::string_view key);
  // One string or a list of them. Element i is noted as "key[i]".
  std::optional<std::vector<std::string>> texts(std::string_view key);
  // The same, where each element has to fit the rule.
  std::optional<std::vector<std::string>> texts(std::string_view key, const text_rule& rule);
  std::optional<std::chrono::milliseconds> duration(std::string_view key,
                                                    std::chrono::milliseconds least = {});
  std::optional<std::size_t> size(std::string_view key);
  template <class Enum, std::size_t N>
  std::optional<Enum> one_of(std::string_view key, const choice<Enum> (&choices)[N]);

  // A nested table; one that is absent or no table at all reads as empty.
  table_reader table(std::string_view key);

  struct named_table;
  // The tables [key.NAME], whatever their names.
  std::vector<named_table> tables(std::string_view key);

  // Notes the keys nobody asked for. Call last.
  void finish();

  // Whether there is such a table in the file.
  bool exists() const { return content_ != nullptr; }
  bool written(std::string_view key) const { return state_.lines.written(path_of(key)); }
  const std::string& path() const { return path_; }
  std::string path_of(std::string_view key) const { return join_path(path_, key); }
  // Of a key of this table; of the table itself if the key was not written.
  std::size_t line_of(std::string_view key) const;

 private:
  const node* find(std::string_view key);
  void reject(const node& value, const std::string& path, std::string_view wanted);
  std::optional<std::size_t> index_of(std::string_view key, std::span<const std::string> names);
  table_reader nested(const node& value, std::string_view key);

  const node::table* content_;
  std::string path_;
  reading& state_;
  std::vector<std::string> asked_;
};

struct table_reader::named_table {
  std::string name;
  table_reader content;
};

template <class Enum, std::size_t N>
std::optional<Enum> table_reader::one_of(std::string_view key, const choice<Enum> (&choices)[N]) {
  std::vector<std::string> names;
  for (const choice<Enum>& one : choices) names.emplace_back(one.name);
  const std::optional<std::size_t> index = index_of(key, names);
  if (!index) return std::nullopt;
  return choices[*index].value;
}

// Stores a value that was read; one that was not leaves the default alone.
template <class Target, class Value>
void set(Target& to, std::optional<Value> value) {
  if (value) to = std::move(*value);
}

}  // namespace pgweir::config
