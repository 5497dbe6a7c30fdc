// pool/backend_set.hpp - the backends that one worker's pool owns, each in the list of its state.
// A change of state moves a list node and the gauges; it allocates nothing. Thread rule: the worker's thread.
#pragma once

#include "metrics/instruments.hpp"
#include "pool/backend.hpp"

#include <array>
#include <cstddef>
#include <list>
#include <memory>

namespace pgweir::pool {

class backend_set {
 public:
  using list = backend_list;

  explicit backend_set(metrics::pool_instruments& instruments) : instruments_(instruments) {}
  backend_set(const backend_set&) = delete;
  backend_set& operator=(const backend_set&) = delete;

  backend& add(std::unique_ptr<backend> made, backend_state state);
  // To the end of the list of `state`; at_front: to its beginning.
  void move(backend& one, backend_state state, bool at_front = false);
  std::unique_ptr<backend> take_out(backend& one);

  // The idle backend with this profile that is nearest to the end: the one that was used last; preferably one
  // that has these settings already, see waiter::session_settings. Null: none.
  backend* idle_with(const shared_profile& wanted, const void* session_settings = nullptr);
  // The one used longest ago. Null: none.
  backend* oldest_idle();
  // Null: it is gone.
  backend* find(std::uint64_t id);
  // Connected with this profile, in any state.
  std::size_t count_with(const shared_profile& wanted) const;

  const list& in(backend_state state) const { return lists_[index_of(state)]; }
  std::size_t size() const;

 private:
  static std::size_t index_of(backend_state state) { return static_cast<std::size_t>(state); }
  metrics::gauge& gauge_of(backend_state state);
  void count(backend_state state, int step);

  metrics::pool_instruments& instruments_;
  std::array<list, 4> lists_;
};

}  // namespace pgweir::pool
