#include "attestation/appraisal/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attestation/appraisal/finding.h"
#include "testing/event_log_forge.h"

namespace vedette::attestation {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using vedette::testing::EventLogForge;
using vedette::testing::sound_boot;

std::vector<Statement> statements_of(const EventLogForge& forge) {
  const auto boot =
      verify_event_log(parse_event_log(forge.bytes()).value(), forge.quoted(), {10}).value();
  return boot_statements(boot, read_boot_facts(boot).value());
}

std::vector<std::string> told(const std::vector<Change>& changes) {
  std::vector<std::string> sentences;
  sentences.reserve(changes.size());
  for (const Change& change : changes)
    sentences.push_back(in_words(change));
  return sentences;
}

TEST(Explanation, OfTheSameBootIsEmpty) {
  EXPECT_TRUE(changes_between(statements_of(sound_boot()), statements_of(sound_boot())).empty());
}

TEST(Explanation, TellsWhatCameAndWhatWent) {
  EventLogForge more = sound_boot();
  more.measure(4, EventLogForge::EventType::efi_boot_services_application,
               vedette::testing::image_load("\\EFI\\new.efi"), to_bytes("new"));
  const auto came = told(changes_between(statements_of(sound_boot()), statements_of(more)));
  ASSERT_EQ(came.size(), 1U);
  EXPECT_THAT(came[0], AllOf(HasSubstr("PCR 4"), HasSubstr("is new"), HasSubstr("\\EFI\\new.efi")));
  const auto went = told(changes_between(statements_of(more), statements_of(sound_boot())));
  ASSERT_EQ(went.size(), 1U);
  EXPECT_THAT(went[0], AllOf(HasSubstr("is gone"), HasSubstr("\\EFI\\new.efi")));
}

TEST(Explanation, TellsAnImageWithoutAPathByItsDigest) {
  EventLogForge more = sound_boot();
  more.measure(4, EventLogForge::EventType::efi_boot_services_application,
               vedette::testing::image_load(""), to_bytes("new"));
  const auto came = told(changes_between(statements_of(sound_boot()), statements_of(more)));
  ASSERT_EQ(came.size(), 1U);
  EXPECT_THAT(came[0], HasSubstr("is new: EFI application, digest "));
}

TEST(Explanation, SaysWhatItMeansThatNoApplicationWasMeasured) {
  const Finding finding = silence("application", FindingSource::boot);
  EXPECT_THAT(finding.words, HasSubstr("the firmware started something that it did not measure"));
  EXPECT_EQ(finding.trust, trust::kContraindicated);
}

// As QEMU's firmware and the kernel's stub measure it: no text in the log, UTF-16 in the digest.
TEST(Explanation, TellsACommandLineOnlyIfItIsTheMeasuredOne) {
  EventLogForge forge = sound_boot();
  const auto boot =
      verify_event_log(parse_event_log(forge.bytes()).value(), forge.quoted(), {10}).value();
  BootFacts facts;
  const std::string text = "quiet ro";
  Bytes wide;
  for (const char c : text + '\0') {
    wide.push_back(static_cast<std::uint8_t>(c));
    wide.push_back(0);
  }
  facts.load_options.push_back({.digest = to_bytes(crypto::sha256(wide)), .text = {}});
  const auto said = [&](std::string_view claimed) {
    for (const Statement& one : boot_statements(boot, facts, claimed))
      if (one.pcr == 9 && (one.category == "kernel-command-line" || one.category == "load-options"))
        return one.category + " " + one.value;
    return std::string("nothing");
  };
  EXPECT_EQ(said("quiet ro"), "kernel-command-line quiet ro");
  const std::string digest = "load-options " + to_hex(crypto::sha256(wide));
  EXPECT_EQ(said("quiet rw"), digest);
  EXPECT_EQ(said(""), digest);
}

TEST(Explanation, PairsWhatWasWithWhatItBecame) {
  const std::vector<Statement> before{{.category = "database dbx",
                                       .value = "aa",
                                       .pcr = 7,
                                       .claim = TrustClaim::configuration,
                                       .words = "371 entries"}};
  std::vector<Statement> after = before;
  after[0].value = "bb";
  after[0].words = "380 entries";
  const auto sentences = told(changes_between(before, after));
  ASSERT_EQ(sentences.size(), 1U);
  EXPECT_EQ(sentences[0], "PCR 7: the revocation list dbx changed: 371 entries -> 380 entries");
}

}  // namespace
}  // namespace vedette::attestation
