#include "proxy/core/statement_catalogue.hpp"

#include "proxy/wire/sql_time_words.hpp"

#include <algorithm>
#include <utility>

namespace pgweir::core {

statement_catalogue::statement_catalogue(std::size_t memory_limit, std::string_view secret,
                                         wire::session_functions forcing)
    : memory_limit_(memory_limit),
      prefix_("pgweir_" + std::string(secret) + "_"),
      forcing_(std::move(forcing)) {}

shared_statement statement_catalogue::intern(wire::bytes_view text_and_types, std::uint64_t stale_up_to) {
  const auto text = wire::as_text(text_and_types);
  const std::scoped_lock hold(mutex_);
  if (const auto found = by_text_.find(text); found != by_text_.end()) {
    by_use_.splice(by_use_.begin(), by_use_, found->second.place);
    const auto kept = found->second.kept;  // so it stays
    // Whoever comes here while it is full was sent to find out.
    if (is_full()) make_room(std::min<std::size_t>(1024, memory_limit_ / 4));
    const bool is_stale = kept->retired.load(std::memory_order_relaxed) || kept->id <= stale_up_to;
    return is_stale ? replace_retired(found) : kept;
  }
  if (!make_room(cost_of(text))) return nullptr;
  auto made = make(text);
  by_use_.push_front(made->text_and_types);
  by_text_.emplace(made->text_and_types, entry{made, by_use_.begin()});
  return made;
}

// Precondition: mutex_ is held.
shared_statement statement_catalogue::replace_retired(text_map::iterator found) {
  auto next = make(found->first);
  next->patience.follow(found->second.kept->patience);
  auto node = by_text_.extract(found);
  node.key() = *node.mapped().place = next->text_and_types;
  node.mapped().kept = next;
  by_text_.insert(std::move(node));
  return next;
}

// Precondition: mutex_ is held.
std::shared_ptr<statement> statement_catalogue::make(std::string_view text_and_types) {
  auto made = std::make_shared<statement>();
  made->id = ++last_id_;
  made->server_name = prefix_ + std::to_string(made->id);
  if (text_and_types.empty()) return made;
  made->text_and_types = text_and_types;
  made->counted = cost_of(text_and_types);
  made->counted_in = &bytes_;
  bytes_ += made->counted;
  const auto sql = wire::before_zero(text_and_types);
  made->sharing = wire::classify(sql, forcing_);
  made->traits = {.drops_statements = wire::read_sql_head(sql).kind == wire::sql_head_kind::deallocate_all,
                  .leaves_state = made->sharing.leaves_state,
                  .bonds = made->sharing.bonds};
  made->freezes_time = wire::freezes_time(sql);
  return made;
}

shared_statement statement_catalogue::make_unshared(wire::bytes_view text_and_types) {
  const std::scoped_lock hold(mutex_);
  return make(wire::as_text(text_and_types));
}

shared_statement statement_catalogue::make_large(wire::sql_traits traits) {
  const std::scoped_lock hold(mutex_);
  auto made = make({});
  made->traits = traits;
  return made;
}

void statement_catalogue::retire(const shared_statement& old) {
  old->retired.store(true, std::memory_order_relaxed);
  const std::scoped_lock hold(mutex_);
  const auto found = by_text_.find(old->text_and_types);
  if (found == by_text_.end() || found->second.kept != old) return;
  by_use_.erase(found->second.place);
  by_text_.erase(found);
}

schema_mark& statement_catalogue::mark_of(std::string_view database) {
  const std::scoped_lock hold(mutex_);
  return marks_[std::string(database)];
}

void statement_catalogue::note_schema_change(schema_mark& of) {
  of.store(newest(), std::memory_order_relaxed);
}

std::uint64_t statement_catalogue::newest() const {
  const std::scoped_lock hold(mutex_);
  return last_id_;
}

// The least recently interned statements go first; those that a client still names stay.
bool statement_catalogue::make_room(std::size_t needed) {
  const bool has_room = evict_for(needed);
  is_full_ = !has_room;
  return has_room;
}

bool statement_catalogue::evict_for(std::size_t needed) {
  if (needed > memory_limit_) return false;
  auto oldest = by_use_.end();
  while (bytes_ + needed > memory_limit_) {
    if (oldest == by_use_.begin()) return false;
    --oldest;
    const auto found = by_text_.find(*oldest);
    if (found->second.kept.use_count() > 1) continue;
    const auto gone = found->second.kept;
    by_text_.erase(found);
    oldest = by_use_.erase(oldest);
  }
  return true;
}

bool statement_catalogue::lend(std::size_t bytes) {
  if (bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= memory_limit_) return true;
  give_back(bytes);
  const std::scoped_lock hold(mutex_);
  if (!make_room(bytes)) return false;
  bytes_ += bytes;
  return true;
}

std::size_t statement_catalogue::size() const {
  const std::scoped_lock hold(mutex_);
  return by_text_.size();
}

}  // namespace pgweir::core
