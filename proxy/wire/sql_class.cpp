#include "proxy/wire/sql_class.hpp"

#include "proxy/wire/sql_judge.hpp"

namespace pgweir::wire {

sql_class classify(std::string_view text, const session_functions& forcing) {
  auto judged = sql_judge(text, forcing).run();
  if (judged.verdict == sql_verdict::not_understood) judged.bonds = bonds_of_unclear(text);
  return judged;
}

bool deallocates_alone(const sql_head& head, const sql_class& judged) {
  return head.kind == sql_head_kind::deallocate_one ||
         (head.kind == sql_head_kind::deallocate_all && judged.verdict == sql_verdict::command);
}

bool text_may_leave_state(std::string_view text, const session_functions& forcing) {
  return classify(text, forcing).leaves_state;
}

bool text_may_leave_state(std::string_view text) {
  static const session_functions built_in;
  return text_may_leave_state(text, built_in);
}

}  // namespace pgweir::wire
