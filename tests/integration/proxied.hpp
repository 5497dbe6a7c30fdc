// tests/integration/proxied.hpp - pgweir in front of the shared PostgreSQL of the test executable.
#pragma once

#include "tests/support/pgweir_process.hpp"
#include "tests/support/postgres.hpp"

namespace pgweir::test {

// What a database's `server` key needs to reach the shared PostgreSQL as its superuser.
inline std::string shared_server() { return postgres::shared().server() + " password=postgres"; }

// `pool`: keys of [pool]. Every user is trusted.
inline pgweir_options proxied(const std::string& pool, const std::string& top = {}) {
  return {.top = top, .rest = pgweir_process::trusting(shared_server(), pool)};
}

}  // namespace pgweir::test
