#include "proxy/core/transaction_deferral.hpp"

#include "proxy/core/transaction_unit.hpp"

namespace pgweir::core {
namespace {

using outcome = deferral_step::outcome;

bool may_wait(const wire::transaction_modes& modes, const deferral_rules& rules) {
  const bool may_be_refused =
      modes.isolation == wire::isolation_level::serializable || modes.access == wire::access_mode::read_write;
  return rules.server_takes_writes || !may_be_refused;
}

deferral_step begin(client_state& client, wire::bytes_view arrived, const deferral_rules& rules,
                    std::string& answer) {
  const auto unit = read_transaction_unit(client, arrived);
  const bool is_alone = unit.size == arrived.size();
  if (!is_alone || !unit.command.begins() || !may_wait(unit.command.modes, rules)) return {};
  const auto* begin = rules.begins.find(unit.command.modes);
  if (begin == nullptr || !keep_statements_of(unit, client, rules.begins.catalogue())) return {};
  client.deferred.begin(*begin, !unit.is_query);
  append_answers(answer, arrived, tag_of(unit.command.verb), client.deferred.status());
  return {outcome::begun, unit.size};
}

deferral_step end(client_state& client, wire::bytes_view arrived, const deferral_rules& rules,
                  std::string& answer) {
  const bool has_failed = client.deferred.is_failed();
  const deferral_step otherwise{has_failed ? outcome::refused : outcome::dispatch};
  const auto unit = read_transaction_unit(client, arrived);
  if (unit.size == 0 && has_failed && may_run_in_failed(client, arrived)) {
    client.deferred.hand_over();
    return {};
  }
  if (unit.size == 0 || !unit.command.ends()) return otherwise;
  if (!keep_statements_of(unit, client, rules.begins.catalogue())) return otherwise;
  client.deferred.end();
  const auto verb = has_failed ? wire::transaction_verb::rollback : unit.command.verb;
  append_answers(answer, arrived.first(unit.size), tag_of(verb), client.deferred.status());
  return {outcome::ended, unit.size};
}

}  // namespace

deferral_step defer_transaction(client_state& client, wire::bytes_view arrived, const deferral_rules& rules,
                                std::string& answer) {
  return client.deferred.is_none() ? begin(client, arrived, rules, answer)
                                   : end(client, arrived, rules, answer);
}

}  // namespace pgweir::core
