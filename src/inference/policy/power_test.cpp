#include "inference/policy/power.h"

#include <gtest/gtest.h>

namespace vedette::inference {
namespace {

TEST(Power, RefusesTextsThatNameNone) {
  for (const char* text :
       {"", "threads", "threads ", "threads 0", "threads 1", "threads 02", "threads 65",
        "threads 2 ", "threads -2", "threads 4294967298", "output-file 0",
        "output-file 17179869185", "device-node", "device-node ", "fork-per-request now", "all"}) {
    const auto power = power_from_text(text);
    ASSERT_FALSE(power.has_value()) << text;
    EXPECT_EQ(power.error().code, "SBX-POWER") << text;
  }
}

TEST(Power, RefusesDeviceNodesThatCouldLeadElsewhere) {
  for (const char* path : {"/dev", "/dev/", "dev/null", "/etc/passwd", "/dev/../etc/passwd",
                           "/dev/./null", "/dev//null", "/dev/null/", "/dev/.hidden", "/dev/nu ll",
                           "/dev/nu\nll", "/dev/n\xC3\xBCll"})
    EXPECT_FALSE(check(DeviceNodePower{path}).has_value()) << path;
  EXPECT_FALSE(check(DeviceNodePower{"/dev/" + std::string(128, 'x')}).has_value());
}

TEST(Power, ReadsBackWhatItWrote) {
  for (const Power& power : {Power(ThreadsPower{4}), Power(DeviceNodePower{"/dev/dri/renderD128"}),
                             Power(ForkPerRequestPower{}), Power(OutputFilePower{1 << 20})})
    EXPECT_EQ(power_from_text(text_of(power)).value(), power) << text_of(power);
}

TEST(Power, SaysWhatItWidens) {
  EXPECT_NE(describe(DeviceNodePower{"/dev/x"}).find("its driver is exposed"), std::string::npos);
  EXPECT_NE(describe(ThreadsPower{4}).find("4 threads"), std::string::npos);
}

}  // namespace
}  // namespace vedette::inference
