#include "metrics/http_routes.hpp"

#include "metrics/exposition.hpp"
#include "metrics/log.hpp"

#include <exception>

namespace pgweir::metrics {

namespace {

constexpr const char* plain_text = "text/plain; charset=utf-8";

http_reply metrics_page(const http_handlers& handlers) {
  return {200, exposition_content_type, handlers.metrics(), {}};
}

http_reply health_page(const http_handlers&) { return {200, plain_text, "ok\n", {}}; }

http_reply readiness_page(const http_handlers& handlers) {
  const readiness state = handlers.ready();
  if (state.ready) return {200, plain_text, "ready\n", {}};
  std::string body = "not ready\n";
  for (const std::string& reason : state.reasons) body += reason + '\n';
  return {503, plain_text, std::move(body), {}};
}

http_reply index_page(const http_handlers&) {
  return {200,
          "text/html; charset=utf-8",
          "<!doctype html><title>pgweir</title><h1>pgweir</h1>\n"
          "<ul><li><a href=\"/metrics\">/metrics</a> for Prometheus\n"
          "<li><a href=\"/healthz\">/healthz</a> the process lives\n"
          "<li><a href=\"/readyz\">/readyz</a> clients can be served</ul>\n",
          {}};
}

struct route {
  std::string_view path;
  http_reply (*page)(const http_handlers&);
};
constexpr route routes[] = {
    {"/metrics", metrics_page}, {"/healthz", health_page}, {"/readyz", readiness_page}, {"/", index_page}};

}  // namespace

http_reply answer(const http_handlers& handlers, std::string_view method, std::string_view target) try {
  const std::string_view path = target.substr(0, target.find('?'));
  for (const route& known : routes) {
    if (known.path != path) continue;
    if (method != "GET" && method != "HEAD")
      return {405, plain_text, "only GET and HEAD are allowed here\n", "GET, HEAD"};
    return known.page(handlers);
  }
  return {404, plain_text, "not found; there are /metrics, /healthz and /readyz\n", {}};
} catch (const std::exception& failure) {
  log::event(log::level::error, "metrics request failed", {{"target", target}, {"error", failure.what()}});
  return {500, plain_text, "internal error; see the log\n", {}};
}

}  // namespace pgweir::metrics
