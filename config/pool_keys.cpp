#include "config/pool_keys.hpp"

#include <algorithm>

namespace pgweir::config {

namespace {

constexpr choice<pool_mode> pool_modes[]{{"session", pool_mode::session},
                                         {"transaction", pool_mode::transaction},
                                         {"statement", pool_mode::statement}};

constexpr choice<multiplex> multiplexes[]{{"auto", multiplex::automatic}, {"off", multiplex::off}};

constexpr choice<prepare_unnamed> prepare_unnameds[]{{"auto", prepare_unnamed::automatic},
                                                     {"off", prepare_unnamed::off}};

constexpr choice<prepare_simple> prepare_simples[]{{"auto", prepare_simple::automatic},
                                                   {"off", prepare_simple::off}};

constexpr choice<max_pinned_policy> max_pinned_policies[]{{"wait", max_pinned_policy::wait},
                                                          {"error", max_pinned_policy::error}};
constexpr choice<begin> begins[]{{"deferred", begin::deferred}, {"direct", begin::direct}};
constexpr choice<listen_loss> listen_losses[]{{"close", listen_loss::close}, {"repair", listen_loss::repair}};

char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// What PostgreSQL takes for a name without quotes (ident_start and ident_cont of its scan.l).
bool starts_name(char letter) {
  return (lower(letter) >= 'a' && lower(letter) <= 'z') || letter == '_' ||
         static_cast<unsigned char>(letter) >= 0x80;
}
bool continues_name(char letter) {
  return starts_name(letter) || (letter >= '0' && letter <= '9') || letter == '$';
}

// A name, or how names begin and a "*". Not "*" alone: multiplex = "off" says that.
constexpr text_rule function_names{
    .fits =
        [](std::string_view text) {
          if (text.ends_with('*')) text.remove_suffix(1);
          return !text.empty() && starts_name(text.front()) && std::ranges::all_of(text, continues_name);
        },
    .otherwise = "not the name of a function",
    .advice = "write the name without its schema, as in \"my_lock\", or how such names begin: \"my_lock*\""};

std::optional<std::vector<std::string>> in_lower_case(std::optional<std::vector<std::string>> names) {
  if (!names) return names;
  for (std::string& name : *names) std::ranges::transform(name, name.begin(), lower);
  return names;
}

}  // namespace

pool_overrides read_pool_keys(table_reader& from) {
  pool_overrides to;
  to.mode = from.one_of("mode", pool_modes);
  to.size = from.count("size", {.least = 1});
  to.min_size = from.count("min_size", {});
  to.multiplex = from.one_of("multiplex", multiplexes);
  to.lanes = from.count("lanes", {});
  to.lane_depth = from.count("lane_depth", {.least = 1});
  to.lane_batch = from.count("lane_batch", {.least = 1, .most = most_in_lane_batch});
  to.lane_expected_time = from.duration("lane_expected_time", milliseconds{1});
  to.client_write_timeout = from.duration("client_write_timeout");
  to.begin = from.one_of("begin", begins);
  to.server_round_robin = from.flag("server_round_robin");
  to.server_lifetime = from.duration("server_lifetime");
  to.server_idle_timeout = from.duration("server_idle_timeout");
  to.server_connect_timeout = from.duration("server_connect_timeout");
  to.query_wait_timeout = from.duration("query_wait_timeout");
  to.query_timeout = from.duration("query_timeout");
  to.idle_transaction_timeout = from.duration("idle_transaction_timeout");
  to.client_idle_timeout = from.duration("client_idle_timeout");
  to.pin_idle_timeout = from.duration("pin_idle_timeout");
  to.max_pinned = from.count("max_pinned", {});
  to.max_pinned_policy = from.one_of("max_pinned_policy", max_pinned_policies);
  to.shared_listen = from.flag("shared_listen");
  to.listen_loss = from.one_of("listen_loss", listen_losses);
  to.listen_timeout = from.duration("listen_timeout");
  to.cancel_on_disconnect = from.flag("cancel_on_disconnect");
  to.prepared_statements = from.count("prepared_statements", {.least = 1});
  to.prepare_unnamed = from.one_of("prepare_unnamed", prepare_unnameds);
  to.prepare_simple = from.one_of("prepare_simple", prepare_simples);
  to.session_functions = in_lower_case(from.texts("session_functions", function_names));
  return to;
}

}  // namespace pgweir::config
