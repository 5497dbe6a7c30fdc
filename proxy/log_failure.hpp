// proxy/log_failure.hpp - the one completion handler of spawned coroutines: none of them is meant to throw.
#pragma once

#include "metrics/log.hpp"

#include <exception>
#include <string_view>

namespace pgweir::proxy {

struct log_failure {
  std::string_view what;  // static text

  void operator()(std::exception_ptr thrown) const {
    if (thrown == nullptr) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      metrics::log::event(config::log_level::error, what, {{"error", error.what()}});
    }
  }
};

}  // namespace pgweir::proxy
