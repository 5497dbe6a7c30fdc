// Many clients on few backends, most of their reads on lanes: each gets its own answers, in its own order.
#include "tests/integration/lanes.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

namespace pgweir::test {
namespace {

using namespace frontend;
using texts = std::vector<std::string>;

struct layout {
  std::string name;
  std::string top;
  std::string pool;
};

class lane_answers : public testing::TestWithParam<layout> {
 protected:
  static void SetUpTestSuite() { make_tables(); }
};

// What one client asks, and what must come. An id of which the division fails is an error on a lane, too.
class asking_client {
 public:
  asking_client(int number, const endpoint& to)
      : number_(number), client_(wire_client::postgres(to)), random_(static_cast<unsigned>(number)) {
    client_.ask(parse("s", prepared_text) + sync());
  }

  // Empty: all was as it should be.
  std::string run(int turns) {
    for (int turn = 0; turn < turns; ++turn) {
      const int id = static_cast<int>(random_() % 999) + 1;
      const auto mark = " of " + std::to_string(number_) + " turn " + std::to_string(turn);
      const auto wrong = ask(random_() % 5, id, mark);
      if (!wrong.empty()) return "for " + name_of(id) + mark + ": " + wrong;
    }
    return {};
  }

 private:
  static constexpr const char* prepared_text = "SELECT v || $2 FROM numbers WHERE id = $1";

  std::string ask(std::size_t form, int id, const std::string& mark) {
    const auto wanted = texts{name_of(id) + mark};
    const auto text_id = std::to_string(id);
    const auto sql = "SELECT v || '" + mark + "' FROM numbers WHERE id = " + text_id;
    switch (form) {
      case 0:
        return check(client_.ask_sql(sql), wanted);
      case 1:
        return check(client_.ask(unnamed(sql)), wanted);
      case 2:
        return check(client_.ask(unnamed(prepared_text, {text_id, mark})), wanted);
      case 3:
        return check(client_.ask(run_of("s", {text_id, mark})), wanted);
      default:
        return sqlstate_of(client_.ask_sql("SELECT 1 / (id - " + text_id +
                                           ") FROM numbers WHERE id = " + text_id)) == "22012"
                   ? ""
                   : "no division by zero";
    }
  }

  static std::string check(const std::vector<backend_message>& answer, const texts& wanted) {
    if (sqlstate_of(answer) == "" && first_columns(answer) == wanted) return {};
    return types_of(answer) + ' ' + sqlstate_of(answer) +
           (first_columns(answer).empty() ? "" : ' ' + first_columns(answer).front());
  }

  int number_;
  wire_client client_;
  std::mt19937 random_;
};

void transact(const endpoint& to, int who, const std::atomic<bool>& stop, std::atomic<int>& wrong) {
  auto client = wire_client::postgres(to);
  const auto table = "own" + std::to_string(who);
  client.ask_sql("DROP TABLE IF EXISTS " + table + "; CREATE TABLE " + table + " (id int, v text)");
  while (!stop) {
    wrong += sqlstate_of(client.ask_sql("BEGIN")) != "";
    wrong += first_columns(client.ask(number(3))) != texts{"n3"};
    wrong += sqlstate_of(client.ask_sql("SELECT 1/0")) != "22012";
    wrong += sqlstate_of(client.ask(number(3))) != "25P02";
    wrong += sqlstate_of(client.ask_sql("ROLLBACK")) != "";
    client.send(query("COPY " + table + " FROM STDIN"));
    wrong += types_of(client.read_until('G')) != "G";
    wrong += types_of(client.ask(copy_data("1\tx\n2\ty\n") + copy_done())) != "CZ";
    wrong += types_of(client.ask_sql("COPY " + table + " TO STDOUT")).substr(0, 3) != "Hdd";
    wrong += types_of(client.ask_sql("TRUNCATE " + table)) != "CZ";
  }
}

TEST_P(lane_answers, of_fifty_clients_are_never_mixed_while_others_have_transactions_errors_and_copies) {
  const pgweir_process pgweir{with_lanes(GetParam().pool, GetParam().top)};
  std::atomic<bool> stop = false;
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> others;
  for (int i = 0; i < 3; ++i) others.emplace_back([&, i] { transact(pgweir.tcp(), i, stop, wrong); });
  std::vector<std::string> complaints(50);
  {
    std::vector<std::jthread> all;
    for (int i = 0; i < 50; ++i)
      all.emplace_back([&pgweir, &complaints, i] {
        complaints[static_cast<std::size_t>(i)] = asking_client{i, pgweir.tcp()}.run(300);
      });
  }
  stop = true;
  others.clear();
  for (const auto& one : complaints) EXPECT_EQ(one, "");
  EXPECT_EQ(wrong, 0);
  EXPECT_GT(units_on_lanes(pgweir), 1000) << pgweir.page("/metrics");
}

INSTANTIATE_TEST_SUITE_P(of, lane_answers,
                         testing::Values(layout{"one_backend", "workers = 1", "size = 1"},
                                         layout{"one_lane", "workers = 1", "size = 4\nlanes = 1"},
                                         layout{"few_statements_on_each_backend", "workers = 1",
                                                "size = 4\nprepared_statements = 1"},
                                         layout{"four_workers", "workers = 4", "size = 8"}),
                         [](const auto& one) { return one.param.name; });

class lane_order : public testing::Test {
 protected:
  lane_order()
      : pgweir(with_lanes("size = 2\nlanes = 1")),
        head(wire_client::postgres(pgweir.tcp())),
        client(wire_client::postgres(pgweir.tcp())) {
    warm_up(pgweir, query(through_gate));
    warm_up(pgweir, number(1));
    warm_up(pgweir, unnamed("SELECT v FROM numbers WHERE id = 1"));
  }
  static void SetUpTestSuite() { make_tables(); }

