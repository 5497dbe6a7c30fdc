// The endpoint over a real socket on the loopback.
#include "metrics/http_server.hpp"

#include "tests/metrics/http_client.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace pgweir::metrics {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;
using test::get;
using test::http_client;

// A server on its own thread, as the control thread runs it.
class running_server {
 public:
  explicit running_server(http_limits limits = {}, std::string metrics = "up 1\n")
      : server_(io_, {[metrics] { return metrics; }, [] { return readiness{}; }}, limits),
        port_(*server_.listen("127.0.0.1:0")),
        thread_([this] { io_.run(); }) {}
  ~running_server() {
    stop();
    work_.reset();
    thread_.join();
  }
  std::uint16_t port() const { return port_; }
  void stop() {
    std::promise<void> stopped;
    boost::asio::post(io_, [&] {
      server_.stop();
      stopped.set_value();
    });
    stopped.get_future().wait();
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  http_server server_;
  std::uint16_t port_;
  std::thread thread_;
};

std::string request(std::string_view target, std::string_view method = "GET") {
  return std::string(method) + ' ' + std::string(target) + " HTTP/1.1\r\nHost: t\r\n\r\n";
}

TEST(http_server, serves_its_pages) {
  const running_server server;
  const std::string metrics = get(server.port(), "/metrics");
  EXPECT_TRUE(metrics.starts_with("HTTP/1.1 200 OK\r\n")) << metrics;
  EXPECT_NE(metrics.find("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"), std::string::npos);
  EXPECT_TRUE(metrics.ends_with("\r\n\r\nup 1\n"));
  EXPECT_TRUE(get(server.port(), "/healthz").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(get(server.port(), "/readyz").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(get(server.port(), "/").starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(get(server.port(), "/nothing").starts_with("HTTP/1.1 404 "));
}

TEST(http_server, refuses_other_methods_also_with_a_body) {
  const running_server server;
  http_client client(server.port());
  client.send("POST /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: 5\r\n\r\nhello" + request("/healthz"));
  const std::string refusal = client.read_answer();
  EXPECT_TRUE(refusal.starts_with("HTTP/1.1 405 ")) << refusal;
  EXPECT_NE(refusal.find("Allow: GET, HEAD\r\n"), std::string::npos);
  EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 200 ")) << "the connection lives on";
}

TEST(http_server, head_tells_the_length_and_sends_no_body) {
  const running_server server;
  const std::string answer = get(server.port(), "/metrics", "HEAD");
  EXPECT_NE(answer.find("Content-Length: 5\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n"));
}

TEST(http_server, keeps_a_connection_for_many_requests) {
  const running_server server;
  http_client client(server.port());
  for (int i = 0; i < 20; ++i) {
    client.send(request("/metrics"));
    EXPECT_TRUE(client.read_answer().ends_with("up 1\n"));
  }
}

TEST(http_server, answers_pipelined_requests_in_order) {
  const running_server server;
  http_client client(server.port());
  client.send(request("/metrics", "HEAD") + request("/nothing") + request("/healthz"));
  EXPECT_TRUE(client.read_answer(true).starts_with("HTTP/1.1 200 "));
  EXPECT_TRUE(client.read_answer().starts_with("HTTP/1.1 404 "));
  EXPECT_TRUE(client.read_answer().ends_with("ok\n"));
}

TEST(http_server, understands_a_request_byte_by_byte) {
  const running_server server;
  http_client client(server.port());
  for (const char c : request("/healthz")) client.send({&c, 1});
  EXPECT_TRUE(client.read_answer().ends_with("ok\n"));
}

TEST(http_server, closes_after_a_request_of_http_1_0) {
  const running_server server;
  http_client client(server.port());
  client.send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(client.read_to_end().ends_with("ok\n"));
}

TEST(http_server, sends_a_large_answer_whole) {
  const running_server server({}, std::string(8'000'000, 'x'));
  const std::string answer = get(server.port(), "/metrics");
  EXPECT_GT(answer.size(), 8'000'000U);
  EXPECT_TRUE(answer.ends_with("xxx"));
}

TEST(http_server, cuts_a_client_that_does_not_finish_its_request) {
  http_limits limits;
  limits.request = 30ms;
  const running_server server(limits);
  http_client silent(server.port()), slow(server.port());
  slow.send("GET /metrics HT");
  EXPECT_EQ(silent.read_to_end(), "");
  EXPECT_EQ(slow.read_to_end(), "");
}

TEST(http_server, cuts_a_client_that_does_not_read_its_answer) {
  http_limits limits;
  limits.request = 30ms;
  const std::size_t size = 64'000'000;
  const running_server server(limits, std::string(size, 'x'));
  http_client greedy(server.port());
  greedy.send(request("/metrics"));
  ASSERT_TRUE(greedy.read_answer(true).starts_with("HTTP/1.1 200 "));
  // A silent connection is cut after the same time; as it begins later, the greedy one has been cut by then.
  EXPECT_EQ(http_client(server.port()).read_to_end(), "");
  EXPECT_LT(greedy.read_to_end().size(), size);
}

TEST(http_server, closes_a_connection_that_is_idle_for_too_long) {
  http_limits limits;
  limits.idle = 20ms;
  const running_server server(limits);
  http_client client(server.port());
  client.send(request("/healthz"));
  const std::string answer = client.read_to_end();
  EXPECT_TRUE(answer.ends_with("ok\n")) << answer;
}

TEST(http_server, says_why_it_refuses_a_request_that_is_too_large_or_wrong) {
  const running_server server;
  http_client large_header(server.port());
  large_header.send("GET / HTTP/1.1\r\nCookie: " + std::string(50'000, 'c') + "\r\n\r\n");
  EXPECT_TRUE(large_header.read_to_end().starts_with("HTTP/1.1 431 "));
  http_client large_body(server.port());
  large_body.send("POST / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + std::string(20'000, 'b'));
  EXPECT_TRUE(large_body.read_to_end().starts_with("HTTP/1.1 413 "));
  http_client stranger(server.port());
  stranger.send("\x16\x03\x01\x02\x00\x01\x00 not HTTP at all\r\n\r\n"sv);
  EXPECT_TRUE(stranger.read_to_end().starts_with("HTTP/1.1 400 "));
}

TEST(http_server, clients_that_vanish_do_no_harm) {
  const running_server server({}, std::string(4'000'000, 'x'));
  for (int i = 0; i < 20; ++i) {
    http_client client(server.port());
    client.send(i % 2 == 0 ? request("/metrics") : "GET /met");
  }
  EXPECT_TRUE(get(server.port(), "/healthz").ends_with("ok\n"));
}

TEST(http_server, an_idle_connection_makes_room_when_there_are_too_many) {
  http_limits limits;
  limits.connections = 2;
  const running_server server(limits);
  http_client oldest(server.port()), other(server.port());
  for (http_client* client : {&oldest, &other}) {
    client->send(request("/healthz"));
    client->read_answer();
  }
  EXPECT_TRUE(get(server.port(), "/metrics").ends_with("up 1\n"));
  EXPECT_EQ(oldest.read_to_end(), "");
  other.send(request("/healthz"));
  EXPECT_TRUE(other.read_answer().ends_with("ok\n"));
}

TEST(http_server, refuses_a_connection_when_all_others_are_busy) {
  http_limits limits;
  limits.connections = 1;
  const running_server server(limits, std::string(64'000'000, 'x'));
  http_client busy(server.port());
  busy.send(request("/metrics"));
  const std::string start =
      busy.read_answer(true);  // the answer has begun and does not fit the socket's buffers
  ASSERT_TRUE(start.starts_with("HTTP/1.1 200 "));
  EXPECT_EQ(get(server.port(), "/healthz"), "");
}

TEST(http_server, stop_closes_every_connection_and_the_port) {
  running_server server;
  http_client idle(server.port()), half(server.port());
  idle.send(request("/healthz"));
  idle.read_answer();
  half.send("GET /met");
  server.stop();
  EXPECT_EQ(idle.read_to_end(), "");
  EXPECT_EQ(half.read_to_end(), "");
  EXPECT_THROW(http_client{server.port()}, boost::system::system_error);
}

TEST(http_server, may_go_before_its_event_loop_has_run_again) {
  boost::asio::io_context io(1);
  auto server = std::make_unique<http_server>(io, http_handlers{});
  ASSERT_TRUE(server->listen("127.0.0.1:0"));
  server.reset();
  io.run();
}

TEST(http_server, listens_on_names_and_ipv6_and_reports_why_it_cannot) {
  boost::asio::io_context io(1);
  EXPECT_TRUE(http_server(io, {}).listen("localhost:0"));
  EXPECT_TRUE(http_server(io, {}).listen(":0"));
  EXPECT_EQ(http_server(io, {}).listen("127.0.0.1").error(), boost::system::errc::invalid_argument);
  EXPECT_TRUE(http_server(io, {}).listen("127.0.0.1:nowhere").has_error());
  http_server first(io, {});
  const auto port = first.listen("127.0.0.1:0");
  ASSERT_TRUE(port);
  http_server second(io, {});
  EXPECT_EQ(second.listen("127.0.0.1:" + std::to_string(*port)).error(), boost::system::errc::address_in_use);
}

}  // namespace
}  // namespace pgweir::metrics
