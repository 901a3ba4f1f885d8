#include "codec/settings.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

namespace vedette::codec {
namespace {

Json settings() {
  Json section;
  section.set("port", 8443).set("names", Json(Json::Array{"a", "b"})).set("typo", true);
  Json all;
  all.set("state", "here").set("device", section);
  return all;
}

TEST(Settings, RefusesASettingThatNothingAskedFor) {
  const Json all = settings();
  SettingsReader reader(all);
  EXPECT_EQ(reader.text("state", ""), "here");
  EXPECT_EQ(reader.integer("device.port", 0, 0, 65535), 8443);
  EXPECT_EQ(reader.texts("device.names").size(), 2U);
  EXPECT_EQ(reader.finish().error().code, "CONFIG-UNKNOWN");
  EXPECT_FALSE(reader.flag("device.typo", true) == false);
  EXPECT_TRUE(reader.finish().has_value());
}

TEST(Settings, KeepsTheFirstRefusal) {
  const Json all = settings();
  SettingsReader reader(all);
  (void)reader.integer("device.port", 0, 0, 100);
  (void)reader.required_text("missing");
  EXPECT_EQ(reader.finish().error().code, "CONFIG-VALUE");
}

TEST(Settings, RefusesAListOfAnythingButTables) {
  const Json all = settings();
  SettingsReader reader(all);
  EXPECT_TRUE(reader.tables("device.missing").empty());
  EXPECT_TRUE(reader.tables("device.names").empty());
  EXPECT_EQ(reader.finish().error().code, "CONFIG-VALUE");
  Json section;
  section.set("callers", Json(Json::Array{all, all}));
  Json outer;
  outer.set("api", section);
  EXPECT_EQ(SettingsReader(outer).tables("api.callers").size(), 2U);
}

TEST(Settings, RefusesAMissingRequiredText) {
  const Json all = settings();
  SettingsReader reader(all);
  (void)reader.required_text("trust_domain");
  EXPECT_EQ(reader.finish().error().code, "CONFIG-MISSING");
}

TEST(Settings, DropInsAndTheEnvironmentWinOverTheFile) {
  const auto folder = std::filesystem::temp_directory_path() / "vedette-settings-test";
  std::filesystem::create_directories(folder / "conf.d");
  std::ofstream(folder / "a.toml") << "x = 1\n[device]\nport = 1\naddress = \"one\"\n";
  std::ofstream(folder / "conf.d" / "10.toml") << "[device]\nport = 2\n";
  ::setenv("VEDETTE_TEST_DEVICE__ADDRESS", "three", 1);
  const auto merged = load_settings(folder / "a.toml", "VEDETTE_TEST_");
  ::unsetenv("VEDETTE_TEST_DEVICE__ADDRESS");
  ASSERT_TRUE(merged.has_value());
  EXPECT_EQ(*merged->find("device")->find("port")->if_integer(), 2);
  EXPECT_EQ(*merged->find("device")->find("address")->if_string(), "three");
  EXPECT_EQ(*merged->find("x")->if_integer(), 1);
  std::ofstream(folder / "conf.d" / "20.toml") << "x = \n";
  EXPECT_EQ(load_settings(folder / "a.toml", "VEDETTE_TEST_").error().code, "CONFIG-SYNTAX");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace vedette::codec
