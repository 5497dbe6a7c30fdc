// The part of the request relay that puts server processes in the place of clients' numbers, see
// process_numbers.hpp.
#include "proxy/core/request_relay.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"
#include "proxy/wire/writer.hpp"

namespace pgweir::core {

request_relay::verdict request_relay::replace_query(const wire::frame_header& header, std::string_view text,
                                                    const expected_response& entry) {
  backend_.unit.is_kept = false;
  built_.clear();
  wire::append_query(built_, text);
  inject(built_);
  expect(entry);
  stream_.skip(header.size());
  return verdict::done;
}

std::optional<request_relay::verdict> request_relay::renumber_bind(const wire::frame_header& header,
                                                                   const wire::bind_names& names,
                                                                   const client_statements::named* known) {
  const auto* mine = names.statement.empty() ? client_.unnamed.current() : nullptr;
  const auto* shared = known != nullptr ? known->made.get() : mine != nullptr ? mine->made.get() : nullptr;
  if (shared == nullptr && mine == nullptr) return {};
  const auto& bonds = shared != nullptr ? shared->sharing.bonds : mine->traits.bonds;
  if (!bonds.signals || rules_.processes == nullptr || header.size() > whole_message_limit) return {};
  if (!is_whole(header)) return verdict::need_more;
  const auto& text = shared != nullptr ? shared->text_and_types : mine->text();
  const auto changed = core::renumber_bind(body(header), names.size, text, *rules_.processes);
  if (changed.what == renumbering::none) return {};
  if (changed.what == renumbering::waits) return verdict::held;
  note_traits({.leaves_state = shared != nullptr ? shared->sharing.leaves_state : mine->traits.leaves_state,
               .bonds = bonds},
              text);
  bind_renumbered(header, names, changed);
  return verdict::done;
}

// For this once the text is prepared under a name that no client has: who prepares it, or binds it again, has
// it as it is.
void request_relay::bind_renumbered(const wire::frame_header& header, const wire::bind_names& names,
                                    const renumbered_bind& changed) {
  ++backend_.counts.binds;
  backend_.unit.is_kept = false;
  built_.clear();
  const auto name = append_spare_statement(wire::as_bytes(changed.text_and_types));
  wire::writer{built_}
      .begin(wire::frontend::bind)
      .c_string(names.portal)
      .c_string(name)
      .raw(changed.after_names)
      .end();
  inject(built_);
  expect({.request = request::bind});
  stream_.skip(header.size());
}

}  // namespace pgweir::core
