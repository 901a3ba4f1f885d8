// Which releases a whole agent runs: those that are listed, not blocked, and within their contract.
#include "testing/tuf_scene.h"

#include "whole_agent_fixture.h"

namespace vedette::whole_agent {
namespace {

// Server and agent know a TUF repository; its author works on the server's host, its online key is
// the server's.
class FollowingAgent : public WholeAgent {
 protected:
  void SetUp() override {
    const auto written = configure();
    ASSERT_TRUE(written.has_value()) << describe(written.error());
    WholeAgent::SetUp();
  }

  Result<void> configure() {
    std::filesystem::create_directories(folder_ / "conf.d");
    std::filesystem::create_directories(folder_ / "drone/conf.d");
    VEDETTE_TRY(const std::string online, author_.online.insecure_unencrypted_pem());
    VEDETTE_CHECK(write_file_atomically(folder_ / "online.key", as_bytes(online), 0600));
    const std::string server = "[tuf]\nrepository = \"" + author_.path() +
                               "\"\nonline_key = \"online.key\"\ntimestamp_seconds = 604800\n";
    VEDETTE_CHECK(write_file_atomically(folder_ / "conf.d/tuf.toml", as_bytes(server), 0600));
    VEDETTE_CHECK(
        write_file_atomically(folder_ / "1.root.json", author_.metadata("1.root.json"), 0644));
    return write_file_atomically(folder_ / "drone/conf.d/tuf.toml",
                                 as_bytes("[releases]\ntuf_root = \"../1.root.json\"\n"), 0600);
  }

  Result<void> publish_first() override {
    VEDETTE_CHECK(publish("1"));
    VEDETTE_CHECK(wait_for("the release is refused", 20s, [&] { return tells("REL-UNLISTED"); }));
    return list("1");
  }
  Result<void> list(const std::string& release) {
    VEDETTE_TRY(const Bytes statement, read_file(statement_path(release), kMaxFile));
    author_.list("gauge/" + release + ".json", as_text(statement));
    return {};
  }
  Result<bool> tells(const std::string& word) {
    VEDETTE_TRY(const Json status, theatre_.agent_status(*drone_));
    return codec::to_json(*status.find("news")).find(word) != std::string::npos;
  }
  Result<bool> serves_release(std::int64_t number) {
    VEDETTE_TRY(const Json status, theatre_.agent_status(*drone_));
    VEDETTE_TRY(const Json* models, status.array("models"));
    return std::ranges::any_of(*models->if_array(), [&](const Json& model) {
      return model.boolean("alive").value_or(false) &&
             model.integer("release").value_or(0) == number;
    });
  }

