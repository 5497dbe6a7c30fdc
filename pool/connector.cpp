#include "pool/connector.hpp"

#include "metrics/log.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <utility>

namespace pgweir::pool {
namespace asio = boost::asio;
namespace log = metrics::log;

connector::connector(io::loop& loop, login_request server, metrics::pool_instruments& instruments,
                     connector_user& user)
    : loop_(loop), server_(std::move(server)), instruments_(instruments), user_(user) {}

void connector::open(const shared_profile& startup) {
  under_way_.push_back(startup);
  instruments_.servers[metrics::server_state::login].add(1);
  asio::co_spawn(loop_.context, attempt(startup, io::asio_work(loop_.poll)),
                 [](const std::exception_ptr& thrown) {
                   if (!thrown) return;
                   try {
                     std::rethrow_exception(thrown);
                   } catch (const std::exception& error) {
                     log::event(log::level::error, "internal error after a login to the server",
                                {{"reason", std::string_view(error.what())}});
                   }
                 });
}

asio::awaitable<void> connector::attempt(shared_profile startup, io::asio_work) {
  const auto started = io::clock::now();
  auto request = server_;
  request.startup = startup;
  login_result result = server_failure{"08001", "internal error during the login to the server", false};
  try {
    result = co_await log_in(request);
  } catch (const std::exception& error) {
    std::get<server_failure>(result).message += std::string(": ") + error.what();
  }
  const auto took = io::clock::now() - started;
  if (auto* made = std::get_if<server_connection>(&result)) {
    made->login_began = started;
    succeeded(std::move(*made), startup, took);
  } else {
    failed(std::get<server_failure>(result), startup, took);
  }
}

void connector::attempt_ended(const shared_profile& startup) {
  const auto ended = std::find(under_way_.begin(), under_way_.end(), startup);
  if (ended != under_way_.end()) under_way_.erase(ended);
  instruments_.servers[metrics::server_state::login].add(-1);
}

void connector::succeeded(server_connection made, const shared_profile& startup, io::clock::duration took) {
  attempt_ended(startup);
  instruments_.server_connect[metrics::connect_outcome::ok].observe(took);
  last_failure_.reset();
  backoff_.reset();
  log::event(
      log::level::info, "server connected",
      {{"database", server_.database}, {"user", server_.user}, {"server_pid", made.welcome.process_id}});
  user_.on_connected(std::move(made), startup);
}

void connector::failed(const server_failure& why, const shared_profile& startup, io::clock::duration took) {
  attempt_ended(startup);
  const auto outcome = why.timed_out ? metrics::connect_outcome::timeout : metrics::connect_outcome::error;
  instruments_.server_connect[outcome].observe(took);
  last_failure_ = why;
  if (why.permanent)
    log_refusal(why);
  else if (!is_backing_off())
    back_off(why);
  user_.on_failed(why, startup);
}

void connector::back_off(const server_failure& why) {
  const auto pause = backoff_.next(std::uniform_real_distribution{}(random_));
  loop_.timer.arm(*this, io::clock::now() + pause);
  log::event(log::level::warning, "cannot connect to server, will try again",
             {{"database", server_.database},
              {"user", server_.user},
              {"sqlstate", why.sqlstate},
              {"reason", why.message},
              {"again_in_ms", pause.count()}});
}

// Clients that try again at once would otherwise fill the log.
void connector::log_refusal(const server_failure& why) {
  const auto now = io::clock::now();
  if (now - refusal_logged_ < backoff::longest) return;
  refusal_logged_ = now;
  log::event(log::level::warning, "server refused the login",
             {{"database", server_.database},
              {"user", server_.user},
              {"sqlstate", why.sqlstate},
              {"reason", why.message}});
}

}  // namespace pgweir::pool
