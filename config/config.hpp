// config/config.hpp - what the operator wants: plain values with their defaults, in typed units.
// Filled by config/load.hpp; constant after that, so every thread may read it without a lock.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgweir::config {

using std::chrono::milliseconds;

enum class pool_mode { session, transaction, statement };
enum class multiplex { automatic, off };
enum class prepare_unnamed { automatic, off };
enum class prepare_simple { automatic, off };
enum class max_pinned_policy { wait, error };
enum class begin { deferred, direct };
enum class listen_loss { close, repair };
enum class auth_method { trust, password, md5, scram_sha_256 };
enum class tls_mode { off, allow, require };
enum class log_format { text, json };
enum class log_level { debug, info, warning, error };

inline constexpr std::size_t most_in_lane_batch = 16;

// How a pool behaves, all keys resolved. A timeout of zero means "no limit".
struct pool_settings {
  pool_mode mode = pool_mode::transaction;
  std::size_t size = 20;     // backends of one (database, user), for the whole process
  std::size_t min_size = 0;  // kept open once the pool has been used
  config::multiplex multiplex = config::multiplex::automatic;
  std::size_t lanes = 0;                        // backends that are lanes at once, at most; 0: pgweir chooses
  std::size_t lane_depth = 256;                 // units queued on one lane, at most
  std::size_t lane_batch = most_in_lane_batch;  // of them, that share a Sync, at most; 1: none does
  milliseconds lane_expected_time{20};          // never zero; see config/pgweir.toml
  milliseconds client_write_timeout{10'000};    // for a client whose answer holds up a lane
  config::begin begin = config::begin::deferred;
  bool server_round_robin = false;
  milliseconds server_lifetime{3'600'000};
  milliseconds server_idle_timeout{600'000};
  milliseconds server_connect_timeout{15'000};
  milliseconds query_wait_timeout{120'000};
  milliseconds query_timeout{0};
  milliseconds idle_transaction_timeout{0};
  milliseconds client_idle_timeout{0};
  milliseconds pin_idle_timeout{0};
  std::size_t max_pinned =
      0;  // sessions that keep a backend beyond a transaction, for the whole process; 0: any
  config::max_pinned_policy max_pinned_policy = config::max_pinned_policy::wait;
  bool shared_listen = true;  // listening sessions share one backend
  config::listen_loss listen_loss = config::listen_loss::close;
  milliseconds listen_timeout{30'000};    // for an answer of that backend; 0: any time
  bool cancel_on_disconnect = true;       // a query whose client has gone is cancelled
  std::size_t prepared_statements = 200;  // kept per backend, least recently used ones are closed
  config::prepare_unnamed prepare_unnamed = config::prepare_unnamed::automatic;
  config::prepare_simple prepare_simple = config::prepare_simple::automatic;
  // Beyond those that pgweir knows itself. In lower case; one that ends in "*" stands for all that begin so.
  // The server takes the union of all tables, not this list: a statement is judged once for the process.
  std::vector<std::string> session_functions;
};

// The same keys where a table may leave any of them out: [pool], [databases.x], [users.x].
struct pool_overrides {
  std::optional<pool_mode> mode;
  std::optional<std::size_t> size;
  std::optional<std::size_t> min_size;
  std::optional<config::multiplex> multiplex;
  std::optional<std::size_t> lanes;
  std::optional<std::size_t> lane_depth;
  std::optional<std::size_t> lane_batch;
  std::optional<milliseconds> lane_expected_time;
  std::optional<milliseconds> client_write_timeout;
  std::optional<config::begin> begin;
  std::optional<bool> server_round_robin;
  std::optional<milliseconds> server_lifetime;
  std::optional<milliseconds> server_idle_timeout;
  std::optional<milliseconds> server_connect_timeout;
  std::optional<milliseconds> query_wait_timeout;
  std::optional<milliseconds> query_timeout;
  std::optional<milliseconds> idle_transaction_timeout;
  std::optional<milliseconds> client_idle_timeout;
  std::optional<milliseconds> pin_idle_timeout;
  std::optional<std::size_t> max_pinned;
  std::optional<config::max_pinned_policy> max_pinned_policy;
  std::optional<bool> shared_listen;
  std::optional<config::listen_loss> listen_loss;
  std::optional<milliseconds> listen_timeout;
  std::optional<bool> cancel_on_disconnect;
  std::optional<std::size_t> prepared_statements;
  std::optional<config::prepare_unnamed> prepare_unnamed;
  std::optional<config::prepare_simple> prepare_simple;
  std::optional<std::vector<std::string>> session_functions;  // the server takes the union of all tables
};

struct tls_settings {
  tls_mode mode = tls_mode::off;
  std::string certificate;  // PEM file with the chain
  std::string key;          // PEM file
};

struct listen_settings {
  std::vector<std::string> addresses{"127.0.0.1:6432"};  // "host:port", "[::1]:port" or "/directory"
  int unix_port = 6432;  // a Unix socket is called <directory>/.s.PGSQL.<unix_port>, as libpq expects
  int backlog = 1024;
  tls_settings tls;
  milliseconds client_login_timeout{60'000};
  bool password_without_tls = false;  // auth = "password" is refused on a plain TCP connection unless true
};

struct metrics_settings {
  std::string address = "127.0.0.1:9127";  // empty: no endpoint
  std::size_t max_pools = 1000;            // label sets beyond this are counted under "other"
};

struct limit_settings {
  std::size_t clients = 10'000;
  std::size_t prepared_memory = 64u << 20;  // bytes of statement texts and names
};

struct log_settings {
  log_level level = log_level::info;
  log_format format = log_format::text;
  bool connections = true;  // one line for each connect and disconnect
};

struct database_settings {
  std::string server;                  // libpq conninfo
  std::optional<std::size_t> clients;  // limit of client connections
  pool_overrides pool;
};

struct user_settings {
  std::string
      secret;  // resolved from password, password_file or password_env; plain, md5... or SCRAM-SHA-256$...
  auth_method auth = auth_method::scram_sha_256;
  std::optional<std::size_t> clients;
  pool_overrides pool;
};

struct config {
  listen_settings listen;
  metrics_settings metrics;
  limit_settings limits;
  log_settings log;
  std::size_t workers = 0;  // 0: chosen from the number of cores
  pool_overrides pool;
  std::map<std::string, database_settings, std::less<>> databases;  // "*" stands for any name
  std::map<std::string, user_settings, std::less<>> users;          // "*" stands for any name
};

// The entry for a name: its own, else that of "*", else null.
const database_settings* find_database(const config& all, std::string_view name);
const user_settings* find_user(const config& all, std::string_view name);

// Defaults, then [pool], then the database's keys, then the user's: the most particular wins.
pool_settings settings_of(const config& all, const database_settings& database, const user_settings& user);

}  // namespace pgweir::config
