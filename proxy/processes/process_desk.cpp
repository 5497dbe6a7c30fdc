#include "proxy/processes/process_desk.hpp"

#include "proxy/core/process_numbers.hpp"
#include "proxy/session_table.hpp"

#include <utility>

namespace pgweir::proxy {

process_desk::process_desk(process_directory& all, std::size_t worker, io::loop& loop,
                           session_table& sessions)
    : all_(all), worker_(worker), loop_(loop), sessions_(sessions) {
  all_.join(worker, loop, *this);
}

process_desk::~process_desk() { all_.leave(worker_); }

session* process_desk::find(std::int32_t client_number, std::uint64_t id) const {
  auto* found = sessions_.find_told(client_number);
  return found != nullptr && found->identity().id == id ? found : nullptr;
}

void process_desk::ask(const process_asker& by, std::int32_t number, wire::process_signal why) {
  const bool is_of_client = number >= core::least_client_number;
  const auto worker = is_of_client ? cancel_keys::worker_of({.process_id = number, .secret = 0}) : 0;
  const bool asked = all_.post(worker, [number, by, why, is_of_client](process_desk& there) {
    is_of_client ? there.show(number, by) : there.show_told(number, by, why);
  });
  if (!asked) answer_from_here(by, number, {});
}

void process_desk::show(std::int32_t client_number, const process_asker& by) {
  auto* meant = sessions_.find_told(client_number);
  meant != nullptr ? show(*meant, client_number, by) : answer_from_here(by, client_number, {});
}

void process_desk::show(session& meant, std::int32_t named, const process_asker& by) {
  const auto ticket = ++last_ticket_;
  if (auto* held = meant.own_backend(); held != nullptr) {
    meant.served_by().hold(*held);
    held_.emplace(ticket, held_backend{&meant.served_by(), held->id()});
    return answer_from_here(by, named, {process_of(*held), 0, ticket});
  }
  const stand_in::identity who{ticket, meant.told_number(), meant.identity().id, by, named};
  auto made = std::make_unique<stand_in>(*this, loop_, meant.served_by(), who);
  auto& entered = *stand_ins_.emplace(ticket, std::move(made)).first->second;
  entered.begin(meant.startup());
}

// Each worker looks, one after the other.
void process_desk::show_told(std::int32_t process_id, const process_asker& by, wire::process_signal why) {
  const auto backend = told_.find({process_id, by.runs_on.server});
  if (backend == 0) {
    const bool goes_on = all_.post(
        worker_ + 1, [process_id, by, why](process_desk& next) { next.show_told(process_id, by, why); });
    return goes_on ? void() : answer_from_here(by, process_id, {});
  }
  const auto& told = told_.told_by(backend);
  auto& last = *told.who.back();
  // What executes the call is not meant by it, but where a session calls itself by the number that it was
  // told; nor is what nobody uses to be cancelled, but what its client does elsewhere.
  const bool works_elsewhere = why == wire::process_signal::cancels && !told.use.is_used() &&
                               told.who.size() == 1 && last.own_backend() != nullptr;
  if (told.process == by.runs_on || works_elsewhere) return show(last, process_id, by);
  const auto ticket = ++last_ticket_;
  watches_.try_emplace(ticket, *this, loop_, backend, by, process_id);
  answer_from_here(by, process_id, {told.process, 0, ticket});
}

void process_desk::answer_from_here(const process_asker& by, std::int32_t number, shown_process what) {
  what.worker = worker_;
  const bool arrives =
      all_.post(by.worker, [by, number, what](process_desk& there) { there.answer(by, number, what); });
  if (!arrives) withdraw(all_, what);
}

void process_desk::answer(const process_asker& by, std::int32_t number, const shown_process& what) {
  if (auto* asked = find(by.process_id, by.session); asked != nullptr) return asked->on_shown(number, what);
  withdraw(all_, what);
}

bool process_desk::hear(const process_asker& by, std::int32_t number, const shown_process& what) {
  if (what.ticket == 0) return false;
  return all_.post(what.worker, [by, number, ticket = what.ticket](process_desk& there) {
    there.hear_here(ticket, by, number);
  });
}

// A client that has a backend meets what the server has to say there before any other answer.
void process_desk::hear_here(std::uint64_t ticket, const process_asker& by, std::int32_t number) {
  if (const auto at = stand_ins_.find(ticket); at != stand_ins_.end()) return at->second->hear();
  if (const auto at = watches_.find(ticket); at != watches_.end()) return at->second.hear();
  answer_heard(by, number);
}

void process_desk::answer_heard(const process_asker& by, std::int32_t number) {
  all_.post(by.worker, [by, number](process_desk& there) {
    if (auto* asked = there.find(by.process_id, by.session); asked != nullptr) asked->on_heard(number);
  });
}

void process_desk::let_go(std::uint64_t ticket) {
  if (const auto held = held_.extract(ticket); !held.empty())
    return held.mapped().owner->let_go(held.mapped().id);
  if (watches_.erase(ticket) != 0) return;
  if (const auto at = stand_ins_.find(ticket); at != stand_ins_.end()) at->second->let_go();
}

void process_desk::end_session(std::int32_t client_number, std::uint64_t id, const std::string& said) {
  if (auto* meant = find(client_number, id); meant != nullptr) meant->end_in_words_of_server(said);
}

// Not in the midst of what it does.
void process_desk::forget_later(std::uint64_t ticket) {
  all_.post(worker_, [ticket](process_desk& here) { here.stand_ins_.erase(ticket); });
}

void process_desk::note_told(session& who, const pool::backend* by, const told_backend_use& use) {
  const auto before = who.told_by();
  if (by != nullptr && by->id() == before) return;
  if (by != nullptr) told_.add(who, *by, use);
  if (told_.remove(who, before)) note_forgotten(before);
}

void process_desk::backend_ended(std::uint64_t backend, const std::string& said) {
  for (auto* one : told_.take(backend)) one->end_in_words_of_server(said);
  note_forgotten(backend);
}

void process_desk::note_forgotten(std::uint64_t backend) {
  for (auto& [ticket, one] : watches_) one.on_forgotten(backend);
}

}  // namespace pgweir::proxy
