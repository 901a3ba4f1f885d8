#include "attestation/event_log/verify.h"

#include <gtest/gtest.h>

#include "attestation/event_log/replay.h"
#include "testing/event_log_forge.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;
using vedette::testing::EventLogForge;
using vedette::testing::sound_boot;

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

EventLog parsed(const EventLogForge& forge) {
  return parse_event_log(forge.bytes()).value();
}

std::string replay_code(const EventLogForge& forge) {
  return code_of(replay(parsed(forge), TpmAlgorithm::sha256));
}

std::string verify_code(const EventLogForge& forge, const QuotedRegisters& quoted,
                        const std::set<std::uint8_t>& elsewhere = {10}) {
  return code_of(verify_event_log(parsed(forge), quoted, elsewhere));
}

TEST(ReplayEventLog, RefusesABankThatTheLogDoesNotCarry) {
  const EventLog log = parsed(sound_boot());
  EXPECT_EQ(code_of(replay(log, TpmAlgorithm::sha384)), "ATT-LOG-BANK");
  EXPECT_EQ(code_of(replay(log, TpmAlgorithm::null)), "ATT-LOG-BANK");
  const TpmAlgorithm sm3_bank = vedette::testing::unnamed_algorithm(0x12);
  EventLog sm3 = log;
  sm3.banks.push_back(sm3_bank);
  EXPECT_EQ(code_of(replay(sm3, sm3_bank)), "ATT-LOG-BANK");
  EventLog lacking = log;
  lacking.events[3].digests.clear();
  EXPECT_EQ(code_of(replay(lacking, TpmAlgorithm::sha256)), "ATT-LOG-BANK");
}

TEST(ReplayEventLog, RefusesANoActionEventWithADigest) {
  EventLogForge forge = sound_boot();
  forge.no_action(0, to_bytes("SP800-155 Event"));
  EXPECT_EQ(replay_code(forge), "accepted");
  forge.events().back().digests[0].value[31] = 1;
  EXPECT_EQ(replay_code(forge), "ATT-LOG-NO-ACTION");
}

TEST(ReplayEventLog, RefusesAMeasuredEventRelabelledAsNoAction) {
  EventLogForge forge = sound_boot();
  forge.events()[2].type = EventType::no_action;
  EXPECT_EQ(replay_code(forge), "ATT-LOG-NO-ACTION");
}

TEST(ReplayEventLog, RefusesAStartupLocalityThatCannotBe) {
  EventLogForge late = sound_boot();
  late.startup_locality(3);
  EXPECT_EQ(replay_code(late), "ATT-LOG-LOCALITY");

  EventLogForge twice;
  twice.startup_locality(3).startup_locality(3);
  EXPECT_EQ(replay_code(twice), "ATT-LOG-LOCALITY");

  EventLogForge unknown;
  unknown.startup_locality(2);
  EXPECT_EQ(replay_code(unknown), "ATT-LOG-LOCALITY");

  EventLogForge other;
  other.startup_locality(3).events()[0].pcr = 1;
  EXPECT_EQ(replay_code(other), "ATT-LOG-LOCALITY");

  EventLogForge longer;
  longer.startup_locality(3).events()[0].data.push_back(0);
  EXPECT_EQ(replay_code(longer), "ATT-LOG-LOCALITY");
}

TEST(ReplayEventLog, StartsPcr0AtItsLocality) {
  for (const std::uint8_t locality : Bytes{0, 3, 4}) {
    EventLogForge forge;
    forge.startup_locality(locality).measure(0, EventType::s_crtm_version, "1");
    const auto bank = replay(parsed(forge), TpmAlgorithm::sha256);
    ASSERT_TRUE(bank.has_value());
    EXPECT_EQ(to_bytes(bank->value(0)), forge.quoted().values.at(0));
  }
}

