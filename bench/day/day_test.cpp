// A small day, so that the simulation itself cannot rot; and days whose script is a lie itself,
// which the audit must find out.
#include "day.h"

#include <gmock/gmock.h>

#include "platform/store/sqlite/sqlite_store.h"
#include "testing/temporary_folder.h"

#include "day_settings.h"

namespace vedette::bench {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr TimePoint kMorning{std::chrono::seconds(1'800'000'000)};

Fleet fleet_of(std::size_t devices) {
  FleetSettings settings;
  settings.devices = devices;
  settings.lines = 1;
  settings.files_per_line = 4;
  return {settings, kMorning, std::chrono::hours(6)};
}

class Store : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  std::unique_ptr<platform::Store> store_ =
      platform::open_sqlite_store(folder_ / "server.db").value();
};

using AttestationDayAudit = Store;

TEST_F(AttestationDayAudit, MissesADeviceThatTheStoreHasForgotten) {
  Fleet fleet = fleet_of(3);
  Discrepancies none;
  ASSERT_EQ(audit_store(*store_, fleet, none), 0U);
  EXPECT_EQ(none.total(), 0U);
  fleet.subjects()[1].standing = {.known = true, .affirming = true, .at = kMorning};
  Discrepancies found;
  ASSERT_TRUE(audit_store(*store_, fleet, found).has_value());
  EXPECT_THAT(found.first(), Contains(HasSubstr("d-1 stands in the store as unknown")));
}

TEST_F(AttestationDayAudit, ExcusesOnlyEvidenceThatTheVerifierDiedOver) {
  Fleet fleet = fleet_of(3);
  Subject& subject = fleet.subjects()[1];
  subject.standing = {.known = true, .affirming = true, .at = kMorning};
  const auto found_with = [&](bool ready, bool in_the_dark) {
    subject.ready = ready;
    subject.in_the_dark = in_the_dark;
    Discrepancies found;
    EXPECT_TRUE(audit_store(*store_, fleet, found).has_value());
    return found.total();
  };
  EXPECT_EQ(found_with(true, false), 1U) << "it asked, and sent no evidence";
  EXPECT_EQ(found_with(false, true), 1U) << "it has sent its evidence again";
  EXPECT_EQ(found_with(true, true), 0U);
}

TEST_F(AttestationDayAudit, FindsADeviceInTheLogThatThereIsNot) {
  const Fleet fleet = fleet_of(3);  // with one golden device
  auto tell_of = [&, next = std::uint64_t{0}](const std::string& subject) mutable {
    const codec::Json entry = codec::Json::Object{{"kind", codec::Json("attest")},
                                                  {"subject", codec::Json("device/" + subject)},
                                                  {"verdict", codec::Json("accepted")}};
    const auto written = store_->write([&](platform::UnitOfWork& unit) {
      return unit.log().add_entry(next++, as_bytes(codec::to_json(entry)));
    });
    EXPECT_TRUE(written.has_value());
  };
  tell_of("golden-0");
  Discrepancies none;
  ASSERT_TRUE(audit_log(*store_, fleet, none).has_value());
  EXPECT_THAT(none.first(), IsEmpty());
  for (const char* stranger : {"golden-1", "d-3", "ek-1"}) {
    tell_of(stranger);
    Discrepancies found;
    const auto figures = audit_log(*store_, fleet, found);
    ASSERT_TRUE(figures.has_value());
    EXPECT_THAT(found.first(), Contains(HasSubstr(std::string(stranger) + ", which is no device")));
    EXPECT_EQ(figures->entries, 0U);
  }
}

TEST_F(AttestationDayAudit, MissesAnAttestationThatTheLogDoesNotTell) {
  Fleet fleet = fleet_of(3);
  Discrepancies none;
  ASSERT_TRUE(audit_log(*store_, fleet, none).has_value());
  EXPECT_EQ(none.total(), 0U);
  ++fleet.subjects()[2].tally.accepted;
  Discrepancies found;
  ASSERT_TRUE(audit_log(*store_, fleet, found).has_value());
  EXPECT_EQ(found.total(), 1U);
  fleet.subjects()[2].in_the_dark = true;  // it may be told once too often, never too seldom
  ASSERT_TRUE(audit_log(*store_, fleet, found).has_value());
  EXPECT_EQ(found.total(), 2U);
}

TEST(AttestationDayFleet, FallsSilentOnceWhenTheLimitHasPassed) {
  Fleet fleet = fleet_of(2);
  Subject& subject = fleet.subjects().front();
  subject.standing = {.known = true, .affirming = true, .at = kMorning};
  const std::chrono::seconds limit{300};
  EXPECT_EQ(fall_silent(fleet.subjects(), kMorning + limit, limit), 0U);
  EXPECT_EQ(fall_silent(fleet.subjects(), kMorning + limit + Duration(1), limit), 1U);
  EXPECT_EQ(fall_silent(fleet.subjects(), kMorning + 2 * limit, limit), 0U);
  EXPECT_FALSE(subject.standing.affirming);
}

TEST(AttestationDayFleet, ALieOfTheTpmsOwnLastsUntilTheNextBoot) {
  Fleet fleet = fleet_of(1);
  Subject& subject = fleet.subjects().front();
  subject.fate = {.lies_at = kMorning, .lie = Lie::unknown_file};
  const LifeSettings life{.boots_per_day = 0, .news_per_day = 0, .files_at_boot = 2};
  const auto code_at = [&](int minute) {
    const TimePoint now = kMorning + std::chrono::minutes(minute);
    make_ready(subject, now, life);
    const std::string code(expected_code(subject, now));
    settle(subject, now);
    return code;
  };
  EXPECT_EQ(code_at(0), "ATT-IMA-UNACCEPTED");
  const auto booted = subject.device.reset_count();
  EXPECT_EQ(code_at(1), "ATT-IMA-UNACCEPTED");
  EXPECT_EQ(code_at(2), "");
  EXPECT_EQ(subject.device.reset_count(), booted + 1);
  EXPECT_EQ(subject.tally.boots, 1U);
}

class AttestationDay : public ::testing::Test {
 protected:
  AttestationDay() {
    settings_.fleet.devices = 60;
    settings_.fleet.lines = 2;
    settings_.fleet.files_per_line = 200;
    settings_.fleet.life.files_at_boot = 20;
    settings_.fleet.one_liar_in = 5;
    settings_.fleet.one_silent_in = 5;
    settings_.fleet.one_revoked_in = 30;
    settings_.interval = std::chrono::seconds(1800);
    settings_.length = std::chrono::hours(6);
    settings_.folder = folder_.path();
    settings_.program = VEDETTE_BIN_DIR "/attestation_day_verifier";
  }

  TemporaryFolder folder_;
  DaySettings settings_;
};

TEST_F(AttestationDay, IsJudgedAsItWasLivedOverARestart) {
  const auto figures = run_day(settings_);
  ASSERT_TRUE(figures.has_value()) << describe(figures.error());
  EXPECT_THAT(figures->discrepancies.first(), IsEmpty());
  EXPECT_GT(figures->log.accepted, 500U);
  std::uint64_t lies = 0;
  for (const Lie lie : kLies) {
    const auto refused = figures->lies_refused.find(lie);
    ASSERT_NE(refused, figures->lies_refused.end()) << "nobody " << to_string(lie);
    lies += refused->second;
  }
  EXPECT_GE(figures->log.refused, lies);
  EXPECT_LE(figures->log.refused, lies + figures->in_the_dark) << "for something that is no lie";
  EXPECT_GT(figures->log.silences, 0U);
  EXPECT_GT(figures->log.boots, 0U);
  EXPECT_GT(figures->turned_away, 0U);
  EXPECT_GT(figures->waited_for_restart, 0U);
  EXPECT_GT(figures->trusted_after_restart, 40U);
  EXPECT_GT(figures->trusted_at_end, 40U);
}

}  // namespace
}  // namespace vedette::bench
