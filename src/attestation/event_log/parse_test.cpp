#include <set>

#include <gtest/gtest.h>

#include "attestation/event_log/event_log.h"
#include "testing/event_log_forge.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;
using vedette::testing::append_little_endian;
using vedette::testing::EventLogForge;
using vedette::testing::log_header;
using vedette::testing::sound_boot;
using vedette::testing::spec_id_event;

std::string code_of(const Result<EventLog>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

std::string code_of(const Bytes& bytes, const ParseOptions& options = {}) {
  return code_of(parse_event_log(bytes, options));
}

EventLogForge small_log() {
  EventLogForge forge;
  forge.measure(4, EventType::efi_action, "Calling EFI Application from Boot Option");
  return forge;
}

// A Spec ID event that says `count` algorithms and lists these pairs.
Bytes header_with(std::uint32_t count, const std::vector<std::pair<int, std::size_t>>& pairs) {
  Bytes data = to_bytes("Spec ID Event03");
  data.push_back(0);
  append(data, Bytes(8, 0x00));
  append_little_endian(data, count, 4);
  for (const auto& [algorithm, size] : pairs) {
    append_little_endian(data, static_cast<std::uint64_t>(algorithm), 2);
    append_little_endian(data, size, 2);
  }
  data.push_back(0);
  return log_header(data);
}

TEST(ParseEventLog, RefusesAnEmptyLog) {
  EXPECT_EQ(code_of(Bytes{}), "ATT-LOG-EMPTY");
}

TEST(ParseEventLog, RefusesALogBeyondAMebibyte) {
  EXPECT_EQ(code_of(Bytes(kMaxLogOctets + 1, 0x00), {LogKind::tpm, true}), "ATT-LOG-SIZE");
}

TEST(ParseEventLog, RefusesEveryTruncation) {
  const Bytes whole = sound_boot().bytes();
  std::set<std::size_t> ends;
  EventLogForge forge = sound_boot();
  while (!forge.events().empty()) {
    forge.events().pop_back();
    ends.insert(forge.bytes().size());
  }
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(code_of(cut) == "accepted", ends.contains(size)) << size;
  }
}

TEST(ParseEventLog, RefusesOctetsBehindTheLastEvent) {
  Bytes log = small_log().bytes();
  log.push_back(0x41);
  EXPECT_EQ(code_of(log), "ATT-LOG-SYNTAX");
  EXPECT_EQ(code_of(log, {LogKind::tpm, true}), "ATT-LOG-SYNTAX");
}

TEST(ParseEventLog, RefusesPaddingUnlessItIsAllowed) {
  for (const std::uint8_t octet : Bytes{0x00, 0xFF})
    for (const std::size_t count : {1U, 7U, 12U, 4096U}) {
      Bytes log = small_log().bytes();
      append(log, Bytes(count, octet));
      EXPECT_EQ(code_of(log), "ATT-LOG-PADDING") << count;
      const auto padded = parse_event_log(log, {LogKind::tpm, true});
      ASSERT_TRUE(padded.has_value()) << describe(padded.error());
      EXPECT_EQ(padded->events.size(), 1U);
    }
}

TEST(ParseEventLog, RefusesMixedPadding) {
  Bytes log = small_log().bytes();
  append(log, Bytes(32, 0x00));
  append(log, Bytes(32, 0xFF));
  EXPECT_EQ(code_of(log, {LogKind::tpm, true}), "ATT-LOG-SYNTAX");
}

TEST(ParseEventLog, RefusesARegisterThatATpmHasNot) {
  EventLogForge forge = small_log();
  forge.events()[0].pcr = 24;
  EXPECT_EQ(code_of(forge.bytes()), "ATT-LOG-SYNTAX");
  forge.events()[0].pcr = 5;
  EXPECT_EQ(code_of(forge.bytes(), {LogKind::confidential, false}), "ATT-LOG-SYNTAX");
}