TEST(ReplayEventLog, NeverExtendsNoAction) {
  EventLogForge forge;
  forge.no_action(5, to_bytes("note"));
  const auto bank = replay(parsed(forge), TpmAlgorithm::sha256);
  ASSERT_TRUE(bank.has_value());
  EXPECT_TRUE(bank->extended().empty());
}

TEST(VerifyEventLog, RefusesALogWithoutEvents) {
  EXPECT_EQ(verify_code(EventLogForge(), sound_boot().quoted()), "ATT-LOG-EMPTY");
}

TEST(VerifyEventLog, RefusesSha1AloneAndTheSha1Bank) {
  const std::vector both{TpmAlgorithm::sha1, TpmAlgorithm::sha256};
  const EventLogForge forge = sound_boot(both);
  EXPECT_EQ(verify_code(forge, forge.quoted(TpmAlgorithm::sha1)), "ATT-LOG-SHA1");
  EXPECT_EQ(verify_code(forge, forge.quoted(TpmAlgorithm::sha256)), "accepted");
  EventLog old = parse_event_log(forge.sha1_bytes()).value();
  EXPECT_EQ(code_of(verify_event_log(std::move(old), forge.quoted(TpmAlgorithm::sha256))),
            "ATT-LOG-SHA1");
}

TEST(VerifyEventLog, RefusesALogOfAGuestsRegisters) {
  EventLogForge forge;
  forge.measure(1, EventType::efi_action, "x");
  EventLog log = parse_event_log(forge.bytes(), {LogKind::confidential, false}).value();
  EXPECT_EQ(code_of(verify_event_log(std::move(log), forge.quoted())), "ATT-LOG-KIND");
}

TEST(VerifyEventLog, RefusesAQuoteOfAnotherBankThanTheLogs) {
  const EventLogForge forge = sound_boot();
  const EventLogForge wide = sound_boot({TpmAlgorithm::sha384});
  EXPECT_EQ(verify_code(forge, wide.quoted(TpmAlgorithm::sha384)), "ATT-LOG-BANK");
}

TEST(VerifyEventLog, RefusesWhereNothingIsQuoted) {
  EXPECT_EQ(verify_code(sound_boot(), {TpmAlgorithm::sha256, {}}), "ATT-LOG-REGISTERS");
}

TEST(VerifyEventLog, RefusesWherePcr0Or4IsNotQuoted) {
  for (const std::uint8_t pcr : Bytes{0, 4}) {
    QuotedRegisters quoted = sound_boot().quoted();
    quoted.values.erase(pcr);
    EXPECT_EQ(verify_code(sound_boot(), quoted), "ATT-LOG-REGISTERS");
  }
}

TEST(VerifyEventLog, RefusesWhereEveryQuotedRegisterIsOwnedElsewhere) {
  QuotedRegisters quoted = sound_boot().quoted();
  std::set<std::uint8_t> all;
  for (const auto& [pcr, value] : quoted.values)
    all.insert(pcr);
  EXPECT_EQ(verify_code(sound_boot(), quoted, all), "ATT-LOG-REGISTERS");
}

TEST(VerifyEventLog, RefusesAValueOfAnotherSizeOrRegister) {
  QuotedRegisters quoted = sound_boot().quoted();
  quoted.values[3].push_back(0);
  EXPECT_EQ(verify_code(sound_boot(), quoted), "ATT-LOG-REGISTERS");
  quoted = sound_boot().quoted();
  quoted.values[3].clear();
  EXPECT_EQ(verify_code(sound_boot(), quoted), "ATT-LOG-REGISTERS");
  quoted = sound_boot().quoted();
  quoted.values[24] = Bytes(32);
  EXPECT_EQ(verify_code(sound_boot(), quoted), "ATT-LOG-REGISTERS");
}

