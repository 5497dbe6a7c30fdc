#include "proxy/wire/sql_class.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

namespace pgweir::wire {
namespace {

const session_functions& forcing() {
  static const session_functions names;
  return names;
}
sql_class judged(std::string_view text) { return classify(text, forcing()); }

using texts = std::initializer_list<const char*>;

void expect_verdict(sql_verdict verdict, texts all) {
  for (const auto* text : all) EXPECT_EQ(judged(text).verdict, verdict) << text;
}
void expect_only_reads(bool only_reads, texts all) {
  for (const auto* text : all) {
    EXPECT_EQ(judged(text).verdict, sql_verdict::shareable) << text;
    EXPECT_EQ(judged(text).only_reads, only_reads) << text;
  }
}
void expect_same_fingerprint(texts all) {
  for (const auto* text : all) EXPECT_EQ(judged(text).fingerprint, judged(*all.begin()).fingerprint) << text;
}
void expect_other_fingerprint(const char* one, const char* another) {
  EXPECT_NE(judged(one).fingerprint, judged(another).fingerprint) << one << " / " << another;
}

TEST(sql_class, shares_plain_statements) {
  expect_verdict(sql_verdict::shareable,
                 {"select 1", "SELECT a FROM t WHERE b = 'x;y';", "insert into t values (1)",
                  "update t set a = 1 where b = $1", "delete from t", "table t", "values (1), (2)",
                  "merge into t using u on a = b when matched then delete", "(select 1) union (select 2)",
                  "((select 1))", "with x as (select 1) table x",
                  "with x as (with y as (select 1) select * from y) select * from x",
                  "with recursive x(a, b) as not materialized (select 1, 2) update t set a = 1",
                  "with a as (delete from t returning *), b as (select 1) insert into u select * from a"});
}

TEST(sql_class, shares_the_empty_statement) {
  for (const auto* text : {"", " ", ";", " ;; /* x */ ; -- y"}) {
    EXPECT_EQ(judged(text).verdict, sql_verdict::shareable) << text;
    EXPECT_TRUE(judged(text).only_reads) << text;
    EXPECT_NE(judged(text).fingerprint, 0u) << text;
  }
  expect_same_fingerprint({"", ";", "--"});
}

TEST(sql_class, shares_no_commands) {
  expect_verdict(
      sql_verdict::command,
      {"begin", "SET a = 1", "explain select 1", "copy t to stdout", "call p()", "do $$ $$", "execute q",
       "prepare q as select 1", "create table t(a int)", "declare c cursor for select 1", "listen a",
       "(begin)", "\"select\" 1", "42", "with x as (drop table t) select 1", "create table t as select 1"});
}

TEST(sql_class, shares_no_second_statement) {
  expect_verdict(sql_verdict::several_statements,
                 {"select 1; select 2", "select 1;;update t set a = 1", "; select 1; begin",
                  "begin; select 1", "select 1; /* x */ select set_config('a', 'b', false)"});
  expect_verdict(sql_verdict::shareable, {"; select 1;", "select ';'", "select 1 -- ; select 2"});
}

TEST(sql_class, shares_no_row_locks) {
  expect_verdict(
      sql_verdict::locks_rows,
      {"select 1 for update", "select a from t for no key update nowait", "select 1 for/**/SHARE of t",
       "select * from (select 1 for key share) x", "with x as (select 1 for update) select 1",
       "insert into t select 1 from u for update", "select substring(a for update) from t"});
  expect_verdict(sql_verdict::shareable,
                 {"select substring(a for 2)", "select substring(a from 1 for b)",
                  "select overlay(a placing b from 1 for 2)", "select a from t for read only",
                  "select 'for update'", "select \"for\" update from t"});
}

TEST(sql_class, shares_no_calls_of_session_functions) {
  expect_verdict(
      sql_verdict::session_function,
      {"select set_config('a', 'b', false)", "select SET_CONFIG ( 'a', 'b', false)",
       "select pg_catalog . set_config('a', 'b', false)", "select \"set_config\"('a', 'b', false)",
       "select pg_catalog.\"pg_advisory_lock\"/**/(1)", "select * from t where a = lastval()",
       "select 1 from lateral pg_try_advisory_xact_lock(1)", "insert into t values (currval('s'))",
       "select lo_get(1)", "select * from dblink('x', 'y') as t(a int)",
       "select query_to_xml('begin', a, b, '')", "select a OPERATOR(pg_catalog.+) lastval()",
       "select distinct on (a) lastval() from t", "select case when pg_backend_pid() = 1 then 2 end",
       "select x[1:lastval()]", "update t set a = 1 where current of c", "table pg_cursors",
       "select * from \"pg_prepared_statements\""});
  expect_verdict(
      sql_verdict::shareable,
      {"select set_config", "select currval from lastval", "select 'lastval()'", "select a as lo_get, (1)",
       "insert into lo_items (a) values (1)", "insert into public.dblink_log (a) select 1",
       "with lo_x (a) as (select 1) select * from lo_x", "select pg_notify('a', 'b'), nextval('s')",
       "select setseed_ (1), xlastval(2)"});
}

TEST(sql_class, takes_a_field_of_a_value_for_a_call) {
  expect_verdict(sql_verdict::session_function,
                 {"select (7::bigint).pg_advisory_lock", "select ('s'::regclass) . /* x */ \"currval\"",
                  "select (array[7::bigint])[1].PG_ADVISORY_LOCK", "select $1.setseed",
                  "select x[1].lo_unlink", "select (select 0.5::float8).setseed",
                  "select (a).b.currval from t", "select x.currval from unnest(array['s'::regclass]) x",
                  "select x.\"currval\", 1 from (select 's'::regclass) x", "select s.x.currval from s.x"});
  expect_only_reads(
      false, {"select ('s'::regclass).nextval", "select (array['s'::regclass])[1].nextval",
              "select $1.nextval", "select (a).b from t", "select a[1].b from t", "select (a).lower.f from t",
              "select (7).pg_sleep", "select x.nextval from unnest(array['s'::regclass]) x",
              "select x . \"nextval\" from (select 's'::regclass) x"});
  expect_only_reads(
      true, {"select (a).lower from t", "select (a || b).length, x[1].upper from t",
             "select t.a, s.t.b, \"t\".\"c\", t.set, t.lock, t.sleep from s.t", "select t.* , (a).* from t",
             "select a.nextval1, (1.5), a.b[1.0] from a", "select nextval from t"});
  expect_verdict(sql_verdict::shareable, {"insert into public.dblink_log (a) select 1"});
}

TEST(sql_class, takes_an_update_of_pg_settings_for_a_set) {
  expect_verdict(sql_verdict::session_function, {"update pg_settings set setting = 'x' where name = 'y'",
                                                 "update pg_catalog.\"pg_settings\" set setting = 'x'"});
  expect_verdict(sql_verdict::shareable,
                 {"select setting from pg_settings where name = 'y'", "select f(setting) from pg_settings"});
}

TEST(sql_class, shares_nothing_temporary) {
  expect_verdict(
      sql_verdict::temporary,
      {"select * from pg_temp.t", "select * from \"pg_temp\" . t", "delete from PG_TEMP_3.t",
       "select 'a'::pg_temp.x", "select pg_temp.f()", "select a into t from u", "select * into temp t from u",
       "(select 1 into t)", "with x as (select 1) select * into t from x", "select 1 union select 2 into t"});
  expect_verdict(sql_verdict::shareable, {"select pg_temperature from t", "select 'pg_temp.x'"});
}

TEST(sql_class, is_not_fooled_by_verbs_that_are_names) {
  expect_verdict(
      sql_verdict::temporary,
      {"select insert into t", "select (1) insert into t", "select (1) merge into x from t",
       "with a as (select 1) select insert into t", "select a, merge into t", "insert into t select 1 into u",
       "with insert as (select 1) select insert into t from insert"});
  expect_verdict(sql_verdict::shareable,
                 {"with insert as (select 1) insert into t table insert",
                  "with recursive as (select 1) select * from recursive",
                  "with recursive values(a) as (select 1) insert into t select * from values",
                  "select update, delete from t", "insert into merge default values"});
}

TEST(sql_class, does_not_share_what_it_does_not_understand) {
  expect_verdict(
      sql_verdict::not_understood,
      {"select 'a\\'", "select 'a", "select (1", "select 1)", "select [1)", "select U&\"a\"", "select 1 /*",
       "select 0x1f", "with a as (select 1) search depth first by b set c select 1", "with a select 1"});
  EXPECT_EQ(judged("select '").fingerprint, 0u);
  EXPECT_EQ(judged(std::string_view("select\0 1", 9)).verdict, sql_verdict::not_understood);
  const std::string deep(200, '(');
  EXPECT_EQ(judged("select " + deep + "1" + std::string(200, ')')).verdict, sql_verdict::not_understood);
  EXPECT_EQ(judged("select " + std::string(64, 'f') + "(1)").verdict, sql_verdict::not_understood);
}

TEST(sql_class, reports_the_weightiest_reason) {
  expect_verdict(sql_verdict::several_statements, {"select lastval() for update; begin"});
  expect_verdict(sql_verdict::session_function, {"select lastval() for update"});
}

TEST(sql_class, knows_what_only_reads) {
  expect_only_reads(
      true,
      {"select 1", "table t", "values (1), (2)", "with x as (select 1) select * from x",
       "select lower(a), COUNT ( * ), pg_catalog.upper(b), \"abs\"(c) from t",
       "select coalesce(a, b), cast(a as numeric(10, 2)), b::varchar(3), extract(year from c) from t",
       "select * from t where a in (1, 2) and (b or not (c)) and exists (select 1) and d = any ($1)",
       "select sum(a) over (partition by (b) order by (c)), count(*) filter (where (d)) from t group by (b)",
       "select * from (values (1, 2)) t(a, b)", "select * from f(select 1)",
       "select * from json_to_recordset(a) as x(b int, c text)",
       "with recursive x(a) as (select 1 union all select a from x) select * from x",
       "select a from t group by grouping sets ((a), ()) order by (a)", "select 1 from t group by rollup (a)",
       "select a OPERATOR(pg_catalog.+) b from t", "select random(), now(), gen_random_uuid()",
       "select * from a left join (select 1) b on (true) where (a.c) is null"});
}

TEST(sql_class, says_of_nothing_else_that_it_only_reads) {
  expect_only_reads(
      false,
      {"insert into t values (1)", "update t set a = 1", "delete from t",
       "with x as (delete from t returning *) select * from x", "select f(a) from t", "select nextval('s')",
       "select pg_notify('a', 'b')", "select public.lower(a) from t", "select a.pg_catalog.lower(a) from t",
       "select \"LOWER\"(a)", "select txid_current()", "select pg_sleep(1)", "select myschema.values(1)",
       "select \"values\"(1)", "select distinct on (a) f(a) from t",
       "select a OPERATOR(pg_catalog.+) f(a) from t", "select f((select 1))",
       "select * from t tablesample system (10)", "select * from t where a[1:f(2)] = 3"});
}

TEST(sql_class, trusts_no_name_that_a_user_may_give_to_what_does_something) {
  expect_only_reads(false, {"select log('info', 'x')", "select broadcast('x')", "select path('x', 1)",
                            "select convert(1)", "select sign(1)"});
}

TEST(sql_class, trusts_names_of_postgresql_in_no_other_schema) {
  expect_only_reads(true, {"select pg_catalog.lower(a), PG_CATALOG . lower(a), \"pg_catalog\".\"lower\"(a)"});
  expect_only_reads(
      false, {"select myschema.lower(a)", "select \"PG_CATALOG\".lower(a)", "select pg_catalog.\"LOWER\"(a)",
              "select pg_catalog.myschema.lower(a)", "select pg_temperature.count(*) from t"});
}

TEST(sql_class, sees_names_however_they_are_written) {
  expect_verdict(sql_verdict::session_function,
                 {"select \"SET_CONFIG\"('a', 'b', false)", "select \"set_config\"('a', 'b', false)",
                  "select Set_Config('a', 'b', false)"});
  expect_verdict(sql_verdict::not_understood,
                 {"select U&\"set\\005fconfig\"('a', 'b', false)", "select u&\"lower\"('a')",
                  "select pg_catalog.U&\"set!005fconfig\" uescape '!' ('a', 'b', false)",
                  "select (7::bigint).U&\"pg\\005fadvisory\\005flock\""});
}

TEST(sql_class, gives_one_fingerprint_to_texts_that_differ_in_literals_and_looks) {
  expect_same_fingerprint({"select a from T where b = 1 and c = 'x'",
                           "SELECT a\nFROM t WHERE B=$1 AND c=E'\\n';",
                           "/* x */ select a from t -- y\n where b = -1.5e3 and c = $$x$$",
                           "select\ta from \"t\" where b = 'a'\n'b' and c = N'x'"});
  expect_same_fingerprint({"select a from t where b in (1)", "select a from t where b in (1, 2, 3)",
                           "select a from t where b in ($1,'x', -3, null)"});
  expect_same_fingerprint({"insert into t values (1, 'a')", "insert into t values ($1, $2), ($3, $4)",
                           "insert into t values (-1, null), (2, 'b'), (3, true)"});
  expect_same_fingerprint(
      {"insert into t values (1, now())", "insert into t values ($1, now()), (2, now())"});
  expect_same_fingerprint({"select $1 = any (array[1, 2])", "select $1 = any (array[$1])"});
  expect_same_fingerprint(
      {"select a from t where b in ($1::int)", "select a from t where b in ($1::int, $2::int)"});
}

TEST(sql_class, gives_different_fingerprints_to_different_statements) {
  expect_other_fingerprint("select a from t", "select b from t");
  expect_other_fingerprint("select a from t", "select \"A\" from t");
  expect_other_fingerprint("select a from t where b = 1", "select a from t where b > 1");
  expect_other_fingerprint("select a from t where b in (1)", "select a from t where b in (c)");
  expect_other_fingerprint("select 1 - 1", "select 1 + 1");
  expect_other_fingerprint("select 1, a", "select a, 1");
  expect_other_fingerprint("select (1)", "select 1");
  expect_other_fingerprint("insert into t values (1)", "insert into t values (a)");
  expect_other_fingerprint("begin", "commit");
}

void expect_leaves_state(bool leaves, texts all) {
  for (const auto* text : all) EXPECT_EQ(text_may_leave_state(text), leaves) << text;
}

TEST(sql_class, sees_what_may_leave_state_behind_any_other_statement) {
  expect_leaves_state(true, {"set a = 1",
                             "reset all",
                             "set",
                             "set session a = 1",
                             "set \"local\" = 1",
                             "set local a = 1; set b = 1",
                             "create temp table t(a int)",
                             "do $$ begin end $$",
                             "call p()",
                             "load 'x'",
                             "prepare p as select 1",
                             "execute p",
                             "listen a",
                             "declare c cursor for select 1",
                             "explain analyze create temp table t as select 1",
                             "select 1; do $$ begin end $$",
                             ";do $$ $$",
                             "begin; create temp table t as select 1; commit",
                             "/* x */ ; -- y\n ; load 'x'",
                             "select 1; select 2; prepare p as select 1",
                             "begin; listen a",
                             "rollback; call p()",
                             "with x as (select 1) select * into temp t from x",
                             "select a into temp t from u",
                             "update pg_settings set setting = 1",
                             "begin; update \"pg_settings\" set setting = 1; commit",
                             "insert into t select 1; select set_config('a', 'b', false)",
                             "copy (select setseed(1)) to stdout",
                             "select pg_advisory_lock(1)",
                             "select f_of_the_user(1)",
                             "insert into t values (public.nextval('s'))",
                             "select (1).pg_try_advisory_lock",
                             "select * from pg_temp.t"});
}

TEST(sql_class, takes_what_it_does_not_understand_for_something_that_leaves_state) {
  expect_leaves_state(true, {"select U&\"set\\005fconfig\"('a', 'b', false)", "select 'a\\'", "select (1",
                             "42", "\"set\" a = 1", "select 1 /*", "select 1; with a select 1"});
  EXPECT_TRUE(sql_class{}.leaves_state);
  EXPECT_TRUE(text_may_leave_state("select " + std::string(64, 'f') + "(1)"));
}

TEST(sql_class, knows_statements_that_leave_nothing) {
  expect_leaves_state(false,
                      {"",
                       ";",
                       "select 1",
                       "select 'set_config(1)', \"set_config\"",
                       "insert into t values (1) returning a",
                       "update t set a = lower(b), c = nextval('s')",
                       "begin; update t set a = 1; commit",
                       "BEGIN ISOLATION LEVEL SERIALIZABLE",
                       "start transaction",
                       "savepoint a",
                       "release a",
                       "rollback to a",
                       "show all",
                       "copy t from stdin",
                       "fetch all from c",
                       "close c",
                       "deallocate p",
                       "discard all",
                       "unlisten *",
                       "truncate t",
                       "lock table t",
                       "vacuum t",
                       "notify a",
                       "select 1 for update",
                       "select pg_advisory_xact_lock(1)",
                       "select currval('s'), pg_backend_pid(), lo_get(1)",
                       "select setting from pg_settings",
                       "table pg_cursors",
                       "delete from t where current of c",
                       "(select 1)",
                       "begin; set local a.b = 1; set transaction read only; set constraints all deferred",
                       "with x as (delete from t returning a) select * from x"});
}

void expect_names_statements(bool names, texts all) {
  for (const auto* text : all) EXPECT_EQ(judged(text).bonds.names_statements, names) << text;
}

TEST(sql_class, sees_what_names_prepared_statements) {
  expect_names_statements(
      true,
      {"prepare p as select 1", "PREPARE \"transaction\" as select 1", "execute p(1)", "deallocate p",
       "begin; deallocate all; commit", "explain execute p", "explain (analyze, costs off) execute p(1)",
       "create temp table t as execute p", "select name from pg_prepared_statements",
       "select * from pg_catalog.\"pg_prepared_statements\"", "select count(*) from pg_prepared_statement()",
       "select 1; /* x */ Execute p", "select 'a\\'; execute p"});
}

TEST(sql_class, takes_no_other_words_for_the_naming_of_prepared_statements) {
  expect_names_statements(
      false, {"select 1", "prepare transaction 'x'", "grant execute on function f() to public",
              "create trigger t after insert on u execute function f()", "select a as execute from t",
              "select \"execute\", 'deallocate p' from prepare", "do $$ begin execute 'select 1'; end $$",
              "discard all", "table pg_cursors", "select 'a\\'"});
}

TEST(sql_class, sees_what_reads_and_what_takes_values_of_sequences) {
  for (const auto* text :
       {"select currval('s')", "SELECT pg_catalog.LastVal()", "insert into t values (currval('s'))",
        "prepare p as select lastval()", "select 'a\\'; select lastval()"})
    EXPECT_TRUE(judged(text).bonds.reads_sequence) << text;
  for (const auto* text : {"select currval", "select 'currval(1)'", "select nextval('s')"})
    EXPECT_FALSE(judged(text).bonds.reads_sequence) << text;
  for (const auto* text :
       {"insert into t values (1)", "select nextval('s')", "update t set a = nextval('s')",
        "merge into t using u on a = b when matched then delete", "copy t from stdin",
        "with x as (insert into t values (1) returning a) select a from x", "select my_func()", "do $$ $$",
        "call p()", "execute p", "explain analyze insert into t values (1)",
        "begin; insert into t values (1); commit", "select 'a\\'"})
    EXPECT_TRUE(judged(text).bonds.takes_value) << text;
  for (const auto* text :
       {"select lower(a) from t", "update t set a = 1", "delete from t", "begin", "set a = 1",
        "select set_config('a', 'b', false)", "select random()", "select currval('s')", "discard all"})
    EXPECT_FALSE(judged(text).bonds.takes_value) << text;
}

TEST(sql_class, sees_what_makes_a_session_keep_its_connection) {
  for (const auto* text :
       {"load 'x'", "prepare p as select 1", "create temp table t (a int)",
        "select 1; create temporary view v as select 1",
        "create or replace local temporary view v as select 1", "create table pg_temp.t (a int)",
        "select 1 into temp t", "select setseed(0.5)", "select pg_advisory_lock(1)",
        "select pg_try_advisory_lock_shared(1)", "declare c cursor with hold for select 1",
        "begin; create temp table t (a int) on commit preserve rows; commit",
        "create temp table t (a int); create temp table u (a int) on commit drop"})
    EXPECT_TRUE(judged(text).bonds.pins) << text;
  EXPECT_TRUE(judged("select 1; listen a").bonds.listens);
  EXPECT_FALSE(judged("unlisten a; notify a").bonds.listens);
  for (const auto* text : {"select 1", "listen a", "notify a", "unlisten a", "prepare transaction 'x'",
                           "create table temporary_things (a int)",
                           "create temp table t (a int) on commit drop", "select pg_advisory_xact_lock(1)",
                           "select pg_advisory_unlock(1)", "declare c cursor without hold for select 1",
                           "select temp from t", "insert into temp values (1)", "drop table t"})
    EXPECT_FALSE(judged(text).bonds.pins) << text;
}

TEST(sql_bonds, tell_of_a_seed) {
  for (const auto* text : {"select setseed(0.5)", "select 1; select pg_catalog.SetSeed(random())",
                           "select (select 0.5::float8).setseed"})
    EXPECT_TRUE(judged(text).bonds.seeds_random) << text;
  for (const auto* text : {"select random()", "select setseed", "select 'setseed(1)'"})
    EXPECT_FALSE(judged(text).bonds.seeds_random) << text;
}

TEST(session_functions, leave_state_unless_they_only_look) {
  const std::string more[] = {"my_func", "*"};
  const session_functions names(more);
  EXPECT_TRUE(text_may_leave_state("select my_func()", names));
  EXPECT_TRUE(text_may_leave_state("select 1; select app.MY_FUNC()", names));
  EXPECT_FALSE(text_may_leave_state("select currval('s'), pg_backend_pid()", names));
}

TEST(session_functions, knows_postgresqls_own_and_the_operators) {
  const std::string more[] = {"My_Func", "app.tenant_*", "x*"};
  const session_functions names(more);
  for (const auto* name : {"set_config", "pg_advisory_lock", "my_func", "tenant_", "tenant_set", "xyz"})
    EXPECT_TRUE(names.contains(name)) << name;
  for (const auto* name : {"", "set_confi", "set_config2", "my_func2", "tenant", "app", "lower"})
    EXPECT_FALSE(names.contains(name)) << name;
  EXPECT_EQ(classify("select public.MY_func(1)", names).verdict, sql_verdict::session_function);
  EXPECT_EQ(judged("select public.MY_func(1)").verdict, sql_verdict::shareable);
}

TEST(session_functions, may_be_told_to_force_every_function) {
  const std::string all[] = {"*"};
  const session_functions names(all);
  EXPECT_EQ(classify("select lower(a) from t", names).verdict, sql_verdict::session_function);
  EXPECT_EQ(classify("select a from t", names).verdict, sql_verdict::shareable);
}

TEST(sql_bonds, tell_whether_a_relation_is_made_and_how_long_it_lasts) {
  using enum made_relation;
  for (const auto* text :
       {"create table t (a int)", "select 1 into t", "create temp table t (a int); create table u (a int)"})
    EXPECT_EQ(judged(text).bonds.makes, lasting) << text;
  for (const auto* text :
       {"create temp table t (a int) on commit drop", "create or replace temporary view v as select 1",
        "select 1 into temporary t", "create table pg_temp.t (a int)"})
    EXPECT_EQ(judged(text).bonds.makes, temporary) << text;
  for (const auto* text : {"select 1", "insert into t values (1)", "drop table t"})
    EXPECT_EQ(judged(text).bonds.makes, none) << text;
}

}  // namespace
}  // namespace pgweir::wire