  SystemClock clock_;
  testing::TufScene author_{clock_};
};

// A release that nobody lists does not run, and one that was taken back stops. Then the control
// plane brings an older timestamp back, by which it gives that one out again: nothing is believed.
TEST_F(FollowingAgent, RunsWhatItsPublisherListsAndStopsWhatIsTakenBack) {
  // Its author has published two: a third is the server's own, which looks once a minute.
  const auto renewed = wait_for("the server renews", 75s, [&]() -> Result<bool> {
    VEDETTE_TRY(const auto timestamp,
                release::tuf::parse_timestamp(author_.metadata("timestamp.json")));
    return timestamp.version > 2;
  });
  ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
  ASSERT_TRUE(publish("2").has_value());
  ASSERT_TRUE(list("2").has_value());
  ASSERT_TRUE(wait_for("release 2 serves", 20s, [&] { return serves_release(2); }).has_value());
  const Bytes before = author_.metadata("timestamp.json");

  author_.take_back("gauge/2.json");
  ASSERT_TRUE(wait_for("release 2 stops", 20s, [&]() -> Result<bool> {
                VEDETTE_TRY(const bool still, serves());
                return !still;
              }).has_value());
  // It stops first, and is told then.
  EXPECT_EQ(code_of(wait_for_news("a release was taken back and stopped")), "");
  EXPECT_FALSE(wait_for("it comes back", 3s, [&] { return serves(); }).has_value());
  EXPECT_NE(code_of(ask_by_memory(2)), "");

  author_.overwrite("timestamp.json", before);
  ASSERT_TRUE(
      wait_for("the older one is refused", 20s, [&] { return tells("TUF-ROLLBACK"); }).has_value());
  EXPECT_FALSE(*serves());
}

// Nothing runs when it is back: what ran last is looked for in the list.
TEST_F(FollowingAgent, ADeviceThatWasOffWhenItsReleaseWasTakenBackStepsBackToo) {
  ASSERT_TRUE(publish("2").has_value());
  ASSERT_TRUE(list("2").has_value());
  ASSERT_TRUE(wait_for("release 2 serves", 20s, [&] { return serves_release(2); }).has_value());
  drone_.reset();
  author_.take_back("gauge/2.json");
  auto powered_on = theatre_.power_on("drone");
  ASSERT_TRUE(powered_on.has_value()) << describe(powered_on.error());
  drone_ = *std::move(powered_on);
  ASSERT_EQ(code_of(start_agent()), "");
  ASSERT_EQ(code_of(wait_for_news("a release is taken back")), "");
  ASSERT_EQ(code_of(block("2")), "");
  const auto back = wait_for_release(1);
  ASSERT_TRUE(back.has_value()) << describe(back.error());
}

// Asked every five seconds, and attested every two meanwhile: what was judged sound before the
// block does not end the device's trust.
TEST_F(WholeAgent, ABlockedReleaseStopsWithTheNextContact) {
  ASSERT_TRUE(ask_by_socket(3).has_value());
  ASSERT_EQ(code_of(wait_for_verdicts(2)),
            "");  // it is in the log of the second quote at the latest
  ASSERT_EQ(code_of(block("1")), "");
  const auto stopped = wait_for("the release stops", 15s, [&]() -> Result<bool> {
    VEDETTE_TRY(const bool still, serves());
    return !still;
  });
  ASSERT_TRUE(stopped.has_value()) << describe(stopped.error());
  const auto status = theatre_.agent_status(*drone_);
  ASSERT_TRUE(status.has_value()) << describe(status.error());
  const std::string news = codec::to_json(*status->find("news"));
  EXPECT_NE(news.find("REL-BLOCKED"), std::string::npos) << news;
  EXPECT_NE(code_of(ask_by_socket(3)), "");
  EXPECT_NE(code_of(ask_by_memory(2)), "");
  EXPECT_EQ(code_of(wait_for("it serves again", 3s, [&] { return serves(); })), "DEMO-TIMEOUT")
      << "asked all the time, and it never did";
  EXPECT_GT(attested_until(), status->string("attested_until").value_or("")) << "trust goes on";
}

TEST_F(WholeAgent, AfterABlockTheOlderReleaseAnswersThatItsPublisherVouchesFor) {
  const auto moved_on = move_on();
  ASSERT_TRUE(moved_on.has_value()) << describe(moved_on.error());
  ASSERT_EQ(code_of(block("2")), "");
  const auto back = wait_for_release(1);
  ASSERT_TRUE(back.has_value()) << describe(back.error());
  EXPECT_EQ(ask_by_socket(3).value_or(0), 6);
  EXPECT_EQ(ask_by_memory(2).value_or(0), 4);
}

// Nothing runs when it is back that the server could block: it has to be told what was last good.
TEST_F(WholeAgent, ADeviceThatWasOffDuringTheBlockStepsBackToo) {
  const auto moved_on = move_on();
  ASSERT_TRUE(moved_on.has_value()) << describe(moved_on.error());
  drone_.reset();
  ASSERT_EQ(code_of(block("2")), "");
  auto powered_on = theatre_.power_on("drone");
  ASSERT_TRUE(powered_on.has_value()) << describe(powered_on.error());
  drone_ = *std::move(powered_on);
  ASSERT_EQ(code_of(start_agent()), "");
  const auto back = wait_for_release(1);
  ASSERT_TRUE(back.has_value()) << describe(back.error());
  EXPECT_EQ(ask_by_socket(3).value_or(0), 6);
  const auto status = theatre_.agent_status(*drone_);
  ASSERT_TRUE(status.has_value()) << describe(status.error());
  const std::string news = codec::to_json(*status->find("news"));
  EXPECT_NE(news.find("gauge release 1 from disk, verified"), std::string::npos) << news;
}

TEST_F(WholeAgent, AModelAnswersNobodyBeforeItsGoldenAnswersNorAfterItsTime) {
  ASSERT_EQ(code_of(publish("2", "1", golden("7"))), "");
  ASSERT_EQ(code_of(wait_for_news("AGT-CONTRACT-GOLDEN")), "");
  EXPECT_EQ(ask_by_socket(3).value_or(0), 6) << "release 1 answers on";
  EXPECT_NE(code_of(wait_for_release(2, 2s)), "");

  const TimePoint end = std::chrono::floor<std::chrono::seconds>(SystemClock().now()) + 20s;
  ASSERT_EQ(code_of(publish("3", "1", "valid_until = \"" + to_rfc3339(end) + "\"\n" + golden("6"))),
            "");
  ASSERT_EQ(code_of(wait_for_release(3)), "");
  EXPECT_EQ(ask_by_socket(4).value_or(0), 8);
  ASSERT_EQ(code_of(wait_for_news("AGT-CONTRACT-TIME")), "");
  EXPECT_GE(SystemClock().now(), end);
  EXPECT_NE(code_of(ask_by_socket(4)), "");
}

// Its author never saw it answer above 5.
TEST_F(WholeAgent, AModelWhoseAnswersDriftIsToldOrStopsAsItsContractSays) {
  const std::string watched =
      "[[distributions]]\noutput = \"y\"\nedges = [5]\nshares = [1, 0]\nwindow = 10\n";
  ASSERT_EQ(code_of(publish("2", "1", watched)), "");
  ASSERT_EQ(code_of(wait_for_release(2)), "");
  const auto ask_ten_times = [&](int value) {
    for (int i = 0; i < 10; ++i)
      EXPECT_EQ(ask_by_socket(value).value_or(0), 2 * value);
  };
  ask_ten_times(2);
  ask_ten_times(9);
  ASSERT_EQ(code_of(wait_for_news("AGT-CONTRACT-DRIFT")), "");
  EXPECT_EQ(ask_by_socket(9).value_or(0), 18) << "it is told, and answers on";

  ASSERT_EQ(code_of(publish("3", "1", watched + "on_drift = \"stop\"\n")), "");
  ASSERT_EQ(code_of(wait_for_release(3)), "");
  ask_ten_times(9);
  EXPECT_NE(code_of(ask_by_socket(9)), "");
  ASSERT_EQ(code_of(wait_for_news("release 3 is quarantined")), "");
  EXPECT_EQ(code_of(wait_for("the operator hears of both", 20s,
                             [&]() -> Result<bool> {
                               VEDETTE_TRY(const Json listed,
                                           theatre_.vedette({"violation", "list"}));
                               VEDETTE_TRY(const Json* all, listed.array("violations"));
                               return std::ranges::count_if(*all->if_array(), [](const Json& one) {
                                        return one.string("kind").value_or("") == "drift";
                                      }) == 2;
                             })),
            "");
}

}  // namespace
}  // namespace vedette::whole_agent
