#include "attestation/event_log/boot_facts.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/efi_variable.h"
#include "attestation/measurement/register_bank.h"
#include "testing/event_log_forge.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;
using vedette::testing::EventLogForge;
using vedette::testing::sound_boot;
namespace forge = vedette::testing;

// The facts of a log whose registers the TPM quotes: what an attacker can make of it afterwards.
Result<BootFacts> facts_of(const EventLogForge& log, const std::set<std::uint8_t>& unquoted = {}) {
  VEDETTE_TRY(EventLog parsed, parse_event_log(log.bytes()));
  QuotedRegisters quoted = log.quoted();
  for (const std::uint8_t pcr : unquoted)
    quoted.values.erase(pcr);
  VEDETTE_TRY(const auto boot, verify_event_log(std::move(parsed), quoted, {}));
  return read_boot_facts(boot);
}

std::string code_of(const EventLogForge& log) {
  const auto facts = facts_of(log);
  return facts.has_value() ? "accepted" : facts.error().code;
}

Event& find(EventLogForge& log, std::uint8_t pcr, EventType type) {
  const auto found = std::ranges::find_if(
      log.events(), [&](const Event& event) { return event.pcr == pcr && event.type == type; });
  EXPECT_NE(found, log.events().end());
  return *found;
}

Bytes driver_config(std::string_view name, const Bytes& value) {
  return forge::efi_variable(kGlobalVariable, name, value);
}

TEST(BootFacts, RefuseALogWithoutSeparator) {
  EventLogForge log = sound_boot();
  std::erase_if(log.events(), [](const Event& event) {
    return event.pcr == 3 && event.type == EventType::separator;
  });
  EXPECT_EQ(code_of(log), "accepted") << "PCR 3 has no events then: nothing of it is proven";
  log.measure(3, EventType::platform_config_flags, "x");
  EXPECT_EQ(code_of(log), "ATT-LOG-SEPARATOR");
}

TEST(BootFacts, RefuseASecondSeparator) {
  for (std::uint8_t pcr = 0; pcr < 8; ++pcr)
    EXPECT_EQ(code_of(sound_boot().separator(pcr)), "ATT-LOG-SEPARATOR") << int{pcr};
}

TEST(BootFacts, RefuseASeparatorThatClaimsToBeSomethingElse) {
  for (const EventType type : {EventType::efi_boot_services_application, EventType::efi_action,
                               EventType::ipl, EventType::efi_variable_authority}) {
    EventLogForge log = sound_boot();
    find(log, 4, EventType::separator).type = type;
    EXPECT_EQ(code_of(log), "ATT-LOG-SEPARATOR");
  }
}

TEST(BootFacts, RefuseSomethingElseThatClaimsToBeASeparator) {
  EventLogForge log = sound_boot();
  log.measure(4, EventType::separator, Bytes(4, 0x00), to_bytes("evil application"));
  EXPECT_EQ(code_of(log), "ATT-LOG-DATA");
  log = sound_boot();
  log.measure(4, EventType::separator, to_bytes("evil application"));
  EXPECT_EQ(code_of(log), "ATT-LOG-DATA");
  log = sound_boot();
  find(log, 4, EventType::separator).data = Bytes(4, 0xFF);
  EXPECT_EQ(code_of(log), "ATT-LOG-DATA");
}

TEST(BootFacts, RefuseAFirmwareThatSaysThatItFailed) {
  EventLogForge log = sound_boot();
  Event& separator = find(log, 7, EventType::separator);
  separator.data = {1, 0, 0, 0};
  separator.digests[0].value = digest_by(TpmAlgorithm::sha256, separator.data);
  EXPECT_EQ(code_of(log), "ATT-LOG-SEPARATOR");
}

TEST(BootFacts, RefuseAFailedSeparatorThatClaimsToBeSomethingElse) {
  EventLogForge log = sound_boot();
  log.measure(5, EventType::efi_variable_boot, Bytes{1, 0, 0, 0});
  EXPECT_EQ(code_of(log), "ATT-LOG-SEPARATOR");
}

