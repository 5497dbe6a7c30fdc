// The part of the request relay that sends a simple Query by the extended protocol: so that it can share a
// Sync with units of other clients, and that what differs in literals only (wire/lifted_query) is prepared
// once.
//
// The client is answered what it would be answered otherwise, for the server describes and runs a text alike
// on both ways. Where it might not, it fails: lane_queue then sends the Query again, as it is,
// unless the error has nothing to do with how it was sent (may_come_from_translation), or a part of a large
// answer has gone out.
#include "proxy/core/request_relay.hpp"
#include "proxy/wire/request.hpp"

namespace pgweir::core {

// Precondition: on a lane, so it is whole, and one plain read.
request_relay::verdict request_relay::query_as_statement(const wire::frame_header& header) {
  const auto text_and_zero = body(header);
  const auto known =
      rules_.queries == nullptr
          ? statement_finder::known_query{}
          : rules_.queries->note_query(wire::before_zero(wire::as_text(text_and_zero)), client_.stale_up_to);
  backend_.unit.is_translated = true;
  if (known.made != nullptr) {
    ensure_prepared(*known.made);
    ++backend_.counts.queries_prepared;
    built_.clear();
    wire::append_bind(built_, known.made->server_name, known.lifted.all());
  } else {
    ++backend_.counts.server_parses;
    backend_.expected.push(
        {.request = request::parse, .how = handling::swallow, .then = bookkeeping::of_query});
    server_has_unnamed(unnamed_holder::unknown());
    built_.clear();
    wire::append_parse_untyped(built_, "", text_and_zero);
    wire::append_bind(built_, "");
  }
  wire::append_describe(built_, 'P', "");
  wire::append_execute(built_, "");
  inject(built_);
  const auto statement = known.made == nullptr ? 0 : known.made->id;
  backend_.expected.push({.request = request::bind,
                          .how = handling::swallow,
                          .then = bookkeeping::of_query,
                          .statement = statement});
  backend_.expected.push({.request = request::describe_portal, .then = bookkeeping::of_query});
  backend_.expected.push({.request = request::execute});
  // As a simple Query does.
  const auto dropped = client_.unnamed.drop();
  backend_.expected.push({.request = request::sync, .how = handling::synthesise, .unnamed = dropped});
  client_.in_unit = false;
  stream_.skip(header.size());
  return verdict::done;
}

}  // namespace pgweir::core
