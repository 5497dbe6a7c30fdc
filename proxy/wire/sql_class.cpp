#include "proxy/wire/sql_class.hpp"

#include "proxy/wire/sql_judge.hpp"

namespace pgweir::wire {

sql_class classify(std::string_view text, const session_functions& forcing) {
  return sql_judge(text, forcing).run();
}

bool text_may_leave_state(std::string_view text, const session_functions& forcing) {
  return classify(text, forcing).leaves_state;
}

bool text_may_leave_state(std::string_view text) {
  static const session_functions built_in;
  return text_may_leave_state(text, built_in);
}

}  // namespace pgweir::wire
