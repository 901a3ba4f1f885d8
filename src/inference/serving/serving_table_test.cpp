#include "inference/serving/serving_table.h"

#include <algorithm>
#include <limits>

#include "testing/serving_table_scene.h"

namespace vedette::inference::serving {
namespace {

class ServingTableTest : public TableScene {};

TEST_F(ServingTableTest, RefusesAModelThatIsNotServed) {
  EXPECT_EQ(answers(), "SRV-NO-MODEL");
  EXPECT_EQ(code_of(table_->find("gauge", 3)), "SRV-NO-MODEL");
}

TEST_F(ServingTableTest, RefusesAVersionThatIsNotServed) {
  ASSERT_EQ(publish(4), "fine");
  EXPECT_EQ(answers(table_->find("gauge", 3)), "SRV-NO-VERSION");
  EXPECT_EQ(answers(table_->find("gauge", 4)), "4");
}

TEST_F(ServingTableTest, RefusesAVersionTwiceAndAnOlderOne) {
  ASSERT_EQ(publish(4), "fine");
  EXPECT_EQ(publish(4), "SRV-VERSION");
  EXPECT_EQ(publish(3), "SRV-VERSION");
  EXPECT_EQ(fleet(3).starts(), 0);
}

TEST_F(ServingTableTest, ARefusedStartLeavesTheOldVersionServing) {
  ASSERT_EQ(publish(1), "fine");
  fleet(2).refuse_starts("INF-LOAD");
  EXPECT_EQ(publish(2), "INF-LOAD");
  EXPECT_EQ(answers(), "1");
  fleet(2).refuse_starts("");
  EXPECT_EQ(publish(2), "fine");
  EXPECT_EQ(answers(), "2");
}

TEST_F(ServingTableTest, RefusesRulesThatAreNone) {
  auto made = release(1);
  made.rules = IoRules{.inputs = {{.name = ""}}, .outputs = {}};
  EXPECT_EQ(code_of(table_->publish(std::move(made))), "IO-RULES");
  EXPECT_EQ(fleet(1).starts(), 0);
}

TEST_F(ServingTableTest, ARequestOutsideTheRulesTouchesNoWorker) {
  ASSERT_EQ(publish(1), "fine");
  const auto lease = table_->find("gauge").value();
  auto inputs = row(1);
  inputs[0].shape = {1, 1, 1};
  EXPECT_EQ(code_of(lease->infer(views_of(inputs), seconds(1), OutputView::everything())),
            "IO-SHAPE");
  std::string posted;
  lease.post(inputs, seconds(1), OutputView::everything(),
             [&posted](const Answer& answer) { posted = code_of(answer); });
  EXPECT_EQ(posted, "IO-SHAPE");
  EXPECT_TRUE(fleet(1).seen().empty());
  EXPECT_EQ(lease->rule_stats().requests, 2U);
}

TEST_F(ServingTableTest, AnAnswerOutsideTheRulesIsWithheldEvenFromThoseWhoCannotSeeIt) {
  ASSERT_EQ(publish(1), "fine");
  fleet(1).reply_with([](std::span<const TensorView> inputs) {
    auto outputs = plus_one(inputs);
    outputs.push_back({"hidden", DataType::uint8, {1}, {0}});
    return outputs;
  });
  const auto lease = table_->find("gauge").value();
  const auto inputs = row(1);
  EXPECT_EQ(code_of(lease->infer(views_of(inputs), seconds(1), OutputView::only({"y"}))),
            "IO-OUTPUT");
  std::promise<std::string> posted;
  lease.post(inputs, seconds(1), OutputView::only({"y"}),
             [&posted](const Answer& answer) { posted.set_value(code_of(answer)); });
  EXPECT_EQ(posted.get_future().get(), "IO-OUTPUT");
  EXPECT_EQ(lease->rule_stats().answers, 2U);
}

TEST_F(ServingTableTest, ACallerGetsWhatItsViewShows) {
  ASSERT_EQ(publish(1), "fine");
  const auto lease = table_->find("gauge").value();
  const auto inputs = row(1);
  EXPECT_TRUE(lease->infer(views_of(inputs), seconds(1), OutputView::only({}))->empty());
  EXPECT_EQ(lease->infer(views_of(inputs), seconds(1), OutputView::only({"y"}))->size(), 1U);
}

TEST_F(ServingTableTest, AQuarantineIsReportedWithItsModelAndVersion) {
  ASSERT_EQ(publish(6), "fine");
  fleet(6).refuse_with("SBX-SYSCALL-DENIED");
  EXPECT_EQ(answers(), "SBX-SYSCALL-DENIED");
  EXPECT_EQ(quarantined_.get_future().get(), "gauge 6 SRV-QUARANTINED");
  EXPECT_EQ(answers(), "SRV-QUARANTINED");
  EXPECT_FALSE(table_->status().at(0).ready);
}

TEST_F(ServingTableTest, AQuarantinedDefaultIsNotReplacedByAnOlderVersion) {
  policy_.keep_versions = 1;
  table_ = make_table();
  ASSERT_EQ(publish(1), "fine");
  ASSERT_EQ(publish(2), "fine");
  fleet(2).refuse_with("SBX-REPLY");
  EXPECT_EQ(answers(), "SBX-REPLY");
  EXPECT_EQ(answers(), "SRV-QUARANTINED");
  EXPECT_EQ(answers(table_->find("gauge", 1)), "1");
  EXPECT_EQ(publish(3), "fine");
  EXPECT_EQ(answers(), "3");
}

TEST_F(ServingTableTest, AReleaseThatWasQuarantinedBeforeSaysSoAndStartsNothing) {
  auto made = release(1);
  made.quarantined = Error{"SBX-SYSCALL-DENIED", "socket", "", ""};
  ASSERT_EQ(code_of(table_->publish(std::move(made))), "fine");
  EXPECT_EQ(answers(), "SRV-QUARANTINED");
  EXPECT_EQ(fleet(1).starts(), 0);
}

TEST_F(ServingTableTest, TheOwnersNoteIsFoundWithTheVersion) {
  ASSERT_EQ(publish(9), "fine");
  const auto lease = table_->find("gauge").value();
  EXPECT_EQ(lease->note<std::string>(), "note of 9");
  EXPECT_THROW((void)lease->note<int>(), std::bad_any_cast);
}

TEST_F(ServingTableTest, ModelsAreServedSideBySide) {
  ASSERT_EQ(publish(1, "gauge"), "fine");
  ASSERT_EQ(publish(2, "valve"), "fine");
  EXPECT_EQ(answers(table_->find("gauge")), "1");
  EXPECT_EQ(answers(table_->find("valve")), "2");
  const auto status = table_->status();
  ASSERT_EQ(status.size(), 2U);
  EXPECT_EQ(status[0].model, "gauge");
  EXPECT_EQ(status[1].version, 2U);
  EXPECT_TRUE(status[1].is_default && status[1].ready);
  EXPECT_EQ(status[1].stats.count(Outcome::answered), 1U);
}

TEST_F(ServingTableTest, WithdrawRefusesCallsInFlightAndLaterOnesOnLeases) {
  ASSERT_EQ(publish(1), "fine");
  fleet(1).shut_gate();
  const auto lease = table_->find("gauge").value();
  auto running = ask_elsewhere(lease);
  ASSERT_TRUE(fleet(1).wait_for_entered(1));
  table_->withdraw("gauge", "attestation failed");
  EXPECT_EQ(running.get(), "SRV-WITHDRAWN");
  EXPECT_EQ(ask(lease).error().cause, "attestation failed");
  EXPECT_EQ(answers(), "SRV-NO-MODEL");
  EXPECT_EQ(fleet(1).kills(), 1);
}

TEST_F(ServingTableTest, WithdrawLeavesOtherModelsAlone) {
  ASSERT_EQ(publish(1, "gauge"), "fine");
  ASSERT_EQ(publish(2, "valve"), "fine");
  table_->withdraw("gauge", "blocked");
  EXPECT_EQ(answers(table_->find("gauge")), "SRV-NO-MODEL");
  EXPECT_EQ(answers(table_->find("valve")), "2");
  table_->clear("trust has ended");
  EXPECT_EQ(answers(table_->find("valve")), "SRV-NO-MODEL");
  EXPECT_TRUE(table_->status().empty());
}

TEST_F(ServingTableTest, AReleaseThatIsWithdrawnWhileItStartsNeverAnswers) {
  fleet(1).shut_starts();
  bool asked = false;
  auto made = release(1);
  made.accept = [&asked]() -> Result<void> {
    asked = true;
    return {};
  };
  auto published =
      std::async(std::launch::async, [&] { return code_of(table_->publish(std::move(made))); });
  ASSERT_TRUE(fleet(1).wait_for_starts(1));
  table_->clear("trust has ended");
  fleet(1).open_starts();
  EXPECT_EQ(published.get(), "SRV-WITHDRAWN");
  EXPECT_FALSE(asked);
  EXPECT_EQ(answers(), "SRV-NO-MODEL");
  EXPECT_TRUE(fleet(1).wait_for_gone(1));
}

TEST_F(ServingTableTest, AWithdrawnModelMayBePublishedAgain) {
  ASSERT_EQ(publish(3), "fine");
  table_->clear("trust has ended");
  EXPECT_EQ(publish(2), "fine");
  EXPECT_EQ(answers(), "2");
  EXPECT_TRUE(fleet(3).wait_for_gone(1));
}

TEST(Superseded, AllButTheNewestAndTheKeptGo) {
  using Numbers = std::vector<std::uint64_t>;
  EXPECT_EQ(superseded({}, 0), Numbers{});
  EXPECT_EQ(superseded({7}, 0), Numbers{});
  EXPECT_EQ(superseded({7, 3, 5}, 0), (Numbers{3, 5}));
  EXPECT_EQ(superseded({7, 3, 5}, 1), (Numbers{3}));
  EXPECT_EQ(superseded({7, 3, 5}, 2), Numbers{});
  EXPECT_EQ(superseded({7, 3, 5}, std::numeric_limits<std::size_t>::max()), Numbers{});
}

}  // namespace
}  // namespace vedette::inference::serving
