// proxy/wire/transaction_command.hpp - a text that does nothing but begin or end a transaction (manual,
// "BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK").
//
// Judged by its tokens. What is not exactly one such command is `other`, and so is what only the server can
// judge: AND CHAIN, PREPARED, TO a savepoint, a mode that is named twice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pgweir::wire {

enum class transaction_verb : std::uint8_t { other, begin, start, commit, rollback };

enum class isolation_level : std::uint8_t {
  unsaid,
  read_uncommitted,
  read_committed,
  repeatable_read,
  serializable
};
enum class access_mode : std::uint8_t { unsaid, read_only, read_write };
enum class deferrable_mode : std::uint8_t { unsaid, deferrable, not_deferrable };

struct transaction_modes {
  isolation_level isolation = isolation_level::unsaid;
  access_mode access = access_mode::unsaid;
  deferrable_mode deferrable = deferrable_mode::unsaid;

  bool operator==(const transaction_modes&) const = default;
};

struct transaction_command {
  transaction_verb verb = transaction_verb::other;
  transaction_modes modes{};

  bool begins() const { return verb == transaction_verb::begin || verb == transaction_verb::start; }
  bool ends() const { return verb == transaction_verb::commit || verb == transaction_verb::rollback; }
};

// Allocates nothing, and leaves at once where a text begins like no such command.
transaction_command read_transaction_command(std::string_view text);

// Whether its first statement ends the transaction, whatever follows.
bool ends_transaction_first(std::string_view text);

// What CommandComplete says of it outside a failed transaction.
std::string_view tag_of(transaction_verb verb);

// A BEGIN with these modes.
std::string sql_to_begin(const transaction_modes& modes);

}  // namespace pgweir::wire
