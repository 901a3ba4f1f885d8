#include "inference/policy/worker_order.h"

#include <gtest/gtest.h>

namespace vedette::inference {
namespace {

std::string refusal(std::initializer_list<std::string_view> arguments) {
  const std::vector<std::string_view> list(arguments);
  const auto order = parse_arguments(list);
  return order ? "" : order.error().code + ": " + order.error().message;
}

TEST(WorkerOrder, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(refusal({"--verbose", "1"}), "SBX-ORDER: there is no such option");
  EXPECT_EQ(refusal({"--drill", "dance"}), "SBX-ORDER: there is no such drill");
  EXPECT_EQ(refusal({"--posture", "none"}), "SBX-ORDER: there is no such posture");
  EXPECT_EQ(refusal({"--memory", "-1"}), "SBX-ORDER: --memory is not a number of bytes");
  EXPECT_EQ(refusal({"--memory", "12k"}), "SBX-ORDER: --memory is not a number of bytes");
  EXPECT_EQ(refusal({"--memory", "99999999999999999999"}),
            "SBX-ORDER: --memory is not a number of bytes");
  EXPECT_EQ(refusal({"--memory"}), "SBX-ORDER: an option has no value");
  EXPECT_EQ(refusal({"--memory", "1", "--memory", "2"}), "SBX-ORDER: an option is given twice");
}

TEST(WorkerOrder, ReadsBackWhatItWrote) {
  const WorkerOrder order{"strict", Posture::without_landlock, 12345, DrillAct::ptrace};
  const auto texts = to_arguments(order);
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  EXPECT_EQ(parse_arguments(views).value(), order);
  EXPECT_EQ(parse_arguments({}).value(), WorkerOrder{});
}

}  // namespace
}  // namespace vedette::inference
