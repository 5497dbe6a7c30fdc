// proxy/wire/sql_time_words.hpp - whether a statement means another thing each time that it is parsed.
#pragma once

#include <string_view>

namespace pgweir::wire {

// PostgreSQL makes a constant of a literal when it parses the statement, and 'now', 'today', 'tomorrow' and
// 'yesterday' mean that moment (manual, "Date/Time Types", "Special Values"): also with more around them
// ('today 10:00', '[yesterday,)'), in any letter case and in any kind of literal. True: a literal has one of
// these words, or cannot be read well enough to exclude it (escapes that spell letters, pieces continued on
// the next line). Whether it really stands for a time is not known: prose counts, too. Parts of longer names
// ('pay_now') do not.
bool freezes_time(std::string_view sql);

}  // namespace pgweir::wire
