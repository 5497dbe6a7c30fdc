// What classify() calls shareable, PostgreSQL's own parser must call one plain statement; what it says only
// reads, must do so. Texts that the parser rejects are the server's to reject.
#include "proxy/wire/pure_functions.hpp"
#include "proxy/wire/sql_class.hpp"
#include "proxy/wire/sql_hash.hpp"
#include "proxy/wire/sql_scanner.hpp"
#include "tests/support/postgres.hpp"
#include "tests/wire/grammar/real_parser.hpp"
#include "tests/wire/grammar/sql_corpus.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <iostream>
#include <random>
#include <set>

namespace pgweir::test {
namespace {

using wire::classify;
using wire::sql_verdict;

const wire::session_functions& forcing() {
  static const wire::session_functions names;
  return names;
}

std::string folded(std::string name) {
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  return name;
}

bool is_pure(const std::vector<std::string>& name) {
  const bool built_in = name.size() == 1 || (name.size() == 2 && name.front() == "pg_catalog");
  return built_in && wire::is_pure_function(wire::sql_hash(name.back()));
}

// Why a text that was called shareable is not; empty if it is.
std::string objection_to_sharing(const real_parse& real) {
  if (real.kinds.size() > 1) return "several statements";
  static const std::vector<std::string> plain = {"SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt",
                                                 "MergeStmt"};
  for (const auto& kind : real.kinds)
    if (std::find(plain.begin(), plain.end(), kind) == plain.end()) return "a " + kind;
  if (real.locks_rows) return "it locks rows";
  if (real.makes_table) return "it makes a table";
  if (real.temporary) return "it names pg_temp";
  if (real.current_of) return "it uses a cursor";
  for (const auto& relation : real.relations) {
    if (relation == "pg_cursors" || relation == "pg_prepared_statements") return "it reads " + relation;
    if (relation == "pg_settings" && real.writes) return "it may change settings";
  }
  for (const auto& function : real.functions)
    if (forcing().contains(folded(function.back()))) return "it calls " + function.back();
  for (const auto* fields : {&real.fields_of_values, &real.fields_of_names})
    for (const auto& field : *fields)
      if (forcing().contains(folded(field))) return "it may call " + field;
  return {};
}

std::string objection_to_reading(const real_parse& real) {
  if (real.writes) return "it writes";
  if (real.samples) return "it samples a table";
  for (const auto& function : real.functions)
    if (!is_pure(function)) return "it calls " + function.back();
  for (const auto& field : real.fields_of_values)
    if (!is_pure({field})) return "it may call " + field;
  for (const auto& field : real.fields_of_names)
    if (field == "nextval" || field == "pg_sleep") return "it may call " + field;
  return {};
}

struct tally {
  int accepted = 0;  // by the parser
  int selects = 0;   // of these, single SELECTs that may be shared
  int shared = 0;    // of these, called shareable
  int reads = 0;     // of single SELECTs that only read
  int seen_to_read = 0;
};

std::ostream& operator<<(std::ostream& out, const tally& counted) {
  return out << counted.accepted
             << " texts accepted by the parser; SELECTs that may be shared: " << counted.selects
             << ", found: " << counted.shared << "; of those that only read: " << counted.reads
             << ", found: " << counted.seen_to_read;
}

void judge(const std::string& text, tally& counted) {
  const auto real = parse_really(text);
  const auto judged = classify(text, forcing());
  ASSERT_EQ(judged.verdict == sql_verdict::not_understood, judged.fingerprint == 0) << text;
  ASSERT_TRUE(judged.verdict == sql_verdict::shareable || !judged.only_reads) << text;
  if (real.rejected) return;
  ++counted.accepted;
  const auto sharing = objection_to_sharing(real);
  const auto reading = objection_to_reading(real);
  const bool shareable = judged.verdict == sql_verdict::shareable;
  ASSERT_TRUE(!shareable || sharing.empty()) << sharing << ": " << text;
  ASSERT_TRUE(!judged.only_reads || reading.empty()) << reading << ": " << text;
  if (!sharing.empty() || real.kinds != std::vector<std::string>{"SelectStmt"}) return;
  ++counted.selects;
  counted.shared += shareable ? 1 : 0;
  if (!reading.empty()) return;
  ++counted.reads;
  counted.seen_to_read += judged.only_reads ? 1 : 0;
}

tally judge_all(const std::vector<std::string>& corpus) {
  tally counted;
  for (const auto& text : corpus) {
    judge(text, counted);
    if (testing::Test::HasFatalFailure()) break;
  }
  std::cout << counted << '\n';
  return counted;
}

tally judge_mutants(const std::vector<std::string>& corpus, int of_each, std::uint64_t seed) {
  tally counted;
  std::mt19937_64 random(seed);
  for (const auto& text : corpus) {
    if (text.size() > 5'000) continue;
    for (int i = 0; i < of_each; ++i) judge(mutated(text, random), counted);
    if (testing::Test::HasFatalFailure()) break;
  }
  std::cout << counted << '\n';
  return counted;
}

using spans = std::vector<std::pair<std::size_t, std::size_t>>;

// Of our scanner; empty if there is something that it does not understand. PostgreSQL's takes an N'' for two
// tokens, and a literal continued on a new line for one.
spans scan(const std::string& text, const spans& real) {
  spans found;
  bool in_string = false;
  for (wire::sql_scanner scanner(text);;) {
    using enum wire::sql_token_kind;
    const auto token = scanner.next();
    if (token.kind == not_understood) return {};
    if (token.kind == end) return found;
    auto from = static_cast<std::size_t>(token.text.data() - text.data());
    auto to = from + token.text.size();
    if (token.kind == quoted_name) --from, ++to;
    const bool starts =
        std::any_of(real.begin(), real.end(), [&](const auto& one) { return one.first == from; });
    if (in_string && token.kind == string && !starts) {
      found.back().second = to;
      continue;
    }
    in_string = token.kind == string;
    // (The end that libpg_query gives for one of these is wrong.)
    if (in_string && std::tolower(text[from]) == 'u') return {};
    if (in_string && std::tolower(text[from]) == 'n') {
      found.emplace_back(from, from + 1);
      ++from;
    }
    found.emplace_back(from, to);
  }
}

// Every text that both scanners understand has the same tokens for both. Returns how many there were.
int compare_scanners(const std::vector<std::string>& corpus) {
  int compared = 0;
  for (const auto& text : corpus) {
    if (text.size() > 20'000) continue;
    const auto real = scan_really(text);
    const auto ours = scan(text, real);
    if (ours.empty() || real.empty()) continue;
    ++compared;
    EXPECT_EQ(ours, real) << text;
    if (testing::Test::HasFailure()) break;
  }
  return compared;
}

const std::vector<std::string>& sqlsmith() {
  static const auto corpus = sqlsmith_corpus(400);
  return corpus;
}

}  // namespace

TEST(sql_grammar, texts_have_the_tokens_that_postgresqls_scanner_sees) {
  EXPECT_GT(compare_scanners(drivers_corpus()), 100);
  const auto manual = manual_corpus();
  EXPECT_TRUE(manual.empty() || compare_scanners(manual) > 2'000);
  EXPECT_GT(compare_scanners(server_scripts_corpus()), 2'000);
  std::mt19937_64 random(5);
  std::vector<std::string> mutants;
  for (const auto& text : drivers_corpus())
    for (int i = 0; i < 50; ++i) mutants.push_back(mutated(text, random));
  EXPECT_GT(compare_scanners(mutants), 2'000);
}

TEST(sql_grammar, what_drivers_send_is_judged_as_the_parser_sees_it) {
  const auto counted = judge_all(drivers_corpus());
  EXPECT_GT(counted.accepted, 100);
  EXPECT_GE(counted.shared * 100, counted.selects * 95);
  EXPECT_GE(counted.seen_to_read * 100, counted.reads * 95);
}

TEST(sql_grammar, what_psql_sends_is_judged_as_the_parser_sees_it) {
  const auto counted = judge_all(psql_corpus());
  EXPECT_GT(counted.accepted, 100);
  EXPECT_GE(counted.shared * 100, counted.selects * 95);
}

TEST(sql_grammar, the_manual_is_judged_as_the_parser_sees_it) {
  const auto manual = manual_corpus();
  if (manual.empty()) GTEST_SKIP() << "dpkg leaves documentation out here";
  const auto counted = judge_all(manual);
  EXPECT_GT(counted.accepted, 2'000);
  EXPECT_GE(counted.shared * 100, counted.selects * 90);
}

TEST(sql_grammar, the_servers_scripts_are_judged_as_the_parser_sees_them) {
  EXPECT_GT(judge_all(server_scripts_corpus()).accepted, 2'000);
}

TEST(sql_grammar, what_sqlsmith_makes_is_judged_as_the_parser_sees_it) {
  const auto counted = judge_all(sqlsmith());
  EXPECT_GT(counted.accepted, 300);
  EXPECT_GE(counted.shared * 100, counted.selects * 95);
}

TEST(sql_grammar, tricky_texts_are_judged_as_the_parser_sees_them) {
  EXPECT_GT(judge_all(tricky_corpus()).accepted, 150);
  EXPECT_GT(judge_mutants(tricky_corpus(), 300, 6).accepted, 5'000);
}

TEST(sql_grammar, mutants_are_judged_as_the_parser_sees_them) {
  EXPECT_GT(judge_mutants(drivers_corpus(), 300, 1).accepted, 3'000);
  EXPECT_GT(judge_mutants(psql_corpus(), 10, 2).accepted, 100);
  const auto manual = manual_corpus();
  EXPECT_TRUE(manual.empty() || judge_mutants(manual, 6, 3).accepted > 1'000);
  EXPECT_GT(judge_mutants(sqlsmith(), 3, 4).accepted, 20);
}

TEST(pure_functions, are_functions_of_the_server_that_are_not_volatile_or_only_change_by_themselves) {
  static const std::set<std::string> harmless = {"random",
                                                 "clock_timestamp",
                                                 "timeofday",
                                                 "gen_random_uuid",
                                                 "current_query",
                                                 "pg_relation_size",
                                                 "pg_table_size",
                                                 "pg_indexes_size",
                                                 "pg_total_relation_size",
                                                 "pg_database_size",
                                                 "pg_tablespace_size",
                                                 "pg_is_in_recovery",
                                                 "pg_current_wal_lsn",
                                                 "pg_current_wal_flush_lsn",
                                                 "pg_current_wal_insert_lsn",
                                                 "pg_last_wal_receive_lsn",
                                                 "pg_last_wal_replay_lsn",
                                                 "pg_last_xact_replay_timestamp",
                                                 "pg_is_wal_replay_paused",
                                                 "pg_lock_status",
                                                 "pg_partition_tree",
                                                 "pg_partition_ancestors",
                                                 "pg_sequence_last_value",
                                                 "pg_blocking_pids",
                                                 "pg_jit_available",
                                                 "pg_xact_status",
                                                 "txid_status"};
  int pure = 0;
  for (const auto& row : postgres::shared().exec("select proname, bool_or(provolatile = 'v') from pg_proc "
                                                 "where pronamespace = 'pg_catalog'::regnamespace "
                                                 "group by 1")) {
    const auto& name = row.at(0);
    if (!wire::is_pure_function(wire::sql_hash(name))) continue;
    ++pure;
    EXPECT_FALSE(forcing().contains(name)) << name;
    EXPECT_TRUE(row.at(1) == "f" || harmless.contains(name)) << name;
  }
  EXPECT_GT(pure, 600);
}

TEST(pure_functions, know_those_with_an_effect_that_need_one_argument) {
  // These only look, or cannot be called as others are.
  static const std::set<std::string> harmless = {"amvalidate",
                                                 "pg_collation_actual_version",
                                                 "pg_current_logfile",
                                                 "pg_database_collation_actual_version",
                                                 "pg_get_multixact_members",
                                                 "pg_ls_dir",
                                                 "pg_ls_replslotdir",
                                                 "pg_ls_tmpdir",
                                                 "pg_read_binary_file",
                                                 "pg_read_file",
                                                 "pg_safe_snapshot_blocking_pids",
                                                 "pg_stat_file",
                                                 "pg_xact_commit_timestamp",
                                                 "pg_xact_commit_timestamp_origin"};
  for (const auto& row : postgres::shared().exec(
           "select distinct proname from pg_proc where pronamespace = 'pg_catalog'::regnamespace and "
           "provolatile = 'v' and prokind = 'f' and 1 between pronargs - pronargdefaults and pronargs and "
           "proargtypes[0] <> 'internal'::regtype and prolang in (select oid from pg_language where "
           "lanname in ('internal', 'sql')) and proname not like 'pg_stat_get_xact_%'")) {
    const auto& name = row.at(0);
    const bool known =
        forcing().contains(name) || harmless.contains(name) || wire::is_pure_function(wire::sql_hash(name));
    EXPECT_NE(known, wire::has_effect_on_value(wire::sql_hash(name))) << name;
  }
}

TEST(session_functions, name_functions_that_the_server_has) {
  int forced = 0;
  for (const auto& row : postgres::shared().exec("select distinct proname from pg_proc"))
    forced += forcing().contains(row.at(0)) ? 1 : 0;
  EXPECT_GT(forced, 60);
}

}  // namespace pgweir::test
