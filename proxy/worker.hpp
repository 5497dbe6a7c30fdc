// proxy/worker.hpp - one thread of the relay: its loop, its listeners, its sessions and its share of the
// pools.
//
// A session and its backend live on one worker, so nothing on a query's way takes a lock. Other threads reach
// a worker only through post().
#pragma once

#include "config/config.hpp"
#include "metrics/registry.hpp"
#include "pool/io/loop.hpp"
#include "pool/pool_set.hpp"
#include "proxy/client_limits.hpp"
#include "proxy/core/statement_catalogue.hpp"
#include "proxy/greeting.hpp"
#include "proxy/listen/listen_desk.hpp"
#include "proxy/listener.hpp"
#include "proxy/login/client_login.hpp"
#include "proxy/processes/process_desk.hpp"
#include "proxy/session.hpp"
#include "proxy/session_table.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace pgweir::proxy {

class worker;

// What all workers share; outlives them.
struct process_wide {
  const config::config& settings;
  metrics::registry& instruments;
  pool::pool_registry& pools;
  core::statement_catalogue& catalogue;
  client_limits& limits;
  sender_ids& senders;
  listen_directory& hubs;
  process_directory& processes;
  login::login_environment login;
  boost::asio::thread_pool& blocking;
  std::vector<std::unique_ptr<worker>> workers;  // complete before the first of them runs
};

class worker final : private session_host, private connection_taker {
 public:
  worker(std::size_t index, process_wide& shared, std::vector<listening_socket> sockets);
  ~worker();

  void start();  // runs the thread
  // Ends all sessions and backends, then the thread; the caller joins.
  void stop();
  void join();

  // From any thread.
  void post(std::function<void()> work) { loop_.poll.post(std::move(work)); }

 private:
  void on_connection(int descriptor, const sockaddr_storage& from) override;
  void on_session_end(session& ended) override;
  cancel_key give_key(const session& to, std::int32_t server_process_id) override;
  void vacate(const std::string& database) override;
  void note_login_change() override;

  boost::asio::awaitable<void> log_in(int descriptor, sockaddr_storage from, io::asio_work under_way);
  void admit(login::login_result& who);
  void pass_on(const wire::cancel_request& request, io::transport asked_on);
  // Passes it on to the next worker, `others` times at most, until one knows the key.
  void cancel(const cancel_key& key, std::shared_ptr<void> asked_on, std::size_t others);
  boost::asio::awaitable<void> each_second();
  void refuse(login::login_result& who, outcome why, std::string_view detail);

  const std::size_t index_;
  process_wide& shared_;
  metrics::worker_instruments& instruments_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  io::loop loop_;
  pool::pool_set pools_;
  backend_resets resets_;
  listen_desk listening_;
  process_desk processes_;
  greetings greetings_;
  session_table sessions_;
  std::vector<listening_socket> sockets_;  // until start()
  std::vector<std::unique_ptr<listener>> listeners_;
  boost::asio::steady_timer second_timer_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace pgweir::proxy
