#include "agent/lifecycle.h"

#include <array>

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

constexpr std::array kPhases{Phase::learn_time, Phase::enroll, Phase::renew,  Phase::attest,
                             Phase::fetch,      Phase::serve,  Phase::stopped};
constexpr std::array kOutcomes{
    Outcome::done,        Outcome::unreachable,  Outcome::refused, Outcome::certificate_due,
    Outcome::verdict_due, Outcome::releases_due, Outcome::revoked};

TEST(Lifecycle, ARevocationStopsEveryModelInEveryPhase) {
  for (const Phase phase : kPhases)
    EXPECT_FALSE(next_step(phase, Outcome::revoked).keep_serving);
}

TEST(Lifecycle, NothingIsDoneBeforeTheTimeIsKnown) {
  const Step step = next_step(Phase::learn_time, Outcome::unreachable);
  EXPECT_EQ(step.next, Phase::learn_time);
  EXPECT_TRUE(step.wait);
  EXPECT_EQ(next_step(Phase::learn_time, Outcome::certificate_due).next, Phase::enroll);
  EXPECT_EQ(next_step(Phase::learn_time, Outcome::done).next, Phase::attest);
}

TEST(Lifecycle, ARefusedQuoteStopsEveryModel) {
  const Step step = next_step(Phase::attest, Outcome::refused);
  EXPECT_EQ(step.next, Phase::attest);
  EXPECT_FALSE(step.keep_serving);
  EXPECT_TRUE(step.wait);
}

TEST(Lifecycle, AServerThatIsAwayDoesNotStopModelsWhoseVerdictLasts) {
  EXPECT_TRUE(next_step(Phase::attest, Outcome::unreachable).keep_serving);
  EXPECT_TRUE(next_step(Phase::fetch, Outcome::unreachable).keep_serving);
}

TEST(Lifecycle, AReleaseThatDoesNotVerifyLeavesTheOneThatServesAlone) {
  const Step step = next_step(Phase::fetch, Outcome::refused);
  EXPECT_EQ(step.next, Phase::serve);
  EXPECT_TRUE(step.keep_serving);
  EXPECT_FALSE(step.wait) << "meanwhile the server could not say what it wants at once";
}

TEST(Lifecycle, NeitherARenewalNorAServerTooBusyForOneStopsModels) {
  EXPECT_EQ(next_step(Phase::serve, Outcome::certificate_due).next, Phase::renew);
  for (const Outcome outcome : {Outcome::done, Outcome::unreachable, Outcome::refused})
    EXPECT_TRUE(next_step(Phase::renew, outcome).keep_serving);
  EXPECT_EQ(next_step(Phase::renew, Outcome::refused).next, Phase::enroll);
  EXPECT_EQ(next_step(Phase::renew, Outcome::certificate_due).next, Phase::enroll);
  EXPECT_TRUE(next_step(Phase::renew, Outcome::unreachable).wait);
  EXPECT_EQ(outcome_of({"EST-BUSY", "", "", ""}), Outcome::unreachable);
  EXPECT_EQ(outcome_of({"KEY-SIGN", "", "", ""}), Outcome::unreachable) << "a token that is away";
  EXPECT_EQ(outcome_of({"ENR-BUSY", "", "", ""}), Outcome::unreachable);
}

// Of a device whose renewal was refused, and which enrols again, the certificate and the verdict
// still hold. A revocation does not wait for their end.
TEST(Lifecycle, AnEnrolmentThatDoesNotSucceedLeavesModelsTheVerdictThatTheyHave) {
  EXPECT_TRUE(next_step(Phase::renew, Outcome::refused).keep_serving);
  for (const Outcome outcome : {Outcome::refused, Outcome::unreachable}) {
    EXPECT_TRUE(next_step(Phase::enroll, outcome).keep_serving);
    EXPECT_EQ(next_step(Phase::enroll, outcome).next, Phase::enroll);
    EXPECT_TRUE(next_step(Phase::enroll, outcome).wait);
  }
  EXPECT_FALSE(next_step(Phase::enroll, Outcome::revoked).keep_serving);
}

TEST(Lifecycle, ACertificateIsRenewedWhileAttestationIsRefused) {
  EXPECT_EQ(outcome_of({"AGT-CERTIFICATE-DUE", "", "", ""}), Outcome::certificate_due);
  EXPECT_EQ(next_step(Phase::attest, Outcome::certificate_due).next, Phase::renew);
}

