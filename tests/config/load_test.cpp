#include "config/load.hpp"

#include "tests/config/load_helpers.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace pgweir::config {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

load_result load_valid(const std::string& name) {
  return load_file((fs::path{DATA_DIRECTORY} / "valid" / name).string());
}

TEST(config_load, needs_a_database_and_a_user_only) {
  const load_result loaded = load_valid("minimal.toml");
  EXPECT_EQ(said_by(loaded), "");
  EXPECT_EQ(loaded.value.databases.at("*").server, "host=127.0.0.1 port=5432");
  EXPECT_EQ(loaded.value.users.at("alice").secret, "wonderland");
  EXPECT_EQ(loaded.value.users.at("alice").auth, auth_method::scram_sha_256);
  EXPECT_EQ(loaded.value.listen.addresses, std::vector<std::string>{"127.0.0.1:6432"});
}

TEST(config_load, reads_the_tables_that_stand_once) {
  const config value = load_valid("full.toml").value;
  EXPECT_EQ(value.workers, 4u);
  EXPECT_EQ(value.listen.addresses, (std::vector<std::string>{"0.0.0.0:6432", "[::1]:6433", "/run/pgweir"}));
  EXPECT_EQ(value.listen.unix_port, 6500);
  EXPECT_EQ(value.listen.backlog, 128);
  EXPECT_EQ(value.listen.client_login_timeout, 5s);
  EXPECT_TRUE(value.listen.password_without_tls);
  EXPECT_EQ(value.listen.tls.mode, tls_mode::require);
  EXPECT_EQ(value.metrics.address, "");
  EXPECT_EQ(value.metrics.max_pools, 10u);
  EXPECT_EQ(value.limits.clients, 500u);
  EXPECT_EQ(value.limits.prepared_memory, 512u << 10);
  EXPECT_EQ(value.log.level, log_level::debug);
  EXPECT_EQ(value.log.format, log_format::json);
  EXPECT_FALSE(value.log.connections);
}

TEST(config_load, reads_every_pool_key) {
  const pool_settings pool = settings_of(load_valid("full.toml").value, {}, {});
  EXPECT_EQ(pool.mode, pool_mode::session);
  EXPECT_EQ(pool.size, 7u);
  EXPECT_EQ(pool.min_size, 2u);
  EXPECT_EQ(pool.multiplex, multiplex::off);
  EXPECT_EQ(pool.lanes, 3u);
  EXPECT_EQ(pool.lane_depth, 32u);
  EXPECT_EQ(pool.lane_batch, 4u);
  EXPECT_EQ(pool.lane_expected_time, 20ms);
  EXPECT_EQ(pool.client_write_timeout, 4s);
  EXPECT_EQ(pool.begin, begin::direct);
  EXPECT_TRUE(pool.server_round_robin);
  EXPECT_EQ(pool.server_lifetime, 2h);
  EXPECT_EQ(pool.server_idle_timeout, 3min);
  EXPECT_EQ(pool.server_connect_timeout, 250ms);
  EXPECT_EQ(pool.query_wait_timeout, 1s);
  EXPECT_EQ(pool.query_timeout, 2s);
  EXPECT_EQ(pool.idle_transaction_timeout, 3s);
  EXPECT_EQ(pool.client_idle_timeout, 24h);
  EXPECT_EQ(pool.pin_idle_timeout, 2min);
  EXPECT_EQ(pool.max_pinned, 3u);
  EXPECT_EQ(pool.max_pinned_policy, max_pinned_policy::error);
  EXPECT_FALSE(pool.shared_listen);
  EXPECT_EQ(pool.listen_loss, listen_loss::repair);
  EXPECT_EQ(pool.listen_timeout, 7s);
  EXPECT_FALSE(pool.cancel_on_disconnect);
  EXPECT_EQ(pool.prepared_statements, 9u);
  EXPECT_EQ(pool.prepare_unnamed, prepare_unnamed::off);
  EXPECT_EQ(pool.prepare_simple, prepare_simple::off);
  EXPECT_EQ(pool.session_functions, (std::vector<std::string>{"audit_begin", "my_lock*"}));
}

