// The house: which folder may include which, and that the README tells of files that exist.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const fs::path root = PGWEIR_SOURCE_DIR;

std::string contents(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<fs::path> sources_in(const std::string& folder) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::recursive_directory_iterator(root / folder))
    if (entry.path().extension() == ".hpp" || entry.path().extension() == ".cpp")
      found.push_back(entry.path());
  return found;
}

std::vector<std::string> includes_of(const fs::path& file) {
  static const std::regex include(R"re(#include\s+[<"]([^>"]+)[>"])re");
  const auto text = contents(file);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), include), end; at != end; ++at)
    found.push_back((*at)[1]);
  return found;
}

void expect_only(const std::string& folder, const std::regex& forbidden, const std::string& why) {
  const auto sources = sources_in(folder);
  EXPECT_FALSE(sources.empty()) << folder;
  for (const auto& file : sources)
    for (const auto& name : includes_of(file))
      EXPECT_FALSE(std::regex_search(name, forbidden)) << file << " includes " << name << ": " << why;
}

}  // namespace

TEST(house, wire_includes_nothing_but_wire_and_the_standard_library) {
  expect_only("proxy/wire",
              std::regex("^(config|metrics|pool|proxy/(?!wire/)|boost|openssl|libpq|spdlog|sys/)"),
              "wire turns bytes into messages and links nothing");
}

TEST(house, core_includes_nothing_but_core_and_wire) {
  expect_only("proxy/core",
              std::regex("^(config|metrics|pool|proxy/(?!wire/|core/)|boost|openssl|libpq|spdlog|sys/)"),
              "core decides and links nothing but wire");
}

TEST(house, core_asks_no_clock) {
  for (const auto& file : sources_in("proxy/core"))
    EXPECT_EQ(contents(file).find("clock::now"), std::string::npos) << file;
}

TEST(house, includes_point_downwards) {
  expect_only("config", std::regex("^(metrics|pool|proxy|tests)/"), "config is the lowest floor");
  expect_only("metrics", std::regex("^(pool|proxy|tests)/"), "metrics stands on config");
  expect_only("pool", std::regex("^(proxy/(?!wire/)|tests/)"),
              "pool stands on metrics, and may use wire of the proxy");
  expect_only("proxy", std::regex("^tests/"), "the program knows no test");
}

TEST(house, libpq_is_included_by_one_file_only) {
  std::vector<std::string> users;
  for (const auto* folder : {"config", "metrics", "pool", "proxy"})
    for (const auto& file : sources_in(folder))
      for (const auto& name : includes_of(file))
        if (name.ends_with("libpq-fe.h")) users.push_back(file.filename());
  EXPECT_EQ(users, std::vector<std::string>{"server_login.cpp"});
}

TEST(house, readme_names_files_that_exist) {
  const auto text = contents(root / "README.md");
  static const std::regex path(
      R"re(`((?:config|metrics|pool|proxy|tests|bench|\.ci)/[A-Za-z0-9_./-]*|LICENSE|[A-Z]+\.md)`)re");
  int named = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), path), end; at != end; ++at, ++named)
    EXPECT_TRUE(fs::exists(root / (*at)[1].str())) << (*at)[1];
  EXPECT_GT(named, 25);
}
