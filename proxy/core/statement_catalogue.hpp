// proxy/core/statement_catalogue.hpp - every named prepared statement of every client, once per (text,
// types).
//
// A statement has one name on all servers, so whichever backend has it serves whichever client. Statements
// that no client names any more stay for the next client with the same text until the memory bound needs
// their place. Thread-safe: shared by the workers; touched when a client prepares or closes, not when it
// executes.
#pragma once

#include "proxy/core/error_patience.hpp"
#include "proxy/wire/cursor.hpp"
#include "proxy/wire/sql_class.hpp"
#include "proxy/wire/sql_head.hpp"

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pgweir::core {

// Immutable once made, but for its marks, which any thread may set.
struct statement {
  statement() = default;
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement() {
    if (counted_in != nullptr) counted_in->fetch_sub(counted, std::memory_order_relaxed);
  }

  std::uint64_t id = 0;
  std::string server_name;
  std::string text_and_types;  // as in the Parse message after its name; empty if it is not kept
  wire::sql_traits traits;
  wire::sql_class sharing;
  // Goes stale while it lies on a server (wire/sql_time_words): the Parse of each client has to reach one.
  bool freezes_time = false;

  // The catalogue's bytes, for as long as anybody has the statement.
  std::atomic<std::size_t>* counted_in = nullptr;
  std::size_t counted = 0;

  // The next client that prepares this text gets another statement.
  mutable std::atomic<bool> retired{false};
  // Its generic plan turned out slower than planning afresh: not for clients that name no statement.
  mutable std::atomic<bool> demoted{false};
  mutable error_patience patience;
  // How long it took before it stood in for unnamed ones; 0: not known yet.
  mutable std::atomic<std::int64_t> usual_nanoseconds{0};

  // Too large to be prepared anywhere else, or not the same there: its client keeps the backend that has it.
  bool is_large() const { return text_and_types.empty(); }
};

using shared_statement = std::shared_ptr<const statement>;

// Of one database: the id of the last statement that was made before the latest change of its schema, as far
// as that passed through pgweir. Whoever prepares such a text again expects a fresh one: the server keeps the
// types of parameters that it found when it parsed, and never looks again.
using schema_mark = std::atomic<std::uint64_t>;

class statement_catalogue {
 public:
  // `memory_limit` in bytes of statements. `secret` goes into the names on the servers, so that no client can
  // name a statement of another by guessing.
  statement_catalogue(std::size_t memory_limit, std::string_view secret,
                      wire::session_functions forcing = wire::session_functions{});

  // The statement with this text, made if there is none, or it is retired or not newer than `stale_up_to`.
  // Null: the memory bound is reached by statements in use.
  shared_statement intern(wire::bytes_view text_and_types, std::uint64_t stale_up_to = 0);
  // The same for one client alone, beyond the memory bound: for a small text, where it is reached just now.
  // Who sees before that it is_full() should ask for no more.
  shared_statement make_unshared(wire::bytes_view text_and_types);
  // A statement whose text is not kept, so that nobody else can have it.
  shared_statement make_large(wire::sql_traits traits = {});
  // The next client that prepares this text gets a new statement: a client that closes and prepares again
  // expects a fresh one (after DDL, the answer to "cached plan must not change result type").
  void retire(const shared_statement& old);

  // Lives as long as the catalogue.
  schema_mark& mark_of(std::string_view database);
  void note_schema_change(schema_mark& of);
  // Id of the statement that was made last.
  std::uint64_t newest() const;

  // Parses of its statements are numbered in the order in which they go out, whatever the backend: so it can
  // be told whether one came before a client asked for the statement.
  std::uint64_t count_parse() { return parses_.fetch_add(1, std::memory_order_relaxed) + 1; }
  std::uint64_t parses() const { return parses_.load(std::memory_order_relaxed); }

  // For what clients keep themselves: counted as texts are. Texts that nobody names make room. False: the
  // bound is reached by what is in use.
  [[nodiscard]] bool lend(std::size_t bytes);
  void give_back(std::size_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  // The last time that something was to be kept there was no room for it.
  bool is_full() const { return is_full_.load(std::memory_order_relaxed); }

  std::size_t size() const;
  std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

  // Functions that force a backend of one's own.
  const wire::session_functions& forcing() const { return forcing_; }
  // How the names of its statements on the servers begin; no client can guess it.
  std::string_view prefix() const { return prefix_; }

 private:
  struct entry {
    shared_statement kept;
    std::list<std::string_view>::iterator place;  // in by_use_
  };

  using text_map = std::unordered_map<std::string_view, entry>;

  static std::size_t cost_of(std::string_view text_and_types) { return text_and_types.size() + 256; }
  std::shared_ptr<statement> make(std::string_view text_and_types);
  bool make_room(std::size_t needed);
  bool evict_for(std::size_t needed);
  shared_statement replace_retired(text_map::iterator found);

  const std::size_t memory_limit_;
  const std::string prefix_;
  const wire::session_functions forcing_;
  std::atomic<std::size_t> bytes_{0};  // of statements that exist, in by_text_ or not, and what is lent
  mutable std::mutex mutex_;
  text_map by_text_;                                    // keys are views into the statements
  std::list<std::string_view> by_use_;                  // most recently interned first
  std::unordered_map<std::string, schema_mark> marks_;  // by database
  std::atomic<bool> is_full_{false};
  std::uint64_t last_id_ = 0;
  std::atomic<std::uint64_t> parses_{0};
};

}  // namespace pgweir::core
