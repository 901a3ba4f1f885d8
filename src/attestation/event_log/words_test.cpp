#include "attestation/event_log/words.h"

#include <gtest/gtest.h>

#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/efi_variable.h"
#include "testing/event_log_forge.h"

namespace vedette::attestation {
namespace {

using vedette::testing::boot_option;
using vedette::testing::efi_variable;
using vedette::testing::EventLogForge;
using vedette::testing::image_load;
using vedette::testing::secure_boot_variable;
using vedette::testing::signature_list;
using vedette::testing::tagged_event;
using vedette::testing::unnamed_type;

std::string words(EventType type, const Bytes& data) {
  return in_words(EventLogForge().measure(1, type, data).events()[0]);
}

std::string words(EventType type, const Bytes& data, const Bytes& measured) {
  return in_words(EventLogForge().measure(1, type, data, measured).events()[0]);
}

TEST(InWords, SaysWhereTheDataIsNotWhatWasMeasured) {
  EXPECT_EQ(words(EventType::efi_variable_driver_config, secure_boot_variable(true), {}),
            "Secure Boot is on (but something else was measured)");
  EXPECT_EQ(words(EventType::separator, Bytes(4), {}),
            "separator (but something else was measured)");
}

TEST(InWords, EscapesControlCharacters) {
  EXPECT_EQ(words(EventType::efi_action, to_bytes("a\x1b[2Jb")), "firmware says \"a\\x1b[2Jb\"");
  EXPECT_EQ(words(EventType::ipl, to_bytes("kernel_cmdline: ro\nroot"), to_bytes("ro\nroot")),
            "kernel command line \"ro\\x0aroot\"");
}

TEST(InWords, BoundsWhatItQuotes) {
  EXPECT_LT(words(EventType::efi_action, Bytes(200'000, 'x')).size(), 300U);
}

TEST(InWords, TellsVariables) {
  const auto config = [](std::string_view vendor, std::string_view name, const Bytes& value) {
    return words(EventType::efi_variable_driver_config, efi_variable(vendor, name, value));
  };
  EXPECT_EQ(words(EventType::efi_variable_driver_config, secure_boot_variable(false)),
            "Secure Boot is off");
  EXPECT_EQ(config(kImageSecurity, "dbx", signature_list(371)),
            "the revocation list dbx, 17 KiB with 371 entries");
  EXPECT_EQ(config(kGlobalVariable, "PK", signature_list(1)),
            "the platform key PK, 76 octets with 1 entry");
  EXPECT_EQ(config(kGlobalVariable, "AuditMode", {0}), "the variable AuditMode, 1 octets");
  EXPECT_EQ(words(EventType::efi_variable_boot,
                  efi_variable(kGlobalVariable, "Boot0001", boot_option("Edge"))),
            "the boot option Boot0001, \"Edge\"");
  EXPECT_EQ(
      words(EventType::efi_variable_boot, efi_variable(kGlobalVariable, "BootOrder", {1, 0, 2, 0})),
      "the boot order of 2 entries");
  EXPECT_EQ(words(EventType::efi_variable_boot, {1}), "a malformed UEFI variable");
}

TEST(InWords, TellsWhatWasLoaded) {
  EXPECT_EQ(words(EventType::efi_boot_services_application,
                  image_load("\\EFI\\debian\\shimx64.efi"), to_bytes("abc")),
            "EFI application \\EFI\\debian\\shimx64.efi, digest ba7816bf8f01cfea...");
  EXPECT_EQ(words(EventType::efi_boot_services_driver, {}, to_bytes("abc")),
            "EFI driver, digest ba7816bf8f01cfea...");
  EXPECT_EQ(words(EventType::ipl, to_bytes("grub_cmd: set x=1"), to_bytes("set x=1")),
            "GRUB command \"set x=1\"");
  EXPECT_EQ(words(EventType::ipl, to_bytes("/grub.cfg"), to_bytes("abc")),
            "loader object \"/grub.cfg\", digest ba7816bf8f01cfea...");
  EXPECT_EQ(words(EventType::ipl, to_utf16("root=/dev/sda")), "loader text \"root=/dev/sda\"");
  EXPECT_EQ(words(EventType::event_tag, tagged_event(0x8F3B22EC, "Linux initrd"), to_bytes("abc")),
            "\"Linux initrd\", digest ba7816bf8f01cfea...");
}

TEST(InWords, TellsTheRest) {
  EXPECT_EQ(words(EventType::separator, Bytes(4)), "separator");
  EXPECT_EQ(words(unnamed_type(0x8401), to_bytes("abc")),
            "an event of type 0x00008401, digest ba7816bf8f01cfea...");
  EXPECT_EQ(in_words(EventLogForge().startup_locality(3).events()[0]),
            "a note that is not measured");
  EXPECT_EQ(in_words(Event{}), "a note that is not measured");
}

}  // namespace
}  // namespace vedette::attestation
