// config/pgweir.toml is the reference of every key: it must be right, complete, and tell the true defaults.
#include "config/load.hpp"
#include "config/read_file.hpp"
#include "tests/config/load_helpers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace pgweir::config {
namespace {

// "[users.alice]" is the table users.NAME.
std::string table_of(std::string_view header) {
  const std::string_view path = header.substr(1, header.find(']') - 1);
  const std::string_view group = path.substr(0, path.find('.'));
  const bool named = group == "databases" || group == "users";
  return named ? std::string{group} + ".NAME" : std::string{path};
}

// "# size = 40" holds the key size; a sentence holds none.
std::string_view key_of(std::string_view line) {
  if (line.starts_with("# ")) line.remove_prefix(2);
  const std::string_view key = line.substr(0, line.find_first_of(' '));
  return line.substr(key.size()).starts_with(" = ") ? key : std::string_view{};
}

// The keys a reader finds in it, with those behind a "#", as known_keys() names them.
std::set<std::string> keys_shown() {
  std::set<std::string> shown;
  std::string table;
  std::istringstream lines{read_file(EXAMPLE_FILE).text};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) {
      table = table_of(line);
      shown.insert(table.substr(0, table.find('.')));
      shown.insert(table);
      table += '.';
    } else if (const std::string_view key = key_of(line); !key.empty()) {
      shown.insert(table + std::string{key});
    }
  }
  return shown;
}

bool is_repeated_pool_key(const std::string& path, const std::set<std::string>& shown) {
  const std::size_t dot = path.rfind('.');
  return (path.starts_with("databases.") || path.starts_with("users.")) &&
         shown.contains("pool" + path.substr(dot));
}

TEST(example_file, loads_without_a_problem_or_a_warning) { EXPECT_EQ(said_by(load_file(EXAMPLE_FILE)), ""); }

TEST(example_file, shows_every_known_key) {
  const std::set<std::string> shown = keys_shown();
  for (const std::string& path : known_keys()) {
    EXPECT_TRUE(shown.contains(path) || is_repeated_pool_key(path, shown)) << path;
  }
}

TEST(example_file, shows_no_other_key) {
  const std::vector<std::string> known = known_keys();
  for (const std::string& path : keys_shown()) {
    if (path == "databases.NAME" || path == "users.NAME") continue;
    EXPECT_THAT(known, testing::Contains(path));
  }
}

TEST(example_file, holds_the_default_of_every_key_outside_databases_and_users) {
  const config shown = load_file(EXAMPLE_FILE).value;
  const config defaults;
  EXPECT_EQ(shown.workers, defaults.workers);
  EXPECT_EQ(shown.listen.addresses, defaults.listen.addresses);
  EXPECT_EQ(shown.listen.unix_port, defaults.listen.unix_port);
  EXPECT_EQ(shown.listen.backlog, defaults.listen.backlog);
  EXPECT_EQ(shown.listen.tls.mode, defaults.listen.tls.mode);
  EXPECT_EQ(shown.listen.client_login_timeout, defaults.listen.client_login_timeout);
  EXPECT_EQ(shown.listen.password_without_tls, defaults.listen.password_without_tls);
  EXPECT_EQ(shown.metrics.address, defaults.metrics.address);
  EXPECT_EQ(shown.metrics.max_pools, defaults.metrics.max_pools);
  EXPECT_EQ(shown.limits.clients, defaults.limits.clients);
  EXPECT_EQ(shown.limits.prepared_memory, defaults.limits.prepared_memory);
  EXPECT_EQ(shown.log.level, defaults.log.level);
  EXPECT_EQ(shown.log.format, defaults.log.format);
  EXPECT_EQ(shown.log.connections, defaults.log.connections);
}

TEST(example_file, holds_the_default_of_every_pool_key) {
  const pool_overrides shown = load_file(EXAMPLE_FILE).value.pool;
  const pool_settings defaults;
  EXPECT_EQ(shown.mode, defaults.mode);
  EXPECT_EQ(shown.size, defaults.size);
  EXPECT_EQ(shown.min_size, defaults.min_size);
  EXPECT_EQ(shown.multiplex, defaults.multiplex);
  EXPECT_EQ(shown.lanes, defaults.lanes);
  EXPECT_EQ(shown.lane_depth, defaults.lane_depth);
  EXPECT_EQ(shown.lane_batch, defaults.lane_batch);
  EXPECT_EQ(shown.lane_expected_time, defaults.lane_expected_time);
  EXPECT_EQ(shown.client_write_timeout, defaults.client_write_timeout);
  EXPECT_EQ(shown.begin, defaults.begin);
  EXPECT_EQ(shown.server_round_robin, defaults.server_round_robin);
  EXPECT_EQ(shown.server_lifetime, defaults.server_lifetime);
  EXPECT_EQ(shown.server_idle_timeout, defaults.server_idle_timeout);
  EXPECT_EQ(shown.server_connect_timeout, defaults.server_connect_timeout);
  EXPECT_EQ(shown.query_wait_timeout, defaults.query_wait_timeout);
  EXPECT_EQ(shown.query_timeout, defaults.query_timeout);
  EXPECT_EQ(shown.idle_transaction_timeout, defaults.idle_transaction_timeout);
  EXPECT_EQ(shown.client_idle_timeout, defaults.client_idle_timeout);
  EXPECT_EQ(shown.pin_idle_timeout, defaults.pin_idle_timeout);
  EXPECT_EQ(shown.max_pinned, defaults.max_pinned);
  EXPECT_EQ(shown.max_pinned_policy, defaults.max_pinned_policy);
  EXPECT_EQ(shown.shared_listen, defaults.shared_listen);
  EXPECT_EQ(shown.listen_loss, defaults.listen_loss);
  EXPECT_EQ(shown.listen_timeout, defaults.listen_timeout);
  EXPECT_EQ(shown.cancel_on_disconnect, defaults.cancel_on_disconnect);
  EXPECT_EQ(shown.prepared_statements, defaults.prepared_statements);
  EXPECT_EQ(shown.prepare_unnamed, defaults.prepare_unnamed);
  EXPECT_EQ(shown.prepare_simple, defaults.prepare_simple);
  EXPECT_EQ(shown.session_functions, defaults.session_functions);
}

}  // namespace
}  // namespace pgweir::config
