#include "platform/store/sqlite/group_commit.h"

#include <csignal>
#include <future>
#include <thread>
#include <tuple>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "platform/store/sqlite/repositories.h"
#include "platform/store/sqlite/schema.h"
#include "platform/store/store_samples.h"

namespace vedette::platform::sqlite {
namespace {

using samples::device;
using samples::device_id;
using samples::Folder;

Work save(std::uint64_t number) {
  return [number](UnitOfWork& unit) { return unit.devices().save(device(number)); };
}

class GroupCommitTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return folder_.file("store.db"); }

  void start(std::size_t max_waiting = 100, const char* setting = "") {
    ASSERT_TRUE(prepare_database_file(path()).has_value());
    auto database = Database::open(path(), Access::read_write).value();
    ASSERT_TRUE(migrate(*database, migrations()).has_value());
    ASSERT_TRUE(database->execute_script(setting).has_value());
    writer_ = std::make_unique<GroupCommit>(std::move(database), max_waiting);
  }

  // What came of the works, which share one commit.
  [[nodiscard]] std::vector<std::future<Result<void>>> hold(const std::vector<Work>& works) {
    go_ = std::promise<void>();
    std::promise<void> held;
    std::vector<std::future<Result<void>>> outcomes;
    outcomes.push_back(std::async(std::launch::async, [this, &held] {
      return writer_->run([this, &held](UnitOfWork&) -> Result<void> {
        held.set_value();
        go_.get_future().wait();
        return {};
      });
    }));
    held.get_future().wait();
    for (const Work& work : works) {
      outcomes.push_back(
          std::async(std::launch::async, [this, work] { return writer_->run(work); }));
      while (writer_->waiting() < outcomes.size() - 1)
        std::this_thread::yield();
    }
    return outcomes;
  }
  void let_go() { go_.set_value(); }

  [[nodiscard]] bool holds(std::uint64_t number) const {
    auto reader = Database::open(path(), Access::read_only).value();
    return make_device_registry(*reader)->find(device_id(number)).value().has_value();
  }

  Folder folder_;
  std::promise<void> go_;
  std::unique_ptr<GroupCommit> writer_;
};

TEST_F(GroupCommitTest, RefusedWorkLeavesNoTraceWhileItsMatesCommit) {
  start();
  const Work refusing = [](UnitOfWork& unit) -> Result<void> {
    VEDETTE_CHECK(unit.devices().save(device(2)));
    return refuse("TEST-NO", "no");
  };
  const Work throwing = [](UnitOfWork& unit) -> Result<void> {
    VEDETTE_CHECK(unit.devices().save(device(4)));
    throw std::runtime_error("a fault");
  };
  auto outcomes = hold({save(1), refusing, save(3), throwing, save(5)});
  let_go();
  EXPECT_TRUE(outcomes[0].get().has_value());
  EXPECT_TRUE(outcomes[1].get().has_value());
  EXPECT_EQ(outcomes[2].get().error().code, "TEST-NO");
  EXPECT_TRUE(outcomes[3].get().has_value());
  EXPECT_THROW(std::ignore = outcomes[4].get(), std::runtime_error);
  EXPECT_TRUE(outcomes[5].get().has_value());
  for (const std::uint64_t number : {1U, 3U, 5U})
    EXPECT_TRUE(holds(number)) << number;
  for (const std::uint64_t number : {2U, 4U})
    EXPECT_FALSE(holds(number)) << number;
}

TEST_F(GroupCommitTest, AWorkSeesWhatItsMatesWroteBefore) {
  start();
  bool seen = false;
  auto outcomes = hold({save(1), [&](UnitOfWork& unit) -> Result<void> {
                          VEDETTE_TRY(const auto found, unit.devices().find(device_id(1)));
                          seen = found.has_value();
                          return {};
                        }});
  let_go();
  for (auto& outcome : outcomes)
    EXPECT_TRUE(outcome.get().has_value());
  EXPECT_TRUE(seen);
}

TEST_F(GroupCommitTest, WhatIsAskedForBeforeTheCommitRunsOnceForAllAndAfterAll) {
  start();
  int runs = 0;
  bool seen = false;
  const auto asking = [&](std::uint64_t number) -> Work {
    return [&, number](UnitOfWork& unit) -> Result<void> {
      unit.before_commit([&](UnitOfWork& all) -> Result<void> {
        ++runs;
        VEDETTE_TRY(const auto found, all.devices().find(device_id(2)));
        seen = found.has_value();
        return all.devices().save(device(7));
      });
      return unit.devices().save(device(number));
    };
  };
  auto outcomes = hold({asking(1), asking(2)});
  let_go();
  for (auto& outcome : outcomes)
    EXPECT_TRUE(outcome.get().has_value());
  EXPECT_EQ(runs, 1);
  EXPECT_TRUE(seen) << "the second work's";
  EXPECT_TRUE(holds(7));
  EXPECT_TRUE(writer_->run(save(8)).has_value());
  EXPECT_EQ(runs, 1) << "not for those who did not ask";
}