TEST(config_load, reads_databases_and_users) {
  const load_result loaded = load_valid("full.toml");
  EXPECT_TRUE(loaded.problems.empty()) << said_by(loaded);
  const database_settings& app = loaded.value.databases.at("app");
  EXPECT_EQ(app.server, "postgresql://pool@10.0.0.5:5432,10.0.0.6/app?target_session_attrs=read-write");
  EXPECT_EQ(app.clients, 300u);
  const user_settings& alice = loaded.value.users.at("alice");
  EXPECT_EQ(alice.secret, "wonderland");
  EXPECT_EQ(alice.clients, 20u);
  const pool_settings pool = settings_of(loaded.value, app, alice);
  EXPECT_EQ(pool.mode, pool_mode::transaction);
  EXPECT_EQ(pool.size, 3u);
  EXPECT_EQ(pool.min_size, 2u);
  EXPECT_EQ(pool.multiplex, multiplex::automatic);
  EXPECT_EQ(pool.lanes, 1u);
  EXPECT_EQ(pool.session_functions, std::vector<std::string>{"app_state"});
}

TEST(config_load, chooses_the_authentication_that_fits_the_secret) {
  const auto users = load_valid("full.toml").value.users;
  EXPECT_EQ(users.at("alice").auth, auth_method::scram_sha_256);
  EXPECT_EQ(users.at("bob").auth, auth_method::trust);
  EXPECT_EQ(users.at("carol.of.kent").auth, auth_method::md5);
  EXPECT_EQ(users.at("dave").auth, auth_method::scram_sha_256);
}

TEST(config_load, starts_relative_paths_at_the_directory_of_the_file) {
  const tls_settings tls = load_valid("full.toml").value.listen.tls;
  EXPECT_TRUE(fs::equivalent(tls.certificate, fs::path{DATA_DIRECTORY} / "files" / "tls.crt"));
  EXPECT_TRUE(fs::equivalent(tls.key, fs::path{DATA_DIRECTORY} / "files" / "tls.key"));
}

TEST(config_load, takes_a_single_address_for_a_list_of_one) {
  const load_result loaded = load_with("[listen]\naddress = \"/run/pgweir\"");
  EXPECT_EQ(said_by(loaded), "");
  EXPECT_EQ(loaded.value.listen.addresses, std::vector<std::string>{"/run/pgweir"});
}

TEST(config_load, takes_zero_for_no_limit) {
  const load_result loaded = load_with("[pool]\nquery_wait_timeout = 0\nserver_lifetime = \"0\"");
  EXPECT_EQ(said_by(loaded), "");
  EXPECT_EQ(loaded.value.pool.query_wait_timeout, 0s);
  EXPECT_EQ(loaded.value.pool.server_lifetime, 0s);
}

TEST(config_load, reads_names_of_functions_in_lower_case) {
  const load_result loaded =
      load_with("[pool]\nsession_functions = [\"Next_Ticket\", \"_x$1*\", \"gr\u00FC\u00DFe\"]");
  EXPECT_EQ(said_by(loaded), "");
  EXPECT_EQ(loaded.value.pool.session_functions,
            (std::vector<std::string>{"next_ticket", "_x$1*", "gr\u00FC\u00DFe"}));
}

TEST(config_load, takes_an_empty_list_of_functions_over_a_wider_table_s) {
  const load_result loaded =
      load_with("[pool]\nsession_functions = \"a\"\n[users.bob]\nauth = \"trust\"\nsession_functions = []");
  EXPECT_EQ(said_by(loaded), "");
  const config& all = loaded.value;
  EXPECT_EQ(settings_of(all, {}, all.users.at("alice")).session_functions, std::vector<std::string>{"a"});
  EXPECT_EQ(settings_of(all, {}, all.users.at("bob")).session_functions, std::vector<std::string>{});
}

TEST(config_load, keeps_the_default_of_a_key_that_is_wrong) {
  const load_result loaded = load_with("[limits]\nclients = \"many\"");
  EXPECT_EQ(loaded.problems.size(), 1u);
  EXPECT_EQ(loaded.value.limits.clients, limit_settings{}.clients);
}

TEST(config_load, names_a_file_that_cannot_be_read) {
  EXPECT_EQ(said_by(load_file("/no/such/pgweir.toml")),
            "/no/such/pgweir.toml: cannot be read: No such file or directory; "
            "check the path and that pgweir's user may read it\n");
}

TEST(config_load, reads_a_file_with_windows_line_ends_and_byte_order_mark) {
  const load_result loaded = load_text(
      "\xEF\xBB\xBF[databases.app]\r\nserver = \"\"\r\n[users.alice]\r\nauth = \"trust\"\r\n", "test.toml");
  EXPECT_EQ(said_by(loaded), "");
}

}  // namespace
}  // namespace pgweir::config
