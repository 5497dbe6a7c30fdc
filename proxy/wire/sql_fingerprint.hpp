// proxy/wire/sql_fingerprint.hpp - what a statement looks like, in a number: its tokens, with literals and
// parameters all alike, equal neighbours in a list counted once, and equal rows of VALUES, too.
#pragma once

#include <bit>
#include <cstdint>

namespace pgweir::wire {

class sql_fingerprint {
 public:
  // What a level of parentheses keeps until it closes. Zero to begin with.
  struct level {
    bool list;              // its items are compared with each other
    bool rows;              // VALUES stood here: parenthesised rows may follow
    std::uint64_t outer;    // of a list: the fingerprint before it
    std::uint64_t items;    // of a list: its items so far
    std::uint64_t last;     // the last item, or the last row
    std::uint64_t through;  // the fingerprint after the last row
  };

  void add(std::uint64_t hash) { now_ = std::rotl((now_ ^ hash) * 0x9e3779b97f4a7c15u, 29); }
  void literal() { add(literal_hash); }

  void open_list(level& opened) {
    opened.list = true;
    opened.outer = now_;
    now_ = seed;
  }
  void end_item(level& list) {
    if (now_ != list.last) list.items = std::rotl((list.items ^ now_) * 0x9e3779b97f4a7c15u, 29);
    list.last = now_;
    now_ = seed;
  }
  void close_list(level& list) {
    end_item(list);
    now_ = list.outer;
    add(list.items);
  }
  // `row` was a list, is closed and stood in `values`: if it is as the one before it, it does not count.
  void end_row(const level& row, level& values) {
    if (values.last == row.items) {
      now_ = values.through;
    } else {
      values.last = row.items;
      values.through = now_;
    }
  }

  std::uint64_t value() const {
    const auto mixed = (now_ ^ (now_ >> 32)) * 0xff51afd7ed558ccdu;
    return mixed == 0 ? 1 : mixed;
  }

 private:
  static constexpr std::uint64_t seed = 0x2545f4914f6cdd1du;
  static constexpr std::uint64_t literal_hash = 0x8b72e3f1c4d5a697u;

  std::uint64_t now_ = seed;
};

}  // namespace pgweir::wire
