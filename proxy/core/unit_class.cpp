#include "proxy/core/unit_class.hpp"

#include "proxy/wire/frame.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/sql_time_words.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace pgweir::core {
namespace {

namespace frontend = wire::frontend;

lease_need need_of(const wire::sql_class& judged) {
  switch (judged.verdict) {
    case wire::sql_verdict::shareable:
      return judged.only_reads ? lease_need::none : lease_need::writes;
    case wire::sql_verdict::several_statements:
      return lease_need::several_statements;
    case wire::sql_verdict::command:
      return lease_need::command;
    case wire::sql_verdict::locks_rows:
      return lease_need::locks_rows;
    case wire::sql_verdict::session_function:
      return lease_need::session_function;
    case wire::sql_verdict::temporary:
      return lease_need::temporary;
    case wire::sql_verdict::not_understood:
      break;
  }
  return lease_need::not_understood;
}

// Walks the messages of one extended-protocol unit.
class extended_unit {
 public:
  extended_unit(const client_state& client, const statement_finder& texts,
                const wire::session_functions& forcing)
      : client_(client), texts_(texts), forcing_(forcing) {}

  // What the message says against sharing.
  lease_need add(const wire::frame_header& header, wire::bytes_view body) {
    switch (header.type) {
      case frontend::parse:
        return parse(body);
      case frontend::bind:
        return bind(body);
      case frontend::describe:
        return describe(body);
      case frontend::execute:
        return execute(body);
      case frontend::close:
        return close(body);
      default:  // Flush: the client waits for a part of the answer
        return lease_need::incomplete;
    }
  }

  std::uint64_t fingerprint() const { return bound_ != 0 ? bound_ : parsed_; }
  const shared_statement& stand_in() const { return stand_in_; }
  bool has_texts() const { return has_texts_; }
  bool leaves_state() const { return leaves_state_; }
  bool owns_portals() const { return owns_portals_; }

 private:
  struct seen {
    std::string_view name;
    wire::sql_class judged;
  };

  lease_need parse(wire::bytes_view body) {
    const auto view = wire::read_parse(body);
    if (!view) return lease_need::not_understood;
    // The unnamed statement that it had at its beginning would be missed if it were sent again.
    if (view->name.empty() && used_unnamed_) return lease_need::not_understood;
    if (count_ == parsed_here_.size()) return lease_need::several_statements;
    const auto known = texts_.find(view->text_and_types, client_.stale_up_to);
    if (view->name.empty() && known != nullptr) stand_in_ = known;
    const auto judged = known != nullptr ? known->sharing : wire::classify(view->text, forcing_);
    parsed_here_[count_++] = {view->name, judged};
    parsed_ = mix(parsed_, judged.fingerprint);
    note(judged);
    // It could be kept only beyond the memory bound; a lease need not keep it.
    const bool is_counted = !view->name.empty() || view->text.size() >= memory_share::free_bytes;
    if (known == nullptr && is_counted && texts_.is_full()) return lease_need::incomplete;
    // Its client is to keep the backend that parses it.
    if (!view->name.empty() && wire::freezes_time(view->text)) return lease_need::session_function;
    return need_of(judged);
  }

  lease_need bind(wire::bytes_view body) {
    const auto names = wire::read_bind_names(body);
    if (!names) return lease_need::not_understood;
    const auto judged = class_of(names->statement);
    has_bound_ = true;
    owns_portals_ = owns_portals_ && names->portal.empty();
    use(names->statement);
    if (!judged) return lease_need::not_understood;
    bound_ = mix(bound_, judged->fingerprint);
    note(*judged);
    return need_of(*judged);
  }

  lease_need execute(wire::bytes_view body) {
    wire::cursor in{body};
    look_at_portal(in.c_string());
    const auto most_rows = in.u32();
    return in.ok() && most_rows == 0 ? lease_need::none : lease_need::command;
  }

  lease_need describe(wire::bytes_view body) {
    const auto target = wire::read_target(body);
    if (target && target->kind == 'S') use(target->name);
    if (target && target->kind == 'P') look_at_portal(target->name);
    return lease_need::none;
  }

  void look_at_portal(std::string_view name) { owns_portals_ = owns_portals_ && has_bound_ && name.empty(); }

  void note(const wire::sql_class& judged) {
    has_texts_ = true;
    leaves_state_ = leaves_state_ || judged.leaves_state;
  }