// The attack of go-attestation's disclosure: hide the true variable, append another.
TEST(BootFacts, RefuseASecureBootVariableAppendedByTheSystem) {
  EventLogForge log = sound_boot();
  log.measure(7, EventType::efi_variable_driver_config, forge::secure_boot_variable(true));
  EXPECT_EQ(code_of(log), "ATT-LOG-ORDER");
}

TEST(BootFacts, RefuseAHiddenSecureBootVariable) {
  for (const EventType type :
       {EventType::efi_action, EventType::event_tag, EventType::efi_variable_authority,
        EventType::ipl, EventType::efi_variable_boot, forge::unnamed_type(0x8401)}) {
    EventLogForge log = sound_boot();
    find(log, 7, EventType::efi_variable_driver_config).type = type;
    EXPECT_EQ(code_of(log), "ATT-LOG-TYPE") << name_of(type);
  }
}

TEST(BootFacts, RefuseASecureBootVariableWithOtherData) {
  EventLogForge log = sound_boot();
  find(log, 7, EventType::efi_variable_driver_config).data.back() = 0;
  EXPECT_EQ(code_of(log), "ATT-LOG-DATA");
}

TEST(BootFacts, RefuseSecureBootMeasuredWithTwoValues) {
  EventLogForge log = sound_boot();
  Event other = log.events()[2];
  ASSERT_EQ(other.type, EventType::efi_variable_driver_config);
  other.data = forge::secure_boot_variable(false);
  other.digests[0].value = digest_by(TpmAlgorithm::sha256, other.data);
  log.events().insert(log.events().begin() + 3, other);
  EXPECT_EQ(code_of(log), "ATT-LOG-CONTRADICTION");
  log.events()[3] = log.events()[2];
  EXPECT_EQ(code_of(log), "accepted");
}

TEST(BootFacts, RefuseTwoRevocationLists) {
  EventLogForge log = sound_boot();
  Event other = log.events()[6];
  other.data = forge::efi_variable(kImageSecurity, "dbx", forge::signature_list(1));
  other.digests[0].value = digest_by(TpmAlgorithm::sha256, other.data);
  log.events().insert(log.events().begin() + 3, other);
  EXPECT_EQ(code_of(log), "ATT-LOG-CONTRADICTION");
}

TEST(BootFacts, RefuseMalformedVariablesOfSecureBoot) {
  const Bytes cases[] = {
      driver_config("SecureBoot", {2}),
      driver_config("SecureBoot", {1, 0}),
      driver_config("PK", Bytes(20, 0x01)),
      Bytes(31, 0x00),
      to_bytes("text"),
  };
  for (const Bytes& data : cases) {
    EventLogForge log = sound_boot();
    Event& event = log.events()[2];
    event.data = data;
    event.digests[0].value = digest_by(TpmAlgorithm::sha256, data);
    EXPECT_EQ(code_of(log), "ATT-LOG-VARIABLE") << to_hex(data);
  }
}

TEST(BootFacts, RefuseAnEventInPcr4ThatIsNeitherAnImageNorUnderstood) {
  EventLogForge log = sound_boot();
  log.measure(4, EventType::compact_hash, to_bytes("nothing to see"), to_bytes("evil"));
  EXPECT_EQ(code_of(log), "ATT-LOG-TYPE");
}

TEST(BootFacts, RefuseAnImageThatClaimsToBeAnAction) {
  EventLogForge log = sound_boot();
  find(log, 4, EventType::efi_boot_services_application).type = EventType::efi_action;
  EXPECT_EQ(code_of(log), "ATT-LOG-DATA");
}

TEST(BootFacts, RefuseAnActionThatClaimsToBeAnImage) {
  EventLogForge log = sound_boot();
  find(log, 4, EventType::efi_action).type = EventType::efi_boot_services_application;
  EXPECT_EQ(code_of(log), "ATT-LOG-TYPE");
}

