#include "proxy/sender_ids.hpp"

#include <algorithm>

namespace pgweir::proxy {

std::shared_ptr<sender_ids::note> sender_ids::make_note(std::string_view database,
                                                        std::int32_t server_process_id) {
  auto made = std::make_shared<note>(0);
  const std::lock_guard lock{mutex_};
  notes_[{std::string(database), server_process_id}] = made;
  if (notes_.size() >= clean_at_) {
    std::erase_if(notes_, [](const auto& one) { return one.second.expired(); });
    clean_at_ = std::max<std::size_t>(64, 2 * notes_.size());
  }
  return made;
}

std::int32_t sender_ids::told(std::string_view database, std::int32_t server_process_id) const {
  std::shared_ptr<note> known;
  {
    const std::lock_guard lock{mutex_};
    const auto at = notes_.find(key{std::string(database), server_process_id});
    if (at != notes_.end()) known = at->second.lock();
  }
  const auto client = known == nullptr ? 0 : known->load(std::memory_order_relaxed);
  return client == 0 ? server_process_id : client;
}

bool sender_names::admit(wire::notification& said) {
  const auto told = known_.told(database_, static_cast<std::int32_t>(said.process_id));
  said.process_id = static_cast<std::uint32_t>(told);
  return true;
}

}  // namespace pgweir::proxy
