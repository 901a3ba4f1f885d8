#include "platform/store/sqlite/sqlite_store.h"

#include <chrono>
#include <cmath>
#include <future>
#include <iostream>
#include <thread>
#include <tuple>

#include <gtest/gtest.h>

#include "platform/store/store_samples.h"

namespace vedette::platform {
namespace {

using samples::device;
using samples::device_id;
using samples::Folder;

class SqliteStoreTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<Store> open(const SqliteStoreOptions& options = {}) const {
    auto store = open_sqlite_store(folder_.file("store.db"), options);
    EXPECT_TRUE(store.has_value()) << describe(store.error());
    return *std::move(store);
  }

  [[nodiscard]] static bool holds(Store& store, std::uint64_t number) {
    bool found = false;
    const auto read = store.read([&](UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(const auto device, unit.devices().find(device_id(number)));
      found = device.has_value();
      return {};
    });
    EXPECT_TRUE(read.has_value()) << describe(read.error());
    return found;
  }

  Folder folder_;
};

Work save(std::uint64_t number) {
  return [number](UnitOfWork& unit) { return unit.devices().save(device(number)); };
}

TEST_F(SqliteStoreTest, RefusesAPathThatItCannotUse) {
  EXPECT_EQ(open_sqlite_store("").error().code, "STORE-FAILED");
  EXPECT_EQ(open_sqlite_store(folder_.file("none/store.db")).error().code, "STORE-FAILED");
}

TEST_F(SqliteStoreTest, AWorkThatIgnoresAFailedStatementIsRefused) {
  const auto store = open();
  const auto written = store->write([](UnitOfWork& unit) -> Result<void> {
    VEDETTE_CHECK(unit.devices().save(device(1)));
    EXPECT_FALSE(unit.attestations().save(device_id(2), {}).has_value());
    return {};
  });
  ASSERT_FALSE(written.has_value());
  EXPECT_EQ(written.error().code, "STORE-CONFLICT");
  EXPECT_FALSE(holds(*store, 1));
}

TEST_F(SqliteStoreTest, AReadCannotWrite) {
  const auto store = open();
  const auto direct = store->read(save(1));
  ASSERT_FALSE(direct.has_value());
  EXPECT_EQ(direct.error().code, "STORE-READ-ONLY");
  const auto ignoring = store->read([](UnitOfWork& unit) -> Result<void> {
    EXPECT_FALSE(unit.log().add_entry(0, as_bytes("x")).has_value());
    return {};
  });
  EXPECT_FALSE(ignoring.has_value());
  EXPECT_FALSE(holds(*store, 1));
}

TEST_F(SqliteStoreTest, AReadSeesOneMoment) {
  const auto store = open();
  ASSERT_TRUE(store->write(save(1)).has_value());
  const auto read = store->read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto before, unit.devices().list());
    EXPECT_TRUE(std::async(std::launch::async, [&] { return store->write(save(2)); }).get());
    VEDETTE_TRY(const auto after, unit.devices().list());
    EXPECT_EQ(before.size(), 1);
    EXPECT_EQ(after.size(), 1);
    return {};
  });
  EXPECT_TRUE(read.has_value());
  EXPECT_TRUE(holds(*store, 2));
}

TEST_F(SqliteStoreTest, AReaderSurvivesAWorkThatThrows) {
  const auto store = open({.readers = 1});
  EXPECT_THROW(std::ignore = store->read(
                   [](UnitOfWork&) -> Result<void> { throw std::runtime_error("a fault"); }),
               std::runtime_error);
  ASSERT_TRUE(store->write(save(1)).has_value());
  EXPECT_TRUE(holds(*store, 1));
}

TEST_F(SqliteStoreTest, ThrowsWhenCalledFromInsideAWork) {
  const auto store = open();
  const auto nested = [&](UnitOfWork&) { return store->write(save(1)); };
  EXPECT_THROW(std::ignore = store->write(nested), std::logic_error);
  EXPECT_THROW(std::ignore = store->read(nested), std::logic_error);
  EXPECT_FALSE(holds(*store, 1));
}

