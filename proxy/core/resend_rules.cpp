#include "proxy/core/resend_rules.hpp"

#include "proxy/wire/error_response.hpp"

#include <algorithm>

namespace pgweir::core {
namespace {

bool is_missing(const server_error& error) {
  return error.sqlstate == "26000" && error.routine == "FetchPreparedStatement";
}

// A client that does not ask anew would read new rows by an old description: it has to see the error.
bool is_mended_by_preparing(const server_error& error, const failed_unit& failed) {
  return is_missing(error) || (is_out_of_date(error) && !failed.is_blind);
}

}  // namespace

server_error::server_error(wire::bytes_view body)
    : sqlstate(wire::find_error_field(body, 'C')),
      severity(wire::find_error_field(body, 'V')),
      message(wire::find_error_field(body, 'M')),
      routine(wire::find_error_field(body, 'R')) {}

bool is_out_of_date(const server_error& error) {
  return error.sqlstate == "0A000" && error.routine == "RevalidateCachedQuery";
}

bool is_about_columns(const server_error& error) {
  return error.sqlstate == "08P01" && error.routine == "PortalSetResultFormat";
}

bool is_from_analysis(const server_error& error) {
  const auto sqlstate_class = error.sqlstate.substr(0, 2);
  return sqlstate_class == "0A" || sqlstate_class == "22" || sqlstate_class == "42";
}

bool is_about_validity(const server_error& error) { return is_missing(error) || is_out_of_date(error); }

bool may_come_from_translation(const server_error& error) {
  static constexpr std::string_view circumstances[] = {"40", "53", "55", "57", "58"};
  return std::find(std::begin(circumstances), std::end(circumstances), error.sqlstate.substr(0, 2)) ==
         std::end(circumstances);
}

// 57: cancelled, or the server ends.
bool may_resend_on_lease(const server_error& error, const failed_unit& failed) {
  return is_mended_by_preparing(error, failed) || (failed.takes_over && !error.sqlstate.starts_with("57"));
}

// What fails later than at the Bind is run once more for nothing: it only reads. Whose the mistake with
// columns is only a lease can tell.
bool may_resend_on_lane(const server_error& error, const failed_unit& failed,
                        std::string_view statement_prefix) {
  const bool clients_own =
      is_missing(error) && error.message.find(statement_prefix) == std::string_view::npos;
  return (is_mended_by_preparing(error, failed) && !clients_own) || is_about_columns(error) ||
         (failed.takes_over && is_from_analysis(error));
}

}  // namespace pgweir::core
