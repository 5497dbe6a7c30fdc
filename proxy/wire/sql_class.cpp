#include "proxy/wire/sql_class.hpp"

#include "proxy/wire/sql_judge.hpp"

namespace pgweir::wire {

sql_class classify(std::string_view text, const session_functions& forcing) {
  return sql_judge(text, forcing).run();
}

}  // namespace pgweir::wire