  void use(std::string_view statement) {
    const bool parsed_here = std::any_of(parsed_here_.begin(), parsed_here_.begin() + count_,
                                         [](const seen& one) { return one.name.empty(); });
    used_unnamed_ = used_unnamed_ || (statement.empty() && !parsed_here);
  }

  lease_need close(wire::bytes_view body) const {
    const auto target = wire::read_target(body);
    if (target && target->kind == 'S' && target->name.empty() && used_unnamed_)
      return lease_need::not_understood;
    // A name that is given up cannot be had back, if the unit has to be sent again.
    return target && (target->kind == 'P' || target->name.empty()) ? lease_need::none : lease_need::command;
  }

  std::optional<wire::sql_class> class_of(std::string_view name) const {
    for (std::size_t i = count_; i > 0; --i)
      if (parsed_here_[i - 1].name == name) return parsed_here_[i - 1].judged;
    if (!name.empty()) {
      const auto* known = client_.statements.find(name);
      return known == nullptr ? std::nullopt : std::optional{known->made->sharing};
    }
    const auto* mine = client_.unnamed.current();
    if (mine == nullptr || mine->is_large) return std::nullopt;
    if (mine->made != nullptr) return mine->made->sharing;
    return wire::classify(wire::before_zero(mine->text_and_types), forcing_);
  }

  static std::uint64_t mix(std::uint64_t so_far, std::uint64_t more) {
    return (so_far ^ more) * 0x9E3779B97F4A7C15u | 1u;
  }

  const client_state& client_;
  const statement_finder& texts_;
  const wire::session_functions& forcing_;
  std::array<seen, 4> parsed_here_{};
  std::size_t count_ = 0;
  std::uint64_t parsed_ = 0;
  std::uint64_t bound_ = 0;
  bool used_unnamed_ = false;  // the one that it had before the unit
  bool has_bound_ = false;
  bool owns_portals_ = true;  // uses the unnamed one only, after its own Bind
  shared_statement stand_in_;
  bool has_texts_ = false;
  bool leaves_state_ = false;
};

// What follows the unit came before its answer; but for a goodbye nothing may overtake it.
bool is_followed(wire::bytes_view behind) {
  return !behind.empty() && static_cast<char>(behind[0]) != frontend::terminate;
}

unit_class alone_only(unit_class found, wire::bytes_view arrived) {
  if (found.need == lease_need::none && is_followed(arrived.subspan(found.size)))
    found.need = lease_need::pipelined;
  return found;
}

unit_class classify_query(const client_state& client, wire::bytes_view arrived,
                          const wire::frame_header& header, const statement_finder& texts,
                          const wire::session_functions& forcing) {
  const auto text = wire::as_text(arrived.subspan(wire::header_size, header.body));
  if (text.empty() || text.find('\0') != text.size() - 1) return {lease_need::not_understood, header.size()};
  const auto sql = text.substr(0, text.size() - 1);
  const auto judged = wire::classify(sql, forcing);
  unit_class found{.need = need_of(judged),
                   .size = header.size(),
                   .fingerprint = judged.fingerprint,
                   .may_share_sync = true,
                   .is_query = true,
                   .leaves_state = judged.leaves_state};
  if (found.need == lease_need::none) found.stand_in = texts.find_query(sql, client.stale_up_to);
  return found;
}

}  // namespace

unit_class classify_unit(const client_state& client, wire::bytes_view arrived, const statement_finder& texts,
                         const wire::session_functions& forcing) {
  extended_unit messages{client, texts, forcing};
  unit_class found{lease_need::none};
  for (;;) {
    const auto rest = arrived.subspan(found.size);
    const auto [status, header] = wire::read_header(rest);
    if (status != wire::header_status::complete || header.size() > rest.size()) return {};
    if (found.size + header.size() > kept_unit_limit) return {};
    if (header.type == frontend::function_call) return {lease_need::command};
    if (header.type == frontend::query && found.size > 0) return {};
    if (header.type == frontend::query)
      return alone_only(classify_query(client, rest, header, texts, forcing), arrived);
    found.size += header.size();
    if (header.type == frontend::sync) {
      found.may_share_sync = messages.owns_portals();
      break;
    }
    const auto need = messages.add(header, rest.subspan(wire::header_size, header.body));
    if (found.need == lease_need::none) found.need = need;
  }
  if (messages.fingerprint() != 0) found.fingerprint = messages.fingerprint();
  found.stand_in = messages.stand_in();
  if (messages.has_texts()) found.leaves_state = messages.leaves_state();
  return alone_only(found, arrived);
}

}  // namespace pgweir::core
