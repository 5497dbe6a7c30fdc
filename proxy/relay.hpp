// proxy/relay.hpp - carries out what core/request_relay and core/response_relay decide, between a session and
// the backend that it holds.
#pragma once

#include "metrics/instruments.hpp"
#include "pool/backend.hpp"
#include "proxy/core/request_relay.hpp"
#include "proxy/core/response_relay.hpp"
#include "proxy/processes/process_directory.hpp"
#include "proxy/processes/told_backend_use.hpp"
#include "proxy/sender_ids.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::proxy {

class lane;

// Sessions were told its process, by pg_backend_pid(), and are to end with it.
struct mourned_backend {
  process_directory* by = nullptr;  // null: nobody was
  std::uint64_t id = 0;
  told_backend_use use;
};

// What a backend carries from lease to lease.
struct relay_memory final : pool::backend_memory {
  relay_memory();
  ~relay_memory() override;
  void on_last_words(const std::string& said) override { state.fatal = said; }

  core::backend_state state;
  std::unique_ptr<lane> shared;  // null until it is a lane for the first time
  std::uint64_t last_client = 0;
  std::shared_ptr<sender_ids::note> sender;  // null until a client in transaction mode has had it
  mourned_backend mourned;
  std::string login_application_name;  // what RESET and DISCARD ALL return to
  std::string login_user;              // session_user unless it was changed
  // Since when one side is not read because the other does not take what it sent; the epoch: it is read.
  io::clock::time_point client_paused_since{};
  io::clock::time_point server_paused_since{};
};

// Puts bytes into a connection's outgoing buffer, and counts them. Precondition of put(): it was given one.
class connection_sink final : public wire::sink {
 public:
  connection_sink() = default;
  connection_sink(io::connection& to, metrics::counter& sent) : to_(&to), sent_(&sent) {}
  void put(wire::bytes_view bytes) override {
    sent_->add(bytes.size());
    to_->send(bytes);
  }

 private:
  io::connection* to_ = nullptr;
  metrics::counter* sent_ = nullptr;
};

// Stops to read `from` until its peer has taken what waits for it; and back. `since` remembers the time.
void pause(io::connection& from, io::clock::time_point& since);
void resume(io::connection& from, io::clock::time_point& since, metrics::counter& nanoseconds);

relay_memory& memory_of(pool::backend& held);
lane& lane_of(pool::backend& shared, std::string_view statement_prefix);

// Whose unit a backend is made fit for. Id 0: a lane, for several clients.
struct unit_owner {
  std::uint64_t client_id = 0;
  std::string_view application_name;
  core::shared_session_profile profile;
};
// Undoes what another client may have left behind, and gives the backend what this one has set. The answers
// are swallowed.
void prepare_for(pool::backend& held, const unit_owner& next, metrics::pool_instruments& counts);
// Asks the server what the client has left; the answer is in backend_state::findings.
void ask_for_state(pool::backend& held, const core::client_state& client, metrics::pool_instruments& counts);
// The client's statements are shared again, see core/own_names.hpp: the backend forgets what it calls its own
// way. The next unit waits for that.
void drop_own_names(pool::backend& held);
// `now` is what the backend has from here on; what it prepared under another meaning is prepared afresh.
void note_profile(pool::backend& held, const core::shared_session_profile& now);
// Undoes everything but what the login did; nobody may have had the backend meanwhile.
void discard_all(pool::backend& held, metrics::pool_instruments& counts);

// An exchange of pgweir's own: the answer is swallowed, and dealt with as `then` says.
void ask_own(pool::backend& held, const std::string& sql, core::bookkeeping then);

// Moves the relays' counts to the instruments.
void take_counts(core::relay_counts& from, metrics::pool_instruments& to);

}  // namespace pgweir::proxy
