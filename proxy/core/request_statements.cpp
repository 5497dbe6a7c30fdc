// The part of the request relay that reads messages which use prepared statements: Bind, Describe, Execute,
// Close.
#include "proxy/core/request_relay.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/sql_head.hpp"
#include "proxy/wire/writer.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::core {
namespace {

namespace frontend = wire::frontend;

}  // namespace

// A unit that uses a statement and then takes it away finds it no more when it is sent again.
void request_relay::note_use(std::string_view name) {
  if (!name.empty()) backend_.unit.uses_names = true;
  if (name.empty() && !backend_.unit.parses_unnamed) backend_.unit.uses_unnamed = true;
}

void request_relay::note_loss(std::string_view name) {
  if (name.empty() ? backend_.unit.uses_unnamed : backend_.unit.uses_names) backend_.unit.is_kept = false;
}

request_relay::verdict request_relay::bind(const wire::frame_header& header) {
  client_.in_unit = true;
  if (client_.names == naming::untouched) return pass_expecting(header, {.request = request::bind});
  const auto available = stream_.rest().size() - wire::header_size;
  const auto names = wire::read_bind_names(
      stream_.rest().subspan(wire::header_size, std::min<std::size_t>(available, header.body)));
  if (!names) {
    if (available < std::min<std::size_t>(header.body, whole_message_limit)) return verdict::need_more;
    violation_ = "invalid Bind message";
    return verdict::violation;
  }
  if (!is_known_here(names->statement)) {
    backend_.dirty = true;  // what the server has under that name may be anything
    fit_sequences({.takes_value = true});
    return pass_expecting(header, {.request = request::bind});
  }
  const auto* known = client_.statements.find(names->statement);
  if (in_doubt(names->statement, known)) return verdict::held;
  if (const auto other = settle_unnamed(names->statement, header)) return *other;
  if (const auto other = renumber_bind(header, *names, known)) return *other;
  note_use(names->statement);
  keep_for_replay(header);
  ++backend_.counts.binds;
  backend_.unit.bound_name = known == nullptr ? 0 : known->serial;
  backend_.unit.bound_statement = known == nullptr ? 0 : known->made->id;
  if (names->statement.empty()) {
    if (const auto* stand_in = client_.unnamed.stand_in(); stand_in != nullptr) {
      backend_.unit.stands_in = true;
      return bind_shared(header, *names, {.request = request::bind, .then = bookkeeping::stands_in},
                         *stand_in);
    }
    ensure_unnamed();
    if (const auto* mine = client_.unnamed.current(); mine != nullptr) {
      auto traits = mine->traits;
      traits.leaves_state = traits.leaves_state || mine->is_large;
      note_traits(traits, mine->is_large ? std::string_view{} : std::string_view(mine->text()));
      client_.to_deallocate = mine->deallocates;
    }
    return pass_expecting(header, {.request = request::bind});
  }
  if (known == nullptr) return pass_expecting(header, {.request = request::bind});
  ensure_rows_as_told(header, *known);
  return bind_shared(header, *names, {.request = request::bind, .serial = known->serial}, *known->made);
}

// The statement has another name on the server.
request_relay::verdict request_relay::bind_shared(const wire::frame_header& header,
                                                  const wire::bind_names& names,
                                                  const expected_response& entry, const statement& bound) {
  ensure_prepared(bound);
  // Of one that was too large to be seen, `sharing` knows nothing.
  note_traits({.drops_statements = bound.traits.drops_statements,
               .leaves_state = bound.sharing.leaves_state,
               .bonds = bound.sharing.bonds},
              bound.text_and_types);
  const auto rest_of_body = header.body - static_cast<std::uint32_t>(names.size);
  built_.clear();
  built_.push_back(frontend::bind);
  wire::writer{built_}
      .u32(static_cast<std::uint32_t>(4 + names.portal.size() + 1 + bound.server_name.size() + 1 +
                                      rest_of_body))
      .c_string(names.portal)
      .c_string(bound.server_name);
  const auto before_parameters = wire::header_size + names.size;
  inject(built_);
  auto expected = entry;
  expected.statement = bound.id;
  expect(expected);
  stream_.skip(before_parameters);
  if (rest_of_body > 0) client_.rest = {passing::forward, rest_of_body};
  return verdict::done;
}

