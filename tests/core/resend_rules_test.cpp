#include "proxy/core/resend_rules.hpp"

#include "proxy/wire/frame.hpp"
#include "tests/core/messages.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pgweir::core {
namespace {

struct failure {
  std::string sqlstate;
  std::string routine;
  std::string message;
  bool is_blind;
  bool takes_over;
  bool on_lease;  // may it be sent again?
  bool on_lane;
};

const failure failures[] = {
    {"26000", "FetchPreparedStatement", "\"pgweir_1\" does not exist", false, false, true, true},
    {"26000", "FetchPreparedStatement", "\"pgweir_1\" does not exist", true, false, true, true},
    // The client's own mistake. On a lease it is made twice, which changes nothing.
    {"26000", "FetchPreparedStatement", "\"a\" does not exist", false, false, true, false},
    {"26000", "elsewhere", "\"pgweir_1\" does not exist", false, false, false, false},
    {"0A000", "RevalidateCachedQuery", "cached plan must not change result type", false, false, true, true},
    {"0A000", "RevalidateCachedQuery", "cached plan must not change result type", true, false, false, false},
    {"0A000", "RevalidateCachedQuery", "cached plan must not change result type", true, true, true, true},
    {"0A000", "elsewhere", "not implemented", false, false, false, false},
    {"42703", "errorMissingColumn", "no such column", false, false, false, false},
    {"42703", "errorMissingColumn", "no such column", false, true, true, true},
    {"22P02", "pg_strtoint32", "invalid input syntax", false, true, true, true},
    // Whether its client or the description is to blame only a lease can tell.
    {"08P01", "PortalSetResultFormat", "bind message has 3 result formats", false, false, false, true},
    {"08P01", "exec_bind_message", "bind message supplies 1 parameters", false, false, false, false},
    // A lane does not know that it was the Bind that failed, so it asks what Bind may say.
    {"53200", "AllocSetAlloc", "out of memory", false, true, true, false},
    {"57014", "ProcessInterrupts", "canceling statement", false, true, false, false},
    {"57014", "ProcessInterrupts", "canceling statement", false, false, false, false},
};

TEST(resend_rules, of_lease_and_lane_differ_only_in_what_the_two_cannot_know) {
  for (const auto& one : failures) {
    const auto message = test::from_server::error(one.sqlstate, one.message, one.routine);
    const server_error error{wire::as_bytes(message).subspan(wire::header_size)};
    const failed_unit failed{.is_blind = one.is_blind, .takes_over = one.takes_over};
    const auto what = one.sqlstate + ' ' + one.message;
    EXPECT_EQ(may_resend_on_lease(error, failed), one.on_lease) << what;
    EXPECT_EQ(may_resend_on_lane(error, failed, "pgweir_"), one.on_lane) << what;
  }
}

}  // namespace
}  // namespace pgweir::core
