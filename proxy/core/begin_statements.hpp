// proxy/core/begin_statements.hpp - the catalogue's statement for each kind of BEGIN, so that servers parse
// it once and nobody has to look for it. Thread rule: one per worker.
#pragma once

#include "proxy/core/statement_catalogue.hpp"
#include "proxy/wire/transaction_command.hpp"

#include <array>
#include <cstddef>

namespace pgweir::core {

class begin_statements {
 public:
  explicit begin_statements(statement_catalogue& catalogue) : catalogue_(catalogue) {}

  // Null: prepared_memory has no room for it. Lives as long as this.
  const statement* find(const wire::transaction_modes& modes);

  // For the statements by which clients themselves begin and end transactions.
  statement_catalogue& catalogue() { return catalogue_; }

 private:
  static constexpr std::size_t isolations = 5, accesses = 3, deferrables = 3;

  statement_catalogue& catalogue_;
  std::array<shared_statement, isolations * accesses * deferrables> known_;
};

}  // namespace pgweir::core