void request_relay::note_traits(wire::sql_traits bound, std::string_view sql) {
  if (rules_.on_lane) return;  // nothing there leaves anything behind
  client_.batch_deallocates = client_.batch_deallocates || bound.drops_statements;
  fit_sequences(bound.bonds);
  if (bound.bonds.tells_process) ++backend_.counts.processes_told;
  if (bound.leaves_state || bound.bonds.names_statements) suspect(wire::before_zero(sql), bound.bonds);
}

request_relay::verdict request_relay::execute(const wire::frame_header& header) {
  client_.in_unit = true;
  backend_.unit.is_blind = backend_.unit.is_blind || !backend_.unit.describes;
  backend_.unit.executes = true;
  expected_response entry{.request = request::execute, .may_deallocate = client_.batch_deallocates};
  const auto name = std::exchange(client_.to_deallocate, {});
  if (const auto* named = client_.statements.find(name); !name.empty() && named != nullptr) {
    backend_.unit.is_kept = false;
    const auto kept = named->made;
    built_.clear();
    append_spare_statement();
    inject(built_);
    rules_.catalogue.retire(kept);
    entry.then = bookkeeping::deallocates_one;
    entry.serial = client_.statements.close(name);
  }
  keep_for_replay(header);
  return pass_expecting(header, entry);
}

request_relay::verdict request_relay::describe(const wire::frame_header& header) {
  client_.in_unit = true;
  if (header.size() > whole_message_limit) {
    violation_ = "name in Describe message is too long";
    return verdict::violation;
  }
  if (!is_whole(header)) return verdict::need_more;
  const auto target = wire::read_target(body(header));
  const bool known_here = target && target->kind == 'S' && is_known_here(target->name);
  const auto* known = known_here ? client_.statements.find(target->name) : nullptr;
  if (known_here && in_doubt(target->name, known)) return verdict::held;
  if (known_here)
    if (const auto other = settle_unnamed(target->name, header)) return *other;
  if (known_here) note_use(target->name);
  keep_for_replay(header);
  backend_.unit.describes = true;
  // A malformed one goes through: the server has words for it.
  if (!target) return pass_expecting(header, {.request = request::describe_portal});
  if (target->kind == 'P') {
    const auto& unit = backend_.unit;
    expected_response entry{.request = request::describe_portal};
    if (target->name.empty()) entry.serial = unit.bound_name, entry.statement = unit.bound_statement;
    return pass_expecting(header, entry);
  }
  const expected_response entry{.request = request::describe_statement};
  if (!known_here) return pass_expecting(header, entry);
  if (target->name.empty()) ensure_unnamed();
  if (known == nullptr) return pass_expecting(header, entry);
  ensure_prepared(*known->made);
  built_.clear();
  wire::append_describe(built_, 'S', known->made->server_name);
  inject(built_);
  expect({.request = request::describe_statement, .serial = known->serial, .statement = known->made->id});
  stream_.skip(header.size());
  return verdict::done;
}

// A Close of a shared statement goes to the server under the client's own name, which no server knows: the
// answer is CloseComplete all the same (manual: "It is not an error to issue Close against a nonexistent
// statement").
request_relay::verdict request_relay::close(const wire::frame_header& header) {
  client_.in_unit = true;
  if (header.size() > whole_message_limit) {
    violation_ = "name in Close message is too long";
    return verdict::violation;
  }
  if (!is_whole(header)) return verdict::need_more;
  const auto target = wire::read_target(body(header));
  const bool known_here = target && target->kind == 'S' && is_known_here(target->name);
  if (known_here && name_in_doubt(target->name)) return verdict::held;
  if (known_here) note_loss(target->name);
  keep_for_replay(header);
  expected_response entry{.request = request::close};
  if (known_here) {
    if (target->name.empty()) {
      entry.serial = drop_unnamed();
      if (entry.serial != 0) entry.then = bookkeeping::drops_unnamed;
    } else if (const auto* known = client_.statements.find(target->name); known != nullptr) {
      const auto kept = known->made;
      entry.then = bookkeeping::unnames_statement;
      entry.statement = kept->id;
      entry.serial = client_.statements.close(target->name);
      rules_.catalogue.retire(kept);
      if (kept->is_large()) {
        built_.clear();
        wire::append_close(built_, 'S', kept->server_name);
        inject(built_);
        expect(entry);
        stream_.skip(header.size());
        return verdict::done;
      }
    }
  }
  return pass_expecting(header, entry);
}

}  // namespace pgweir::core
