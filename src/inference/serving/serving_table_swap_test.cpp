#include <algorithm>
#include <atomic>
#include <thread>

#include "testing/serving_table_scene.h"

namespace vedette::inference::serving {
namespace {

class HotSwap : public TableScene {
 protected:
  bool wait_for_default(std::uint64_t version) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < until) {
      const auto lease = table_->find("gauge");
      if (lease && (*lease)->version() == version) return true;
      std::this_thread::yield();
    }
    return false;
  }
};

TEST_F(HotSwap, UnderLoadFromEightThreadsNoCallFails) {
  settings_.replicas = 2;
  settings_.max_waiting = 64;
  ASSERT_EQ(publish(1), "fine");
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> answered = 0, failed = 0, posted = 0;
  {
    std::vector<std::jthread> threads;
    threads.reserve(8);
    for (int t = 0; t < 8; ++t)
      threads.emplace_back([&, t] {
        while (!stop) {
          const auto lease = table_->find("gauge");
          if (lease && t % 4 == 0) {
            ++posted;
            std::promise<bool> told;
            lease->post(row(1), seconds(5), OutputView::everything(),
                        [&told](const Answer& answer) { told.set_value(answer.has_value()); });
            ++(told.get_future().get() ? answered : failed);
          } else {
            ++(lease && ask(*lease) ? answered : failed);
          }
        }
      });
    for (std::uint64_t version = 2; version <= 20; ++version) {
      const std::uint64_t before = answered;
      EXPECT_EQ(publish(version), "fine");
      while (answered < before + 50 && failed == 0)
        std::this_thread::yield();
    }
    stop = true;
  }
  EXPECT_EQ(failed, 0U);
  EXPECT_GE(answered, 19U * 50U);
  EXPECT_GT(posted, 0U);
  for (std::uint64_t version = 1; version < 20; ++version)
    EXPECT_TRUE(fleet(version).wait_for_gone(2)) << version;
  EXPECT_EQ(answers(), "20");
}

TEST_F(HotSwap, TheOldVersionServesUntilTheNewOneIsReady) {
  ASSERT_EQ(publish(1), "fine");
  fleet(2).shut_starts();
  auto published = std::async(std::launch::async, [this] { return publish(2); });
  ASSERT_TRUE(fleet(2).wait_for_starts(1));
  EXPECT_EQ(answers(), "1");
  fleet(2).open_starts();
  EXPECT_EQ(published.get(), "fine");
  EXPECT_EQ(answers(), "2");
}

// What was accepted is what answers: floors rise for no release that did not come to that.
TEST_F(HotSwap, AReleaseIsAskedAboutOnceWhenAllOfItsReplicasAreReady) {
  settings_.replicas = 3;
  ASSERT_EQ(publish(1), "fine");
  int asked = 0;
  const auto publish_asking = [&](std::uint64_t version, const std::string& refusal) {
    auto made = release(version);
    made.accept = [&, version, refusal]() -> Result<void> {
      ++asked;
      EXPECT_EQ(fleet(version).starts(), 3);
      EXPECT_EQ(answers(), "1") << "nothing answers before it is accepted";
      if (refusal.empty()) return {};
      return refuse(refusal, "by the test");
    };
    return code_of(table_->publish(std::move(made)));
  };
  fleet(2).refuse_starts_after(2, "INF-LOAD");
  EXPECT_EQ(publish_asking(2, ""), "INF-LOAD");
  EXPECT_EQ(asked, 0) << "one of its replicas could not start";
  EXPECT_EQ(answers(), "1");
  EXPECT_EQ(publish_asking(3, "REL-ROLLBACK"), "REL-ROLLBACK");
  EXPECT_TRUE(fleet(3).wait_for_gone(3));
  EXPECT_EQ(answers(), "1");
  EXPECT_EQ(publish_asking(4, ""), "fine");
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(answers(), "4");
}

TEST_F(HotSwap, RunningAndWaitingCallsOfTheOldVersionAreAnswered) {
  ASSERT_EQ(publish(1), "fine");
  fleet(1).shut_gate();
  std::promise<std::string> posted;
  {
    const auto lease = table_->find("gauge").value();
    lease.post(row(1), seconds(5), OutputView::everything(),
               [&posted](const Answer& answer) { posted.set_value(code_of(answer)); });
  }
  ASSERT_TRUE(fleet(1).wait_for_entered(1));
  auto waiting = ask_elsewhere(table_->find("gauge").value());
  auto published = std::async(std::launch::async, [this] { return publish(2); });
  ASSERT_TRUE(wait_for_default(2));
  EXPECT_EQ(answers(), "2");
  EXPECT_EQ(fleet(1).gone(), 0);
  fleet(1).open_gate();
  EXPECT_EQ(posted.get_future().get(), "fine");
  EXPECT_EQ(waiting.get(), "fine");
  EXPECT_EQ(published.get(), "fine");
  EXPECT_TRUE(fleet(1).wait_for_gone(1));
}

