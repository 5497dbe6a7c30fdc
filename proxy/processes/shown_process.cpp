#include "proxy/processes/shown_process.hpp"

#include "pool/idle_messages.hpp"
#include "proxy/processes/process_desk.hpp"
#include "proxy/wire/message_type.hpp"
#include "proxy/wire/request.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <utility>

namespace pgweir::proxy {
namespace {

// To get a backend, and to hear the last of it.
constexpr std::chrono::seconds longest_wait{5};
// For a server process to answer while the asker's client waits.
constexpr std::chrono::seconds longest_hearing{1};

}  // namespace

server_process process_of(const pool::backend& connected) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  auto* at = reinterpret_cast<sockaddr*>(&address);
  if (::getpeername(connected.stream().descriptor(), at, &length) != 0) length = 0;
  return {connected.welcome().process_id, {reinterpret_cast<const char*>(&address), length}};
}

void withdraw(process_directory& all, const shown_process& shown) {
  if (shown.ticket != 0)
    all.post(shown.worker, [ticket = shown.ticket](process_desk& desk) { desk.let_go(ticket); });
}

stand_in::~stand_in() {
  if (is_waiting()) pool_.give_up(*this);
  if (lease_) lease_->set_user(nullptr);
}

void stand_in::begin(const pool::shared_profile& startup) {
  pool_.acquire(*this, startup);
  if (is_waiting()) loop_.timer.arm(*this, io::clock::now() + longest_wait);
}

void stand_in::on_backend(pool::lease granted) {
  loop_.timer.cancel(*this);
  lease_ = std::move(granted);
  lease_->set_user(this);
  at_ = stage::shown;
  desk_.answer_from_here(who_.asker, who_.named, {process_of(*lease_), 0, who_.ticket});
}

void stand_in::on_no_backend(const pool::server_failure&) {
  desk_.answer_from_here(who_.asker, who_.named, {});
  end(metrics::close_reason::client);
}

void stand_in::on_timeout() {
  if (at_ == stage::listens) return tell_asker();
  if (lease_) return end(metrics::close_reason::client);
  pool_.give_up(*this);
  desk_.answer_from_here(who_.asker, who_.named, {});
  end(metrics::close_reason::client);
}

void stand_in::hear() {
  if (!lease_) return tell_asker();  // it is over already
  ask_server(stage::listens, longest_hearing);
}

void stand_in::let_go() {
  if (lease_) ask_server(stage::leaves, longest_wait);
}

void stand_in::ask_server(stage next, std::chrono::milliseconds patience) {
  at_ = next;
  ++answers_owed_;
  std::string message;
  wire::append_sync(message);
  lease_->send(wire::as_bytes(message));
  loop_.timer.arm(*this, io::clock::now() + patience);
}

void stand_in::tell_asker() {
  loop_.timer.cancel(*this);
  at_ = stage::shown;
  desk_.answer_heard(who_.asker, who_.named);
}

std::size_t stand_in::on_server_bytes(std::span<const std::byte> arrived) {
  const auto said = pool::read_idle_messages(arrived);
  if (said.usable) return said.taken;
  const bool is_answer = said.unexpected == wire::backend::ready_for_query && answers_owed_ > 0;
  if (is_answer && (--answers_owed_ > 0 || at_ != stage::leaves)) {
    if (answers_owed_ == 0 && at_ == stage::listens) tell_asker();
    return said.taken + on_server_bytes(arrived.subspan(said.taken));
  }
  const bool was_ended = !said.sqlstate.empty();
  if (was_ended) desk_.end_session(who_.client_number, who_.session, said.sqlstate + ": " + said.reason);
  end(was_ended ? metrics::close_reason::server : metrics::close_reason::client);
  return arrived.size();
}

void stand_in::end(metrics::close_reason why) {
  if (at_ == stage::listens) tell_asker();
  loop_.timer.cancel(*this);
  if (lease_) {
    lease_->set_user(nullptr);
    lease_.discard(why);
  }
  desk_.forget_later(who_.ticket);
}

}  // namespace pgweir::proxy
