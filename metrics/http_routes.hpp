// metrics/http_routes.hpp - which path gives what; no sockets and no HTTP library.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::metrics {

// Whether pgweir can serve clients now. The reasons say why not, one sentence each; anybody may read them.
struct readiness {
  bool ready = true;
  std::vector<std::string> reasons;
};

struct http_handlers {
  std::function<std::string()> metrics;  // the exposition's text
  std::function<readiness()> ready;
};

struct http_reply {
  unsigned status;
  std::string content_type;
  std::string body;
  std::string allow;  // for status 405: the methods that are allowed
};

// The answer to GET and HEAD of `target` (a path, perhaps with a query). An exception of a handler becomes a
// 500.
http_reply answer(const http_handlers& handlers, std::string_view method, std::string_view target);

}  // namespace pgweir::metrics
