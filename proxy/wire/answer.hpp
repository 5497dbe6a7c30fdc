// proxy/wire/answer.hpp - how far the answer to one unit reaches.
#pragma once

#include "proxy/wire/cursor.hpp"

#include <cstddef>

namespace pgweir::wire {

struct answer_extent {
  std::size_t size = 0;      // with the ReadyForQuery at its end; 0: that has not come yet
  char transaction = 'I';    // what the ReadyForQuery says
  bytes_view error;          // body of the first ErrorResponse; empty: there is none
  std::size_t executed = 0;  // Execute messages that were answered before it
  bool malformed = false;
};

// Looks for the first ReadyForQuery in what a server has sent; `arrived` begins with a whole message.
answer_extent measure_answer(bytes_view arrived);

}  // namespace pgweir::wire
