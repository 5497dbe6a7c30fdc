#include "tests/wire/grammar/sql_corpus.hpp"

#include "proxy/wire/sql_scanner.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/process.hpp"
#include "tests/wire/grammar/real_parser.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

namespace fs = std::filesystem;

namespace pgweir::test {
namespace {

const fs::path manual = "/usr/share/doc/postgresql-doc-15/html";
const fs::path server_scripts = "/usr/share/postgresql/15";

std::string contents(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> files_in(const fs::path& folder, const std::string& extension) {
  if (!fs::exists(folder)) throw std::runtime_error(folder.string() + " is missing: run .ci/install test");
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == extension) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

std::string without_markup(std::string_view html) {
  std::string text;
  bool inside_tag = false;
  for (const char c : html) {
    if (c == '<') inside_tag = true;
    if (!inside_tag) text.push_back(c);
    if (c == '>') inside_tag = false;
  }
  for (const auto& [entity, character] : {std::pair{"&lt;", "<"},
                                          {"&gt;", ">"},
                                          {"&quot;", "\""},
                                          {"&#39;", "'"},
                                          {"\xc2\xa0", " "},
                                          {"&amp;", "&"}})
    replace_all(text, entity, character);
  return text;
}

void add_with_statements(std::vector<std::string>& corpus, const std::string& text) {
  corpus.push_back(text);
  const auto statements = split_really(text);
  if (statements.size() > 1) corpus.insert(corpus.end(), statements.begin(), statements.end());
}

// The server of sqlsmith and psql, with tables, so that there is something to write to.
const postgres& server() {
  auto& running = postgres::shared();
  static const auto prepared = running.exec(
      "create table account (id bigint primary key, owner text, balance numeric(12,2), opened date, tags "
      "text[], "
      "  details jsonb);"
      "create table transfer (id serial primary key, source bigint references account, "
      "  target bigint references account, amount numeric(12,2) check (amount > 0), at timestamptz);"
      "create index transfer_at on transfer (at) where amount > 100;"
      "create view rich as select owner, balance from account where balance > 1000");
  return running;
}

std::string run_or_throw(const std::vector<std::string>& command, const std::string& input = {}) {
  auto finished = run(command, input);
  if (finished.status != 0)
    throw std::runtime_error(command.front() + " ended with " + std::to_string(finished.status) + ": " +
                             finished.output.substr(0, 500));
  return std::move(finished.output);
}

}  // namespace

std::vector<std::string> drivers_corpus() {
  std::ifstream in(fs::path(PGWEIR_SOURCE_DIR) / "tests/data/sql/drivers.sql");
  std::vector<std::string> corpus;
  std::string text;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("-- ")) continue;
    if (!line.empty()) {
      text += text.empty() ? line : "\n" + line;
    } else if (!text.empty()) {
      corpus.push_back(std::move(text));
      text.clear();
    }
  }
  if (!text.empty()) corpus.push_back(text);
  return corpus;
}

std::vector<std::string> tricky_corpus() {
  std::ifstream in(fs::path(PGWEIR_SOURCE_DIR) / "tests/data/sql/tricky.sql");
  std::vector<std::string> corpus;
  for (std::string line; std::getline(in, line);) corpus.push_back(line);
  return corpus;
}

std::vector<std::string> manual_corpus() {
  std::vector<std::string> corpus;
  if (!fs::exists(manual) && run({"dpkg-query", "-W", "postgresql-doc-15"}).status == 0) return corpus;
  constexpr std::string_view begin = "<pre class=\"";
  for (const auto& file : files_in(manual, ".html")) {
    const auto page = contents(file);
    for (auto at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
      const auto from = page.find('>', at) + 1;
      auto text = without_markup(std::string_view(page).substr(from, page.find("</pre>", from) - from));
      // A psql session: what was typed, and then what came back.
      replace_all(text, "=> ", ";\n");
      replace_all(text, "=# ", ";\n");
      add_with_statements(corpus, text);
    }
  }
  return corpus;
}

std::vector<std::string> server_scripts_corpus() {
  std::vector<std::string> corpus;
  for (const auto& file : files_in(server_scripts, ".sql")) {
    for (const auto& statement : split_really(contents(file))) {
      corpus.push_back(statement);
      // The queries of views are more interesting than what makes views.
      const auto query = statement.find("SELECT");
      if (query != std::string::npos) corpus.push_back(statement.substr(query));
    }
  }
  return corpus;
}

