// Each tests/data/config/invalid/NAME.toml is loaded, and what is said of it compared with NAME.expected.
#include "config/load.hpp"
#include "config/read_file.hpp"
#include "tests/config/load_helpers.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace pgweir::config {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const char* directory) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator{fs::path{DATA_DIRECTORY} / directory}) {
    if (entry.path().extension() == ".toml") found.push_back(entry.path());
  }
  return found;
}

std::string without(const std::string& part, std::string text) {
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at))
    text.erase(at, part.size());
  return text;
}

TEST(config_problems, are_told_as_expected_for_every_invalid_file) {
  const std::vector<fs::path> files = files_of("invalid");
  EXPECT_FALSE(files.empty());
  for (const fs::path& file : files) {
    const load_result loaded = load_file(file.string());
    const std::string directory = file.parent_path().string() + '/';
    EXPECT_EQ(without(directory, said_by(loaded)),
              read_file(fs::path{file}.replace_extension(".expected")).text)
        << file;
    EXPECT_FALSE(loaded.problems.empty()) << file;
  }
}

TEST(config_problems, are_none_in_any_valid_file) {
  const std::vector<fs::path> files = files_of("valid");
  EXPECT_FALSE(files.empty());
  for (const fs::path& file : files) {
    EXPECT_TRUE(load_file(file.string()).problems.empty()) << said_by(load_file(file.string()));
  }
}

TEST(config_problems, stay_on_one_line_whatever_a_key_holds) {
  EXPECT_EQ(said_by(load_with("\"a\\nb\\\"c\" = 1")),
            "test.toml:1: \"a\\u000Ab\\\"c\" is not a key; "
            "known keys: workers, listen, metrics, limits, log, pool, databases, users\n");
}

TEST(config_problems, tell_of_a_password_that_may_not_travel_readable) {
  const std::string user = "[users.bob]\npassword = \"x\"\nauth = \"password\"\n";
  EXPECT_EQ(load_with(user).warnings.size(), 1u);
  EXPECT_EQ(load_with(user + "[listen]\npassword_without_tls = true").warnings.size(), 0u);
  EXPECT_EQ(load_with(user + "[listen]\naddress = \"/run/pgweir\"").warnings.size(), 0u);
  EXPECT_EQ(load_with(user + "[listen]\naddress = [\"/run/pgweir\", \"127.0.0.1:1\"]").warnings.size(), 1u);
}

// Wherever a hand slips while typing, the reader ends with a report or a value.
TEST(config_problems, are_found_without_a_crash_in_a_file_cut_or_damaged_anywhere) {
  const std::string whole = read_file(fs::path{DATA_DIRECTORY} / "valid" / "full.toml").text;
  for (std::size_t i = 0; i < whole.size(); i += 9) {
    load_text(whole.substr(0, i), "cut.toml");
    std::string damaged = whole;
    damaged[i] = "\"\n[=\xff"[i % 5];
    load_text(damaged, "damaged.toml");
  }
}

}  // namespace
}  // namespace pgweir::config