TEST_F(HotSwap, ALeaseTakenBeforeTheSwapIsStillServed) {
  ASSERT_EQ(publish(1), "fine");
  auto lease = std::make_unique<VersionLease>(table_->find("gauge").value());
  auto published = std::async(std::launch::async, [this] { return publish(2); });
  ASSERT_TRUE(wait_for_default(2));
  EXPECT_EQ(answers(*lease), "1");
  EXPECT_EQ(answers(table_->find("gauge", 1)), "SRV-NO-VERSION");
  lease.reset();
  EXPECT_EQ(published.get(), "fine");
  EXPECT_TRUE(fleet(1).wait_for_gone(1));
}

TEST_F(HotSwap, ACallThatOutlastsTheDrainIsRefused) {
  ASSERT_EQ(publish(1), "fine");
  fleet(1).shut_gate();
  auto running = ask_elsewhere(table_->find("gauge").value());
  ASSERT_TRUE(fleet(1).wait_for_entered(1));
  auto published = std::async(std::launch::async, [this] { return publish(2); });
  ASSERT_TRUE(wait_for_default(2));
  // The drain began some time after the swap was seen: the clock goes on until it has ended.
  while (running.wait_for(milliseconds(1)) != std::future_status::ready)
    clock_.advance(policy_.drain_deadline);
  EXPECT_EQ(running.get(), "SRV-DRAINED");
  EXPECT_EQ(published.get(), "fine");
  EXPECT_EQ(fleet(1).kills(), 1);
}

TEST_F(HotSwap, WithdrawEndsTheVersionThatDrainsToo) {
  ASSERT_EQ(publish(1), "fine");
  fleet(1).shut_gate();
  auto running = ask_elsewhere(table_->find("gauge").value());
  ASSERT_TRUE(fleet(1).wait_for_entered(1));
  auto published = std::async(std::launch::async, [this] { return publish(2); });
  ASSERT_TRUE(wait_for_default(2));
  table_->clear("trust has ended");
  EXPECT_EQ(running.get(), "SRV-WITHDRAWN");
  EXPECT_EQ(published.get(), "fine");
  EXPECT_EQ(answers(), "SRV-NO-MODEL");
}

// What an old version did is nothing to the new one, whether that answers or is still in the
// making.
TEST_F(HotSwap, WithdrawOfTheOldVersionLeavesTheNewOne) {
  ASSERT_EQ(publish(1), "fine");
  fleet(1).shut_gate();
  auto running = ask_elsewhere(table_->find("gauge").value());
  ASSERT_TRUE(fleet(1).wait_for_entered(1));
  fleet(2).shut_starts();
  auto published = std::async(std::launch::async, [this] { return publish(2); });
  ASSERT_TRUE(fleet(2).wait_for_starts(1));
  table_->withdraw("gauge", 1, "it drifted");
  EXPECT_EQ(running.get(), "SRV-WITHDRAWN");
  EXPECT_EQ(answers(), "SRV-NO-MODEL");
  fleet(2).open_starts();
  EXPECT_EQ(published.get(), "fine");
  EXPECT_EQ(answers(), "2");
  table_->withdraw("gauge", 1, "it drifted");
  EXPECT_EQ(answers(), "2");
  fleet(3).shut_starts();
  published = std::async(std::launch::async, [this] { return publish(3); });
  ASSERT_TRUE(fleet(3).wait_for_starts(1));
  table_->withdraw("gauge", 3, "it drifted");
  fleet(3).open_starts();
  EXPECT_EQ(published.get(), "SRV-WITHDRAWN");
  EXPECT_EQ(answers(), "2");
}

TEST_F(HotSwap, KeptVersionsAnswerWhenTheyAreAskedForByNumber) {
  policy_.keep_versions = 1;
  table_ = make_table();
  for (const std::uint64_t version : {5U, 7U, 6U, 8U})
    ASSERT_EQ(publish(version), "fine") << version;
  EXPECT_EQ(answers(), "8");
  EXPECT_EQ(answers(table_->find("gauge", 7)), "7");
  EXPECT_EQ(answers(table_->find("gauge", 6)), "SRV-NO-VERSION");
  EXPECT_EQ(table_->status().size(), 2U);
}

TEST_F(HotSwap, ADrainDoesNotHoldUpOtherModels) {
  ASSERT_EQ(publish(1), "fine");
  auto lease = std::make_unique<VersionLease>(table_->find("gauge").value());
  auto published = std::async(std::launch::async, [this] { return publish(2); });
  ASSERT_TRUE(wait_for_default(2));
  EXPECT_EQ(publish(3, "valve"), "fine");
  lease.reset();
  EXPECT_EQ(published.get(), "fine");
}

}  // namespace
}  // namespace vedette::inference::serving