// go-attestation #500 and #513: counts and sizes must not be believed before the octets are there.
TEST(ParseEventLog, RefusesHugeCountsWithoutAllocating) {
  Bytes counts = log_header(spec_id_event({TpmAlgorithm::sha256}));
  append_little_endian(counts, 0, 4);
  append_little_endian(counts, 4, 4);
  Bytes sizes = counts;
  append_little_endian(counts, 0xFFFFFFFF, 4);
  EXPECT_EQ(code_of(counts), "ATT-LOG-SYNTAX");

  append_little_endian(sizes, 1, 4);
  append_little_endian(sizes, 0x000B, 2);
  append(sizes, Bytes(32, 0x00));
  append_little_endian(sizes, 0xFFFFFFFF, 4);
  EXPECT_EQ(code_of(sizes), "ATT-LOG-SYNTAX");

  EXPECT_EQ(code_of(header_with(0xFFFFFFFF, {{0x0B, 32}})), "ATT-LOG-SYNTAX");
}

TEST(ParseEventLog, RefusesMoreEventsThanTheBound) {
  EventLogForge forge;
  for (std::size_t i = 0; i < kMaxLogEvents; ++i)
    forge.measure(8, EventType::ipl, Bytes{});
  EXPECT_EQ(code_of(forge.bytes()), "accepted");
  forge.measure(8, EventType::ipl, Bytes{});
  EXPECT_EQ(code_of(forge.bytes()), "ATT-LOG-SYNTAX");
}

TEST(ParseEventLog, RefusesEventDataBeyondTheBound) {
  EventLogForge forge;
  forge.measure(8, EventType::ipl, Bytes(kMaxEventOctets + 1, 0x41));
  EXPECT_EQ(code_of(forge.bytes()), "ATT-LOG-SYNTAX");
}

TEST(ParseEventLog, RefusesAHeaderOfNoTooManyOrDoubleAlgorithms) {
  EXPECT_EQ(code_of(header_with(0, {})), "ATT-LOG-SYNTAX");
  EXPECT_EQ(code_of(header_with(2, {{0x0B, 32}, {0x0B, 32}})), "ATT-LOG-SYNTAX");
  std::vector<std::pair<int, std::size_t>> nine;
  nine.reserve(9);
  for (int i = 0; i < 9; ++i)
    nine.emplace_back(0x100 + i, 32);
  EXPECT_EQ(code_of(header_with(9, nine)), "ATT-LOG-SYNTAX");
}

// go-attestation #515: a size that is not the algorithm's.
TEST(ParseEventLog, RefusesAnAlgorithmOfAnotherSize) {
  EXPECT_EQ(code_of(header_with(1, {{0x0B, 20}})), "ATT-LOG-SYNTAX");
  EXPECT_EQ(code_of(header_with(1, {{0x12, 0}})), "ATT-LOG-SYNTAX");
  EXPECT_EQ(code_of(header_with(1, {{0x12, 65}})), "ATT-LOG-SYNTAX");
  EXPECT_EQ(code_of(header_with(1, {{0x12, 32}})), "accepted");  // SM3
}

// GHSA-9r4w-jg96-92mv: the vendor's octets are no algorithms, whatever they look like.
TEST(ParseEventLog, NeverTakesTheVendorsOctetsForAlgorithms) {
  EventLogForge forge = small_log();
  const auto log = parse_event_log(forge.vendor({0x04, 0x00, 0x14, 0x00}).bytes());
  ASSERT_TRUE(log.has_value()) << describe(log.error());
  EXPECT_EQ(log->banks, std::vector{TpmAlgorithm::sha256});
}

// go-attestation #486: sizes that the header's own size does not cover.
TEST(ParseEventLog, RefusesVendorOctetsBeyondOrBehindTheHeader) {
  Bytes short_event = spec_id_event({TpmAlgorithm::sha256});
  short_event.back() = 4;
  EXPECT_EQ(code_of(log_header(short_event)), "ATT-LOG-SYNTAX");
  Bytes long_event = spec_id_event({TpmAlgorithm::sha256});
  append(long_event, Bytes(4, 0x00));
  EXPECT_EQ(code_of(log_header(long_event)), "ATT-LOG-SYNTAX");
  for (std::size_t size = 16; size < short_event.size(); ++size)
    EXPECT_EQ(code_of(log_header(Bytes(short_event.begin(),
                                       short_event.begin() + static_cast<std::ptrdiff_t>(size)))),
              "ATT-LOG-SYNTAX")
        << size;
}

