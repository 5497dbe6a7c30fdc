#include "proxy/session_table.hpp"

#include <utility>

namespace pgweir::proxy {

session_identity session_table::reserve() {
  const auto place = keys_.reserve();
  if (place >= places_.size()) places_.resize(place + 1);
  return {.place = place, .id = static_cast<std::uint64_t>(worker_ + 1) << 48 | ++last_id_};
}

session& session_table::add(std::unique_ptr<session> made) {
  auto& place = places_[made->identity().place];
  place = std::move(made);
  return *place;
}

cancel_key session_table::give_key(const session& to, std::int32_t server_process_id) {
  return keys_.give(to.identity().place, server_process_id);
}

session* session_table::find(const cancel_key& key) const {
  const auto place = keys_.find(key);
  return place ? places_[*place].get() : nullptr;
}

session* session_table::find_told(std::int32_t process_id) const {
  const auto place = keys_.find_told(process_id);
  return place ? places_[*place].get() : nullptr;
}

std::unique_ptr<session> session_table::remove(const session& gone) {
  const auto place = gone.identity().place;
  keys_.release(place);
  return std::move(places_[place]);
}

void session_table::end_all(outcome why) {
  for (std::size_t i = 0; i < places_.size(); ++i)
    if (auto* one = places_[i].get(); one != nullptr) one->end(why);
}

}  // namespace pgweir::proxy