TEST(BootFacts, RefuseAnActionThatIsNoText) {
  EventLogForge log = sound_boot();
  log.measure(5, EventType::efi_action, Bytes{0x1B, '[', '2', 'J'});
  EXPECT_EQ(code_of(log), "ATT-LOG-TYPE");
}

TEST(BootFacts, RefuseAVersionMeasuredAfterTheFirmwareOrTwice) {
  EventLogForge late = sound_boot();
  late.measure(0, EventType::s_crtm_version, "9");
  EXPECT_EQ(code_of(late), "ATT-LOG-ORDER");
  EventLogForge twice = sound_boot();
  Event other = twice.events()[0];
  other.data = to_bytes("9");
  other.digests[0].value = digest_by(TpmAlgorithm::sha256, other.data);
  twice.events().insert(twice.events().begin(), other);
  EXPECT_EQ(code_of(twice), "ATT-LOG-CONTRADICTION");
}

TEST(BootFacts, RefuseTwoBootOrders) {
  EventLogForge log = sound_boot();
  log.measure(1, EventType::efi_variable_boot, driver_config("BootOrder", {9, 0}));
  EXPECT_EQ(code_of(log), "ATT-LOG-CONTRADICTION");
}

TEST(BootFacts, BelieveNoDataThatWasNotMeasured) {
  EventLogForge log = sound_boot();
  find(log, 0, EventType::s_crtm_version).data = to_bytes("a newer version");
  const std::size_t command = log.events().size() + 1;
  log.measure(8, EventType::ipl, to_bytes("kernel_cmdline: ro quiet"), to_bytes("rw evil"));
  const auto facts = facts_of(log);
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  EXPECT_EQ(facts->s_crtm_version, std::nullopt);
  EXPECT_EQ(facts->kernel_command_lines.size(), 1U);
  EXPECT_EQ(facts->contradicted, (std::vector<std::size_t>{1, command}));
}

TEST(BootFacts, NameEventsOfUnknownType) {
  EventLogForge log = sound_boot();
  log.measure(2, forge::unnamed_type(0x8401), "?");
  const auto facts = facts_of(log);
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  EXPECT_EQ(facts->unknown, std::vector{log.events().size()});
}

TEST(BootFacts, TellNothingOfARegisterThatIsNotProven) {
  const auto facts = facts_of(sound_boot(), {7, 8, 9, 14});
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  EXPECT_EQ(facts->secure_boot, std::nullopt);
  EXPECT_TRUE(facts->databases.empty());
  EXPECT_TRUE(facts->authorities.empty());
  EXPECT_TRUE(facts->kernel_command_lines.empty());
  EXPECT_TRUE(facts->files.empty());
  EXPECT_TRUE(facts->load_options.empty());
  EXPECT_TRUE(facts->mok_lists.empty());
  EXPECT_FALSE(facts->images.empty());
}

TEST(BootFacts, TellTheFirmwaresState) {
  const auto facts = facts_of(sound_boot());
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  EXPECT_EQ(facts->secure_boot, true);
  ASSERT_EQ(facts->databases.size(), 4U);
  EXPECT_EQ(facts->databases.at("dbx").signatures, 371U);
  EXPECT_EQ(facts->databases.at("PK").signatures, 1U);
  EXPECT_EQ(facts->s_crtm_version, "Edge Board 1.4");
  EXPECT_EQ(facts->boot_order, (std::vector<std::uint16_t>{1, 0}));
  EXPECT_EQ(facts->boot_options.at("Boot0001"), "Edge Linux");
  EXPECT_TRUE(facts->exit_boot_services);
  ASSERT_EQ(facts->authorities.size(), 1U);
  EXPECT_EQ(facts->authorities[0].variable, "db");
  EXPECT_FALSE(facts->authorities[0].before_separator);
  EXPECT_TRUE(facts->contradicted.empty());
}

