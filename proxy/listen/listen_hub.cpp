#include "proxy/listen/listen_hub.hpp"

#include "metrics/log.hpp"
#include "proxy/core/response_relay.hpp"
#include "proxy/listen/listen_desk.hpp"
#include "proxy/relay.hpp"
#include "proxy/wire/error_response.hpp"
#include "proxy/wire/message_type.hpp"

#include <array>
#include <charconv>
#include <utility>

namespace pgweir::proxy {
namespace {

class text_sink final : public wire::sink {
 public:
  explicit text_sink(std::string& to) : to_(to) {}
  void put(wire::bytes_view bytes) override { to_ += wire::as_text(bytes); }

 private:
  std::string& to_;
};

// The last ErrorResponse among whole messages; null: there is none.
shared_text last_error(std::string_view said) {
  shared_text found;
  for (auto rest = wire::as_bytes(said);;) {
    const auto [status, header] = wire::read_header(rest);
    if (status != wire::header_status::complete || header.size() > rest.size()) return found;
    if (header.type == wire::backend::error_response)
      found = std::make_shared<const std::string>(wire::as_text(rest.first(header.size())));
    rest = rest.subspan(header.size());
  }
}

}  // namespace

listen_hub::listen_hub(listen_hub_deps deps)
    : all_(deps.all),
      senders_(deps.senders),
      resets_(deps.resets),
      statement_prefix_(deps.statement_prefix),
      loop_(deps.loop),
      pool_(deps.served),
      startup_(std::move(deps.startup)),
      place_(deps.place),
      mark_channel_(all_.mark_channel(place_)) {
  nobody_.notified = this;
}

listen_hub::~listen_hub() {
  if (is_waiting()) pool_.give_up(*this);
  if (lease_) lease_->set_user(nullptr);
}

void listen_hub::begin(pool::lease given, std::size_t from, const std::vector<std::string>& channels) {
  for (const auto& one : channels) channels_.add(one, from);
  workers_.try_emplace(from);
  pool_.instruments().listened_channels.add(static_cast<std::int64_t>(channels.size()));
  application_name_ = given->application_name;
  pending_[from] = listen_branch::first_request;
  take(std::move(given), {owed::kind::listens, from, listen_branch::first_request});
}

// The settings of the session that had it go; what it listens to stays.
void listen_hub::take(pool::lease given, owed marks_answer) {
  lease_ = std::move(given);
  lease_->set_user(this);
  auto& state = memory_of(*lease_).state;
  prepare_for(*lease_, {.client_id = 0, .application_name = application_name_, .profile = nullptr},
              pool_.instruments());
  owed_.assign(state.expected.size(), {});
  ask(wire::sql_to_listen(std::array{mark_channel_}), marks_answer);
  watch();
}

// The server is to answer within that time, to what it is asked now at the latest.
void listen_hub::watch() {
  const auto limit = pool_.settings().listen_timeout;
  if (limit.count() == 0) return;
  was_heard_ = false;
  if (owed_.empty()) ask({}, {});
  loop_.timer.arm(*this, io::clock::now() + limit);
}

void listen_hub::ask(const std::string& sql, owed answer) {
  ask_own(*lease_, sql, core::bookkeeping::none);
  owed_.push_back(answer);
}

void listen_hub::listen(std::size_t worker, const std::vector<std::string>& channels, std::uint64_t request) {
  workers_.try_emplace(worker);
  pending_[worker] = request;
  std::vector<std::string> more;
  for (const auto& one : channels)
    if (channels_.add(one, worker)) more.push_back(one);
  pool_.instruments().listened_channels.add(static_cast<std::int64_t>(more.size()));
  // Also where nothing is new: what another worker has asked for may still be on its way.
  if (lease_) ask(wire::sql_to_listen(more), {owed::kind::listens, worker, request});
}

void listen_hub::give_up(std::size_t worker, const std::vector<std::string>& channels) {
  std::vector<std::string> unused;
  for (const auto& one : channels)
    if (channels_.remove(one, worker)) unused.push_back(one);
  pool_.instruments().listened_channels.add(-static_cast<std::int64_t>(unused.size()));
  if (unused.empty()) return;
  if (lease_ && !channels_.empty()) ask(wire::sql_to_unlisten(unused), {});
  close_if_unused();
}

// An empty query: the server says what is pending before it says that it is ready.
void listen_hub::make_round_trip(std::size_t worker) {
  if (lease_) return ask({}, {owed::kind::round_trip, worker});
  tell(worker, {.what = hub_event::kind::round_trip});
  send_events();
}

std::size_t listen_hub::on_server_bytes(std::span<const std::byte> arrived) {
  was_heard_ = true;
  auto& state = memory_of(*lease_).state;
  text_sink words{last_words_};
  core::response_relay relay{nobody_, state, statement_prefix_, words};
  const auto step = relay.run(arrived);
  pool_.instruments().server_received_bytes.add(step.consumed);
  take_answers();
  if (state.fatal.empty() && state.rest.how == core::passing::none) last_words_.clear();
  send_events();
  if (step.what == core::response_outcome::violation)
    lose(step.violation, metrics::close_reason::error);
  else
    close_if_unused();
  return step.consumed;
}

bool listen_hub::admit(wire::notification& said) {
  if (said.channel == mark_channel_) {
    std::size_t worker = 0;
    std::uint64_t mark = 0;
    const auto* end = said.payload.data() + said.payload.size();
    const auto dot = std::from_chars(said.payload.data(), end, worker);
    if (dot.ec != std::errc{} || dot.ptr == end) return false;
    if (std::from_chars(dot.ptr + 1, end, mark).ec != std::errc{} || !workers_.contains(worker)) return false;
    tell(worker, {.what = hub_event::kind::marked, .number = mark});
    return false;
  }
  const auto& wanted = channels_.subscribers(said.channel);
  if (wanted.empty()) return false;
  said.process_id =
      static_cast<std::uint32_t>(senders_.told(pool_.database(), static_cast<std::int32_t>(said.process_id)));
  std::string message;
  wire::append_notification(message, said);
  const auto text = std::make_shared<const std::string>(std::move(message));
  for (const auto worker : wanted)
    tell(worker, {.what = hub_event::kind::notified, .channel = std::string(said.channel), .text = text});
  return false;
}

void listen_hub::take_answers() {
  const auto still_owed = memory_of(*lease_).state.expected.size();
  while (owed_.size() > still_owed) {
    const auto answered = owed_.front();
    owed_.pop_front();
    switch (answered.what) {
      case owed::kind::nobody:
        break;
      case owed::kind::listens:
        tell(answered.worker, {.what = hub_event::kind::listens, .number = answered.request});
        break;
      case owed::kind::round_trip:
        tell(answered.worker, {.what = hub_event::kind::round_trip});
        break;
      case owed::kind::repair:
        end_repair();
        break;
    }
  }
}

void listen_hub::on_server_lost(io::io_status why) {
  lose(why == io::io_status::closed ? "closed by the server" : lease_->stream().error(),
       metrics::close_reason::server);
}

void listen_hub::lose(const std::string& why, metrics::close_reason how) {
  const auto& settings = pool_.settings();
  const bool repairs = settings.listen_loss == config::listen_loss::repair;
  const auto words = last_error(std::exchange(last_words_, {}));
  const auto& fatal = memory_of(*lease_).state.fatal;
  metrics::log::event(config::log_level::warning,
                      repairs ? "listening server connection lost; sessions are told when there is another"
                              : "listening server connection lost; its sessions are closed",
                      {{"database", pool_.database()},
                       {"user", pool_.user()},
                       {"server_pid", lease_->welcome().process_id},
                       {"channels", static_cast<std::int64_t>(channels_.size())},
                       {"reason", fatal.empty() ? why : fatal}});
  lease_->set_user(nullptr);
  lease_.discard(how);
  loop_.timer.cancel(*this);
  if (!repairs) {
    pool_.instruments().listen_losses[metrics::listen_loss::closed].add();
    return lose_for_good(words);
  }
  pool_.instruments().listen_losses[metrics::listen_loss::repaired].add();
  // What they wait for cannot come any more; all else follows the repair.
  for (const auto& one : std::exchange(owed_, {}))
    if (one.what == owed::kind::round_trip) tell(one.worker, {.what = hub_event::kind::round_trip});
  send_events();
  if (settings.query_wait_timeout.count() > 0)
    loop_.timer.arm(*this, io::clock::now() + settings.query_wait_timeout);
  pool_.acquire(*this, startup_);
}

void listen_hub::on_backend(pool::lease granted) {
  take(std::move(granted), {});
  ask(wire::sql_to_listen(channels_.channels()), {.what = owed::kind::repair});
}

void listen_hub::end_repair() {
  metrics::log::event(config::log_level::info, "listening server connection repaired",
                      {{"database", pool_.database()},
                       {"user", pool_.user()},
                       {"server_pid", lease_->welcome().process_id},
                       {"channels", static_cast<std::int64_t>(channels_.size())}});
  for (const auto& [worker, events] : workers_) {
    tell(worker, {.what = hub_event::kind::repaired});
    tell(worker, {.what = hub_event::kind::listens, .number = pending_[worker]});
  }
}

void listen_hub::on_no_backend(const pool::server_failure& why) {
  std::string message;
  wire::append_error(
      message,
      {.severity = "FATAL", .sqlstate = why.sqlstate, .message = why.message, .detail = "", .hint = ""});
  lose_for_good(std::make_shared<const std::string>(std::move(message)));
}

void listen_hub::on_timeout() {
  if (lease_)
    return was_heard_ ? watch() : lose("no answer within listen_timeout", metrics::close_reason::error);
  pool_.give_up(*this);
  lose_for_good(nullptr);
}

void listen_hub::lose_for_good(const shared_text& last_words) {
  owed_.clear();
  tell_all({.what = hub_event::kind::lost, .text = last_words});
  retire();
}

// The last one has left.
void listen_hub::close_if_unused() {
  if (is_over_ || !channels_.empty()) return;
  if (lease_) {
    if (!owed_.empty()) return;
    auto given_back = std::move(lease_);
    given_back->set_user(nullptr);
    resets_.begin(std::move(given_back), pool_.instruments(), statement_prefix_);
  } else {
    pool_.give_up(*this);
  }
  tell_all({.what = hub_event::kind::closed});
  retire();
}

void listen_hub::tell(std::size_t worker, hub_event said) { workers_[worker].push_back(std::move(said)); }

void listen_hub::tell_all(const hub_event& said) {
  for (auto& [worker, events] : workers_) events.push_back(said);
  send_events();
}

// One message to each worker, whatever has come at once.
void listen_hub::send_events() {
  for (auto& [worker, events] : workers_) {
    if (events.empty()) continue;
    all_.post(worker, [hub = place_.id, sent = std::exchange(events, {})](listen_desk& desk) {
      desk.take_events(hub, sent);
    });
  }
}

void listen_hub::retire() {
  is_over_ = true;
  loop_.timer.cancel(*this);
  pool_.instruments().listened_channels.add(-static_cast<std::int64_t>(channels_.size()));
  all_.close(key_of(pool_, *startup_), place_.id);
  all_.post(place_.home, [hub = place_.id](listen_desk& home) { home.forget_hub(hub); });
}

std::string listen_hub::mark_of(std::size_t worker, std::uint64_t mark) {
  return std::to_string(worker) + '.' + std::to_string(mark);
}

}  // namespace pgweir::proxy
