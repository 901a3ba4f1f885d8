#include "attestation/appraisal/prediction.h"

#include <algorithm>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/efi_variable.h"
#include "attestation/event_log/loader_tags.h"
#include "base/fd.h"
#include "codec/pe_image.h"
#include "codec/pe_samples.h"
#include "crypto/digest.h"
#include "testing/event_log_forge.h"

namespace vedette::attestation {
namespace {

using codec::SmallPe;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using vedette::testing::efi_variable;
using vedette::testing::EventLogForge;
using vedette::testing::image_load;
using vedette::testing::signature_list;
using vedette::testing::sound_boot;
using vedette::testing::tagged_event;

EventLog log_of(const EventLogForge& forge) {
  return parse_event_log(forge.bytes()).value();
}

std::string code(const EventLogForge& forge, const PlannedChange& change) {
  const auto predicted = predict(log_of(forge), change);
  return predicted ? "" : predicted.error().code;
}

// A sound boot whose kernel shim verified and GRUB read.
EventLogForge boot_of(const Bytes& kernel_measured, const Bytes& kernel_file) {
  EventLogForge forge = sound_boot();
  forge
      .measure(4, EventType::efi_boot_services_application, image_load("\\vmlinuz"),
               kernel_measured)
      .measure(9, EventType::ipl, to_bytes("(hd0,gpt2)/vmlinuz"), kernel_file);
  return forge;
}

EventLogForge without(EventLogForge forge, EventType type) {
  std::erase_if(forge.events(), [type](const Event& event) { return event.type == type; });
  return forge;
}

std::vector<int> registers_of(const Prediction& prediction) {
  std::vector<int> registers;
  registers.reserve(prediction.registers.size());
  for (const RegisterChange& change : prediction.registers)
    registers.push_back(change.pcr);
  return registers;
}

// Every register must become what a TPM would hold after such a boot.
void expect_boot(const Prediction& prediction, const EventLogForge& planned) {
  const auto quoted = planned.quoted();
  for (const RegisterChange& change : prediction.registers)
    EXPECT_EQ(change.becomes, quoted.values.at(change.pcr)) << int{change.pcr};
}

std::vector<std::string> values_of(const std::vector<Statement>& statements) {
  std::vector<std::string> values;
  values.reserve(statements.size());
  for (const Statement& statement : statements)
    values.push_back(statement.category + " " + statement.value);
  std::ranges::sort(values);
  return values;
}

TEST(Prediction, RefusesToPredictNothing) {
  EXPECT_EQ(code(sound_boot(), {}), "ATT-PREDICT-NOTHING");
}

TEST(Prediction, RefusesAKernelThatIsNoPeImage) {
  EXPECT_EQ(code(sound_boot(), {.kernel = to_bytes("kernel"), .initrd = {}, .command_line = {}}),
            "PE-SYNTAX");
}

TEST(Prediction, RefusesALogThatHasNoSuchEvent) {
  const auto no_applications = without(sound_boot(), EventType::efi_boot_services_application);
  EXPECT_EQ(code(no_applications, {.kernel = SmallPe{}.bytes(), .initrd = {}, .command_line = {}}),
            "ATT-PREDICT-EVENT");
  const auto no_tags = without(sound_boot(), EventType::event_tag);
  EXPECT_EQ(code(no_tags, {.kernel = {}, .initrd = to_bytes("new"), .command_line = {}}),
            "ATT-PREDICT-EVENT");
  const auto no_strings = without(no_tags, EventType::ipl);
  EXPECT_EQ(code(no_strings, {.kernel = {}, .initrd = {}, .command_line = "quiet"}),
            "ATT-PREDICT-EVENT");
}

TEST(Prediction, RefusesACommandLineThatNobodyCouldHaveTyped) {
  for (const std::string& line : {std::string(), std::string(4097, 'x'), std::string("a\nb"),
                                  std::string("\xC3\xA4"), std::string("a\0b", 3)})
    EXPECT_EQ(code(sound_boot(), {.kernel = {}, .initrd = {}, .command_line = line}),
              "ATT-PREDICT-TEXT");
}

TEST(Prediction, RefusesFirmwareThatMeasuresNothingOrForOtherBanks) {
  EventLogForge silent = sound_boot();
  std::erase_if(silent.events(), [](const Event& event) { return event.pcr == 0; });
  EXPECT_EQ(code(sound_boot(), {.firmware = log_of(silent)}), "ATT-PREDICT-EVENT");
  const auto both = sound_boot({codec::TpmAlgorithm::sha256, codec::TpmAlgorithm::sha384});
  EXPECT_EQ(code(sound_boot(), {.firmware = log_of(both)}), "ATT-PREDICT-EVENT");
}

TEST(Prediction, RefusesADatabaseThatIsNoneOrThatTheLogDoesNotHave) {
  EXPECT_EQ(code(sound_boot(), {.databases = {{"dbx", Bytes(30, 1)}}}), "ATT-LOG-VARIABLE");
  EXPECT_EQ(code(sound_boot(), {.databases = {{"dbt", signature_list(1)}}}), "ATT-PREDICT-EVENT");
}

TEST(Prediction, OfFirmwareIsWhatADeviceThatHasItMeasured) {
  EventLogForge updated = sound_boot();
  auto& events = updated.events();
  Event volume = events.at(1);
  volume.data.front() ^= 1U;
  volume.digests.front().value = to_bytes(crypto::sha256(as_bytes("another volume")));
  events.at(1) = volume;
  volume.digests.front().value = to_bytes(crypto::sha256(as_bytes("one more volume")));
  events.insert(events.begin() + 2, volume);
  const auto prediction = predict(log_of(sound_boot()), {.firmware = log_of(updated)}).value();
  EXPECT_THAT(registers_of(prediction), ElementsAre(0));
  expect_boot(prediction, updated);
  EXPECT_EQ(prediction.events.size(), 3U) << "a volume, one more in the separator's place, and it";
  EXPECT_EQ(std::ranges::count(prediction.events, "nothing", &ReplacedEvent::was), 1);
  EXPECT_EQ(prediction.added.size(), 2U);
  EXPECT_EQ(prediction.gone.size(), 1U);
  EXPECT_FALSE(prediction.doubts.empty());
}

TEST(Prediction, OfARevocationListIsWhatItsUpdateMeasures) {
  EventLogForge updated = sound_boot();
  for (Event& event : updated.events())
    if (event.pcr == 7 && event.data == efi_variable(kImageSecurity, "dbx", signature_list(371))) {
      event.data = efi_variable(kImageSecurity, "dbx", signature_list(430));
      event.digests.front().value = to_bytes(crypto::sha256(event.data));
    }
  const auto prediction =
      predict(log_of(sound_boot()), {.databases = {{"dbx", signature_list(430)}}}).value();
  EXPECT_THAT(registers_of(prediction), ElementsAre(7));
  expect_boot(prediction, updated);
  ASSERT_EQ(prediction.events.size(), 1U);
  EXPECT_THAT(prediction.events.front().becomes, HasSubstr("dbx"));
  ASSERT_EQ(prediction.added.size(), 1U);
  EXPECT_EQ(prediction.added.front().category, "database dbx");
}

TEST(Prediction, RefusesALogThatNoBootCouldHaveMade) {
  const auto no_separators = without(sound_boot(), EventType::separator);
  EXPECT_EQ(code(no_separators, {.kernel = {}, .initrd = to_bytes("x"), .command_line = {}}),
            "ATT-LOG-SEPARATOR");
}

TEST(Prediction, OfTheSameIsNoChange) {
  const auto prediction =
      predict(log_of(sound_boot()), {.kernel = {},
                                     .initrd = to_bytes("initrd"),
                                     .command_line = "BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro"})
          .value();
  EXPECT_TRUE(prediction.registers.empty());
  EXPECT_TRUE(prediction.events.empty());
  EXPECT_TRUE(prediction.added.empty());
  EXPECT_TRUE(prediction.gone.empty());
}

TEST(Prediction, OfAKernelIsWhatItsBootMeasures) {
  const Bytes kernel = SmallPe{}.bytes();
  const Bytes measured = codec::authenticode_octets(kernel, codec::parse_pe_image(kernel).value());
  const auto prediction = predict(log_of(boot_of(to_bytes("old"), to_bytes("old file"))),
                                  {.kernel = kernel, .initrd = {}, .command_line = {}})
                              .value();
  EXPECT_THAT(registers_of(prediction), ElementsAre(4, 9));
  expect_boot(prediction, boot_of(measured, kernel));
  EXPECT_THAT(values_of(prediction.added),
              ElementsAre("application " + to_hex(crypto::sha256(measured)),
                          "file " + to_hex(crypto::sha256(kernel))));
  EXPECT_THAT(values_of(prediction.gone),
              ElementsAre("application " + to_hex(crypto::sha256(as_bytes("old"))),
                          "file " + to_hex(crypto::sha256(as_bytes("old file")))));
  EXPECT_TRUE(prediction.doubts.empty());
  ASSERT_EQ(prediction.events.size(), 2U);
  EXPECT_THAT(prediction.events[0].was, HasSubstr("\\vmlinuz"));
}

TEST(Prediction, OfAnInitialFileSystemIsToldInTheOtherBank) {
  using codec::TpmAlgorithm;
  const std::vector banks{TpmAlgorithm::sha256, TpmAlgorithm::sha384};
  const PlannedChange change{.kernel = {}, .initrd = to_bytes("new"), .command_line = {}};
  EXPECT_EQ(predict(log_of(sound_boot()), change, TpmAlgorithm::sha384).error().code,
            "ATT-LOG-BANK");
  const auto prediction = predict(log_of(sound_boot(banks)), change, TpmAlgorithm::sha384).value();
  ASSERT_FALSE(prediction.registers.empty());
  for (const RegisterChange& one : prediction.registers)
    EXPECT_EQ(one.was, sound_boot(banks).quoted(TpmAlgorithm::sha384).values.at(one.pcr));
  EXPECT_THAT(
      values_of(prediction.added),
      ElementsAre("initrd " + to_hex(crypto::digest(crypto::Hash::sha384, as_bytes("new")))));
}

TEST(Prediction, TellsWhatItDidNotFind) {
  const auto prediction =
      predict(log_of(sound_boot()),
              {.kernel = SmallPe{}.bytes(), .initrd = to_bytes("new"), .command_line = {}})
          .value();
  EXPECT_THAT(prediction.doubts,
              ElementsAre(HasSubstr("reads the kernel"), HasSubstr("initial file system")));
}

TEST(Prediction, OfAnInitialFileSystemIsWhatItsBootMeasures) {
  const auto boot_with = [](std::string_view initrd) {
    EventLogForge forge = without(sound_boot(), EventType::event_tag);
    forge.grub("grub_cmd: ", "initrd /initrd.img")
        .measure(9, EventType::ipl, to_bytes("(hd0,gpt2)/initrd.img"), to_bytes(initrd))
        .measure(9, EventType::event_tag, tagged_event(kInitrdTag, "Linux initrd"),
                 to_bytes(initrd));
    return forge;
  };
  const auto prediction = predict(log_of(boot_with("old")),
                                  {.kernel = {}, .initrd = to_bytes("new"), .command_line = {}})
                              .value();
  EXPECT_THAT(registers_of(prediction), ElementsAre(9));
  expect_boot(prediction, boot_with("new"));
  EXPECT_TRUE(prediction.doubts.empty());
  const std::string digest = to_hex(crypto::sha256(as_bytes("new")));
  EXPECT_THAT(values_of(prediction.added), ElementsAre("file " + digest, "initrd " + digest));
}

EventLogForge boot_with_line(std::string_view arguments) {
  EventLogForge forge = without(without(sound_boot(), EventType::event_tag), EventType::ipl);
  const std::string line = "/vmlinuz " + std::string(arguments);
  forge.grub("grub_cmd: ", "linux " + line)
      .grub("kernel_cmdline: ", line)
      .measure(9, EventType::event_tag, tagged_event(kLoadOptionsTag, "LOADED_IMAGE::LoadOptions"),
               to_utf16("BOOT_IMAGE=" + line));
  return forge;
}

TEST(Prediction, OfACommandLineIsWhatItsBootMeasures) {
  for (const std::string& line : {std::string("BOOT_IMAGE=/vmlinuz quiet"), std::string("quiet")}) {
    const auto prediction =
        predict(log_of(boot_with_line("ro")), {.kernel = {}, .initrd = {}, .command_line = line})
            .value();
    EXPECT_THAT(registers_of(prediction), ElementsAre(8, 9));
    expect_boot(prediction, boot_with_line("quiet"));
    EXPECT_THAT(values_of(prediction.added), ElementsAre("grub-command linux /vmlinuz quiet",
                                                         "kernel-command-line /vmlinuz quiet"));
    EXPECT_TRUE(prediction.doubts.empty());
  }
}

TEST(Prediction, OfLoadOptionsAloneEndsInItsNul) {
  const auto boot_with = [](std::string_view line) {
    EventLogForge forge = without(without(sound_boot(), EventType::event_tag), EventType::ipl);
    Bytes options = to_utf16(line);
    append(options, Bytes{0, 0});
    forge.measure(9, EventType::event_tag,
                  tagged_event(kLoadOptionsTag, "LOADED_IMAGE::LoadOptions"), options);
    return forge;
  };
  const auto prediction =
      predict(log_of(boot_with("ro")), {.kernel = {}, .initrd = {}, .command_line = "quiet"})
          .value();
  EXPECT_THAT(registers_of(prediction), ElementsAre(9));
  expect_boot(prediction, boot_with("quiet"));
}

TEST(Prediction, OfSystemdsStubReplacesItsCommandLine) {
  EventLogForge forge = without(without(sound_boot(), EventType::event_tag), EventType::ipl);
  Bytes line = to_utf16("ro");
  append(line, Bytes{0, 0});
  forge.measure(12, EventType::ipl, line).measure(11, EventType::ipl, ".linux");
  const auto prediction =
      predict(log_of(forge), {.kernel = {}, .initrd = {}, .command_line = "quiet"}).value();
  EXPECT_THAT(registers_of(prediction), ElementsAre(12));
  EXPECT_THAT(values_of(prediction.added), ElementsAre("kernel-command-line quiet"));
  EXPECT_THAT(prediction.doubts, ElementsAre(HasSubstr("PCR 11")));
}

// The signature of a kernel holds the digest that it is of (SpcIndirectDataContent).
std::filesystem::path signed_kernel() {
  for (const std::filesystem::path& folder :
       {std::filesystem::path(VEDETTE_BIN_DIR) / "../../../.deps/lab/kernel/boot",
        std::filesystem::path("/boot")}) {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator(folder, none))
      if (entry.path().filename().string().starts_with("vmlinuz")) return entry.path();
  }
  return {};
}

TEST(Prediction, HasTheDigestThatAKernelIsSignedBy) {
  const auto path = signed_kernel();
  if (path.empty()) GTEST_SKIP() << "no kernel in .deps/lab or /boot";
  const auto image = read_file(path.string(), codec::kMaxPeOctets);
  if (!image) GTEST_SKIP() << path << " cannot be read";
  const auto layout = codec::parse_pe_image(*image).value();
  if (layout.certificates.octets == 0) GTEST_SKIP() << path << " is not signed";
  const auto digest = crypto::sha256(codec::authenticode_octets(*image, layout));
  const auto certificates =
      ByteView(*image).subspan(layout.certificates.offset, layout.certificates.octets);
  EXPECT_FALSE(std::ranges::search(certificates, digest).empty()) << path;
}

}  // namespace
}  // namespace vedette::attestation
