#include "tests/core/model_server.hpp"

#include "proxy/wire/cursor.hpp"
#include "proxy/wire/message_type.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::test {
namespace {

namespace frontend = wire::frontend;
using namespace from_server;

constexpr std::size_t large_row = 70000;

bool does(std::string_view text, std::string_view what) {
  if (text.starts_with("select ")) text.remove_prefix(7);
  return text.starts_with(what);
}

bool answers_rows(std::string_view text) { return does(text, "rows") || text.starts_with("select "); }

// Values change nothing of it: those of parameters, and of literals behind "= ".
std::string description(std::string text) {
  for (auto at = text.find("= "); at != std::string::npos; at = text.find("= ", at + 2))
    text.replace(at + 2, text.find_first_of(" ;", at + 2) - (at + 2), "?");
  return row_description(text);
}

bool ends_transaction(std::string_view text) { return text == "commit" || text == "rollback"; }

}  // namespace

std::string model_server::answer_all(std::string_view requests) {
  std::string answers;
  for (const auto& one : split(requests)) answers += answer(one);
  return answers;
}

std::string model_server::answer(const message& request) {
  auto answers = step(request);
  const bool ends = request.type == frontend::sync || request.type == frontend::query ||
                    request.type == frontend::function_call;
  in_unit_ = in_copy_ || !ends;
  if (!in_unit_) is_canceled_ = false;
  return answers;
}

std::string model_server::step(const message& request) {
  if (in_copy_) return in_copy(request);
  if (request.type == frontend::sync) return sync();
  if (skips_until_sync_) return {};
  switch (request.type) {
    case frontend::query:
      return query(request.body);
    case frontend::function_call:
      portals_.erase("");
      if (transaction_ == 'E') return error("25P02", "current transaction is aborted") + ready(transaction_);
      return function_result() + ready(transaction_);
    case frontend::copy_data:
    case frontend::copy_done:
    case frontend::copy_fail:
    case frontend::flush:
      return {};
    default:
      return extended(request);
  }
}

std::string model_server::extended(const message& request) {
  try {
    // Parse looks for itself: it has dropped the unnamed statement by then.
    if (request.type != frontend::parse && request.type != frontend::close) refuse_canceled();
    switch (request.type) {
      case frontend::parse:
        return parse(request.body);
      case frontend::bind:
        return bind(request.body);
      case frontend::describe:
        return describe(request.body);
      case frontend::close:
        return close(request.body);
      case frontend::execute:
        return execute(request.body);
      default:
        throw failure{"08P01", "invalid frontend message type"};
    }
  } catch (const failure& why) {
    skips_until_sync_ = true;
    return failed(why);
  }
}

// Flush and Sync are ignored while COPY takes data (manual, "COPY Operations").
std::string model_server::in_copy(const message& request) {
  if (request.type == frontend::sync || request.type == frontend::flush) return {};
  if (request.type == frontend::copy_data && request.body != "bad") return {};
  in_copy_ = false;
  std::string answer;
  if (request.type == frontend::copy_done) {
    answer = complete("COPY " + copied_);
  } else {
    answer = failed({request.type == frontend::copy_fail ? "57014" : "22P04", "COPY failed"});
    skips_until_sync_ = !copy_is_simple_;
  }
  if (!copy_is_simple_) return answer;
  end_implicit_transaction();
  return answer + ready(transaction_);
}

std::string model_server::parse(std::string_view body) {
  wire::cursor in{wire::as_bytes(body)};
  const std::string name(in.c_string());
  const std::string text(in.c_string());
  std::vector<std::uint32_t> types(in.u16());
  for (auto& type : types) type = in.u32();
  if (name.empty()) unnamed_.reset();
  refuse_canceled();
  if (does(text, "broken")) throw failure{"42601", "syntax error at " + text};
  if (!text.empty()) refuse_in_failed_transaction(text);
  if (name.empty()) {
    unnamed_ = {text, parses_at_, types};
  } else if (!named_.emplace(name, statement{text, parses_at_, types}).second) {
    throw failure{"42P05", "prepared statement \"" + name + "\" already exists"};
  }
  return parse_complete();
}

const model_server::statement& model_server::find(const std::string& name) const {
  if (name.empty()) {
    if (!unnamed_) throw failure{"26000", "unnamed prepared statement does not exist", "exec_bind_message"};
    return *unnamed_;
  }
  const auto found = named_.find(name);
  if (found == named_.end())
    throw failure{"26000", "prepared statement \"" + name + "\" does not exist", "FetchPreparedStatement"};
  return found->second;
}

void model_server::refuse_out_of_date(const statement& used) const {
  if (ignores_schema_ || used.parsed_at == schema_) return;
  if (does(used.text, "shaped"))
    throw failure{"0A000", "cached plan must not change result type", "RevalidateCachedQuery"};
  if (does(used.text, "typed")) throw failure{"42883", "operator does not exist: integer = text", "op_error"};
}

void model_server::expire_shapes() {
  for (auto& [name, one] : named_) one.parsed_at = does(one.text, "shaped") ? -1 : schema_;
  if (unnamed_) unnamed_->parsed_at = does(unnamed_->text, "shaped") ? -1 : schema_;
}

void model_server::refuse_canceled() {
  if (std::exchange(is_canceled_, false))
    throw failure{"57014", "canceling statement due to user request", "ProcessInterrupts"};
}

model_server::portal& model_server::open_portal(const std::string& name) {
  const auto found = portals_.find(name);
  if (found == portals_.end()) throw failure{"34000", "portal \"" + name + "\" does not exist"};
  return found->second;
}

