#include "attestation/event_log/data_binding.h"

#include <gtest/gtest.h>

#include "attestation/event_log/efi_variable.h"
#include "testing/event_log_forge.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;
using vedette::testing::efi_variable;
using vedette::testing::EventLogForge;

constexpr TpmAlgorithm kBank = TpmAlgorithm::sha256;

Event event(EventType type, const Bytes& data, const Bytes& measured) {
  return EventLogForge().measure(1, type, data, measured).events()[0];
}

DataBinding binding(EventType type, const Bytes& data, const Bytes& measured) {
  return bound_data(event(type, data, measured), kBank).binding;
}

const Bytes kData = to_bytes("data");
const Bytes kOther = to_bytes("other");

TEST(DataBinding, ContradictsWhatItsTypeHashesWholeAndItsDigestDoesNot) {
  for (const EventType type : {EventType::separator, EventType::efi_variable_driver_config,
                               EventType::s_crtm_version, EventType::action, EventType::efi_action,
                               EventType::efi_gpt_event, EventType::efi_variable_authority,
                               EventType::efi_variable_boot, EventType::efi_variable_boot2}) {
    EXPECT_EQ(binding(type, kData, kOther), DataBinding::contradicted) << name_of(type);
    EXPECT_EQ(binding(type, kData, kData), DataBinding::proven) << name_of(type);
  }
}

TEST(DataBinding, ContradictsAnEventWithoutTheBanksDigest) {
  EXPECT_EQ(bound_data(event(EventType::ipl, kData, kData), TpmAlgorithm::sha384).binding,
            DataBinding::contradicted);
}

TEST(DataBinding, LeavesDescriptionsOpaque) {
  EXPECT_EQ(binding(EventType::event_tag, kData, kOther), DataBinding::opaque);
  EXPECT_EQ(binding(EventType::ipl, kData, kOther), DataBinding::opaque);
  EXPECT_EQ(binding(EventType::efi_platform_firmware_blob, kData, kOther), DataBinding::opaque);
  EXPECT_EQ(binding(EventType::efi_boot_services_application, kData, kData), DataBinding::opaque);
}

TEST(DataBinding, TakesABootVariableByItsValueAlone) {
  const Bytes value{1, 0};
  const Event boot =
      event(EventType::efi_variable_boot, efi_variable(kGlobalVariable, "BootOrder", value), value);
  const BoundData data = bound_data(boot, kBank);
  EXPECT_EQ(data.binding, DataBinding::proven);
  EXPECT_TRUE(equal(data.measured, value));
}

TEST(DataBinding, TakesAnAuthorityWithOneOctetTooMany) {
  const Bytes measured = efi_variable(kShimLock, "Shim", {1, 2, 3});
  Bytes logged = measured;
  logged.push_back(0xAA);
  EXPECT_EQ(binding(EventType::efi_variable_authority, logged, measured), DataBinding::proven);
  logged.push_back(0xAA);
  EXPECT_EQ(binding(EventType::efi_variable_authority, logged, measured),
            DataBinding::contradicted);
  EXPECT_EQ(binding(EventType::efi_variable_authority, {}, measured), DataBinding::contradicted);
}

TEST(DataBinding, TakesGrubsStringsWithoutTheirLabel) {
  for (const std::string label : {"grub_cmd: ", "kernel_cmdline: ", "module_cmdline: ", "grub_cmd ",
                                  "grub_kernel_cmdline "}) {
    Bytes logged = to_bytes(label + "linux /vmlinuz");
    logged.push_back(0);
    EXPECT_EQ(binding(EventType::ipl, logged, to_bytes("linux /vmlinuz")), DataBinding::proven);
    Bytes with_nul = to_bytes("linux /vmlinuz");
    with_nul.push_back(0);
    EXPECT_EQ(binding(EventType::ipl, logged, with_nul), DataBinding::proven);
    EXPECT_EQ(binding(EventType::ipl, logged, kOther), DataBinding::contradicted);
    EXPECT_EQ(binding(EventType::ipl, logged, logged), DataBinding::contradicted);
  }
}

TEST(DataBinding, KeepsTheNulsWithinAGrubString) {
  Bytes logged = to_bytes("grub_cmd: a");
  append(logged, Bytes{0, 'b', 0});
  const Event bent = event(EventType::ipl, logged, Bytes{'a', 0, 'b'});
  EXPECT_TRUE(equal(bound_data(bent, kBank).measured, Bytes{'a', 0, 'b'}));
  EXPECT_EQ(binding(EventType::ipl, logged, Bytes{'a'}), DataBinding::contradicted);
}

TEST(DataBinding, TakesTextThatLacksItsLastNul) {
  EXPECT_EQ(binding(EventType::ipl, Bytes{'x', 0, 0}, Bytes{'x', 0, 0, 0}), DataBinding::proven);
}

TEST(DataBinding, KnowsSeparatorsByDigestAlone) {
  EXPECT_EQ(separator_by_digest(event(EventType::ipl, kData, Bytes(4, 0x00)), kBank),
            SeparatorValue::sound);
  EXPECT_EQ(separator_by_digest(event(EventType::ipl, kData, Bytes(4, 0xFF)), kBank),
            SeparatorValue::sound);
  EXPECT_EQ(separator_by_digest(event(EventType::ipl, kData, {1, 0, 0, 0}), kBank),
            SeparatorValue::failed);
  EXPECT_EQ(separator_by_digest(event(EventType::separator, Bytes(4), kOther), kBank),
            std::nullopt);
}

}  // namespace
}  // namespace vedette::attestation
