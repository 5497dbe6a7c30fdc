#include "metrics/http_routes.hpp"

#include "metrics/exposition.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace pgweir::metrics {
namespace {

http_handlers handlers_with(readiness state) {
  return {[] { return std::string("pgweir_queries_total 1\n"); }, [state] { return state; }};
}

TEST(http_routes, metrics_are_prometheus_text) {
  const http_reply reply = answer(handlers_with({}), "GET", "/metrics");
  EXPECT_EQ(reply.status, 200U);
  EXPECT_EQ(reply.content_type, exposition_content_type);
  EXPECT_EQ(reply.body, "pgweir_queries_total 1\n");
}

TEST(http_routes, a_query_after_the_path_is_ignored) {
  EXPECT_EQ(answer(handlers_with({}), "GET", "/metrics?name=x").status, 200U);
  EXPECT_EQ(answer(handlers_with({}), "GET", "/metricsx").status, 404U);
  EXPECT_EQ(answer(handlers_with({}), "GET", "/metrics/").status, 404U);
  EXPECT_EQ(answer(handlers_with({}), "GET", "").status, 404U);
}

TEST(http_routes, a_process_that_is_not_ready_is_still_healthy) {
  const http_handlers handlers = handlers_with({false, {"database app: server is down"}});
  EXPECT_EQ(answer(handlers, "GET", "/healthz").status, 200U);
  EXPECT_EQ(answer(handlers, "GET", "/readyz").status, 503U);
  EXPECT_EQ(answer(handlers, "GET", "/readyz").body, "not ready\ndatabase app: server is down\n");
}

TEST(http_routes, readiness_is_asked_anew_each_time) {
  bool ready = false;
  const http_handlers handlers{{}, [&] { return readiness{ready, {}}; }};
  EXPECT_EQ(answer(handlers, "GET", "/readyz").status, 503U);
  ready = true;
  EXPECT_EQ(answer(handlers, "GET", "/readyz").status, 200U);
}

TEST(http_routes, the_index_names_the_pages) {
  const http_reply reply = answer(handlers_with({}), "GET", "/");
  EXPECT_EQ(reply.status, 200U);
  for (const char* page : {"/metrics", "/healthz", "/readyz"})
    EXPECT_NE(reply.body.find(page), std::string::npos) << page;
}

TEST(http_routes, only_get_and_head_are_allowed_on_what_exists) {
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE"}) {
    const http_reply reply = answer(handlers_with({}), method, "/metrics");
    EXPECT_EQ(reply.status, 405U) << method;
    EXPECT_EQ(reply.allow, "GET, HEAD");
  }
  EXPECT_EQ(answer(handlers_with({}), "HEAD", "/metrics").status, 200U);
  EXPECT_EQ(answer(handlers_with({}), "POST", "/nothing").status, 404U);
}

TEST(http_routes, a_handler_that_fails_gives_500_without_its_words) {
  const http_handlers broken{[]() -> std::string { throw std::runtime_error("secret detail"); }, {}};
  const http_reply reply = answer(broken, "GET", "/metrics");
  EXPECT_EQ(reply.status, 500U);
  EXPECT_EQ(reply.body.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace pgweir::metrics