void model_server::refuse_in_failed_transaction(const std::string& text) const {
  if (transaction_ == 'E' && !ends_transaction(text))
    throw failure{"25P02", "current transaction is aborted"};
}

std::string model_server::bind(std::string_view body) {
  wire::cursor in{wire::as_bytes(body)};
  const std::string name(in.c_string());
  const std::string from(in.c_string());
  const auto& used = find(from);
  auto text = used.text;
  refuse_in_failed_transaction(text);
  const int given = in.u16() == 0 ? in.u16() : 0;
  const auto needed = std::count(text.begin(), text.end(), '$');
  if (given != needed)
    throw failure{"08P01", "bind message supplies " + std::to_string(given) +
                               " parameters, but prepared statement \"" + from + "\" requires " +
                               std::to_string(needed)};
  refuse_out_of_date(used);
  for (int i = 0; i < given; ++i) {
    const auto value = std::string(wire::as_text(in.take(in.u32())));
    const auto type = static_cast<std::size_t>(i) < used.types.size() ? used.types[i] : 0;
    const auto parameter = "$" + std::to_string(i + 1);
    text.replace(text.find(parameter), parameter.size(), type == 0 ? "'" + value + "'" : value);
  }
  if (name.empty()) portals_.erase(name);
  if (!portals_.emplace(name, portal{text, used.text}).second)
    throw failure{"42P03", "portal \"" + name + "\" already exists"};
  return bind_complete();
}

std::string model_server::describe(std::string_view body) {
  const std::string name(wire::cursor{wire::as_bytes(body.substr(1))}.c_string());
  const bool of_statement = body.front() == 'S';
  if (of_statement) refuse_out_of_date(find(name));
  const auto& text = of_statement ? find(name).text : open_portal(name).statement;
  refuse_in_failed_transaction(text);
  const auto row = answers_rows(text) ? description(text) : no_data();
  return of_statement ? parameter_description() + row : row;
}

std::string model_server::close(std::string_view body) {
  const std::string name(wire::cursor{wire::as_bytes(body.substr(1))}.c_string());
  if (body.front() == 'P')
    portals_.erase(name);
  else if (name.empty())
    unnamed_.reset();
  else
    named_.erase(name);
  return close_complete();
}

std::string model_server::execute(std::string_view body) {
  wire::cursor in{wire::as_bytes(body)};
  auto& running = open_portal(std::string(in.c_string()));
  refuse_in_failed_transaction(running.text);
  if (running.text.empty()) return empty_query();
  if (in.u32() > 0 && does(running.text, "rows") && !running.suspended) {
    running.suspended = true;
    return data_row(running.text) + portal_suspended();
  }
  const auto text = running.text;
  if (text.starts_with("copy")) {
    in_copy_ = true;
    copy_is_simple_ = false;
    copied_ = text;
    return copy_in();
  }
  return run(text);
}

std::string model_server::query(std::string_view body) {
  const std::string text(wire::cursor{wire::as_bytes(body)}.c_string());
  std::string answer;
  unnamed_.reset();
  portals_.erase("");
  try {
    refuse_canceled();
    if (does(text, "broken")) throw failure{"42601", "syntax error at " + text};
    if (!text.empty()) refuse_in_failed_transaction(text);
    if (text.starts_with("copy")) {
      in_copy_ = copy_is_simple_ = true;
      copied_ = text;
      return copy_in();
    }
    if (answers_rows(text)) answer = description(text);
    is_canceled_ = std::exchange(is_canceled_in_query_, false);
    refuse_canceled();
    answer += text.empty() ? empty_query() : run(text);
  } catch (const failure& why) {
    answer += failed(why);
  }
  end_implicit_transaction();
  return answer + ready(transaction_);
}

std::string model_server::run(const std::string& text) {
  if (does(text, "fails")) throw failure{"22012", "division by zero in " + text};
  if (text == "begin" || text == "BEGIN") {
    if (transaction_ == 'I') transaction_ = 'T';
    return complete("BEGIN");
  }
  if (ends_transaction(text)) {
    const bool commits = text == "commit" && transaction_ != 'E';
    transaction_ = 'I';
    return complete(commits ? "COMMIT" : "ROLLBACK");
  }
  if (text.starts_with("deallocate ") || text.starts_with("DEALLOCATE ")) {
    deallocate(text.substr(11));
    return complete(text == "deallocate all" ? "DEALLOCATE ALL" : "DEALLOCATE");
  }
  if (text == "discard all") {
    if (transaction_ != 'I') throw failure{"25001", "DISCARD ALL cannot run inside a transaction block"};
    named_.clear();
    has_session_state_ = false;
    return complete("DISCARD ALL");
  }
  if (text.starts_with("set")) {
    has_session_state_ = true;
    return complete("SET");
  }
  if (does(text, "opens")) transaction_ = 'T';
  const auto row = data_row(does(text, "large") ? text + std::string(large_row, '.') : text);
  return row + complete("SELECT " + text);
}

void model_server::deallocate(const std::string& what) {
  if (what == "all") return named_.clear();
  if (named_.erase(what) == 0) throw failure{"26000", "prepared statement \"" + what + "\" does not exist"};
}

std::string model_server::sync() {
  skips_until_sync_ = false;
  end_implicit_transaction();
  return ready(transaction_);
}

void model_server::end_implicit_transaction() {
  if (transaction_ == 'I' || transaction_ == 'E') portals_.clear();
}

std::string model_server::failed(const failure& why) {
  if (transaction_ == 'T') transaction_ = 'E';
  return error(why.sqlstate, why.text, why.routine);
}

}  // namespace pgweir::test
