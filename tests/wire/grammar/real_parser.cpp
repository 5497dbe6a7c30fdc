#include "tests/wire/grammar/real_parser.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>
#include <pg_query.h>
#include <stdexcept>
#include <string_view>

namespace pgweir::test {
namespace {

using json = nlohmann::json;

bool is_temporary_schema(std::string_view name) { return name == "pg_temp" || name.starts_with("pg_temp_"); }

// Walks over the parse tree: an object has one member per node type or field, so keys tell nearly everything.
class tree_reader : public nlohmann::json_sax<json> {
 public:
  explicit tree_reader(real_parse& found) : found_(found) {}

  bool key(string_t& name) override {
    open_.back().key = name;
    const auto depth = open_.size();
    if (depth == 4 && open_[depth - 2].key == "stmt") found_.kinds.push_back(name);
    if (name == "lockingClause") found_.locks_rows = true;
    if (name == "intoClause") found_.makes_table = true;
    if (name == "InsertStmt" || name == "UpdateStmt" || name == "DeleteStmt" || name == "MergeStmt")
      found_.writes = true;
    if (name == "RangeTableSample") found_.samples = true;
    if (name == "CurrentOfExpr") found_.current_of = true;
    if (name == "funcname") found_.functions.emplace_back();
    if (name == "fields") parts_ = 0;
    return true;
  }
  bool string(string_t& value) override {
    const auto inside = [&](std::string_view name) {
      return std::any_of(open_.begin(), open_.end(), [&](const auto& one) { return one.key == name; });
    };
    const auto in_list = [&](std::string_view name) {
      return open_.size() > 3 && open_[open_.size() - 4].key == name;
    };
    if (open_.back().key == "schemaname" && is_temporary_schema(value)) found_.temporary = true;
    if (open_.back().key == "relname") found_.relations.push_back(value);
    if (open_.back().key != "sval") return true;
    if (in_list("funcname")) found_.functions.back().push_back(value);
    if (in_list("indirection")) found_.fields_of_values.push_back(value);
    if (in_list("fields") && ++parts_ > 1) {
      if (parts_ > 2) found_.fields_of_names.pop_back();
      found_.fields_of_names.push_back(value);
    }
    if (is_temporary_schema(value) && !inside("A_Const")) found_.temporary = true;
    return true;
  }
  bool start_object(std::size_t) override { return open_.emplace_back(), true; }
  bool end_object() override { return open_.pop_back(), true; }
  bool start_array(std::size_t) override { return open_.emplace_back(), true; }
  bool end_array() override { return open_.pop_back(), true; }
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& why) override {
    throw std::runtime_error(std::string("the parse tree: ") + why.what());
  }

 private:
  struct level {
    std::string key;  // of an object: the member at hand
  };

  real_parse& found_;
  int parts_ = 0;  // of the column's name at hand
  std::vector<level> open_;
};

// As much of protobuf's wire format as ScanResult needs: numbers and nested messages.
class protobuf_reader {
 public:
  explicit protobuf_reader(std::string_view bytes) : rest_(bytes) {}

  bool at_end() const { return rest_.empty(); }
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.at(0));
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if ((byte & 0x80u) == 0) return value;
    }
  }
  std::string_view message() {
    const auto size = number();
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

 private:
  std::string_view rest_;
};

constexpr std::uint64_t sql_comment = 275;
constexpr std::uint64_t c_comment = 276;

}  // namespace

real_parse parse_really(const std::string& text) {
  real_parse found;
  const auto result = pg_query_parse(text.c_str());
  found.rejected = result.error != nullptr;
  if (!found.rejected) {
    // The parser takes any bytes for letters, JSON does not.
    std::string tree = result.parse_tree;
    for (auto& c : tree)
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    tree_reader reader(found);
    json::sax_parse(tree, &reader);
  }
  pg_query_free_parse_result(result);
  return found;
}

std::vector<std::pair<std::size_t, std::size_t>> scan_really(const std::string& text) {
  std::vector<std::pair<std::size_t, std::size_t>> found;
  const auto result = pg_query_scan(text.c_str());
  if (result.error == nullptr) {
    protobuf_reader all({result.pbuf.data, result.pbuf.len});
    while (!all.at_end()) {
      const auto tag = all.number();
      if (tag != (2 << 3 | 2)) {  // the version
        all.number();
        continue;
      }
      protobuf_reader token(all.message());
      std::uint64_t fields[6] = {};
      while (!token.at_end()) {
        const auto field = token.number() >> 3;
        fields[field] = token.number();
      }
      if (fields[4] != sql_comment && fields[4] != c_comment) found.emplace_back(fields[1], fields[2]);
    }
  }
  pg_query_free_scan_result(result);
  return found;
}

std::vector<std::string> split_really(const std::string& text) {
  std::vector<std::string> found;
  const auto result = pg_query_split_with_scanner(text.c_str());
  for (int i = 0; result.error == nullptr && i < result.n_stmts; ++i)
    found.push_back(text.substr(static_cast<std::size_t>(result.stmts[i]->stmt_location),
                                static_cast<std::size_t>(result.stmts[i]->stmt_len)));
  pg_query_free_split_result(result);
  return found;
}

}  // namespace pgweir::test
