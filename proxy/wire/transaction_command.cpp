#include "proxy/wire/transaction_command.hpp"

#include "proxy/wire/ascii.hpp"
#include "proxy/wire/sql_hash.hpp"
#include "proxy/wire/sql_scanner.hpp"

namespace pgweir::wire {
namespace {

// A longer one is mostly comment, and goes to the server as it is.
constexpr std::size_t longest_text = 256;

bool may_be_one(std::string_view text) {
  if (text.size() < 3 || text.size() > longest_text) return false;
  if (is_space(text[0]) || text[0] == '-' || text[0] == '/') return true;
  const char second = lower(text[1]);
  switch (lower(text[0])) {
    case 'b':
      return second == 'e';
    case 's':
      return second == 't';
    case 'c':
    case 'r':
      return second == 'o';
    case 'e':
      return second == 'n';
    case 'a':
      return second == 'b';
    default:
      return false;
  }
}

// Takes the words of a text off, one after the other.
class word_reader {
 public:
  explicit word_reader(std::string_view text) : scanner_(text), now_(scanner_.next()) {}

  bool take(std::string_view word) {
    const bool is_it = now_.is_word(word);
    if (is_it) advance();
    return is_it;
  }
  bool take(char punctuation) {
    const bool is_it = now_.is(punctuation);
    if (is_it) advance();
    return is_it;
  }
  bool at_end_of_statement() const { return now_.is(';') || now_.kind == sql_token_kind::end; }
  bool at_end() {
    while (take(';')) {
    }
    return now_.kind == sql_token_kind::end;
  }

 private:
  void advance() { now_ = scanner_.next(); }

  sql_scanner scanner_;
  sql_token now_;
};

transaction_verb take_verb(word_reader& in) {
  if (in.take("begin")) return transaction_verb::begin;
  if (in.take("start")) return in.take("transaction") ? transaction_verb::start : transaction_verb::other;
  if (in.take("commit") || in.take("end")) return transaction_verb::commit;
  if (in.take("rollback") || in.take("abort")) return transaction_verb::rollback;
  return transaction_verb::other;
}

isolation_level take_level(word_reader& in) {
  if (!in.take("level")) return isolation_level::unsaid;
  if (in.take("serializable")) return isolation_level::serializable;
  if (in.take("repeatable"))
    return in.take("read") ? isolation_level::repeatable_read : isolation_level::unsaid;
  if (!in.take("read")) return isolation_level::unsaid;
  if (in.take("committed")) return isolation_level::read_committed;
  return in.take("uncommitted") ? isolation_level::read_uncommitted : isolation_level::unsaid;
}

// Sets what is unsaid yet. False: it is no mode, or was said before.
template <class Mode>
bool say(Mode& where, Mode what) {
  if (where != Mode::unsaid || what == Mode::unsaid) return false;
  where = what;
  return true;
}

bool take_mode(word_reader& in, transaction_modes& modes) {
  if (in.take("isolation")) return say(modes.isolation, take_level(in));
  if (in.take("read"))
    return say(modes.access, in.take("only")    ? access_mode::read_only
                             : in.take("write") ? access_mode::read_write
                                                : access_mode::unsaid);
  if (in.take("deferrable")) return say(modes.deferrable, deferrable_mode::deferrable);
  return in.take("not") && in.take("deferrable") && say(modes.deferrable, deferrable_mode::not_deferrable);
}

}  // namespace

transaction_command read_transaction_command(std::string_view text) {
  if (!may_be_one(text)) return {};
  word_reader in{text};
  transaction_command found{take_verb(in)};
  if (found.verb == transaction_verb::other) return {};
  if (found.verb != transaction_verb::start && !in.take("work")) in.take("transaction");
  // A comma may stand between two modes, or not.
  for (bool goes_on = !in.at_end_of_statement(); goes_on;) {
    if (!found.begins() || !take_mode(in, found.modes)) return {};
    goes_on = in.take(',') || !in.at_end_of_statement();
  }
  return in.at_end() ? found : transaction_command{};
}

bool ends_transaction_first(std::string_view text) {
  word_reader in{text};
  if (!transaction_command{take_verb(in)}.ends()) return false;
  if (!in.take("work")) in.take("transaction");
  return in.at_end_of_statement();
}

std::string_view tag_of(transaction_verb verb) {
  switch (verb) {
    case transaction_verb::begin:
      return "BEGIN";
    case transaction_verb::start:
      return "START TRANSACTION";
    case transaction_verb::commit:
      return "COMMIT";
    case transaction_verb::rollback:
      return "ROLLBACK";
    case transaction_verb::other:
      break;
  }
  return {};
}

std::string sql_to_begin(const transaction_modes& modes) {
  constexpr std::string_view levels[] = {"", " ISOLATION LEVEL READ UNCOMMITTED",
                                         " ISOLATION LEVEL READ COMMITTED",
                                         " ISOLATION LEVEL REPEATABLE READ", " ISOLATION LEVEL SERIALIZABLE"};
  constexpr std::string_view accesses[] = {"", " READ ONLY", " READ WRITE"};
  constexpr std::string_view deferrables[] = {"", " DEFERRABLE", " NOT DEFERRABLE"};
  std::string sql = "BEGIN";
  sql += levels[static_cast<std::size_t>(modes.isolation)];
  sql += accesses[static_cast<std::size_t>(modes.access)];
  sql += deferrables[static_cast<std::size_t>(modes.deferrable)];
  return sql;
}

}  // namespace pgweir::wire
