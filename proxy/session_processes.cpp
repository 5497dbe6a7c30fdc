// The part of a session that knows of server processes: those which stand for clients that it names, and the
// one that it was told for its own by pg_backend_pid().
#include "proxy/processes/named_processes.hpp"
#include "proxy/processes/process_desk.hpp"
#include "proxy/session.hpp"
#include "proxy/wire/error_response.hpp"

namespace pgweir::proxy {

// Precondition: it has a backend, which is to be sent the message that names the process.
std::optional<std::int32_t> session::server_process_of(std::int32_t number, wire::process_signal why) {
  if (number == process_id_) return lease_->welcome().process_id;
  const bool is_own = number == lease_->welcome().process_id && told_by_ == lease_->id();
  if (is_own) return number;
  if (named_ == nullptr) {
    const process_asker itself{host_.processes.worker(), identity_.id, process_id_, process_of(*lease_)};
    named_ = std::make_unique<named_processes>(host_.processes, itself);
    client_.ending = named_.get();
  }
  return named_->find(number, why);
}

// A process of another server would be a stranger here.
void session::on_shown(std::int32_t number, const shown_process& what) {
  if (named_ == nullptr || !lease_) return withdraw(host_.processes.all(), what);
  const bool is_here = what.process_id != 0 && what.server == process_of(*lease_).server;
  if (!is_here) withdraw(host_.processes.all(), what);
  named_->learn(number, is_here ? what : shown_process{});
  offer_kept_bytes();
}

// The end of the unit that named the process may have waited for this.
void session::on_heard(std::int32_t number) {
  if (named_ == nullptr || !lease_) return;
  named_->note_heard(number);
  lease_->offer_kept_bytes();
}

// A portal that was bound in the transaction may still be executed.
void session::forget_named() {
  if (named_ == nullptr) return;
  if (memory_of(*lease_).state.is_quiet() && !client_.in_unit && named_->is_used()) drop_named();
}

void session::drop_named() {
  client_.ending = nullptr;
  named_.reset();
}

void session::note_told_process() {
  auto& mourned = memory_of(*lease_).mourned;
  mourned.by = &host_.processes.all();
  mourned.id = lease_->id();
  mourned.use.begin();
  host_.processes.note_told(*this, &*lease_, mourned.use);
  told_by_ = lease_->id();
  client_.itself.told = static_cast<std::uint32_t>(lease_->welcome().process_id);
}

// `said`: "57P01: ...".
void session::end_in_words_of_server(const std::string& said) {
  if (phase_ == phase::ended) return;
  answer_is_cut_ = lease_ ? memory_of(*lease_).state.rest.how == core::passing::forward
                          : lane_ != nullptr && lane_->answers(*this);
  if (!answer_is_cut_) {
    constexpr std::size_t sqlstate = 5;
    std::string message;
    wire::append_error(message, {.severity = "FATAL",
                                 .sqlstate = said.substr(0, sqlstate),
                                 .message = said.substr(sqlstate + std::string_view(": ").size()),
                                 .detail = {},
                                 .hint = {}});
    send(wire::as_bytes(message));
    count_error(metrics::error_origin::server, said.substr(0, sqlstate).c_str());
  }
  end(outcome::server_said_fatal, said);
}

}  // namespace pgweir::proxy