TEST(BootFacts, TellWhatWasLoaded) {
  const auto facts = facts_of(sound_boot());
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  ASSERT_EQ(facts->images.size(), 3U);
  EXPECT_EQ(facts->images[0].claimed_kind, EventType::efi_boot_services_driver);
  EXPECT_TRUE(facts->images[0].before_separator);
  EXPECT_FALSE(facts->images[0].from_boot_option);
  EXPECT_EQ(facts->images[1].claimed_path, "\\EFI\\edge\\shimx64.efi");
  EXPECT_EQ(facts->images[1].digest, digest_by(TpmAlgorithm::sha256, as_bytes("shim")));
  EXPECT_FALSE(facts->images[1].before_separator);
  EXPECT_TRUE(facts->images[1].from_boot_option);
  EXPECT_EQ(facts->grub_commands, std::vector<std::string>{"linux /vmlinuz root=/dev/sda2 ro"});
  EXPECT_EQ(facts->kernel_command_lines, std::vector<std::string>{"/vmlinuz root=/dev/sda2 ro"});
  ASSERT_EQ(facts->files.size(), 1U);
  EXPECT_EQ(facts->files[0].claimed_name, "(hd0,gpt1)/EFI/edge/grub.cfg");
  ASSERT_EQ(facts->load_options.size(), 1U);
  EXPECT_EQ(facts->load_options[0].text, "/vmlinuz root=/dev/sda2 ro");
  EXPECT_EQ(facts->initrds,
            std::vector<Bytes>{digest_by(TpmAlgorithm::sha256, as_bytes("initrd"))});
  ASSERT_EQ(facts->mok_lists.size(), 1U);
  EXPECT_EQ(facts->mok_lists[0].claimed_name, "MokList");
}

TEST(BootFacts, TellLoadOptionsApartFromAnotherCommandLine) {
  EventLogForge log = sound_boot();
  log.grub("kernel_cmdline: ", "/vmlinuz root=/dev/sda2 ro quiet")
      .measure(9, EventType::event_tag, forge::tagged_event(0x8F3B22ED, "LoadOptions"),
               to_utf16("/vmlinuz init=/bin/sh"));
  const auto facts = facts_of(log);
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  ASSERT_EQ(facts->load_options.size(), 2U);
  EXPECT_EQ(facts->load_options[1].text, std::nullopt);
}

TEST(BootFacts, TellAnEmptySecureBootVariableAsOff) {
  EventLogForge log = sound_boot();
  Event& event = log.events()[2];
  event.data = driver_config("SecureBoot", {});
  event.digests[0].value = digest_by(TpmAlgorithm::sha256, event.data);
  const auto facts = facts_of(log);
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  EXPECT_EQ(facts->secure_boot, false);
}

TEST(BootFacts, TellTheSectionsOfAUnifiedKernelImage) {
  EventLogForge log = sound_boot();
  const auto utf16 = [](std::string_view name) {
    Bytes data = to_utf16(name);
    append(data, Bytes{0, 0});
    return data;
  };
  log.measure(11, EventType::ipl, utf16(".linux"), Bytes{'.', 'l', 'i', 'n', 'u', 'x', 0})
      .measure(11, EventType::ipl, utf16(".linux"), to_bytes("kernel"))
      .measure(11, EventType::ipl, utf16(".linux"), to_bytes("another kernel"));
  QuotedRegisters quoted = log.quoted();
  RegisterBank bank(TpmAlgorithm::sha256);
  for (const Event& event : log.events())
    if (event.pcr == 11) bank.extend(11, event.digests[0].value);
  quoted.values[11] = to_bytes(bank.value(11));
  const auto boot = verify_event_log(parse_event_log(log.bytes()).value(), quoted, {});
  ASSERT_TRUE(boot.has_value()) << describe(boot.error());
  const auto facts = read_boot_facts(*boot);
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  ASSERT_EQ(facts->stub_sections.size(), 1U);
  EXPECT_EQ(facts->stub_sections[0].claimed_name, ".linux");
  EXPECT_EQ(facts->stub_sections[0].digest, digest_by(TpmAlgorithm::sha256, as_bytes("kernel")));
}

}  // namespace
}  // namespace vedette::attestation
