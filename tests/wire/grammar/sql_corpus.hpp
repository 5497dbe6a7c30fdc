// tests/wire/grammar/sql_corpus.hpp - SQL texts to judge, of many origins.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace pgweir::test {

// tests/data/sql/drivers.sql: texts apart by blank lines, "-- name" heads of sections left out.
std::vector<std::string> drivers_corpus();

// tests/data/sql/tricky.sql: a text in each line, at the borders of what may be shared.
std::vector<std::string> tricky_corpus();

// Listings of PostgreSQL's manual (Debian's postgresql-doc-15): whole, and statement by statement. Not all of
// it is SQL.
std::vector<std::string> manual_corpus();

// The scripts that come with the server: catalogue views and extensions.
std::vector<std::string> server_scripts_corpus();

// What psql sends for its \d commands, from psql -E against a server of the test's own.
std::vector<std::string> psql_corpus();

// Made by sqlsmith from the catalogue of a server of the test's own, from a fixed seed.
std::vector<std::string> sqlsmith_corpus(int queries);

// `text` with some tokens deleted, doubled, swapped, or strange ones put in.
std::string mutated(const std::string& text, std::mt19937_64& random);

}  // namespace pgweir::test
