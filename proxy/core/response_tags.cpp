// The part of the response relay that reads the tags of commands, for what these leave behind: in the
// session, in the schema, and of prepared statements.
#include "proxy/core/response_relay.hpp"
#include "proxy/wire/frame.hpp"

namespace pgweir::core {

response_relay::verdict response_relay::command_complete(const wire::frame_header& header) {
  if (header.size() > whole_message_limit) {
    violation_ = "command tag is too long";
    return verdict::violation;
  }
  if (!is_whole(header)) return verdict::need_more;
  const auto tag = wire::as_text(stream_.rest().subspan(wire::header_size, header.body));
  settle_tag(wire::before_zero(tag));
  if (backend_.copy_in) finish_copy(false);
  return head_is(request::execute) ? completes(request::execute, header) : stream(header);
}

void response_relay::settle_tag(std::string_view tag) {
  if (tag == "DISCARD ALL" || tag == "DEALLOCATE ALL") drop_statements();
  if (tag == "DEALLOCATE" && !backend_.expected.empty()) {
    auto& head = backend_.expected.front();
    if (head.then == bookkeeping::deallocates_one) {
      client_.statements.confirm_close(head.serial);
      head.then = bookkeeping::none;
    }
  }
  if (tag == "LOAD") backend_.lasting = lasting_state::library;
  if (head_handling() != handling::swallow) note_discarded_sequences(client_, backend_, tag);
  const auto effects = effects_of(tag);
  if (head_handling() != handling::swallow && effects.leaves_state) backend_.dirty = true;
  backend_.gave_up = backend_.gave_up || effects.gives_up;
  backend_.changes_logins = backend_.changes_logins || effects.changes_logins;
  settle_relations(effects);
}

// CREATE TABLE AS and SELECT INTO are tagged as a SELECT. What is temporary hides others from its own session
// alone.
void response_relay::settle_relations(const tag_effects& effects) {
  const bool makes = backend_.makes != wire::made_relation::none && effects.may_make_relation;
  if (makes && backend_.makes == wire::made_relation::temporary)
    ++backend_.counts.temporary_relations;
  else if (makes || effects.changes_schema)
    note_schema_change(true);
}

// Again when it is committed: what others prepared meanwhile still met the old schema.
void response_relay::note_schema_change(bool goes_on) {
  ++backend_.counts.schema_changes;
  backend_.changes_schema = goes_on;
}

// Until it is committed nobody else sees it. A rollback counts, too: whether it was one to a savepoint, and
// to which, is not worth to be known.
void response_relay::settle_logins() {
  if (backend_.transaction != 'I' || !backend_.changes_logins) return;
  ++backend_.counts.login_changes;
  backend_.changes_logins = false;
}

// All prepared statements are gone, but for those whose Parse the server has still to work off.
void response_relay::drop_statements() {
  const auto& expected = backend_.expected;
  auto first_later_name = client_.statements.next_serial();
  auto first_later_change = backend_.prepared.changes().last() + 1;
  for (std::size_t i = expected.size(); i > 1; --i) {
    const auto& later = expected.at(i - 1);
    if (later.then == bookkeeping::names_statement) first_later_name = later.serial;
    if (later.prepared != 0) first_later_change = later.prepared;
  }
  backend_.prepared.clear_before(first_later_change);
  if (head_handling() != handling::swallow) client_.statements.clear_before(first_later_name);
}

}  // namespace pgweir::core
