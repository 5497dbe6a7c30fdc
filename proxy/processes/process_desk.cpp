#include "proxy/processes/process_desk.hpp"

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

void process_desk::ask(const process_asker& by, std::int32_t client_number) {
  const auto worker = cancel_keys::worker_of({.process_id = client_number, .secret = 0});
  const bool asked =
      all_.post(worker, [client_number, by](process_desk& there) { there.show(client_number, by); });
  if (!asked) answer_from_here(by, client_number, {});
}

void process_desk::show(std::int32_t client_number, const process_asker& by) {
  auto* meant = sessions_.find_told(client_number);
  if (meant == nullptr) return answer_from_here(by, client_number, {});
  const auto ticket = ++last_ticket_;
  if (auto* held = meant->own_backend(); held != nullptr) {
    meant->served_by().hold(*held);
    held_.emplace(ticket, held_backend{&meant->served_by(), held->id()});
    return answer_from_here(
        by, client_number,
        {.process_id = held->welcome().process_id, .server = server_of(*held), .ticket = ticket});
  }
  auto made = std::make_unique<stand_in>(*this, loop_, meant->served_by(),
                                         stand_in::identity{ticket, client_number, meant->identity().id, by});
  auto& entered = *stand_ins_.emplace(ticket, std::move(made)).first->second;
  entered.begin(meant->startup());
}

void process_desk::answer_from_here(const process_asker& by, std::int32_t client_number, shown_process what) {
  what.worker = worker_;
  const bool arrives = all_.post(
      by.worker, [by, client_number, what](process_desk& there) { there.answer(by, client_number, what); });
  if (!arrives) withdraw(all_, what);
}

void process_desk::answer(const process_asker& by, std::int32_t client_number, const shown_process& what) {
  if (auto* asked = find(by.process_id, by.session); asked != nullptr)
    return asked->on_shown(client_number, what);
  withdraw(all_, what);
}

bool process_desk::hear(const process_asker& by, std::int32_t client_number, const shown_process& what) {
  if (what.ticket == 0) return false;
  return all_.post(what.worker, [by, client_number, ticket = what.ticket](process_desk& there) {
    there.hear_here(ticket, by, client_number);
  });
}

// A client that has a backend meets what the server has to say there before any other answer.
void process_desk::hear_here(std::uint64_t ticket, const process_asker& by, std::int32_t client_number) {
  if (const auto at = stand_ins_.find(ticket); at != stand_ins_.end()) return at->second->hear();
  answer_heard(by, client_number);
}

void process_desk::answer_heard(const process_asker& by, std::int32_t client_number) {
  all_.post(by.worker, [by, client_number](process_desk& there) {
    if (auto* asked = there.find(by.process_id, by.session); asked != nullptr) asked->on_heard(client_number);
  });
}

void process_desk::let_go(std::uint64_t ticket) {
  if (const auto held = held_.extract(ticket); !held.empty())
    return held.mapped().owner->let_go(held.mapped().id);
  if (const auto at = stand_ins_.find(ticket); at != stand_ins_.end()) at->second->let_go();
}

void process_desk::end_session(std::int32_t client_number, std::uint64_t id, const std::string& said) {
  if (auto* meant = find(client_number, id); meant != nullptr) meant->end_in_words_of_server(said);
}

// Not in the midst of what it does.
void process_desk::forget_later(std::uint64_t ticket) {
  all_.post(worker_, [ticket](process_desk& here) { here.stand_ins_.erase(ticket); });
}

void process_desk::note_told(session& who, std::uint64_t backend) {
  if (const auto at = told_.find(who.told_by()); at != told_.end()) {
    std::erase(at->second, &who);
    if (at->second.empty()) told_.erase(at);
  }
  if (backend != 0) told_[backend].push_back(&who);
}

void process_desk::backend_ended(std::uint64_t backend, const std::string& said) {
  const auto told = told_.extract(backend);
  if (told.empty()) return;
  for (auto* one : told.mapped()) one->end_in_words_of_server(said);
}

}  // namespace pgweir::proxy
