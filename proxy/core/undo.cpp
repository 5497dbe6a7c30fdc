#include "proxy/core/undo.hpp"

namespace pgweir::core {

void undo_names(client_state& client, const expected_response& sent, bool tried) {
  if (sent.unnamed != 0) client.unnamed.undo(sent.unnamed);
  switch (sent.then) {
    case bookkeeping::names_statement:
      client.statements.undo_define(sent.serial);
      break;
    case bookkeeping::unnames_statement:
    case bookkeeping::deallocates_one:
      client.statements.undo_close(sent.serial);
      break;
    case bookkeeping::sets_unnamed:
      tried ? client.unnamed.fail(sent.serial) : client.unnamed.undo(sent.serial);
      break;
    case bookkeeping::drops_unnamed:
      client.unnamed.undo(sent.serial);
      break;
    case bookkeeping::none:
    case bookkeeping::stands_in:
    case bookkeeping::injected:
    case bookkeeping::evicts_statement:
    case bookkeeping::probes_state:
    case bookkeeping::changes_channels:
    case bookkeeping::adapts:
    case bookkeeping::discards_sequences:
    case bookkeeping::refuses:
    case bookkeeping::gives_own_name:
    case bookkeeping::gives_own_name_in_unit:
    case bookkeeping::takes_names:
    case bookkeeping::opens_transaction:
    case bookkeeping::fails_transaction:
    case bookkeeping::prepares_ahead:
    case bookkeeping::of_query:
    case bookkeeping::was_refused:
    case bookkeeping::checks_shape:
    case bookkeeping::ignored_in_copy:
      break;
  }
}

void undo_preparing(backend_state& backend, const expected_response& sent) {
  if (sent.prepared == 0) return;
  switch (sent.then) {
    case bookkeeping::names_statement:
    case bookkeeping::sets_unnamed:
    case bookkeeping::injected:
      backend.prepared.undo_add(sent.statement, sent.prepared);
      break;
    case bookkeeping::evicts_statement:
      backend.prepared.undo_removal(sent.prepared);
      break;
    default:
      break;
  }
}

}  // namespace pgweir::core
