#include "tests/integration/random_pipeline.hpp"

#include "tests/support/frontend_message.hpp"

namespace pgweir::test {

std::string pipeline::bytes() const {
  std::string all;
  for (const auto& one : steps) all += one.bytes;
  return all;
}

std::string pipeline::description() const {
  std::string all;
  for (const auto& one : steps) all += "  " + one.what.substr(0, 200) + '\n';
  return all;
}

pipeline random_pipelines::next() {
  made_ = {};
  for (auto left = 1 + below(8); left > 0; --left) {
    const auto kind = below(100);
    if (kind < 3) {
      add_deallocate_all();
    } else if (kind < 55) {
      add_batch();
    } else if (kind < 85) {
      add_query();
    } else if (kind < 92) {
      add_copy_in();
    } else if (kind < 95) {
      add_extended_copy_in();
    } else if (kind < 97) {
      add_function_call();
    } else {
      add_sql_names();
    }
  }
  made_.end_token = "end_" + std::to_string(++number_);
  const auto ends =
      one_of({"ROLLBACK", "COMMIT"}) + "; SELECT '" + made_.end_token + "'" + one_of({"", "", "; BEGIN"});
  add(frontend::sync(), "Sync");
  add(frontend::query(ends), "Query " + ends);
  return std::move(made_);
}

std::size_t random_pipelines::piece() { return chance(70) ? 1 + below(12) : 1 + below(2000); }

void random_pipelines::add_batch() {
  for (auto left = 1 + below(9); left > 0; --left) add_extended_message();
  if (chance(92)) add(frontend::sync(), "Sync");  // else the next batch, or a Query, comes without
}

void random_pipelines::add_extended_message() {
  const auto kind = below(100);
  if (kind < 22) {
    const auto name = statement_name();
    const auto one = statement();
    add(frontend::parse(name, one.text), "Parse " + name + " = " + one.text);
  } else if (kind < 50) {
    const auto portal = portal_name();
    const auto name = statement_name();
    std::vector<optional_text> values;
    for (auto left = below(3); left > 0; --left)
      values.push_back(chance(10) ? optional_text{} : one_of({"1", "2", "5", "0", "-3", "abc"}));
    add(frontend::bind(portal, name, values),
        "Bind " + portal + " <- " + name + " with " + std::to_string(values.size()));
    if (chance(70))
      add(frontend::execute(portal, static_cast<std::uint32_t>(chance(60) ? 0 : 1 + below(4))),
          "Execute " + portal);
  } else if (kind < 60) {
    const auto name = statement_name();
    const auto one = statement();
    std::vector<optional_text> values(static_cast<std::size_t>(one.parameters), "2");
    add(frontend::parse(name, one.text), "Parse " + name + " = " + one.text);
    add(frontend::bind("", name, values), "Bind  <- " + name);
    if (chance(60)) add(frontend::describe_portal(""), "Describe portal ");
    add(frontend::execute(), "Execute ");
  } else if (kind < 67) {
    const auto name = statement_name();
    add(frontend::describe_statement(name), "Describe statement " + name);
  } else if (kind < 72) {
    const auto portal = portal_name();
    add(frontend::describe_portal(portal), "Describe portal " + portal);
  } else if (kind < 83) {
    const auto portal = portal_name();
    add(frontend::execute(portal, static_cast<std::uint32_t>(below(4))), "Execute " + portal);
  } else if (kind < 90) {
    const auto name = statement_name();
    add(frontend::close_statement(name), "Close statement " + name);
  } else if (kind < 94) {
    const auto portal = portal_name();
    add(frontend::close_portal(portal), "Close portal " + portal);
  } else {
    add(frontend::flush(), "Flush");
  }
}

std::string random_pipelines::control() {
  return one_of({"BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "ROLLBACK TO a", "RELEASE a",
                 "BEGIN ISOLATION LEVEL SERIALIZABLE", "ABORT", "END"});
}

random_pipelines::sql random_pipelines::statement() {
  const auto t = table();
  const std::vector<sql> all{
      {"SELECT 1", 0},
      {"SELECT 'client " + std::to_string(client_) + "'", 0},
      {"SELECT $1::int + 1", 1},
      {"SELECT $1::text || $2::text", 2},
      {"SELECT id, v FROM " + t + " ORDER BY id", 0},
      {"SELECT generate_series(1, $1::int)", 1},
      {"SELECT generate_series(1, 7)", 0},
      {"INSERT INTO " + t + " VALUES ($1::int, $2)", 2},
      {"INSERT INTO " + t + " VALUES ($1::int, 'x') ON CONFLICT (id) DO UPDATE SET v = 'y' RETURNING id, v",
       1},
      {"UPDATE " + t + " SET v = v || 'z' WHERE id = $1::int", 1},
      {"DELETE FROM " + t + " WHERE id = $1::int", 1},
      {"SELECT 10 / $1::int", 1},
      {"SELECT 10 / (id - 2) FROM " + t + " ORDER BY id", 0},
      {"SELECT 'no number'::int", 0},
      {"SELECT no_such_column", 0},
      {"SELECT * FROM no_such_table", 0},
      {"SELEC 1", 0},
      {"SELECT 1; SELECT 2", 0},
      {"", 0},
      {"-- nothing", 0},
      {"SELECT repeat('x', 30000)", 0},
      {"VALUES (1, 'a'), (2, 'b')", 0},
      {"DO $$ BEGIN RAISE NOTICE 'a notice'; END $$", 0},
      {"DO $$ BEGIN RAISE EXCEPTION 'an exception' USING ERRCODE = 'PW001'; END $$", 0},
      {"COPY " + t + " TO STDOUT", 0},
      {"SET LOCAL DateStyle = 'German'", 0},
      {"SHOW DateStyle", 0},
      {"DECLARE c CURSOR FOR SELECT generate_series(1, 5)", 0},
      {"FETCH 2 FROM c", 0},
      {"TRUNCATE r" + std::to_string(client_), 0},
  };
  if (chance(20)) return {control(), 0};
  return all[below(all.size())];
}

void random_pipelines::add_query() {
  std::string text;
  const auto kind = below(100);
  if (kind < 35) {
    text = control();
  } else if (kind < 45) {
    text = one_of(
        {"DEALLOCATE s1", "DEALLOCATE s2", "DEALLOCATE PREPARE s3", "DEALLOCATE ALL", "DEALLOCATE no_such"});
  } else {
    for (auto left = 1 + below(3); left > 0; --left) {
      const auto one = chance(25) ? sql{control(), 0} : statement();
      if (one.parameters == 0) text += (text.empty() ? "" : "; ") + one.text;
    }
  }
  add(frontend::query(text), "Query " + text);
}

void random_pipelines::add_copy_rows(bool may_fail) {
  for (auto messages = 1 + below(3); messages > 0; --messages) {
    std::string rows;
    for (auto left = 1 + below(4); left > 0; --left) rows += std::to_string(below(100)) + "\tsome text\n";
    const bool bad = may_fail && chance(25);
    if (bad) rows += "no number\tx\n";
    add(frontend::copy_data(rows), bad ? "CopyData with a bad row" : "CopyData");
  }
  if (may_fail && chance(20))
    add(frontend::copy_fail("on purpose"), "CopyFail");
  else
    add(frontend::copy_done(), "CopyDone");
}

void random_pipelines::add_copy_in() {
  const auto text =
      "COPY r" + std::to_string(client_) + " FROM STDIN" + one_of({"", "", "; SELECT 'after the copy'"});
  add(frontend::query(text), "Query " + text);
  add_copy_rows(true);
}

void random_pipelines::add_extended_copy_in() {
  const auto text = "COPY r" + std::to_string(client_) + " FROM STDIN";
  add(frontend::parse("", text), "Parse  = " + text);
  add(frontend::bind("", ""), "Bind  <- ");
  add(frontend::execute(), "Execute ");
  // As libpq does; the server ignores it once it takes data. Where such a COPY fails: copy_pgtest.cpp.
  const bool early_sync = chance(40);
  if (early_sync) add(frontend::sync(), "Sync");
  add_copy_rows(!early_sync);
  add(frontend::sync(), "Sync");
}

// In a unit of its own: what follows in the same unit and names a statement that this drops works through
// pgweir, which learns of the drop from the answer only.
void random_pipelines::add_deallocate_all() {
  add(frontend::sync(), "Sync");
  add(frontend::parse("", "DEALLOCATE ALL"), "Parse  = DEALLOCATE ALL");
  add(frontend::bind("", ""), "Bind  <- ");
  add(frontend::execute(), "Execute ");
  add(frontend::sync(), "Sync");
}

// SQL that names what the protocol has prepared, and the other way round.
void random_pipelines::add_sql_names() {
  const auto name = one_of({"s1", "s2", "s3"});
  const auto text =
      one_of({"EXECUTE " + name, "EXECUTE " + name + "(2)", "PREPARE " + name + " AS SELECT 'by SQL'",
              "PREPARE " + name + "(int) AS SELECT $1 + 1", "SELECT 1; DEALLOCATE " + name,
              "SELECT name, statement, parameter_types, from_sql FROM pg_prepared_statements "
              "ORDER BY name"});
  add(frontend::sync(), "Sync");
  if (chance(60)) return add(frontend::query(text), "Query " + text);
  add(frontend::parse("", text), "Parse  = " + text);
  add(frontend::bind("", ""), "Bind  <- ");
  add(frontend::describe_portal(""), "Describe portal ");
  add(frontend::execute(), "Execute ");
  add(frontend::sync(), "Sync");
}

void random_pipelines::add_function_call() {
  constexpr std::uint32_t upper = 871;  // pg_proc: upper(text)
  constexpr std::uint32_t int4div = 154;
  add(frontend::sync(), "Sync");
  if (chance(70))
    add(frontend::function_call(upper, {"some text"}), "FunctionCall upper");
  else
    add(frontend::function_call(int4div, {"1", "0"}), "FunctionCall 1/0");
}

}  // namespace pgweir::test
