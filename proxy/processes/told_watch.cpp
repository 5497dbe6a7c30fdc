#include "proxy/processes/told_watch.hpp"

#include "proxy/processes/process_desk.hpp"

namespace pgweir::proxy {
namespace {

// The call may have been for nothing, or not executed: then the client of who made it waits for that long.
constexpr std::chrono::milliseconds patience_for_an_end{200};

}  // namespace

void told_watch::hear() {
  if (!desk_.told().knows(backend_)) return desk_.answer_heard(asker_, number_);
  loop_.timer.arm(*this, io::clock::now() + patience_for_an_end);
}

void told_watch::on_forgotten(std::uint64_t backend) {
  if (backend == backend_ && is_armed()) on_timeout();
}

void told_watch::on_timeout() {
  loop_.timer.cancel(*this);
  desk_.answer_heard(asker_, number_);
}

}  // namespace pgweir::proxy
