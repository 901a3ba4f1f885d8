#include "attestation/runtime_log/runtime_log.h"

#include <gtest/gtest.h>

#include "attestation/runtime_log/runtime_log_samples.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

const Banks kBoth{TpmAlgorithm::sha256, TpmAlgorithm::sha384};
constexpr std::size_t kRecnumAt = 5;  // behind the type and length of the first TLV
constexpr std::size_t kPcrAt = kRecnumAt + 8 + 5;
constexpr std::size_t kDigestsAt = kPcrAt + 1;
constexpr std::size_t kContentAt = kDigestsAt + 5 + 5 + 32;

std::string judged(const Bytes& bytes, std::uint64_t first = 0) {
  return code_of(parse_runtime_log(bytes, first, kSamplePcr));
}

// A record around any content, with the digest that fits it.
Bytes record_of(std::uint8_t type, const Bytes& value) {
  Bytes content{type, 0, 0, static_cast<std::uint8_t>(value.size() >> 8U),
                static_cast<std::uint8_t>(value.size())};
  append(content, value);
  Bytes record = sample_log(0, 1);
  record.resize(kDigestsAt + 10);
  append(record, crypto::sha256(content));
  append(record, content);
  return record;
}

Bytes content_value() {
  Bytes record = sample_log(0, 1);
  return {record.begin() + kContentAt + 5, record.end()};
}

TEST(RuntimeLog, RefusesATornLastRecordAndTrailingOctets) {
  const Bytes log = sample_log(0, 2);
  const std::size_t first = sample_log(0, 1).size();
  for (std::size_t size = first + 1; size < log.size(); ++size)
    EXPECT_EQ(judged(Bytes(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(size))),
              "ATT-RUNTIME-LOG-SYNTAX")
        << size;
  Bytes longer = log;
  longer.push_back(0);
  EXPECT_EQ(judged(longer), "ATT-RUNTIME-LOG-SYNTAX");
}

TEST(RuntimeLog, RefusesRecordsOutOfOrder) {
  EXPECT_EQ(judged(sample_log(1, 1)), "ATT-RUNTIME-LOG-ORDER");
  EXPECT_EQ(judged(sample_log(4, 1), 5), "ATT-RUNTIME-LOG-ORDER");
  Bytes twice = sample_log(0, 1);
  append(twice, sample_log(0, 1));
  EXPECT_EQ(judged(twice), "ATT-RUNTIME-LOG-ORDER");
  Bytes gap = sample_log(0, 1);
  append(gap, sample_log(2, 1));
  EXPECT_EQ(judged(gap), "ATT-RUNTIME-LOG-ORDER");
}

TEST(RuntimeLog, RefusesAnotherRegisterAndAnNvIndex) {
  EXPECT_EQ(code_of(parse_runtime_log(sample_log(0, 1), 0, 10)), "ATT-RUNTIME-LOG-PCR");
  Bytes log = sample_log(0, 1);
  log[kPcrAt - 5] = 2;
  EXPECT_EQ(judged(log), "ATT-RUNTIME-LOG-SYNTAX");
}

TEST(RuntimeLog, RefusesADigestThatIsNotTheContents) {
  Bytes log = sample_log(0, 1);
  log[kContentAt - 1] ^= 1U;
  EXPECT_EQ(judged(log), "ATT-RUNTIME-LOG-DIGEST");
  log = sample_log(0, 1);
  log.back() ^= 1U;
  EXPECT_EQ(judged(log), "ATT-RUNTIME-LOG-DIGEST");
}

TEST(RuntimeLog, RefusesADigestOfTheOtherBankThatIsNotTheContents) {
  const Bytes log = sample_log(0, 1, kBoth);
  for (const std::size_t at : {kDigestsAt + 10, kDigestsAt + 10 + 32 + 5, kDigestsAt + 10 + 84}) {
    Bytes bent = log;
    bent[at] ^= 1U;
    EXPECT_EQ(judged(bent), "ATT-RUNTIME-LOG-DIGEST") << at;
  }
}

TEST(RuntimeLog, RefusesBanksInAnotherOrderNoneAndSha1) {
  EXPECT_EQ(judged(sample_log(0, 1, {TpmAlgorithm::sha384})), "accepted");
  EXPECT_EQ(judged(sample_log(0, 1, {TpmAlgorithm::sha384, TpmAlgorithm::sha256})),
            "ATT-RUNTIME-LOG-SYNTAX");
  EXPECT_EQ(judged(sample_log(0, 1, {TpmAlgorithm::sha384, TpmAlgorithm::sha384})),
            "ATT-RUNTIME-LOG-SYNTAX");
  EXPECT_EQ(judged(sample_log(0, 1, {})), "ATT-RUNTIME-LOG-SYNTAX");
  Bytes sha1 = sample_log(0, 1);
  sha1[kDigestsAt + 5] = 0x04;
  EXPECT_EQ(judged(sha1), "ATT-RUNTIME-LOG-SYNTAX");
}

