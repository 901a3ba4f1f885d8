#include "agent/drift_watch.h"

#include <cstring>
#include <limits>
#include <thread>

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

using inference::DataType;
using inference::Tensor;
using release::OnDrift;
using release::OutputDistribution;

Tensor speech(const std::vector<float>& values) {
  Tensor tensor{.name = "speech",
                .type = DataType::fp32,
                .shape = {static_cast<std::int64_t>(values.size())},
                .data = Bytes(values.size() * sizeof(float))};
  if (!values.empty()) std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

class DriftWatchTest : public ::testing::Test {
 protected:
  void answer(const std::vector<float>& values, int times = 1) {
    const std::vector outputs{speech(values)};
    for (int i = 0; i < times; ++i)
      watch_.witness(outputs);
  }
  double distance() { return watch_.state().front().distance; }

  OutputDistribution expected_{.output = "speech",
                               .edges = {0.25, 0.75},
                               .shares = {0.5, 0.25, 0.25},
                               .window = 10,
                               .tolerance = 0.25,
                               .on_drift = OnDrift::stop};
  std::vector<Drift> told_;
  DriftWatch watch_{{expected_}, [this](const Drift& drift) { told_.push_back(drift); }};
};

TEST_F(DriftWatchTest, AWindowThatIsDistributedOtherwiseIsToldOnceAndAgainAfterAGoodOne) {
  answer({0.9F, 0.9F, 0.5F, 0.1F}, 9);
  EXPECT_TRUE(watch_.state().empty()) << "the window is not over";
  answer({0.9F, 0.9F, 0.5F, 0.1F});
  EXPECT_TRUE(told_.empty()) << "0.25 is within the tolerance";
  EXPECT_DOUBLE_EQ(distance(), 0.25);
  answer({0.9F, 0.9F, 0.9F, 0.1F}, 10);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_DOUBLE_EQ(told_.front().distance, 0.5);
  EXPECT_EQ(told_.front().on_drift, OnDrift::stop);
  answer({0.9F}, 10);
  EXPECT_EQ(told_.size(), 1U) << "it drifted before";
  EXPECT_DOUBLE_EQ(distance(), 0.75);
  answer({0.1F, 0.2F, 0.5F, 0.8F}, 10);
  EXPECT_FALSE(watch_.state().front().drifted);
  answer({0.9F}, 10);
  EXPECT_EQ(told_.size(), 2U);
}

TEST_F(DriftWatchTest, AnElementAtAnEdgeIsAboveItAndNaNAboveAll) {
  answer({0.25F, 0.75F, std::numeric_limits<float>::quiet_NaN(), -5.0F}, 10);
  EXPECT_DOUBLE_EQ(distance(), 0.25) << "shares 0.25, 0.25, 0.5";
}

// Whoever answers nothing is not as its author saw it.
TEST_F(DriftWatchTest, AWindowWithoutTheOutputOrAnElementHasDrifted) {
  for (int i = 0; i < 10; ++i)
    watch_.witness({});
  EXPECT_DOUBLE_EQ(distance(), 1);
  ASSERT_EQ(told_.size(), 1U);
  answer({0.1F, 0.2F, 0.5F, 0.8F}, 10);
  answer({}, 10);
  EXPECT_DOUBLE_EQ(distance(), 1);
  EXPECT_EQ(told_.size(), 2U);
}

TEST_F(DriftWatchTest, OfALargeAnswerElementsAreCountedFromAllOverIt) {
  std::vector<float> values(1'000'000, 0.1F);
  std::fill(values.begin() + 500'000, values.begin() + 750'000, 0.5F);
  std::fill(values.begin() + 750'000, values.end(), 0.9F);
  answer(values, 10);
  EXPECT_LT(distance(), 0.001);
}

TEST_F(DriftWatchTest, EveryAnswerOfSeveralThreadsCountsOnce) {
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this] { answer({0.1F, 0.1F, 0.5F, 0.9F}, 250); });
  threads.clear();
  EXPECT_DOUBLE_EQ(distance(), 0) << "no window mixes what it should not";
  answer({0.9F}, 9);
  EXPECT_DOUBLE_EQ(distance(), 0) << "1000 answers were whole windows";
  answer({0.9F});
  EXPECT_DOUBLE_EQ(distance(), 0.75);
}

}  // namespace
}  // namespace vedette::agent
