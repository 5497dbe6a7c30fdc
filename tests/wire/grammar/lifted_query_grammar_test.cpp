// For PostgreSQL's own parser a lifted text is the text that it was made of, but for constants that something
// is compared with: there it has parameters, of the type that the constant has.
#include "proxy/wire/cursor.hpp"
#include "proxy/wire/lifted_query.hpp"
#include "tests/wire/grammar/sql_corpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <pg_query.h>
#include <random>
#include <vector>

namespace pgweir::test {
namespace {

using json = nlohmann::json;

// Nothing: the parser rejects it.
std::optional<json> tree_of(const std::string& text) {
  const auto result = pg_query_parse(text.c_str());
  std::optional<json> found;
  if (result.error == nullptr) {
    // The parser takes any bytes for letters, JSON does not.
    std::string tree = result.parse_tree;
    for (auto& c : tree)
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    found = json::parse(tree);
  }
  pg_query_free_parse_result(result);
  return found;
}

struct parameter {
  std::string value;
  std::uint32_t type;
};

json constant(const parameter& of) {
  if (of.type == 0) return {{"sval", json{{"sval", of.value}}}};
  if (of.type == 20) return {{"fval", {{"fval", of.value}}}};
  const auto integer = std::stoll(of.value);
  return {{"ival", integer == 0 ? json::object() : json{{"ival", integer}}}};
}

bool is_place(const std::string& key) {
  return key == "location" || key == "stmt_len" || key == "stmt_location";
}

// The tree with constants in the place of the parameters, and without places in the text.
json filled_in(const json& node, const std::vector<parameter>& parameters) {
  if (node.is_array()) {
    auto made = json::array();
    for (const auto& one : node) made.push_back(filled_in(one, parameters));
    return made;
  }
  if (!node.is_object()) return node;
  if (node.contains("ParamRef") && !parameters.empty())
    return {{"A_Const", constant(parameters.at(node["ParamRef"]["number"].get<std::size_t>() - 1))}};
  auto made = json::object();
  for (const auto& [key, value] : node.items())
    if (!is_place(key)) made[key] = filled_in(value, parameters);
  return made;
}

bool has_column(const json& node) {
  if (node.is_object() && (node.contains("ColumnRef") || node.contains("SQLValueFunction"))) return true;
  return node.is_structured() && std::any_of(node.begin(), node.end(), has_column);
}

// Parameters that stand where a column is compared with them.
std::size_t compared(const json& node) {
  std::size_t found = 0;
  if (node.is_object() && node.contains("A_Expr")) {
    const auto& in = node["A_Expr"];
    const bool equals = in.value("kind", "") == "AEXPR_OP" && in["name"].size() == 1 &&
                        in["name"][0]["String"]["sval"] == "=";
    if (equals && in.contains("lexpr") && in["rexpr"].contains("ParamRef") && has_column(in["lexpr"]))
      ++found;
  }
  if (node.is_structured())
    for (const auto& one : node) found += compared(one);
  return found;
}

// How many literals were lifted.
std::size_t check(const std::string& text) {
  std::string made;
  const auto found = wire::lift_literals(text, made);
  const auto values = found.all();
  if (values.empty()) return 0;
  const auto before = tree_of(text);
  const bool is_select =
      before && before->at("stmts").size() == 1 && before->at("stmts")[0]["stmt"].contains("SelectStmt");
  if (!is_select) return 0;
  wire::cursor in{wire::as_bytes(made)};
  const std::string lifted(in.c_string());
  std::vector<parameter> parameters(in.u16());
  for (std::size_t i = 0; i < parameters.size(); ++i) parameters[i] = {std::string(values[i]), in.u32()};
  for (auto& one : parameters)
    for (auto& c : one.value)
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  const auto after = tree_of(lifted);
  EXPECT_TRUE(after) << text << "\n" << lifted;
  if (!after) return 0;
  EXPECT_EQ(filled_in(*before, {}), filled_in(*after, parameters)) << text << "\n" << lifted;
  EXPECT_EQ(compared(*after), parameters.size()) << text << "\n" << lifted;
  return parameters.size();
}

std::size_t check_all(const std::vector<std::string>& corpus) {
  std::mt19937_64 random(7);
  std::size_t lifted = 0;
  for (const auto& text : corpus) {
    if (text.size() > 20'000) continue;
    lifted += check(text);
    for (int i = 0; i < 10 && text.size() < 2'000; ++i) lifted += check(mutated(text, random));
    if (testing::Test::HasFailure()) break;
  }
  std::cout << lifted << " literals lifted\n";
  return lifted;
}

TEST(lifted_query_grammar, means_what_the_text_meant) {
  EXPECT_GT(check_all(drivers_corpus()), 10u);
  EXPECT_GT(check_all(psql_corpus()), 100u);
  EXPECT_GT(check_all(server_scripts_corpus()), 10u);
  const auto manual = manual_corpus();
  EXPECT_TRUE(manual.empty() || check_all(manual) > 100u);
}

TEST(lifted_query_grammar, the_check_sees_a_literal_lifted_in_the_wrong_place) {
  const auto tree = tree_of("select a from t where b = $1 limit $2");
  ASSERT_TRUE(tree);
  EXPECT_EQ(compared(*tree), 1u);
  EXPECT_EQ(filled_in(*tree, {{"x", 0}, {"3", 23}}),
            filled_in(*tree_of("select a  from t where b = 'x' limit 3"), {}));
  EXPECT_NE(filled_in(*tree, {{"x", 0}, {"3", 23}}),
            filled_in(*tree_of("select a  from t where b = 'x' limit 4"), {}));
  EXPECT_NE(filled_in(*tree, {{"x", 0}, {"3", 20}}),
            filled_in(*tree_of("select a  from t where b = 'x' limit 3"), {}));
}

}  // namespace
}  // namespace pgweir::test
