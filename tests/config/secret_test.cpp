#include "config/secret.hpp"

#include "tests/config/load_helpers.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace pgweir::config {
namespace {

namespace fs = std::filesystem;

constexpr const char* some_key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

class password_file : public testing::Test {
 protected:
  password_file() {
    std::string name = (fs::temp_directory_path() / "pgweir-config-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }
  ~password_file() override { fs::remove_all(directory_); }

  load_result load_holding(const std::string& content, fs::perms rights = fs::perms::owner_read) {
    std::ofstream{directory_ / "password"} << content;
    fs::permissions(directory_ / "password", rights);
    return load_text("[databases.app]\nserver = \"\"\n[users.alice]\npassword_file = \"password\"\n",
                     (directory_ / "test.toml").string());
  }

 private:
  fs::path directory_;
};

TEST(secret_kind, follows_the_rule_of_postgresql) {
  EXPECT_EQ(kind_of_secret(""), secret_kind::none);
  EXPECT_EQ(kind_of_secret("wonderland"), secret_kind::plain);
  EXPECT_EQ(kind_of_secret("md5d2bd1e3c0fcf8f8f5f6eb3a2ed2b1b46"), secret_kind::md5);
  EXPECT_EQ(kind_of_secret("md5d2bd1e3c0fcf8f8f5f6eb3a2ed2b1b4"), secret_kind::plain);
  EXPECT_EQ(kind_of_secret("md5d2bd1e3c0fcf8f8f5f6eb3a2ed2b1b4x"), secret_kind::plain);
}

TEST(secret_kind, takes_only_a_whole_scram_verifier_for_one) {
  const std::string key = some_key;
  EXPECT_EQ(kind_of_secret("SCRAM-SHA-256$4096:c2FsdA==$" + key + ":" + key), secret_kind::scram);
  for (const std::string& damaged :
       {"SCRAM-SHA-256$4096:c2FsdA==$" + key, "SCRAM-SHA-256$4096$" + key + ":" + key,
        "SCRAM-SHA-256$:c2FsdA==$" + key + ":" + key, "SCRAM-SHA-256$x:c2FsdA==$" + key + ":" + key,
        "SCRAM-SHA-256$4096:$" + key + ":" + key, "SCRAM-SHA-256$4096:c2FsdA==$" + key + ":short",
        "SCRAM-SHA-1$4096:c2FsdA==$" + key + ":" + key, std::string{"SCRAM-SHA-256$"}}) {
    EXPECT_EQ(kind_of_secret(damaged), secret_kind::plain) << damaged;
  }
}

TEST_F(password_file, gives_its_first_line) {
  const load_result loaded = load_holding("wonder land \nsecond\n");
  EXPECT_EQ(said_by(loaded), "");
  EXPECT_EQ(loaded.value.users.at("alice").secret, "wonder land ");
}

TEST_F(password_file, may_end_without_a_newline) {
  EXPECT_EQ(load_holding("wonderland").value.users.at("alice").secret, "wonderland");
}

TEST_F(password_file, may_end_its_lines_as_windows_does) {
  EXPECT_EQ(load_holding("wonderland\r\n").value.users.at("alice").secret, "wonderland");
}

TEST_F(password_file, is_a_problem_if_its_first_line_is_empty) {
  const load_result loaded = load_holding("\nwonderland\n");
  ASSERT_EQ(loaded.problems.size(), 1u);
  EXPECT_EQ(loaded.problems[0].line, 4u);
}

TEST_F(password_file, is_a_warning_if_every_user_may_read_it) {
  const load_result loaded = load_holding("hunter2", fs::perms::owner_read | fs::perms::others_read);
  EXPECT_TRUE(loaded.problems.empty());
  ASSERT_EQ(loaded.warnings.size(), 1u);
  EXPECT_NE(loaded.warnings[0].find("test.toml:4: "), std::string::npos) << loaded.warnings[0];
}

TEST(password_env, gives_the_value_of_the_variable) {
  ::setenv("PGWEIR_TEST_PASSWORD", "wonderland", 1);
  const load_result loaded = load_with("[users.bob]\npassword_env = \"PGWEIR_TEST_PASSWORD\"");
  ::unsetenv("PGWEIR_TEST_PASSWORD");
  EXPECT_EQ(said_by(loaded), "");
  EXPECT_EQ(loaded.value.users.at("bob").secret, "wonderland");
}

TEST(password_env, is_a_problem_if_the_variable_is_empty) {
  ::setenv("PGWEIR_TEST_PASSWORD", "", 1);
  const load_result loaded = load_with("[users.bob]\npassword_env = \"PGWEIR_TEST_PASSWORD\"");
  ::unsetenv("PGWEIR_TEST_PASSWORD");
  EXPECT_EQ(loaded.problems.size(), 1u);
}

// A slip of the hand anywhere in the file: a byte lost, cut off, or replaced by one that means something.
TEST(secrets, appear_in_no_message_however_the_file_is_damaged) {
  const std::string whole =
      "[databases.app]\nserver = \"host=a password=hunter2 port=1\"\n[databases.b]\n"
      "server = 'postgresql://alice:hunter2@a:5432/app?sslmode=require'\n"
      "[users.alice]\npassword = \"hunter2\"\nauth = \"hunter2\"\nsize = \"hunter2\"\nquery_timeout = "
      "\"hunter2\"\n"
      "[users.bob]\npassword = 'SCRAM-SHA-256$hunter2'\n[users.carol]\npassword = [\"hunter2\"]\n";
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::vector<std::string> texts{whole.substr(0, i), std::string{whole}.erase(i, 1)};
    for (const std::size_t turn : {i, i + 3}) {
      texts.push_back(whole);
      texts.back()[i] = "\"'\n#[\\ "[turn % 7];
    }
    for (const std::string& text : texts) {
      const std::string said = said_by(load_text(text, "test.toml"));
      EXPECT_EQ(said.find("hunter"), said.npos) << text << said;
    }
  }
}

}  // namespace
}  // namespace pgweir::config
