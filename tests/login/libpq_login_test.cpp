#include "proxy/auth/digest.hpp"
#include "proxy/login/client_login.hpp"
#include "proxy/login/tls_context.hpp"
#include "tests/login/certificate.hpp"
#include "tests/login/login_acceptor.hpp"

#include <gtest/gtest.h>
#include <libpq-fe.h>

#include <memory>
#include <string>

namespace pgweir::login {
namespace {

using config::auth_method;
using connection = std::unique_ptr<PGconn, decltype(&PQfinish)>;

const char* const accented =
    "p\u00e4ss\u00a0w\u00f6rd \u20ac\u00ad!";  // SASLprep maps a space and drops a hyphen

class libpq_login : public testing::Test {
 protected:
  libpq_login() {
    add("trusted", auth_method::trust, "");
    add("clear", auth_method::password, "one");
    add("digest", auth_method::md5, "one");
    add("hashed", auth_method::md5, "md5" + auth::md5_hex("onehashed"));
    add("scram", auth_method::scram_sha_256, "one");
    add("verified", auth_method::scram_sha_256, verifier("one"));
    add("clear_verified", auth_method::password, verifier("one"));
    add("accented", auth_method::scram_sha_256, accented);
    add("accented_verified", auth_method::scram_sha_256, verifier(accented));
    settings.databases["*"].server = "host=nowhere";
    settings.listen.tls = make_certificate(directory);
  }

  void add(const std::string& name, auth_method method, const std::string& secret) {
    settings.users[name].auth = method;
    settings.users[name].secret = secret;
  }

  // As the server's CREATE ROLE or psql's \password would make it.
  static std::string verifier(const char* password) {
    const connection unconnected(PQconnectStart("invalid"), &PQfinish);
    char* made = PQencryptPasswordConn(unconnected.get(), password, "any", "scram-sha-256");
    const std::string copy(made != nullptr ? made : "");
    PQfreemem(made);
    return copy;
  }

  connection connect(const std::string& user, const std::string& password, const std::string& more) {
    const auto conninfo = "host=127.0.0.1 port=" + server->port() +
                          " dbname=app connect_timeout=20 user=" + user + " password='" + password + "' " +
                          more;
    return {PQconnectdb(conninfo.c_str()), &PQfinish};
  }

  void expect_accepted(const std::string& user, const std::string& password, const std::string& more) {
    const auto made = connect(user, password, more);
    EXPECT_EQ(PQstatus(made.get()), CONNECTION_OK)
        << user << " " << more << ": " << PQerrorMessage(made.get());
  }
  void expect_refused(const std::string& user, const std::string& password, const std::string& more,
                      const std::string& words) {
    const auto made = connect(user, password, more);
    EXPECT_EQ(PQstatus(made.get()), CONNECTION_BAD) << user << " " << more;
    const std::string error = PQerrorMessage(made.get());
    EXPECT_NE(error.find(words), std::string::npos) << user << " " << more << ": " << error;
  }
  void start(ssl_ctx_st* context) { server.emplace(settings, context); }

  temporary_directory directory;
  config::config settings;
  std::optional<login_acceptor> server;
};

TEST_F(libpq_login, works_with_every_method_over_tls_and_plain_connections) {
  settings.listen.password_without_tls = true;
  const auto context = make_tls_context(settings.listen.tls);
  start(context.get());
  for (const auto* transport : {"sslmode=disable", "sslmode=require", "sslmode=prefer"}) {
    for (const auto* binding : {"channel_binding=disable", "channel_binding=prefer"}) {
      const auto more = std::string(transport) + " " + binding;
      expect_accepted("trusted", "", more);
      for (const auto* user : {"clear", "digest", "hashed", "scram", "verified", "clear_verified"}) {
        expect_accepted(user, "one", more);
        expect_refused(user, "two", more, "password authentication failed for user");
      }
      for (const auto* user : {"accented", "accented_verified"}) expect_accepted(user, accented, more);
    }
  }
}

TEST_F(libpq_login, is_encrypted_where_the_client_asks_for_it) {
  const auto context = make_tls_context(settings.listen.tls);
  start(context.get());
  const auto trusted = "sslrootcert=" + settings.listen.tls.certificate;
  const auto made = connect("scram", "one", "sslmode=verify-ca " + trusted);
  ASSERT_EQ(PQstatus(made.get()), CONNECTION_OK) << PQerrorMessage(made.get());
  EXPECT_EQ(PQsslInUse(made.get()), 1);
  const auto& results = server->stop();
  ASSERT_EQ(results.size(), 1u);
  EXPECT_TRUE(results[0].transport.is_tls());
}

TEST_F(libpq_login, insists_on_tls_where_the_operator_does) {
  settings.listen.tls.mode = config::tls_mode::require;
  const auto context = make_tls_context(settings.listen.tls);
  start(context.get());
  expect_refused("trusted", "", "sslmode=disable", "requires TLS");
  expect_accepted("trusted", "", "sslmode=allow");
  expect_accepted("trusted", "", "sslmode=require");
}

TEST_F(libpq_login, does_not_offer_what_it_has_not) {
  start(nullptr);
  expect_refused("trusted", "", "sslmode=require", "does not support SSL");
  expect_accepted("trusted", "", "sslmode=prefer");
  expect_refused("clear", "one", "sslmode=prefer", "needs TLS");
  expect_refused("scram", "one", "sslmode=prefer channel_binding=require", "channel binding");
}

TEST_F(libpq_login, refuses_unknown_users_and_missing_databases) {
  settings.databases.clear();
  settings.databases["other"].server = "host=nowhere";
  start(nullptr);
  expect_refused("nobody", "one", "", "password authentication failed for user \"nobody\"");
  expect_refused("scram", "two", "", "password authentication failed for user \"scram\"");
  expect_refused("scram", "one", "", "database \"app\" does not exist");
}

TEST_F(libpq_login, receives_the_cancel_key_of_the_client) {
  start(nullptr);
  const auto made = connect("trusted", "", "");
  ASSERT_EQ(PQstatus(made.get()), CONNECTION_OK);
  const std::unique_ptr<PGcancel, decltype(&PQfreeCancel)> cancel(PQgetCancel(made.get()), &PQfreeCancel);
  char error[256];
  EXPECT_EQ(PQcancel(cancel.get(), error, sizeof error), 1) << error;
  const auto& results = server->stop();
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(results[1].cancel->process_id, 4711u);
}

}  // namespace
}  // namespace pgweir::login
