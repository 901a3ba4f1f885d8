#include "attestation/device_logs/device_logs.h"

#include <gtest/gtest.h>

namespace vedette::attestation {
namespace {

using codec::Json;

Json parsed(std::string_view text) {
  return codec::parse_json(text).value();
}

TEST(DeviceLogs, RefusesMembersThatAreNotOfTheProtocol) {
  for (const char* bad :
       {R"({"event_log":7})", R"({"event_log":"!"})", R"({"ima":[]})", R"({"ima":{"from":0}})",
        R"({"ima":{"from":-1,"entries":""}})", R"({"ima":{"from":0,"entries":"","more":1}})",
        R"({"ima":{"from":0,"records":""}})", R"({"runtime":{"from":0,"entries":""}})",
        R"({"runtime":{"from":"0","records":""}})", R"({"kernel_command_line":1})"}) {
    const auto logs = parse_device_logs(parsed(bad));
    ASSERT_FALSE(logs.has_value()) << bad;
    EXPECT_EQ(logs.error().code, "ATT-SYNTAX") << bad;
  }
  Json long_line;
  long_line.set("kernel_command_line", std::string(2049, 'x'));
  EXPECT_FALSE(parse_device_logs(long_line).has_value());
  Json escape;
  escape.set("kernel_command_line", "quiet\x1b[2J");
  EXPECT_FALSE(parse_device_logs(escape).has_value()) << "people read it on their terminals";
}

TEST(DeviceLogs, RefusesAWishThatDoesNotSayFromWhere) {
  for (const char* bad : {"{}", R"({"event_log":true,"ima_from":0})",
                          R"({"event_log":1,"ima_from":0,"runtime_from":0})",
                          R"({"event_log":true,"ima_from":-1,"runtime_from":0})"}) {
    const auto wish = parse_log_wish(parsed(bad));
    ASSERT_FALSE(wish.has_value()) << bad;
    EXPECT_EQ(wish.error().code, "ATT-WISH") << bad;
  }
}

TEST(DeviceLogs, HaveTheFormOfTheProtocol) {
  const DeviceLogs logs{.event_log = Bytes{1, 2},
                        .command_line = "quiet",
                        .ima = DeviceLogs::Slice{3, Bytes{4}},
                        .runtime = DeviceLogs::Slice{5, Bytes{6}}};
  Json body;
  set_device_logs(body, logs);
  EXPECT_EQ(codec::to_json(body), R"({"event_log":"AQI=","kernel_command_line":"quiet",)"
                                  R"("ima":{"from":3,"entries":"BA=="},)"
                                  R"("runtime":{"from":5,"records":"Bg=="}})");
  EXPECT_EQ(parse_device_logs(body).value(), logs);
  EXPECT_EQ(parse_device_logs(Json::Object{}).value(), DeviceLogs{});
}

TEST(DeviceLogs, AreWishedForFromWhereTheyWereBelieved) {
  const LogWish wish{.event_log = false, .ima_from = 7, .runtime_from = 2};
  EXPECT_EQ(codec::to_json(to_json(wish)), R"({"event_log":false,"ima_from":7,"runtime_from":2})");
  EXPECT_EQ(parse_log_wish(to_json(wish)).value(), wish);
}

}  // namespace
}  // namespace vedette::attestation
