// proxy/server.hpp - the process: what all workers share, the workers themselves, and the control thread,
// which handles signals and serves /metrics.
#pragma once

#include "config/config.hpp"

namespace pgweir::proxy {

// Runs until SIGINT or SIGTERM. Throws std::runtime_error if it cannot start. To be called on the main
// thread, which becomes the control thread.
void run_server(const config::config& settings);

}  // namespace pgweir::proxy
