#include "tests/pool/pool_fixture.hpp"

#include "proxy/wire/writer.hpp"

namespace pgweir::test {
namespace {

config::config make_configuration(const std::string& server, config::pool_overrides settings) {
  config::config made;
  config::database_settings database;
  database.server = server;
  made.databases.emplace("postgres", database);
  database.server += " dbname=template1";
  made.databases.emplace("template", database);
  config::user_settings user;
  user.secret = "postgres";
  made.users.emplace("postgres", user);
  user.secret = "wrong";
  made.users.emplace("no_such_role", user);
  made.pool = settings;
  return made;
}

}  // namespace

void test_client::acquire(const pool::shared_profile& startup) {
  failure.reset();
  pool_.acquire(*this, startup);
}

void test_client::release() {
  answer.clear();
  held.release();
}

void test_client::query(const std::string& sql) {
  answer.clear();
  std::string message;
  wire::writer{message}.begin('Q').c_string(sql).end();
  held->send(wire::as_bytes(message));
}

bool test_client::is_answered() const {
  return answer.size() >= 6 && answer.compare(answer.size() - 6, 5, std::string("Z\0\0\0\5", 5)) == 0;
}

void test_client::on_backend(pool::lease granted) {
  held = std::move(granted);
  held->set_user(this);
  if (order != nullptr) order->push_back(this);
}

std::size_t test_client::on_server_bytes(std::span<const std::byte> arrived) {
  answer += wire::as_text(arrived);
  return arrived.size();
}

void test_client::on_server_lost(io::io_status) {
  lost = true;
  held.discard(metrics::close_reason::server);
}

pool_fixture::pool_fixture(const std::string& server, config::pool_overrides settings, std::size_t workers)
    : configuration_(make_configuration(server, settings)),
      metrics_(workers, 100),
      registry_(configuration_, metrics_, workers) {
  for (std::size_t i = 0; i < workers; ++i)
    workers_.push_back(std::make_unique<test_worker>(i, registry_, blocking_));
}

pool_fixture::~pool_fixture() { blocking_.join(); }

std::int64_t pool_fixture::idle(std::size_t worker) {
  return instruments(worker).servers[metrics::server_state::idle].value();
}

std::uint64_t pool_fixture::closes(metrics::close_reason why, std::size_t worker) {
  return instruments(worker).server_closes[why].value();
}

}  // namespace pgweir::test
