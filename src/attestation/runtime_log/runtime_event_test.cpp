#include "attestation/runtime_log/runtime_event.h"

#include <gtest/gtest.h>

#include "attestation/runtime_log/runtime_log_samples.h"

namespace vedette::attestation {
namespace {

TEST(RuntimeEvent, RefusesNamesThatCannotBeShownOrSent) {
  for (const std::string& name : {std::string(), std::string(257, 'a'), std::string("a\nb"),
                                  std::string("\xFF"), std::string("a\0b", 3)}) {
    RuntimeEvent event = sample_event("good");
    event.name = name;
    EXPECT_EQ(code_of(check_runtime_event(event)), "ATT-RUNTIME-EVENT");
    EXPECT_EQ(code_of(encode_record(0, kSamplePcr, event)), "ATT-RUNTIME-EVENT");
    event = sample_event("good");
    event.powers = {name};
    EXPECT_EQ(code_of(check_runtime_event(event)), "ATT-RUNTIME-EVENT");
  }
}

TEST(RuntimeEvent, RefusesAKindThatIsNoneAndTooManyPowers) {
  RuntimeEvent event = sample_event("good");
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): that is what is refused
  event.kind = static_cast<RuntimeEventKind>(0);
  EXPECT_EQ(code_of(check_runtime_event(event)), "ATT-RUNTIME-EVENT");
  event = sample_event("good");
  event.powers.assign(65, "threads 1");
  EXPECT_EQ(code_of(check_runtime_event(event)), "ATT-RUNTIME-EVENT");
}

TEST(RuntimeEvent, KnowsItsKindsByNumber) {
  EXPECT_FALSE(runtime_event_kind(0).has_value());
  EXPECT_FALSE(runtime_event_kind(7).has_value());
  EXPECT_EQ(runtime_event_kind(5), RuntimeEventKind::model_release);
  EXPECT_EQ(to_string(RuntimeEventKind::agent_configuration), "agent-configuration");
}

TEST(RuntimeEvent, SaysWhatItIsInWords) {
  RuntimeEvent event = sample_event("person-detector 7");
  event.digest.fill(0xAB);
  std::string digest;
  for (int i = 0; i < 32; ++i)
    digest += "ab";
  EXPECT_EQ(in_words(event), "model release person-detector 7, digest " + digest +
                                 ", may use threads 4, device-node /dev/nvidia0");
  event.powers.clear();
  EXPECT_EQ(in_words(event), "model release person-detector 7, digest " + digest);
}

}  // namespace
}  // namespace vedette::attestation
