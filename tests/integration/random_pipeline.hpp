// tests/integration/random_pipeline.hpp - pipelines of frontend messages as no sane driver sends them, but as
// PostgreSQL takes them. The same seed gives the same pipeline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace pgweir::test {

struct pipeline_step {
  std::string bytes;
  std::string what;  // for people: "Bind p1 <- s2 (7, abc)"
};

struct pipeline {
  std::vector<pipeline_step> steps;
  std::string end_token;  // a DataRow with this text comes, then the last ReadyForQuery

  std::string bytes() const;
  std::string description() const;
};

// One client's conversation. Works on the tables t<client> (id int primary key, v text) and r<client> of its
// own, so that clients do not see each other.
class random_pipelines {
 public:
  random_pipelines(std::uint32_t seed, int client)
      : random_(seed * 7919u + static_cast<unsigned>(client)), client_(client) {}

  pipeline next();
  // A size to cut bytes at: mostly small.
  std::size_t piece();

 private:
  struct sql {
    std::string text;
    int parameters;
  };

  std::size_t below(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_);
  }
  bool chance(int percent) { return below(100) < static_cast<std::size_t>(percent); }
  std::string one_of(const std::vector<std::string>& all) { return all[below(all.size())]; }

  void add(std::string bytes, std::string what) {
    made_.steps.push_back({std::move(bytes), std::move(what)});
  }
  void add_batch();
  void add_deallocate_all();
  void add_extended_message();
  void add_query();
  void add_copy_in();
  void add_extended_copy_in();
  void add_copy_rows(bool may_fail);
  void add_function_call();
  void add_sql_names();
  std::string statement_name() { return one_of({"", "s1", "s2", "s3", "a name with \"quotes\""}); }
  std::string portal_name() { return one_of({"", "", "p1", "p2"}); }
  sql statement();
  std::string control();
  std::string table() const { return "t" + std::to_string(client_); }

  std::mt19937 random_;
  int client_;
  int number_ = 0;
  pipeline made_;
};

}  // namespace pgweir::test