TEST_F(SqliteStoreTest, AFullDatabaseFailsCleanlyAndGoesOn) {
  {
    const auto store = open({.max_bytes = 262'144});
    ASSERT_TRUE(store->write(save(1)).has_value());
    const auto written = store->write([](UnitOfWork& unit) -> Result<void> {
      VEDETTE_CHECK(unit.devices().save(device(2)));
      return unit.log().add_entry(0, Bytes(1'048'576));
    });
    ASSERT_FALSE(written.has_value());
    EXPECT_EQ(written.error().code, "STORE-FAILED");
    EXPECT_TRUE(store->write(save(3)).has_value());
  }
  const auto store = open();
  EXPECT_TRUE(holds(*store, 1));
  EXPECT_FALSE(holds(*store, 2));
  EXPECT_TRUE(holds(*store, 3));
}

// What 8 threads wrote, 200 works each, all there after the store was opened anew.
TEST_F(SqliteStoreTest, EveryWriteOfManyThreadsIsThere) {
  constexpr std::uint64_t kThreads = 8;
  constexpr std::uint64_t kEach = 200;
  {
    const auto store = open();
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (std::uint64_t t = 0; t < kThreads; ++t)
      threads.emplace_back([&, t] {
        for (std::uint64_t i = 0; i < kEach; ++i) {
          const std::uint64_t number = t * kEach + i;
          EXPECT_TRUE(store->write(save(number)).has_value());
          EXPECT_TRUE(holds(*store, number));  // also by another connection, at once
        }
      });
    for (auto& thread : threads)
      thread.join();
  }
  const auto store = open();
  const auto read = store->read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(const auto devices, unit.devices().list());
    EXPECT_EQ(devices.size(), kThreads * kEach);
    return {};
  });
  EXPECT_TRUE(read.has_value());
}

double works_per_second(Store& store, std::uint64_t threads, std::uint64_t each,
                        std::uint64_t first) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::thread> writers;
  writers.reserve(threads);
  for (std::uint64_t t = 0; t < threads; ++t)
    writers.emplace_back([&, t] {
      for (std::uint64_t i = 0; i < each; ++i)
        EXPECT_TRUE(store.write(save(first + t * each + i)).has_value());
    });
  for (auto& writer : writers)
    writer.join();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  return static_cast<double>(threads * each) / took.count();
}

TEST_F(SqliteStoreTest, GroupedWritesAreMeasuredBesideSingleOnes) {
  const auto store = open();
  const double single = works_per_second(*store, 1, 200, 0);
  const double grouped = works_per_second(*store, 64, 25, 1'000);
  std::cout << "durable writes per second: " << std::lround(single) << " by one caller, "
            << std::lround(grouped) << " by 64 callers\n";
  EXPECT_TRUE(holds(*store, 1'000 + 64 * 25 - 1));
}

// Two replicas on one file, as two servers have it.
TEST_F(SqliteStoreTest, OfTwoStoresThatUseOneTokenOneGetsIt) {
  const auto first = open();
  const auto second = open();
  for (std::uint64_t round = 1; round <= 16; ++round) {
    const identity::EnrollmentToken token{.sha256 = samples::digest_of(round),
                                          .group = GroupId::parse("north").value(),
                                          .endorsement_sha256 = samples::digest_of(1),
                                          .expires_at = TimePoint(Duration(1))};
    ASSERT_TRUE(
        first->write([&](UnitOfWork& unit) { return unit.enrollment_tokens().add(token, {}); }));
    const Work use = [&](UnitOfWork& unit) { return unit.enrollment_tokens().use(token.sha256); };
    auto other = std::async(std::launch::async, [&] { return second->write(use); });
    const auto mine = first->write(use);
    const auto theirs = other.get();
    ASSERT_NE(mine.has_value(), theirs.has_value()) << round;
    EXPECT_EQ((mine ? theirs : mine).error().code, "ENR-TOKEN-USED");
  }
}

}  // namespace
}  // namespace vedette::platform
