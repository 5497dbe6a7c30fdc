#include "proxy/session.hpp"

#include "metrics/log.hpp"
#include "proxy/core/unit_reader.hpp"
#include "proxy/listen/listen_desk.hpp"
#include "proxy/peer.hpp"
#include "proxy/processes/named_processes.hpp"
#include "proxy/processes/process_desk.hpp"
#include "proxy/session_listening.hpp"
#include "proxy/wire/error_response.hpp"
#include "proxy/wire/response.hpp"

namespace pgweir::proxy {

session::session(io::loop& owner, io::transport client, session_host& host, pool::pool& served,
                 shared_greeting welcome, std::string application_name, session_identity identity)
    : connection(owner, std::move(client)),
      host_(host),
      pool_(served),
      greeting_(std::move(welcome)),
      application_name_(std::move(application_name)),
      identity_(identity),
      schema_(host.catalogue.mark_of(served.database())),
      place_(served.pins()) {
  if (pool_.settings().mode == config::pool_mode::session || !greeting_->startup->replication.empty())
    client_.names = core::naming::untouched;
  else
    client_.notified = &host_.listening.names_for(pool_.database());
}

session::~session() {
  if (lane_ != nullptr) lane_->leave(*this);
  if (is_waiting()) pool_.give_up(*this);
  enter(phase::ended);
}

void session::begin(std::string_view early) {
  if (host_.log_connections)
    metrics::log::event(config::log_level::info, "client connected",
                        {{"client", peer_name(stream().descriptor())},
                         {"database", pool_.database()},
                         {"user", pool_.user()},
                         {"application", application_name_.now()},
                         {"tls", stream().is_tls()}});
  if (!early.empty()) keep(wire::as_bytes(early));
  if (!start()) return end(outcome::client_broke);
  enter(phase::login);
  const bool knows_server = greeting_->learnt_from > pool_.logins_changed_at();
  if (knows_server && !keeps_backend()) return greet();
  since_ = io::clock::now();
  pool_.acquire(*this, greeting_->startup);
}

void session::greet() {
  const auto key = host_.give_key(*this, lease_ ? lease_->welcome().process_id : 0);
  process_id_ = key.process_id;
  if (!lease_) client_.itself.given = static_cast<std::uint32_t>(key.process_id);
  std::string message;
  wire::append_authentication_ok(message);
  message += greeting_->parameters;
  wire::append_parameter_status(message, "application_name", application_name_.now());
  wire::append_backend_key_data(message, key.process_id, key.secret);
  wire::append_ready_for_query(message, 'I');
  send(wire::as_bytes(message));
  enter(lease_ ? phase::active : phase::idle);
  lease_ ? settle() : offer_kept_bytes();
}

std::size_t session::on_bytes(std::span<const std::byte> arrived) {
  std::size_t used = 0;
  bool blocked = phase_ == phase::login || phase_ == phase::leaving || lane_ != nullptr ||
                 (listening_ != nullptr && listening_->owes_ready());
  while (used < arrived.size() && !blocked && is_open()) {
    // A client that does not read its answers gets no more of them.
    if (!lease_ && is_draining()) break;
    const auto rest = arrived.subspan(used);
    client_.stale_up_to = std::max(schema_.load(std::memory_order_relaxed), client_.own_stale_up_to);
    if (lease_) {
      const auto sent = send_unit(rest);
      used += sent;
      blocked = lease_ && sent < rest.size();
    } else {
      used += start_unit(rest, blocked);
    }
  }
  // The end of COPY data that the server no longer wants is answered by nobody.
  if (lease_ && used == arrived.size() && memory_of(*lease_).state.expected.empty() && may_release(false))
    release();
  return used;
}

// The client owns no backend: gathers its unit, then asks for one.
std::size_t session::start_unit(std::span<const std::byte> arrived, bool& blocked) {
  if (is_waiting() || place_.is_waiting()) {
    blocked = true;
    return 0;
  }
  const auto step = core::read_unit(client_, arrived);
  switch (step.what) {
    case core::unit_verdict::need_more:
      blocked = true;
      break;
    case core::unit_verdict::skip:
      break;
    case core::unit_verdict::ready: {
      std::string message;
      wire::append_ready_for_query(message, client_.deferred.status());
      send(wire::as_bytes(message));
      break;
    }
    case core::unit_verdict::terminate:
      end(outcome::client_terminated);
      break;
    case core::unit_verdict::violation:
      end(outcome::client_violated_protocol, step.violation);
      break;
    case core::unit_verdict::dispatch:
      if (const auto answered = answer_begin(arrived); answered > 0) {
        if (listening_ != nullptr) tell_held();
        return answered;
      }
      if (client_.deferred.is_failed()) break;
      if (gate_first_unit(arrived)) ask_for_backend(arrived);
      blocked = lane_ != nullptr || place_.is_waiting();
      break;
  }
  return step.bytes;
}

void session::ask_for_backend(std::span<const std::byte> unit) {
  if (phase_ != phase::waiting) since_ = io::clock::now();
  unit_ = unit;
  ask_pool(consider_sharing(unit));
  unit_ = {};
}

void session::on_backend(pool::lease granted) {
  observe_wait(metrics::wait_outcome::ok);
  if (phase_ == phase::login) {
    greetings::learn(*greeting_, *granted);
    if (!keeps_backend()) {
      granted.release();
      return greet();
    }
  }
  since_ = io::clock::now();
  lease_ = std::move(granted);
  lease_->set_user(this);
  if (lease_->connected_at() > greeting_->learnt_from) greetings::learn(*greeting_, *lease_);
  prepare_for(*lease_, owner(), pool_.instruments());
  if (may_notify(asked_for())) note_sender();
  if (is_subscribed() && may_touch_channels(asked_for())) listen_again();
  // No command tag tells of a Parse under the client's own name.
  if (keeps_backend()) memory_of(*lease_).state.dirty = true;
  // Also where what prepare_for() asked for is answered before the unit.
  unit_since_ = io::clock::now();
  answer_bytes_ = 0;
  first_byte_seen_ = unit_sent_ = may_have_changed_ = false;
  if (wants_room()) pause(*lease_, memory_of(*lease_).server_paused_since);
  if (phase_ == phase::login) return greet();
  enter(phase::active);
  offer_kept_bytes();
}

void session::on_no_backend(const pool::server_failure& why) {
  observe_wait(metrics::wait_outcome::error);
  wire::error_fields told{.severity = "ERROR",
                          .sqlstate = why.sqlstate,
                          .message = why.message,
                          .detail = "pgweir could not open a server connection for this query.",
                          .hint = ""};
  if (phase_ == phase::login) {
    told.severity = "FATAL";
    told.detail.clear();
    std::string message;
    wire::append_error(message, told);
    send(wire::as_bytes(message));
    count_error(metrics::error_origin::server, why.sqlstate.c_str());
    return end(outcome::server_said_fatal, why.message);
  }
  rest();
  refuse_unit(told, metrics::error_origin::server);
}

// Answers the unit that waits for a backend with an error; the client stays connected.
void session::refuse_unit(const wire::error_fields& why, metrics::error_origin origin) {
  std::string message;
  wire::append_error(message, why);
  count_error(origin, why.sqlstate.c_str());
  if (client_.deferred.is_begun()) count_begin(metrics::deferred_begin_outcome::refused);
  if (core::refuse_unit(client_, asked_for()))
    wire::append_ready_for_query(message, client_.deferred.status());
  send(wire::as_bytes(message));
  offer_kept_bytes();
}

void session::cancel(std::shared_ptr<void> asked_on) {
  auto& counts = pool_.instruments();
  const bool is_queued = lane_ != nullptr && !lane_->serves_alone(*this);
  if (phase_ == phase::waiting || is_queued) {
    // On a lane it only reads: what the server makes of it all the same goes nowhere.
    phase_ == phase::waiting ? pool_.give_up(*this) : std::exchange(lane_, nullptr)->leave(*this);
    observe_wait(metrics::wait_outcome::cancel);
    counts.cancels[metrics::cancel_outcome::queued].add();
    rest();
    return refuse_unit(error_of(outcome::unit_cancelled_waiting, {}));
  }
  if (lane_ != nullptr) {
    const bool asked = lane_->cancel_head(std::move(asked_on));
    return counts.cancels[asked ? metrics::cancel_outcome::forwarded : metrics::cancel_outcome::late].add();
  }
  if (lease_ && memory_of(*lease_).state.own == core::backend_state::own_exchange::takes_names) {
    client_.is_cancelled = true;
    counts.cancels[metrics::cancel_outcome::forwarded].add();
    return pool_.cancel_query(*lease_, std::move(asked_on));
  }
  // What pgweir itself asked for to make the backend fit is not the client's to cancel.
  const auto* state = lease_ ? &memory_of(*lease_).state : nullptr;
  const bool runs = state != nullptr && state->own == core::backend_state::own_exchange::none &&
                    !state->expected.empty() && !state->expected.front().is_own_exchange();
  counts.cancels[runs ? metrics::cancel_outcome::forwarded : metrics::cancel_outcome::late].add();
  if (runs) pool_.cancel_query(*lease_, std::move(asked_on));
}

void session::on_lost(io::io_status why) {
  if (phase_ == phase::leaving) {
    close();
    return on_drained();
  }
  end(why == io::io_status::closed ? outcome::client_disconnected : outcome::client_broke,
      why == io::io_status::closed ? std::string{} : stream().error());
}

// The client said goodbye. What it sent before is still the server's to do.
void session::say_goodbye() {
  if (!lease_ || !answers_will_come()) return end(outcome::client_terminated);
  enter(phase::leaving);
}

// Whether the server will answer what it was sent without a further word of the client.
bool session::answers_will_come() const {
  const auto& state = memory_of(*lease_).state;
  return state.expected.ready_owed() > 0 && !client_.in_unit && !state.copy_in && !state.copy_both &&
         !state.lost_count;
}

void session::end(outcome why, std::string_view detail) {
  if (phase_ == phase::ended) return;
  stop_listening();
  drop_named();
  const auto& row = row_of(why);
  if (phase_ == phase::waiting || is_waiting()) {
    observe_wait(metrics::wait_outcome::disconnect);
    pool_.give_up(*this);
  }
  if (lane_ != nullptr) {
    answer_is_cut_ = lane_->answers(*this);
    std::exchange(lane_, nullptr)->leave(*this);
  }
  if (lease_) {
    enter(phase::active);
    unpin();
    answer_is_cut_ = memory_of(*lease_).state.rest.how == core::passing::forward;
    const bool runs = !memory_of(*lease_).state.expected.empty();
    if (runs && pool_.settings().cancel_on_disconnect) pool_.cancel_query(*lease_);
    if (may_release(true)) {
      if (is_bound()) memory_of(*lease_).state.dirty = true;
      give_back(true);
    } else {
      lease_->set_user(nullptr);
      lease_.discard(metrics::close_reason::client);
    }
  }
  if (client_.deferred.is_begun()) count_begin(metrics::deferred_begin_outcome::empty);
  if (row.severity == "FATAL" && !answer_is_cut_) {
    std::string message;
    wire::append_error(message, error_of(why, detail));
    send(wire::as_bytes(message));
    count_error(metrics::error_origin::pooler, row.sqlstate.data());
  }
  if (host_.log_connections || row.level != config::log_level::info)
    metrics::log::event(row.level, "client disconnected",
                        {{"client", peer_name(stream().descriptor())},
                         {"database", pool_.database()},
                         {"user", pool_.user()},
                         {"reason", row.label},
                         {"detail", detail}});
  enter(phase::ended);
  close();
  // Somebody may wait for the client to be told that it has ended.
  if (told_by_ != 0) host_.processes.note_told(*this, nullptr, {});
  host_.on_session_end(*this);
}

void session::observe_wait(metrics::wait_outcome how, io::clock::time_point now) {
  pool_.instruments().wait[how].observe(now - since_);
}

void session::count_error(metrics::error_origin origin, const char* sqlstate) {
  pool_.instruments().errors[metrics::sqlstate_class_index(sqlstate)][origin].add();
}

}  // namespace pgweir::proxy
