#include "proxy/core/client_statements.hpp"

#include <algorithm>

namespace pgweir::core {

const client_statements::named* client_statements::find(std::string_view name) const {
  if (tables_ == nullptr) return nullptr;
  const auto found = tables_->names.find(name);
  return found == tables_->names.end() ? nullptr : &found->second;
}

std::vector<std::pair<std::string_view, shared_statement>> client_statements::in_order() const {
  std::vector<std::pair<std::string_view, shared_statement>> all;
  if (tables_ == nullptr) return all;
  std::vector<name_map::const_iterator> order;
  for (auto at = tables_->names.begin(); at != tables_->names.end(); ++at) order.push_back(at);
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a->second.serial < b->second.serial; });
  for (const auto& at : order) all.emplace_back(at->first, at->second.made);
  return all;
}

const client_statements::named* client_statements::find_defined(std::uint64_t serial) const {
  if (tables_ == nullptr) return nullptr;
  const auto found = std::find_if(tables_->names.begin(), tables_->names.end(),
                                  [serial](const auto& one) { return one.second.serial == serial; });
  return found == tables_->names.end() ? nullptr : &found->second;
}

void client_statements::note_shape(std::uint64_t serial, std::uint64_t shape) {
  if (tables_ == nullptr) return;
  for (auto& [name, one] : tables_->names)
    if (one.serial == serial) one.shape = shape;
}

std::uint64_t client_statements::define(std::string_view name, shared_statement made, std::uint64_t since) {
  if (tables_ == nullptr) tables_ = std::make_unique<tables>();
  if (made->is_large()) ++large_;
  const auto serial = changes_.next();
  tables_->names.insert_or_assign(std::string(name), named{std::move(made), serial, since});
  return serial;
}

void client_statements::renew(std::uint64_t serial) {
  if (tables_ == nullptr) return;
  const auto found = std::find_if(tables_->names.begin(), tables_->names.end(),
                                  [serial](const auto& one) { return one.second.serial == serial; });
  if (found != tables_->names.end()) found->second.serial = changes_.next();
}

void client_statements::rebind(std::string_view name, shared_statement made) {
  tables_->names.find(name)->second.made = std::move(made);
}

void client_statements::erase(name_map::iterator gone) {
  if (gone->second.made->is_large()) --large_;
  tables_->names.erase(gone);
}

void client_statements::forget(name_map::iterator gone) {
  share_.give_back(cost_of(gone->first));
  erase(gone);
}

void client_statements::undo_define(std::uint64_t serial) {
  if (tables_ == nullptr) return;
  const auto found = std::find_if(tables_->names.begin(), tables_->names.end(),
                                  [serial](const auto& one) { return one.second.serial == serial; });
  if (found != tables_->names.end()) forget(found);
}

void client_statements::undo_defines_from(std::uint64_t serial) {
  if (tables_ == nullptr) return;
  for (auto at = tables_->names.begin(); at != tables_->names.end();) {
    const auto next = std::next(at);
    if (at->second.serial >= serial) forget(at);
    at = next;
  }
}

std::uint64_t client_statements::close(std::string_view name) {
  const auto found = tables_->names.find(name);
  const auto serial = changes_.next();
  tables_->closing.push_back({found->first, found->second, serial});
  erase(found);
  return serial;
}

void client_statements::undo_close(std::uint64_t serial) {
  if (tables_ == nullptr) return;
  const auto found = std::find_if(tables_->closing.begin(), tables_->closing.end(),
                                  [serial](const closed& one) { return one.serial == serial; });
  if (found == tables_->closing.end()) return;
  if (found->was.made->is_large()) ++large_;
  tables_->names.insert_or_assign(found->name, found->was);
  tables_->closing.erase(found);
}

void client_statements::confirm_close(std::uint64_t serial) {
  if (tables_ == nullptr) return;
  std::erase_if(tables_->closing, [&](const closed& one) {
    if (one.serial != serial) return false;
    share_.give_back(cost_of(one.name));
    return true;
  });
}

void client_statements::clear_before(std::uint64_t serial) {
  if (tables_ == nullptr) return;
  for (auto at = tables_->names.begin(); at != tables_->names.end();) {
    const auto next = std::next(at);
    if (at->second.serial < serial) forget(at);
    at = next;
  }
}

bool client_statements::in_doubt(std::string_view name) const {
  if (tables_ == nullptr) return false;
  const auto found = tables_->names.find(name);
  if (found != tables_->names.end() && changes_.in_doubt(found->second.serial)) return true;
  return std::any_of(tables_->closing.begin(), tables_->closing.end(),
                     [&](const closed& one) { return one.name == name && changes_.in_doubt(one.serial); });
}

std::string_view client_statements::name_of(std::uint64_t statement_id, std::uint64_t serial) const {
  std::string_view found;
  if (tables_ == nullptr) return found;
  for (const auto& one : tables_->closing) {
    if (serial != 0 && (one.serial == serial || one.was.serial == serial)) return one.name;
    if (one.was.made->id == statement_id) found = one.name;
  }
  for (const auto& [name, known] : tables_->names) {
    if (known.serial == serial) return name;
    if (known.made->id == statement_id) found = name;
  }
  return found;
}

}  // namespace pgweir::core
