// proxy/wire/sql_vacates.hpp - which database a command wants for itself: the server refuses it (55006) while
// anybody is connected there, be it with an idle connection.
#pragma once

#include <string>
#include <string_view>

namespace pgweir::wire {

// Of DROP DATABASE, CREATE DATABASE ... TEMPLATE, and ALTER DATABASE with RENAME or SET TABLESPACE, as
// PostgreSQL would read it; empty: none. Only the first statement of the text is looked at: none of these may
// stand beside another.
std::string database_to_vacate(std::string_view text);

}  // namespace pgweir::wire
