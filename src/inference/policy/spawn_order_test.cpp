#include "inference/policy/spawn_order.h"

#include <cstring>

#include <gtest/gtest.h>

namespace vedette::inference {
namespace {

SpawnOrder order() {
  return {built_in_profile("strict").value(), ModelFormat::ort, true, 3, "socket"};
}

TEST(SpawnOrder, RefusesOrdersThatMakeNoSense) {
  const std::string message = to_message(order());
  const auto with = [&message](const std::string& from, const std::string& to) {
    std::string changed = message;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  for (const std::string& spoilt :
       {std::string(), message.substr(1), with("format ort", "format gguf"), with("cpu 3", "cpu x"),
        with("convert yes", "convert"), with("cpu 3", "cpu 3 "),
        with("drill socket", "drill " + std::string(65, 'a')),
        with("landlock required", "landlock"), message + std::string(kMaxOrderBytes, 'x')})
    EXPECT_FALSE(parse_order(spoilt).has_value()) << spoilt.substr(0, 60);
}

TEST(SpawnOrder, ReadsBackWhatItWrote) {
  EXPECT_EQ(parse_order(to_message(order())).value(), order());
  const SpawnOrder plain{built_in_profile("strict").value(), ModelFormat::onnx, false, -1, ""};
  EXPECT_EQ(parse_order(to_message(plain)).value(), plain);
}

TEST(Report, RefusesBytesOfAnotherSizeOrKind) {
  Report report = plain_report(ReportKind::ended, 9, true);
  Bytes bytes(sizeof report);
  std::memcpy(bytes.data(), &report, sizeof report);
  ASSERT_TRUE(parse_report(bytes).has_value());
  EXPECT_EQ(parse_report(bytes)->value, 9);
  EXPECT_FALSE(parse_report(ByteView(bytes).first(bytes.size() - 1)).has_value());
  bytes.push_back(0);
  EXPECT_FALSE(parse_report(bytes).has_value());
  bytes.pop_back();
  bytes[0] = 99;
  EXPECT_FALSE(parse_report(bytes).has_value());
}

TEST(Report, OfABirthTellsWhatBoundsTheWorker) {
  EXPECT_EQ(birth_report(7, "v2 memory, v2 pids").words(), "v2 memory, v2 pids");
  EXPECT_EQ(birth_report(7, "").words(), "");
  EXPECT_EQ(birth_report(7, "").kind, ReportKind::born);
  EXPECT_EQ(birth_report(7, "").value, 7);
}

TEST(Report, CutsTextsThatAreTooLong) {
  const Report report = refusal_report({"SBX-CAGE-ROOT", std::string(1000, 'm'), "cause", "hint"});
  EXPECT_EQ(report.error().code, "SBX-CAGE-ROOT");
  EXPECT_EQ(report.error().message, std::string(sizeof report.text - 1, 'm'));
}

}  // namespace
}  // namespace vedette::inference