// "TPM Carte Blanche": a bank that the firmware never extends is anybody's to fill.
TEST(VerifyEventLog, RefusesAnUnextendedBank) {
  for (const std::uint8_t pcr : Bytes{0, 4}) {
    QuotedRegisters quoted = sound_boot().quoted();
    quoted.values[pcr] = Bytes(32, 0x00);
    EXPECT_EQ(verify_code(sound_boot(), quoted), "ATT-LOG-UNEXTENDED");
  }
  EventLogForge forge;
  forge.startup_locality(3).measure(4, EventType::efi_action, "x");
  EXPECT_EQ(verify_code(forge, forge.quoted()), "ATT-LOG-UNEXTENDED");
}

TEST(VerifyEventLog, RefusesAnEventAddedRemovedOrMoved) {
  const QuotedRegisters quoted = sound_boot().quoted();
  const std::size_t count = sound_boot().events().size();
  for (std::size_t i = 0; i < count; ++i) {
    EventLogForge forge = sound_boot();
    forge.events().erase(forge.events().begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_NE(verify_code(forge, quoted), "accepted") << i;
  }
  EventLogForge added = sound_boot();
  added.measure(4, EventType::efi_action, "x");
  EXPECT_EQ(verify_code(added, quoted), "ATT-LOG-MISMATCH");
  EventLogForge moved = sound_boot();
  std::swap(moved.events()[0].digests, moved.events()[1].digests);
  EXPECT_EQ(verify_code(moved, quoted), "ATT-LOG-MISMATCH");
}

TEST(VerifyEventLog, RefusesAChangedDigest) {
  const QuotedRegisters quoted = sound_boot().quoted();
  for (std::size_t i = 0; i < sound_boot().events().size(); ++i) {
    EventLogForge forge = sound_boot();
    forge.events()[i].digests[0].value[0] ^= 1U;
    EXPECT_EQ(verify_code(forge, quoted), "ATT-LOG-MISMATCH") << i;
  }
}

TEST(VerifyEventLog, RefusesAQuotedRegisterOfWhichTheLogHasNoEvents) {
  QuotedRegisters quoted = sound_boot().quoted();
  quoted.values[11] = Bytes(32, 0x01);
  EXPECT_EQ(verify_code(sound_boot(), quoted), "ATT-LOG-NO-EVENTS");
  EXPECT_EQ(verify_code(sound_boot(), quoted, {10, 11}), "accepted");
  quoted = sound_boot().quoted();
  quoted.values[17] = Bytes(32, 0x00);  // a dynamic launch that nothing tells of
  EXPECT_EQ(verify_code(sound_boot(), quoted), "ATT-LOG-NO-EVENTS");
}

TEST(VerifyEventLog, AcceptsARegisterThatNothingExtended) {
  QuotedRegisters quoted = sound_boot().quoted();
  quoted.values[11] = Bytes(32, 0x00);
  quoted.values[17] = Bytes(32, 0xFF);
  const auto boot = verify_event_log(parsed(sound_boot()), quoted);
  ASSERT_TRUE(boot.has_value()) << describe(boot.error());
  EXPECT_FALSE((*boot)->registers.contains(11));
}

TEST(VerifyEventLog, ProvesTheRegistersThatWereQuotedAndTouched) {
  for (const TpmAlgorithm bank :
       {TpmAlgorithm::sha256, TpmAlgorithm::sha384, TpmAlgorithm::sha512}) {
    const EventLogForge forge = sound_boot({TpmAlgorithm::sha1, bank});
    QuotedRegisters quoted = forge.quoted(bank);
    quoted.values.erase(9);
    quoted.values[10] = Bytes(codec::digest_size(bank), 0x77);  // IMA's
    const auto boot = verify_event_log(parsed(forge), quoted);
    ASSERT_TRUE(boot.has_value()) << describe(boot.error());
    EXPECT_EQ((*boot)->bank, bank);
    EXPECT_EQ((*boot)->registers, (std::set<std::uint8_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 14}));
  }
}

}  // namespace
}  // namespace vedette::attestation