TEST_F(GroupCommitTest, WhatARefusedWorkAskedForDoesNotRun) {
  start();
  int runs = 0;
  const Work refusing = [&](UnitOfWork& unit) -> Result<void> {
    unit.before_commit([&](UnitOfWork&) -> Result<void> {
      ++runs;
      return {};
    });
    return refuse("TEST-NO", "no");
  };
  auto outcomes = hold({refusing, save(1)});
  let_go();
  EXPECT_EQ(outcomes[1].get().error().code, "TEST-NO");
  EXPECT_TRUE(outcomes[2].get().has_value());
  EXPECT_EQ(runs, 0);
}

TEST_F(GroupCommitTest, NothingIsLeftOfABatchWhoseLastWorkFails) {
  for (const bool throws : {false, true}) {
    start();
    const Work asking = [throws](UnitOfWork& unit) -> Result<void> {
      unit.before_commit([throws](UnitOfWork&) -> Result<void> {
        if (throws) throw std::runtime_error("a fault");
        return refuse("TEST-LAST", "no");
      });
      return unit.devices().save(device(1));
    };
    auto outcomes = hold({asking, save(2)});
    let_go();
    for (const std::size_t at : {1U, 2U}) {
      if (throws) {
        EXPECT_THROW(std::ignore = outcomes[at].get(), std::runtime_error);
      } else {
        EXPECT_EQ(outcomes[at].get().error().code, "TEST-LAST");
      }
    }
    EXPECT_TRUE(outcomes[0].get().has_value()) << "it was committed before them";
    EXPECT_FALSE(holds(1) || holds(2));
    EXPECT_TRUE(writer_->run(save(3)).has_value()) << "the next batch is another";
    EXPECT_TRUE(holds(3));
    writer_.reset();
  }
}

TEST_F(GroupCommitTest, RefusesWhenTooManyWait) {
  start(2);
  auto outcomes = hold({save(1), save(2)});
  const auto third = writer_->run(save(3));
  ASSERT_FALSE(third.has_value());
  EXPECT_EQ(third.error().code, "STORE-BUSY");
  let_go();
  for (auto& outcome : outcomes)
    EXPECT_TRUE(outcome.get().has_value());
  EXPECT_FALSE(holds(3));
  EXPECT_TRUE(writer_->run(save(3)).has_value());
}

TEST_F(GroupCommitTest, MoreThanOneBatchIsCommittedInTurn) {
  start(kMostPerCommit + 10);
  auto outcomes = hold(std::vector<Work>(kMostPerCommit + 5, [](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto size, unit.log().size());
    return unit.log().add_entry(size, {});
  }));
  let_go();
  for (auto& outcome : outcomes)
    EXPECT_TRUE(outcome.get().has_value());
  auto reader = Database::open(path(), Access::read_only).value();
  EXPECT_EQ(make_log_store(*reader)->size().value(), kMostPerCommit + 5);
}

TEST_F(GroupCommitTest, ALostTransactionFailsItsBatchAndNothingOfItStays) {
  start(100, "PRAGMA max_page_count=64");
  const Work too_large = [](UnitOfWork& unit) -> Result<void> {
    std::ignore = unit.log().add_entry(0, Bytes(1'048'576));
    return unit.devices().save(device(2));  // must not commit on its own
  };
  auto outcomes = hold({too_large});
  let_go();
  EXPECT_TRUE(outcomes[0].get().has_value());
  const auto refused = outcomes[1].get();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "STORE-FAILED");
  EXPECT_FALSE(holds(2));
  EXPECT_TRUE(writer_->run(save(3)).has_value());
  EXPECT_TRUE(holds(3));
}

// Files of this process cannot grow while it lives: what a full disk does to write().
class NoFileGrows {
 public:
  NoFileGrows() : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &limit_);
    const struct rlimit none{1, limit_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  NoFileGrows(const NoFileGrows&) = delete;
  NoFileGrows& operator=(const NoFileGrows&) = delete;
  ~NoFileGrows() {
    ::setrlimit(RLIMIT_FSIZE, &limit_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  struct rlimit limit_{};
};

TEST_F(GroupCommitTest, ACommitThatFailsFailsAllOfItsBatch) {
  start();
  ASSERT_TRUE(writer_->run(save(1)).has_value());
  auto outcomes = hold({save(2), save(3), save(4)});
  {
    const NoFileGrows full;
    let_go();
    // The first one wrote nothing: it needs no room.
    EXPECT_TRUE(outcomes[0].get().has_value());
    for (std::size_t i = 1; i < outcomes.size(); ++i) {
      const auto outcome = outcomes[i].get();
      ASSERT_FALSE(outcome.has_value());
      EXPECT_EQ(outcome.error().code, "STORE-FAILED");
      EXPECT_FALSE(outcome.error().cause.empty());
    }
  }
  for (const std::uint64_t number : {2U, 3U, 4U})
    EXPECT_FALSE(holds(number)) << number;
  EXPECT_TRUE(writer_->run(save(5)).has_value());
  EXPECT_TRUE(holds(1));
  EXPECT_TRUE(holds(5));
}

}  // namespace
}  // namespace vedette::platform::sqlite
