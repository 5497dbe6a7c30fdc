#include "proxy/login/tls_context.hpp"

#include "tests/login/certificate.hpp"
#include "tests/login/login_script.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace pgweir::login {
namespace {

using namespace std::string_literals;

std::string failure_of(const config::tls_settings& settings) {
  try {
    make_tls_context(settings);
  } catch (const std::exception& error) {
    return error.what();
  }
  return {};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(tls_context, is_none_where_tls_is_off) { EXPECT_EQ(make_tls_context({}), nullptr); }

TEST(tls_context, names_the_file_that_it_cannot_use) {
  const temporary_directory directory;
  const auto good = make_certificate(directory);
  EXPECT_EQ(failure_of(good), "");

  auto missing = good;
  missing.certificate = directory.file("missing.crt");
  EXPECT_TRUE(contains(failure_of(missing), missing.certificate)) << failure_of(missing);

  auto garbage = good;
  garbage.key = directory.file("garbage.key");
  std::ofstream(garbage.key) << "no key";
  EXPECT_TRUE(contains(failure_of(garbage), garbage.key)) << failure_of(garbage);

  auto foreign = good;
  foreign.key = make_certificate(directory, "other").key;
  EXPECT_TRUE(contains(failure_of(foreign), foreign.key)) << failure_of(foreign);
}

class tls_negotiation : public testing::Test {
 protected:
  tls_negotiation() {
    settings_.listen.tls = make_certificate(directory_);
    settings_.users["*"].auth = config::auth_method::trust;
    settings_.databases["*"].server = "host=nowhere";
    context_ = make_tls_context(settings_.listen.tls);
  }

  temporary_directory directory_;
  config::config settings_;
  tls_context context_;
};

// CVE-2021-3935: what was injected in plain text must not be taken as sent under TLS.
TEST_F(tls_negotiation, refuses_plain_text_that_came_along_with_the_request) {
  const auto startup = startup_packet_of("user\0alice\0\0"s);
  for (std::size_t extra = 1; extra <= startup.size(); ++extra) {
    login_script played(settings_, delivery::whole, false, context_.get());
    played.send(ssl_request_packet() + startup.substr(0, extra));
    EXPECT_EQ(played.finish().outcome, login_outcome::refused);
    const auto answer = played.receive(0);
    EXPECT_EQ(answer.front(), 'E');
    EXPECT_EQ(sqlstate_in(answer), "08P01");
  }
}

TEST_F(tls_negotiation, closes_on_plain_text_in_place_of_the_handshake) {
  for (const auto how : {delivery::whole, delivery::bytewise}) {
    login_script played(settings_, how, false, context_.get());
    played.send(ssl_request_packet());
    EXPECT_EQ(played.receive(1), "S");
    played.send(startup_packet_of("user\0alice\0\0"s));
    EXPECT_EQ(played.finish().outcome, login_outcome::disconnected);
    EXPECT_TRUE(contains(played.finish().detail, "TLS handshake")) << played.finish().detail;
  }
}

TEST_F(tls_negotiation, is_not_offered_on_unix_sockets) {
  login_script played(settings_, delivery::whole, true, context_.get());
  played.send(ssl_request_packet());
  EXPECT_EQ(played.receive(1), "N");
  played.send(startup_packet_of("user\0alice\0\0"s));
  EXPECT_EQ(played.finish().outcome, login_outcome::authenticated);
}

TEST_F(tls_negotiation, is_offered_after_a_request_for_gss_encryption) {
  login_script played(settings_, delivery::bytewise, false, context_.get());
  played.send(gssenc_request_packet());
  EXPECT_EQ(played.receive(1), "N");
  played.send(ssl_request_packet());
  EXPECT_EQ(played.receive(1), "S");
}

TEST_F(tls_negotiation, ends_with_the_deadline_of_the_login) {
  settings_.listen.client_login_timeout = config::milliseconds(1);
  login_script played(settings_, delivery::whole, false, context_.get());
  played.send(ssl_request_packet());
  EXPECT_EQ(played.finish().outcome, login_outcome::timed_out);
}

}  // namespace
}  // namespace pgweir::login
