#include "config/pool_keys.hpp"

namespace pgweir::config {

namespace {

constexpr choice<pool_mode> pool_modes[]{{"session", pool_mode::session},
                                         {"transaction", pool_mode::transaction},
                                         {"statement", pool_mode::statement}};

constexpr choice<multiplex> multiplexes[]{{"auto", multiplex::automatic}, {"off", multiplex::off}};

}  // namespace

pool_overrides read_pool_keys(table_reader& from) {
  pool_overrides to;
  to.mode = from.one_of("mode", pool_modes);
  to.size = from.count("size", {.least = 1});
  to.min_size = from.count("min_size", {});
  to.multiplex = from.one_of("multiplex", multiplexes);
  to.server_round_robin = from.flag("server_round_robin");
  to.server_lifetime = from.duration("server_lifetime");
  to.server_idle_timeout = from.duration("server_idle_timeout");
  to.server_connect_timeout = from.duration("server_connect_timeout");
  to.query_wait_timeout = from.duration("query_wait_timeout");
  to.query_timeout = from.duration("query_timeout");
  to.idle_transaction_timeout = from.duration("idle_transaction_timeout");
  to.client_idle_timeout = from.duration("client_idle_timeout");
  to.cancel_on_disconnect = from.flag("cancel_on_disconnect");
  to.prepared_statements = from.count("prepared_statements", {.least = 1});
  return to;
}

}  // namespace pgweir::config
