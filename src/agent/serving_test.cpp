#include "agent/serving.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace vedette::agent {
namespace {

TEST(ServedModelTest, RefusesFromItsContractsEndOn) {
  const FakeClock clock;
  const TimePoint end = clock.now();
  ServedModel model{.name = *ModelName::parse("voice"), .release = 2};
  EXPECT_TRUE(model.check_time(end).has_value()) << "no end";
  model.contract.valid_until = end;
  EXPECT_TRUE(model.check_time(end - Duration(1)).has_value());
  EXPECT_EQ(model.check_time(end).error().code, "AGT-CONTRACT-TIME");
}

}  // namespace
}  // namespace vedette::agent
