#include "proxy/wire/sql_word.hpp"

#include "proxy/wire/sql_hash.hpp"

namespace pgweir::wire {
namespace {

struct named_word {
  std::string_view name;
  sql_word word;
};

constexpr named_word named_words[] = {
    {"select", sql_word::select},
    {"values", sql_word::values},
    {"table", sql_word::table},
    {"with", sql_word::with},
    {"as", sql_word::as},
    {"not", sql_word::not_kw},
    {"into", sql_word::into},
    {"for", sql_word::for_kw},
    {"in", sql_word::in},
    {"array", sql_word::array},
    {"on", sql_word::on},
    {"distinct", sql_word::distinct},
    {"order", sql_word::order},
    {"group", sql_word::group},
    {"grouping", sql_word::grouping},
    {"null", sql_word::null_kw},
    {"true", sql_word::true_kw},
    {"false", sql_word::false_kw},
    {"insert", sql_word::insert},
    {"update", sql_word::update},
    {"delete", sql_word::delete_kw},
    {"merge", sql_word::merge},
    {"recursive", sql_word::recursive},
    {"materialized", sql_word::materialized},
    {"no", sql_word::no},
    {"key", sql_word::key},
    {"share", sql_word::share},
    {"by", sql_word::by},
    {"partition", sql_word::partition},
    {"sets", sql_word::sets},
    {"cube", sql_word::cube},
    {"rollup", sql_word::cube},
    {"operator", sql_word::operator_kw},
    {"current", sql_word::current},
    {"of", sql_word::of},
    {"pg_settings", sql_word::pg_settings},
    {"pg_prepared_statements", sql_word::prepared_statements_view},
    {"pg_cursors", sql_word::session_view},
};

// Reserved words and those that "cannot be function or type name", as far as "(" may follow one in a plain
// statement.
constexpr std::string_view never_called[] = {"all",
                                             "and",
                                             "any",
                                             "asymmetric",
                                             "between",
                                             "bigint",
                                             "bit",
                                             "boolean",
                                             "both",
                                             "case",
                                             "cast",
                                             "char",
                                             "character",
                                             "coalesce",
                                             "collate",
                                             "current_time",
                                             "dec",
                                             "decimal",
                                             "default",
                                             "else",
                                             "end",
                                             "except",
                                             "exists",
                                             "extract",
                                             "fetch",
                                             "float",
                                             "from",
                                             "greatest",
                                             "having",
                                             "int",
                                             "integer",
                                             "intersect",
                                             "interval",
                                             "lateral",
                                             "leading",
                                             "least",
                                             "limit",
                                             "localtime",
                                             "national",
                                             "nchar",
                                             "none",
                                             "normalize",
                                             "nullif",
                                             "numeric",
                                             "offset",
                                             "only",
                                             "or",
                                             "overlay",
                                             "position",
                                             "precision",
                                             "real",
                                             "returning",
                                             "row",
                                             "smallint",
                                             "some",
                                             "substring",
                                             "symmetric",
                                             "then",
                                             "time",
                                             "timestamp",
                                             "to",
                                             "trailing",
                                             "treat",
                                             "trim",
                                             "union",
                                             "using",
                                             "varchar",
                                             "variadic",
                                             "when",
                                             "where",
                                             "window",
                                             "xmlattributes",
                                             "xmlconcat",
                                             "xmlelement",
                                             "xmlexists",
                                             "xmlforest",
                                             "xmlnamespaces",
                                             "xmlparse",
                                             "xmlpi",
                                             "xmlroot",
                                             "xmlserialize",
                                             "xmltable",
                                             "current_timestamp",
                                             "localtimestamp"};

constexpr auto make_words() {
  sql_hash_table<512> made;
  for (const auto& one : named_words) made.add(sql_hash(one.name), static_cast<std::uint8_t>(one.word));
  for (const auto name : never_called)
    made.add(sql_hash(name), static_cast<std::uint8_t>(sql_word::never_called));
  return made;
}
constexpr auto words = make_words();

}  // namespace

sql_word find_sql_word(std::uint64_t hash) { return static_cast<sql_word>(words.find(hash)); }

}  // namespace pgweir::wire
