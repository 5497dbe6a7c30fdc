// pool/backend.hpp - one connection to a PostgreSQL server.
//
// Made by server_login, owned by its pool, lent to one session at a time through a lease. While idle the pool
// itself listens to it, so that its death is noticed before a client meets it; while lent the lessee gets
// what arrives. Thread rule: the worker that owns it; it moves between workers only while idle, see
// pool::hand_over.
#pragma once

#include "pool/io/connection.hpp"
#include "pool/lane_policy.hpp"
#include "pool/profile.hpp"
#include "pool/server_connection.hpp"

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <string_view>

namespace pgweir::pool {

class pool;
class backend;

enum class backend_state {
  idle,           // in the pool, clean, for anybody with its profile
  lent,           // held by a session through a lease
  lane,           // shared by sessions, each with a unit on it
  being_canceled  // given back, but a cancel request may still hit it
};
using backend_list = std::list<std::unique_ptr<backend>>;

// The lessee's side of a backend.
class backend_user {
 public:
  // See io::connection.
  virtual std::size_t on_server_bytes(std::span<const std::byte> arrived) = 0;
  virtual void on_server_write() {}
  virtual void on_server_drained() = 0;
  virtual void on_server_lost(io::io_status why) = 0;
  // Others wait for a backend (pool::is_short), and nobody but this user could make room: who only prefers to
  // keep it gives it back, and returns true. Asked while pool/sequence_habits.hpp gives a reason to prefer.
  virtual bool yield_backend() { return false; }

 protected:
  ~backend_user() = default;
};

// What the relay remembers of a backend between leases (which statements it has prepared, ...); opaque to the
// pool.
class backend_memory {
 public:
  virtual ~backend_memory() = default;
  // The server has ended the backend while it was idle; its SQLSTATE and words.
  virtual void on_last_words(const std::string& said) = 0;
};

class backend final : public io::connection {
 public:
  // An ErrorResponse is looked at whole up to 256 kB (core::whole_message_limit), and so are answers on a
  // lane (core/lane_queue.hpp).
  static constexpr std::size_t most_kept = 320 * 1024;

  backend(io::loop& owner, server_connection established, shared_profile startup);
  ~backend() override;

  // Null gives it back to the pool. Bytes that the former user left untaken are a reason to discard the
  // backend.
  void set_user(backend_user* user) { user_ = user; }
  backend_user* user() const { return user_; }
  void set_pool(pool* owner) { pool_ = owner; }

  // Ends both directions at once: libpq's Terminate message must not complete a message that was sent in
  // part.
  void hang_up();

  const server_welcome& welcome() const { return server_.welcome; }
  // The server has told a new value, by ParameterStatus.
  void note_parameter(std::string_view name, std::string_view value);
  // template0 and template1: a backend there blocks CREATE DATABASE.
  bool in_template_database() const;
  const shared_profile& started_with() const { return profile_; }
  io::clock::time_point connected_at() const { return connected_at_; }
  io::clock::time_point login_began() const { return server_.login_began; }
  const server_connection& server() const { return server_; }
  std::uint64_t id() const { return id_; }  // never used again in this process

  std::unique_ptr<backend_memory> memory;
  std::string application_name;            // as the server has it now
  const void* session_settings = nullptr;  // that it has, see waiter::session_settings
  io::clock::time_point idle_since{};
  int cancels_in_flight = 0;  // a cancel request may still hit it: not reusable before it is done
  bool is_held = false;       // see pool::hold(): never reusable

  policy::lane_load load;  // while it is a lane; written by the pool, head_since by the lane's user

  // Written by backend_set alone.
  backend_state state = backend_state::lent;
  backend_list::iterator place;

 private:
  std::size_t on_bytes(std::span<const std::byte> arrived) override;
  std::size_t kept_limit() const override { return most_kept; }
  void on_write() override {
    if (user_ != nullptr) user_->on_server_write();
  }
  void on_drained() override;
  void on_lost(io::io_status why) override;

  server_connection
      server_;  // after the transport of the base class: it must be destroyed last, see ~backend
  shared_profile profile_;
  backend_user* user_ = nullptr;
  pool* pool_ = nullptr;
  io::clock::time_point connected_at_;
  std::uint64_t id_;
};

}  // namespace pgweir::pool
