// proxy/core/channel_table.hpp - who is told of which channel. Thread rule: its owner's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::core {

// `Who` is a value that names a subscriber: a worker, a session.
template <class Who>
class channel_table {
 public:
  // True: nobody had the channel before.
  bool add(std::string_view channel, Who who) {
    auto at = by_name_.find(channel);
    const bool is_new = at == by_name_.end();
    if (is_new) at = by_name_.emplace(std::string(channel), std::vector<Who>{}).first;
    auto& all = at->second;
    if (std::find(all.begin(), all.end(), who) == all.end()) all.push_back(who);
    return is_new;
  }

  // True: nobody has it any more.
  bool remove(std::string_view channel, Who who) {
    const auto at = by_name_.find(channel);
    if (at == by_name_.end()) return false;
    std::erase(at->second, who);
    if (!at->second.empty()) return false;
    by_name_.erase(at);
    return true;
  }

  // In the order in which they came. Valid until the next change.
  const std::vector<Who>& subscribers(std::string_view channel) const {
    static const std::vector<Who> nobody;
    const auto at = by_name_.find(channel);
    return at == by_name_.end() ? nobody : at->second;
  }

  bool has(std::string_view channel) const { return by_name_.find(channel) != by_name_.end(); }
  bool empty() const { return by_name_.empty(); }
  std::size_t size() const { return by_name_.size(); }

  std::vector<std::string> channels() const {
    std::vector<std::string> names;
    for (const auto& [name, all] : by_name_) names.push_back(name);
    return names;
  }

 private:
  std::map<std::string, std::vector<Who>, std::less<>> by_name_;
};

}  // namespace pgweir::core