  texts next() { return first_columns(client.read_until_ready()); }

  pgweir_process pgweir;
  wire_client head;
  wire_client client;
};

TEST_F(lane_order, of_what_is_sent_while_a_unit_stands_on_a_lane_is_kept_across_lane_and_lease) {
  closed_gate gate;
  gate.stop(head);
  ASSERT_TRUE(queue_up(pgweir, client, number(1)));
  client.send(unnamed("SELECT v FROM numbers WHERE id = 2") + number(3) + query("BEGIN") + number(4) +
              unnamed("SELECT v FROM numbers WHERE id = 5") + query("SELECT 1/0") + number(6) +
              query("ROLLBACK") + number(7) + unnamed("SELECT v FROM numbers WHERE id = 8"));
  gate.open();
  EXPECT_EQ(first_columns(head.read_until_ready()), texts{"open"});
  EXPECT_EQ(next(), texts{"n1"});
  EXPECT_EQ(next(), texts{"n2"});
  EXPECT_EQ(next(), texts{"n3"});
  EXPECT_EQ(types_of(client.read_until_ready()), "CZ");
  EXPECT_EQ(next(), texts{"n4"});
  EXPECT_EQ(next(), texts{"n5"});
  EXPECT_EQ(sqlstate_of(client.read_until_ready()), "22012");
  EXPECT_EQ(sqlstate_of(client.read_until_ready()), "25P02");
  EXPECT_EQ(types_of(client.read_until_ready()), "CZ");
  EXPECT_EQ(next(), texts{"n7"});
  EXPECT_EQ(next(), texts{"n8"});
}

TEST_F(lane_order, of_one_pipeline_is_kept_however_it_is_cut) {
  std::mt19937 random{1};
  std::string all;
  for (int id = 1; id <= 100; ++id)
    all += id % 3 == 0 ? number(id) : unnamed("SELECT v FROM numbers WHERE id = " + std::to_string(id));
  for (int round = 0; round < 5; ++round) {
    client.send_cut(all, [&random] { return random() % 200 + 1; });
    for (int id = 1; id <= 100; ++id) ASSERT_EQ(next(), texts{name_of(id)});
  }
}

TEST_F(lane_order, an_error_in_the_middle_of_a_lane_is_its_clients_alone) {
  const auto division = [](int id) {
    return query("SELECT 10 / (id - 5) FROM numbers WHERE id = " + std::to_string(id));
  };
  warm_up(pgweir, division(6));
  std::vector<wire_client> behind;
  for (int i = 0; i < 3; ++i) behind.push_back(wire_client::postgres(pgweir.tcp()));
  closed_gate gate;
  gate.stop(head);
  ASSERT_TRUE(
      queue_up(pgweir, {{&behind[0], division(4)}, {&behind[1], division(5)}, {&behind[2], division(6)}}));
  gate.open();
  EXPECT_EQ(first_columns(head.read_until_ready()), texts{"open"});
  EXPECT_EQ(first_columns(behind[0].read_until_ready()), texts{"-10"});
  EXPECT_EQ(sqlstate_of(behind[1].read_until_ready()), "22012");
  EXPECT_EQ(first_columns(behind[2].read_until_ready()), texts{"10"});
  EXPECT_EQ(first_columns(behind[1].ask(number(8))), texts{"n8"});
}

TEST_F(lane_order, an_answer_is_given_to_who_says_goodbye_right_behind_the_question) {
  const auto before = units_on_lanes(pgweir);
  for (int id = 1; id <= 20; ++id) {
    auto brief = wire_client::postgres(pgweir.tcp());
    brief.send(number(id) + terminate());
    EXPECT_EQ(first_columns(brief.read_until_ready()), texts{name_of(id)});
    EXPECT_TRUE(brief.at_end());
  }
  EXPECT_EQ(units_on_lanes(pgweir), before + 20);
}

}  // namespace
}  // namespace pgweir::test