std::vector<std::string> psql_corpus() {
  std::string commands;
  for (const std::string letters :
       {"d",  "dt", "di",  "dv",   "ds",  "dS", "da", "dA",  "dAc", "dAf", "db", "dc", "dC",
        "dd", "dD", "ddp", "det",  "dew", "df", "dF", "dFd", "dg",  "dl",  "dL", "dn", "do",
        "dO", "dp", "dP",  "drds", "dRp", "dT", "du", "dx",  "dX",  "dy",  "l",  "z"})
    for (const std::string suffix : {"", "+", " *"}) commands += "\\" + letters + suffix + "\n";
  for (const std::string relation :
       {"account", "transfer", "rich", "transfer_at", "pg_catalog.pg_class", "transfer_id_seq"})
    commands += "\\d+ " + relation + "\n";
  commands += "\\df+ lower\n\\sf lower(text)\n\\sv rich\n\\dfS pg_*\n";
  const auto& from = server();
  const auto output = run_or_throw({"psql", "-XE", "-d", from.conninfo()}, commands);
  constexpr std::string_view begin = "********* QUERY **********\n";
  constexpr std::string_view end = "\n**************************";
  std::vector<std::string> corpus;
  for (auto at = output.find(begin); at != std::string::npos; at = output.find(begin, at + 1)) {
    const auto start = at + begin.size();
    corpus.push_back(output.substr(start, output.find(end, start) - start));
  }
  std::sort(corpus.begin(), corpus.end());
  corpus.erase(std::unique(corpus.begin(), corpus.end()), corpus.end());
  return corpus;
}

std::vector<std::string> sqlsmith_corpus(int queries) {
  const auto& from = server();
  // It reports what it read from the catalogue, then prints the queries, a ; behind each.
  const auto output =
      run_or_throw({"sh", "-c", "exec \"$0\" \"$@\" 2>/dev/null", "sqlsmith", "--target=" + from.conninfo(),
                    "--dry-run", "--seed=20", "--max-queries=" + std::to_string(queries)});
  return split_really(output);
}

std::string mutated(const std::string& text, std::mt19937_64& random) {
  static constexpr std::string_view strange[] = {" ",
                                                 "/* ; */",
                                                 " -- x\n",
                                                 " -- '\r",
                                                 ";",
                                                 "; ; ",
                                                 "'",
                                                 "''",
                                                 "\"",
                                                 "\"a\"",
                                                 "$$",
                                                 "$x$",
                                                 "\\",
                                                 "E'\\''",
                                                 "'\\'",
                                                 "U&'\\0041'",
                                                 "N'x'",
                                                 "U&\"a\"",
                                                 "(",
                                                 ")",
                                                 "[",
                                                 "]",
                                                 ",",
                                                 "::",
                                                 ".",
                                                 "..",
                                                 " - ",
                                                 " -1",
                                                 " 1e3",
                                                 " $1 ",
                                                 " and ",
                                                 " as ",
                                                 " into ",
                                                 " into t ",
                                                 " insert ",
                                                 " merge ",
                                                 " with ",
                                                 " select ",
                                                 " values ",
                                                 " table ",
                                                 " update ",
                                                 " delete ",
                                                 " recursive ",
                                                 " not ",
                                                 " materialized ",
                                                 " for ",
                                                 " for update ",
                                                 " for share of t ",
                                                 " no ",
                                                 " key ",
                                                 " distinct on (a) ",
                                                 " over () ",
                                                 " lower(",
                                                 " set_config(",
                                                 " pg_catalog.currval ('x')",
                                                 " \"lo_get\" (1) ",
                                                 " pg_temp.",
                                                 " pg_temp_3 . ",
                                                 " pg_settings ",
                                                 " random() ",
                                                 " nextval('s')",
                                                 " with x as (select 1) ",
                                                 " with x(a) as (insert into t values (1) returning a) ",
                                                 "(select 1)",
                                                 " union all ",
                                                 " operator(pg_catalog.+) ",
                                                 " current of c ",
                                                 " x ",
                                                 " insert into t ",
                                                 " x.y(1) ",
                                                 ".currval",
                                                 " . nextval",
                                                 ".lower",
                                                 ".f",
                                                 "($1).pg_sleep",
                                                 " log(1) "};
  std::vector<std::string> tokens;
  wire::sql_scanner scanner(text);
  for (const char* at = text.data();;) {
    const auto token = scanner.next();
    const bool last = token.kind == wire::sql_token_kind::end || token.text.empty();
    const char* end = last ? text.data() + text.size() : token.text.data() + token.text.size();
    tokens.emplace_back(at, end);
    at = end;
    if (last) break;
  }
  const auto any = [&](std::size_t count) { return static_cast<std::size_t>(random() % count); };
  for (auto changes = 1 + any(3); changes > 0; --changes) {
    const auto at = any(tokens.size());
    const auto there = tokens.begin() + static_cast<std::ptrdiff_t>(at);
    switch (any(5)) {
      case 0:
        if (tokens.size() > 1) tokens.erase(there);
        break;
      case 1:
        tokens.insert(there, tokens[any(tokens.size())]);
        break;
      case 2:
        std::swap(tokens[at], tokens[any(tokens.size())]);
        break;
      default:
        tokens.insert(there, std::string(strange[any(std::size(strange))]));
    }
  }
  std::string made;
  for (const auto& token : tokens) made += token;
  return made;
}

}  // namespace pgweir::test