TEST(RuntimeLog, RefusesAnotherBankAndASecondDigest) {
  Bytes log = sample_log(0, 1);
  log[kDigestsAt + 5] = 0x0C;
  EXPECT_EQ(judged(log), "ATT-RUNTIME-LOG-SYNTAX");
  log = sample_log(0, 1);
  const Bytes digest(log.begin() + kDigestsAt + 5, log.begin() + kContentAt);
  log.insert(log.begin() + kContentAt, digest.begin(), digest.end());
  log[kDigestsAt + 4] = static_cast<std::uint8_t>(2 * digest.size());
  EXPECT_EQ(judged(log), "ATT-RUNTIME-LOG-SYNTAX");
}

TEST(RuntimeLog, RefusesContentOfAnotherTypeOrShape) {
  EXPECT_EQ(judged(record_of(kRuntimeContentType, content_value())), "accepted");
  EXPECT_EQ(judged(record_of(80, content_value())), "ATT-RUNTIME-LOG-SYNTAX");
  EXPECT_EQ(judged(record_of(kRuntimeContentType, {})), "ATT-RUNTIME-LOG-SYNTAX");
  Bytes kind = content_value();
  kind[5] = 99;
  EXPECT_EQ(judged(record_of(kRuntimeContentType, kind)), "ATT-RUNTIME-LOG-SYNTAX");
  Bytes name = content_value();
  name[11] = '\n';
  EXPECT_EQ(judged(record_of(kRuntimeContentType, name)), "ATT-RUNTIME-LOG-SYNTAX");
  Bytes torn = content_value();
  torn.pop_back();
  EXPECT_EQ(judged(record_of(kRuntimeContentType, torn)), "ATT-RUNTIME-LOG-SYNTAX");
}

TEST(RuntimeLog, RefusesMorePowersThanThereMayBe) {
  Bytes value = content_value();
  for (int i = 0; i < 63; ++i)
    append(value, Bytes{3, 0, 0, 0, 1, 'x'});
  EXPECT_EQ(judged(record_of(kRuntimeContentType, value)), "ATT-RUNTIME-LOG-SYNTAX");
}

TEST(RuntimeLog, RefusesHugeLengthsAndCounts) {
  Bytes log = sample_log(0, 1);
  for (const std::size_t at : {std::size_t{1}, kPcrAt - 4, kDigestsAt + 1, kContentAt + 1}) {
    Bytes huge = log;
    std::fill_n(huge.begin() + static_cast<std::ptrdiff_t>(at), 4, std::uint8_t{0xFF});
    EXPECT_EQ(judged(huge), "ATT-RUNTIME-LOG-SYNTAX") << at;
  }
  EXPECT_EQ(judged(sample_log(0, kMaxRuntimeRecords)), "accepted");
  EXPECT_EQ(judged(sample_log(0, kMaxRuntimeRecords + 1)), "ATT-RUNTIME-LOG-SIZE");
  EXPECT_EQ(judged(Bytes(kMaxRuntimeLogBytes + 1)), "ATT-RUNTIME-LOG-SIZE");
}

TEST(RuntimeLog, ReadsBackWhatWasWritten) {
  const RuntimeLog log = sample_records(7, 3);
  ASSERT_EQ(log.records.size(), 3U);
  EXPECT_EQ(log.first_recnum, 7U);
  EXPECT_EQ(log.records[1].event, sample_event("model 8"));
  EXPECT_EQ(log.records[1].digests, digests_of(sample_event("model 8"), {TpmAlgorithm::sha256}));
  const RuntimeLog both = sample_records(7, 1, kBoth);
  EXPECT_EQ(both.records[0].digests, digests_of(sample_event("model 7"), kBoth));
  EXPECT_EQ(both.records[0].banks(), kBoth);
  EXPECT_TRUE(parse_runtime_log({}, 0, kSamplePcr)->records.empty());
}

TEST(RuntimeLog, ReadsTheRecordsBeforeATornOne) {
  const Bytes log = sample_log(0, 3);
  const std::size_t two = sample_log(0, 2).size();
  for (std::size_t size = two; size < log.size(); ++size) {
    const auto prefix =
        read_runtime_prefix(ByteView(log).first(size), kSamplePcr, RuntimeLogLimits{});
    EXPECT_EQ(prefix.log.records.size(), 2U) << size;
    EXPECT_EQ(prefix.octets, two) << size;
  }
}

}  // namespace
}  // namespace vedette::attestation
