#include "proxy/core/transaction_unit.hpp"

#include "proxy/wire/frame.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/response.hpp"

namespace pgweir::core {
namespace {

namespace frontend = wire::frontend;

bool has_types(const wire::parse_view& view) {
  constexpr std::size_t zero_and_count = 3;
  return view.text_and_types.size() != view.text.size() + zero_and_count;
}

// A Bind without parameters of the unnamed portal. None: another one.
std::optional<std::string_view> statement_bound(wire::bytes_view body) {
  wire::cursor in{body};
  const auto portal = in.c_string();
  const auto name = in.c_string();
  const auto parameter_formats = in.u16();
  in.take(parameter_formats * std::size_t{2});
  const auto parameters = in.u16();
  in.take(in.u16() * std::size_t{2});  // formats of results
  const bool fits = in.ok() && in.at_end() && portal.empty() && parameter_formats <= 1 && parameters == 0;
  return fits ? std::optional{name} : std::nullopt;
}

bool executes_unnamed(wire::bytes_view body) {
  wire::cursor in{body};
  const bool is_unnamed = in.c_string().empty();
  in.u32();
  return in.ok() && in.at_end() && is_unnamed;
}

// Empty: there is none, its text is not kept, or it has parameters.
std::string_view text_known_as(const client_state& client, std::string_view name) {
  constexpr std::string_view no_types("\0\0\0", 3);
  std::string_view kept;
  if (const auto* known = client.statements.find(name); !name.empty() && known != nullptr)
    kept = known->made->text_and_types;
  if (const auto* mine = client.unnamed.current(); name.empty() && mine != nullptr && !mine->is_large)
    kept = mine->text();
  return kept.ends_with(no_types) ? wire::before_zero(kept) : std::string_view{};
}

bool is_end_or_nothing(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\f;") == std::string_view::npos || wire::ends_transaction_first(text);
}

// Walks the messages of one extended-protocol unit, each of which may come once: Parse, Bind, Execute in this
// order, and Describe of what there is by then.
class extended_reader {
 public:
  explicit extended_reader(const client_state& client) : client_(client) {}

  // False: this is no unit of the kind.
  bool add(char type, wire::bytes_view body, transaction_unit& unit) {
    switch (type) {
      case frontend::parse:
        return parse(body, unit);
      case frontend::bind:
        return bind(body, unit);
      case frontend::describe:
        return describe(body, unit);
      case frontend::execute:
        return std::exchange(at_, progress::executed) == progress::bound && executes_unnamed(body);
      default:
        return false;
    }
  }
  bool is_complete() const { return at_ == progress::executed; }

 private:
  enum class progress { start, parsed, bound, executed };

  bool parse(wire::bytes_view body, transaction_unit& unit) {
    const auto view = wire::read_parse(body);
    if (at_ != progress::start || !view || has_types(*view)) return false;
    // The server refuses a name that is taken.
    if (!view->name.empty() && client_.statements.find(view->name) != nullptr) return false;
    at_ = progress::parsed;
    unit.parses = true;
    unit.parsed = *view;
    unit.command = wire::read_transaction_command(view->text);
    return unit.command.verb != wire::transaction_verb::other;
  }

  bool bind(wire::bytes_view body, transaction_unit& unit) {
    const auto name = statement_bound(body);
    if (at_ > progress::parsed || !name) return false;
    if (unit.parses && *name != unit.parsed.name) return false;
    if (!unit.parses) unit.command = wire::read_transaction_command(text_known_as(client_, *name));
    at_ = progress::bound;
    return unit.command.verb != wire::transaction_verb::other;
  }

  bool describe(wire::bytes_view body, const transaction_unit& unit) const {
    const auto target = wire::read_target(body);
    if (!target) return false;
    if (target->kind == 'P') return at_ == progress::bound && target->name.empty();
    return unit.parses && target->name == unit.parsed.name;
  }

  const client_state& client_;
  progress at_ = progress::start;
};

transaction_unit read_query(wire::bytes_view body, std::size_t size) {
  const auto text = wire::as_text(body);
  const auto end = text.find('\0');
  if (end + 1 != text.size()) return {};
  const auto command = wire::read_transaction_command(text.substr(0, end));
  if (command.verb == wire::transaction_verb::other) return {};
  return {.command = command, .size = size, .is_query = true};
}

}  // namespace

transaction_unit read_transaction_unit(const client_state& client, wire::bytes_view arrived) {
  extended_reader messages{client};
  transaction_unit found;
  for (std::size_t at = 0;;) {
    const auto message = wire::read_whole_message(arrived.subspan(at));
    if (!message) return {};
    const auto& [header, body] = *message;
    if (header.type == frontend::query) return at == 0 ? read_query(body, header.size()) : transaction_unit{};
    at += header.size();
    if (header.type == frontend::sync) {
      found.size = header.body == 0 && messages.is_complete() ? at : 0;
      return found;
    }
    if (!messages.add(header.type, body, found)) return {};
  }
}

bool may_run_in_failed(const client_state& client, wire::bytes_view arrived) {
  const auto message = wire::read_whole_message(arrived);
  if (!message) return false;
  const auto& [header, body] = *message;
  switch (header.type) {
    case frontend::query:
      return is_end_or_nothing(wire::before_zero(wire::as_text(body)));
    case frontend::parse: {
      const auto view = wire::read_parse(body);
      return view && is_end_or_nothing(view->text);
    }
    case frontend::bind: {
      const auto names = wire::read_bind_names(body);
      return names && wire::ends_transaction_first(text_known_as(client, names->statement));
    }
    case frontend::describe: {
      const auto target = wire::read_target(body);
      return target && target->kind == 'S' &&
             wire::ends_transaction_first(text_known_as(client, target->name));
    }
    case frontend::close:
      return true;
    default:
      return false;
  }
}

bool keep_statements_of(const transaction_unit& unit, client_state& client, statement_catalogue& catalogue) {
  std::string spare;
  if (unit.is_query) {
    // A simple Query drops the unnamed statement.
    if (const auto serial = client.unnamed.drop(); serial != 0) client.unnamed.confirm(serial, spare);
    return true;
  }
  if (!unit.parses) return true;
  if (unit.parsed.name.empty()) {
    const auto& text = unit.parsed.text_and_types;
    if (!client.unnamed.reserve(text, catalogue)) return false;
    client.unnamed.confirm(client.unnamed.set(text, {}, spare, text.size()), spare);
    return true;
  }
  auto made = catalogue.intern(unit.parsed.text_and_types, client.stale_up_to);
  if (made == nullptr || !client.statements.reserve(unit.parsed.name, catalogue)) return false;
  client.statements.define(unit.parsed.name, std::move(made), catalogue.parses());
  return true;
}

void append_answers(std::string& out, wire::bytes_view whole, std::string_view tag, char transaction) {
  while (!whole.empty()) {
    const auto header = wire::read_header(whole).header;
    switch (header.type) {
      case frontend::parse:
        wire::append_parse_complete(out);
        break;
      case frontend::bind:
        wire::append_bind_complete(out);
        break;
      case frontend::describe:
        if (static_cast<char>(whole[wire::header_size]) == 'S') wire::append_parameter_description(out);
        wire::append_no_data(out);
        break;
      case frontend::execute:
        wire::append_command_complete(out, tag);
        break;
      case frontend::query:
        wire::append_command_complete(out, tag);
        wire::append_ready_for_query(out, transaction);
        break;
      default:
        wire::append_ready_for_query(out, transaction);
        break;
    }
    whole = whole.subspan(header.size());
  }
}

}  // namespace pgweir::core