TEST(ParseEventLog, RefusesAHeaderThatIsMeasuredOrOfAnotherRegister) {
  Bytes log = small_log().bytes();
  log[8] = 1;  // its digest
  EXPECT_EQ(code_of(log), "ATT-LOG-SYNTAX");
  log = small_log().bytes();
  log[4] = 4;  // its type
  EXPECT_EQ(code_of(log), "ATT-LOG-SYNTAX");
  log = small_log().bytes();
  log[0] = 1;  // its register, a guest's
  EXPECT_EQ(code_of(log), "ATT-LOG-SYNTAX");
  EXPECT_EQ(code_of(log, {LogKind::confidential, false}), "accepted");
}

TEST(ParseEventLog, RefusesASecondHeader) {
  EventLogForge forge = small_log();
  forge.no_action(0, spec_id_event({TpmAlgorithm::sha1}));
  EXPECT_EQ(code_of(forge.bytes()), "ATT-LOG-SYNTAX");
}

TEST(ParseEventLog, RefusesDigestsThatAreNotTheAnnouncedOnesEachOnce) {
  const std::vector both{TpmAlgorithm::sha1, TpmAlgorithm::sha256};
  EventLogForge missing(both);
  missing.measure(8, EventType::ipl, "x").events()[0].digests.pop_back();
  EXPECT_EQ(code_of(missing.bytes()), "ATT-LOG-SYNTAX");

  EventLogForge twice(both);
  twice.measure(8, EventType::ipl, "x");
  twice.events()[0].digests[0] = twice.events()[0].digests[1];
  EXPECT_EQ(code_of(twice.bytes()), "ATT-LOG-SYNTAX");

  EventLogForge unannounced(both);
  unannounced.measure(8, EventType::ipl, "x").events()[0].digests[0] = {TpmAlgorithm::sha384,
                                                                        Bytes(48)};
  EXPECT_EQ(code_of(unannounced.bytes()), "ATT-LOG-SYNTAX");

  EventLogForge none(both);
  none.measure(8, EventType::ipl, "x").events()[0].digests.clear();
  EXPECT_EQ(code_of(none.bytes()), "ATT-LOG-SYNTAX");
}

TEST(ParseEventLog, ReadsACryptoAgileLogExactly) {
  const std::vector banks{TpmAlgorithm::sha1, TpmAlgorithm::sha256, TpmAlgorithm::sha384,
                          TpmAlgorithm::sha512};
  EventLogForge forge(banks);
  forge.startup_locality(3).measure(7, EventType::efi_action, "DMA Protection Disabled");
  const auto log = parse_event_log(forge.bytes());
  ASSERT_TRUE(log.has_value()) << describe(log.error());
  EXPECT_EQ(log->format, LogFormat::crypto_agile);
  EXPECT_EQ(log->banks, banks);
  ASSERT_EQ(log->events.size(), 2U);
  const Event& event = log->events[1];
  EXPECT_EQ(event.number, 2U);
  EXPECT_EQ(event.pcr, 7);
  EXPECT_EQ(event.type, EventType::efi_action);
  EXPECT_EQ(as_text(event.data), "DMA Protection Disabled");
  for (const TpmAlgorithm bank : banks)
    EXPECT_EQ(*event.digest(bank), *forge.events()[1].digest(bank));
  EXPECT_EQ(event.digest(TpmAlgorithm::aes), nullptr);
}

TEST(ParseEventLog, ReadsAnOldLogSoThatItCanBeRefusedByName) {
  EventLogForge forge({TpmAlgorithm::sha1});
  forge.measure(4, EventType::efi_action, "x").measure(5, EventType::separator, Bytes(4));
  const auto log = parse_event_log(forge.sha1_bytes());
  ASSERT_TRUE(log.has_value()) << describe(log.error());
  EXPECT_EQ(log->format, LogFormat::sha1_only);
  EXPECT_EQ(log->banks, std::vector{TpmAlgorithm::sha1});
  EXPECT_EQ(log->events.size(), 2U);
}

}  // namespace
}  // namespace vedette::attestation
