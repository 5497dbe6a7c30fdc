// proxy/processes/named_processes.hpp - the processes that a session has named by their numbers in a call
// that sends them signals, and the server processes that stand for them. Lives until the session's
// transaction is over. Thread rule: the worker's thread.
#pragma once

#include "proxy/core/unit_end_rules.hpp"
#include "proxy/processes/process_desk.hpp"
#include "proxy/wire/process_sites.hpp"

#include <cstdint>
#include <map>
#include <optional>

namespace pgweir::proxy {

class named_processes final : public core::unit_end_rules {
 public:
  named_processes(process_desk& desk, const process_asker& by) : desk_(desk), by_(by) {}
  named_processes(const named_processes&) = delete;
  named_processes& operator=(const named_processes&) = delete;
  ~named_processes();

  // For a message that is about to be sent. Nothing: it is not known yet, and being found out.
  std::optional<std::int32_t> find(std::int32_t number, wire::process_signal why);
  void learn(std::int32_t number, const shown_process& what);
  // As directly, nobody is told that a client has been ended who then answers once more.
  bool may_end_unit() override;
  void note_heard(std::int32_t number);
  // What is known has gone into a message that was sent.
  bool is_used() const;

 private:
  enum class stage : std::uint8_t {
    sought,
    shown,
    cancels,  // in a message that ends nobody
    ends,     // in another; what the server makes of that is still to be heard
    listens,  // asked for that
    heard     // as far as the unit is concerned that ends; another one may be on its way
  };
  struct name {
    shown_process stands_for;
    stage at = stage::sought;
  };

  process_desk& desk_;
  const process_asker by_;
  std::map<std::int32_t, name> by_number_;
};

}  // namespace pgweir::proxy