TEST(Lifecycle, WhatTheTableDoesNotNameStartsOverWithoutTrust) {
  const Step step = next_step(Phase::enroll, Outcome::releases_due);
  EXPECT_EQ(step.next, Phase::enroll);
  EXPECT_FALSE(step.keep_serving);
  EXPECT_TRUE(step.wait);
}

TEST(Lifecycle, EveryFailureThatRepeatsItsPhaseWaits) {
  for (const Phase phase : kPhases)
    for (const Outcome outcome : kOutcomes) {
      const Step step = next_step(phase, outcome);
      const bool repeats = step.next == phase && outcome != Outcome::done;
      EXPECT_TRUE(step.wait || !repeats) << name_of(phase);
    }
}

TEST(Lifecycle, ADownloadThatGaveWayIsNoFailureAndStopsNoModel) {
  for (const char* code :
       {"AGT-VERDICT-DUE", "AGT-CERTIFICATE-DUE", "AGT-CONTACT-DUE", "AGT-STOPPING"}) {
    const Error error{code, "", "", ""};
    EXPECT_TRUE(is_put_off(error)) << code;
    EXPECT_TRUE(is_break(error)) << code;
    EXPECT_TRUE(next_step(Phase::fetch, outcome_of(error)).keep_serving) << code;
  }
  EXPECT_EQ(next_step(Phase::fetch, Outcome::verdict_due).next, Phase::attest);
  EXPECT_EQ(next_step(Phase::fetch, Outcome::certificate_due).next, Phase::renew);
  EXPECT_FALSE(is_put_off({"NET-CLOSED", "", "", ""}));
}

TEST(Lifecycle, ReadsRefusalsByTheirCode) {
  const auto outcome = [](const char* code) { return outcome_of({code, "", "", ""}); };
  EXPECT_EQ(outcome("AUTH-REVOKED"), Outcome::revoked);
  EXPECT_EQ(outcome("ENR-REVOKED"), Outcome::revoked);
  EXPECT_EQ(outcome("AUTH-EPOCH"), Outcome::verdict_due);
  EXPECT_EQ(outcome("EAR-EXPIRED"), Outcome::verdict_due);
  EXPECT_EQ(outcome("AUTH-KEY"), Outcome::certificate_due);
  EXPECT_EQ(outcome("ATT-KEY-BOOT"), Outcome::certificate_due);
  EXPECT_EQ(outcome("NET-TIMEOUT"), Outcome::unreachable);
  EXPECT_EQ(outcome("ATT-PCR-MISMATCH"), Outcome::refused);
  EXPECT_EQ(outcome("SOMETHING-NEW"), Outcome::refused);
}

// One list for the lifecycle and for downloads: what is tried again, or done after something else,
// has found no fault in what was asked for.
TEST(Lifecycle, AFailureThatFindsNoFaultIsABreak) {
  const auto breaks = [](const char* code) { return is_break({code, "", "", ""}); };
  for (const char* code : {"NET-CLOSED", "NET-TIMEOUT", "NET-SYNTAX", "STORE-BUSY", "HTTP-BUSY",
                           "EAR-EXPIRED", "AUTH-EPOCH", "SBX-MODEL-MEMORY", "SRV-WITHDRAWN"})
    EXPECT_TRUE(breaks(code)) << code;
  for (const char* code : {"NET-RANGE", "REL-DIGEST", "REL-SIZE", "DELTA-BLOCK", "SBX-MODEL-SIZE"})
    EXPECT_FALSE(breaks(code)) << code;
  EXPECT_EQ(outcome_of({"SBX-MODEL-MEMORY", "", "", ""}), Outcome::refused)
      << "the device goes on to ask what the server wants";
}

TEST(Lifecycle, BackOffDoublesUpToAMinuteAndJitterOnlyShortens) {
  using std::chrono::milliseconds;
  EXPECT_EQ(back_off(0, 0.0), milliseconds(1000));
  EXPECT_EQ(back_off(3, 0.0), milliseconds(8000));
  EXPECT_EQ(back_off(40, 0.0), milliseconds(60'000));
  EXPECT_EQ(back_off(0, 1.0), milliseconds(500));
}

}  // namespace
}  // namespace vedette::agent
