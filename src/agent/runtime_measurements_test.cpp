#include "agent/runtime_measurements.h"

#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "attestation/runtime_log/runtime_log.h"
#include "attestation/runtime_log/runtime_replay.h"
#include "base/fd.h"
#include "testing/register_tpm.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

using attestation::RuntimeEvent;
using attestation::RuntimeEventKind;
using codec::TpmAlgorithm;
using Opened = std::unique_ptr<RuntimeMeasurements>;

constexpr std::uint8_t kPcr = 13;

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

RuntimeEvent event(const std::string& name, const std::string& content) {
  return {.kind = RuntimeEventKind::model_release,
          .name = name,
          .digest = crypto::sha256(as_bytes(content)),
          .powers = {}};
}

class RuntimeMeasurementsTest : public ::testing::Test {
 protected:
  Opened open() {
    auto opened = RuntimeMeasurements::open(folder_.path(), kPcr, tpm_);
    EXPECT_TRUE(opened.has_value()) << describe(opened.error());
    return opened ? *std::move(opened) : nullptr;
  }
  [[nodiscard]] std::string file() const { return folder_ / "runtime-log.cel"; }
  [[nodiscard]] Bytes content() const { return read_file(file(), 8 << 20).value(); }
  void replace(ByteView octets) const {
    ASSERT_TRUE(write_file_atomically(file(), octets, 0600).has_value());
  }
  // What a verifier would find: the whole log leads to the register.
  void expect_replay(const RuntimeMeasurements& log, std::size_t records) const {
    const auto octets = log.records_from(0);
    ASSERT_TRUE(octets.has_value()) << describe(octets.error());
    const auto parsed = attestation::parse_runtime_log(*octets, 0, kPcr);
    ASSERT_TRUE(parsed.has_value()) << describe(parsed.error());
    EXPECT_EQ(parsed->records.size(), records);
    const auto advanced = attestation::advance({}, *parsed, tpm_.value);
    ASSERT_TRUE(advanced.has_value()) << describe(advanced.error());
    EXPECT_EQ((*advanced)->replay.records, records);
    EXPECT_EQ(content(), *octets);
  }

  TemporaryFolder folder_;
  testing::RegisterTpm tpm_;
};

TEST_F(RuntimeMeasurementsTest, RefusesEventsThatNoLogHolds) {
  const auto log = open();
  EXPECT_EQ(code_of(log->measure(event("", "x"))), "ATT-RUNTIME-EVENT");
  EXPECT_EQ(code_of(log->measure(event("two\nlines", "x"))), "ATT-RUNTIME-EVENT");
  EXPECT_EQ(log->count(), 0U);
  EXPECT_EQ(tpm_.extensions, 0);
}

TEST_F(RuntimeMeasurementsTest, RefusesToOpenWithoutARegister) {
  tpm_.unreachable = true;
  EXPECT_EQ(code_of(RuntimeMeasurements::open(folder_.path(), kPcr, tpm_)), "TPM-UNREACHABLE");
}

TEST_F(RuntimeMeasurementsTest, RefusesToOpenALogThatIsALink) {
  std::filesystem::create_symlink("/etc/passwd", file());
  EXPECT_EQ(code_of(RuntimeMeasurements::open(folder_.path(), kPcr, tpm_)), "FILE-OPEN");
}

TEST_F(RuntimeMeasurementsTest, RefusesToMeasureOnceAStrangerHasExtendedTheRegister) {
  auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  tpm_.value = tpm_.value.extended(crypto::sha256(as_bytes("stranger")));
  EXPECT_EQ(code_of(log->measure(event("a", "2"))), "AGT-RUNTIME-LOG");
  EXPECT_EQ(tpm_.extensions, 1);
  ASSERT_TRUE(log->broken().has_value());
  const Bytes before = content();
  log = open();  // the agent's next start is not refused
  ASSERT_NE(log, nullptr);
  EXPECT_EQ(code_of(log->measure(event("a", "1"))), "AGT-RUNTIME-LOG");
  EXPECT_EQ(log->count(), 1U);
  EXPECT_TRUE(log->status().string("error").has_value());
  EXPECT_EQ(content(), before) << "evidence must stay";
}

TEST_F(RuntimeMeasurementsTest, RefusesToMeasureOnceAStrangerHasExtendedOneOfItsBanks) {
  tpm_.value_384 = crypto::BankDigest(TpmAlgorithm::sha384);
  auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  tpm_.value_384 = tpm_.value_384->extended(*tpm_.value_384);
  EXPECT_EQ(code_of(log->measure(event("a", "2"))), "AGT-RUNTIME-LOG");
  log = open();
  EXPECT_EQ(code_of(log->measure(event("a", "1"))), "AGT-RUNTIME-LOG");
}

// A log begun by an agent that knew one bank goes on in it: the other's register lacks its events.
TEST_F(RuntimeMeasurementsTest, GoesOnInTheBanksThatItsLogWasBegunIn) {
  auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  tpm_.value_384 = crypto::BankDigest(TpmAlgorithm::sha384);
  log = open();
  ASSERT_TRUE(log->measure(event("a", "2")));
  EXPECT_TRUE(tpm_.value_384->is_zero());
  expect_replay(*log, 2);
  tpm_.value = {};  // the next boot
  log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  EXPECT_FALSE(tpm_.value_384->is_zero());
}

TEST_F(RuntimeMeasurementsTest, ExtendsEveryBankThatTheTpmKeeps) {
  tpm_.value_384 = crypto::BankDigest(TpmAlgorithm::sha384);
  auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  ASSERT_TRUE(log->measure(event("b", "1")));
  EXPECT_EQ(tpm_.extensions, 2) << "both banks by one command";
  log = open();
  ASSERT_TRUE(log->measure(event("c", "1")));
  expect_replay(*log, 3);
  const auto parsed = attestation::parse_runtime_log(log->records_from(0).value(), 0, kPcr);
  EXPECT_EQ(code_of(attestation::advance({}, parsed.value(), *tpm_.value_384)), "accepted");
}

TEST_F(RuntimeMeasurementsTest, RefusesToMeasureWhenItsLogLostRecords) {
  auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  ASSERT_TRUE(log->measure(event("a", "2")));
  ASSERT_TRUE(log->measure(event("a", "3")));
  const Bytes all = content();
  replace(ByteView(all).first(all.size() / 3));
  log = open();
  EXPECT_EQ(code_of(log->measure(event("a", "4"))), "AGT-RUNTIME-LOG");
}

TEST_F(RuntimeMeasurementsTest, RefusesToMeasureWhenTheRegisterWasResetUnderIt) {
  auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  tpm_.value = {};
  EXPECT_EQ(code_of(log->measure(event("a", "2"))), "AGT-RUNTIME-LOG");
  tpm_.extensions = 0;
  log = open();
  EXPECT_TRUE(log->measure(event("a", "1"))) << "a new start measures all anew";
  EXPECT_EQ(tpm_.extensions, 1);
  expect_replay(*log, 1);
}

TEST_F(RuntimeMeasurementsTest, RefusesRecordsThatAreNotThere) {
  const auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  EXPECT_EQ(code_of(log->records_from(2)), "AGT-RUNTIME-RANGE");
  EXPECT_EQ(log->records_from(1)->size(), 0U);
}

TEST_F(RuntimeMeasurementsTest, RefusesMoreRecordsThanOneEvidenceHolds) {
  Bytes full;
  for (std::uint64_t n = 0; n < attestation::kMaxRuntimeRecords; ++n) {
    const RuntimeEvent one = event("a", std::to_string(n));
    append(full, attestation::encode_record(n, kPcr, one).value());
    tpm_.value = tpm_.value.extended(attestation::digest_of(one));
  }
  replace(full);
  const auto log = open();
  EXPECT_EQ(code_of(log->measure(event("a", "more"))), "AGT-RUNTIME-LOG");
  EXPECT_FALSE(log->broken().has_value());
  expect_replay(*log, attestation::kMaxRuntimeRecords);
}

TEST_F(RuntimeMeasurementsTest, WritesTheRecordBeforeItExtends) {
  const auto log = open();
  std::size_t on_disk = 0;
  tpm_.before_extension = [&] { on_disk = content().size(); };
  ASSERT_TRUE(log->measure(event("a", "1")));
  EXPECT_EQ(on_disk, content().size());
  EXPECT_GT(on_disk, 0U);
}

TEST_F(RuntimeMeasurementsTest, MeasuresWhatIsInEffectAlreadyOnce) {
  auto log = open();
  for (const char* content : {"A", "A", "B", "B", "A"})
    ASSERT_TRUE(log->measure(event("model", content)));
  ASSERT_TRUE(log->measure(event("other", "A")));
  expect_replay(*log, 4);
  log = open();
  ASSERT_TRUE(log->measure(event("model", "A")));
  ASSERT_TRUE(log->measure(event("other", "A")));
  expect_replay(*log, 4);
  ASSERT_TRUE(log->measure(event("model", "B")));
  expect_replay(*log, 5);
}

TEST_F(RuntimeMeasurementsTest, ExtendsARecordThatACrashKeptFromTheRegister) {
  auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  const auto before = tpm_.value;
  ASSERT_TRUE(log->measure(event("a", "2")));
  const auto after = tpm_.value;
  tpm_.value = before;  // the crash came between the two
  log = open();
  EXPECT_EQ(tpm_.value, after);
  expect_replay(*log, 2);
}

TEST_F(RuntimeMeasurementsTest, CutsATornRecordOff) {
  auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  const Bytes whole = content();
  const Bytes next = attestation::encode_record(1, kPcr, event("a", "2")).value();
  for (const std::size_t torn : {std::size_t{1}, next.size() / 2, next.size() - 1}) {
    Bytes file = whole;
    append(file, ByteView(next).first(torn));
    replace(file);
    log = open();
    EXPECT_EQ(content(), whole);
  }
  ASSERT_TRUE(log->measure(event("a", "2")));
  expect_replay(*log, 2);
}

TEST_F(RuntimeMeasurementsTest, BeginsAnewAfterABoot) {
  auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  ASSERT_TRUE(log->measure(event("a", "2")));
  tpm_.value = {};
  log = open();
  EXPECT_EQ(log->count(), 0U);
  EXPECT_TRUE(content().empty());
  ASSERT_TRUE(log->measure(event("a", "2")));
  expect_replay(*log, 1);
}

TEST_F(RuntimeMeasurementsTest, SettlesAnExtensionThatFailed) {
  const auto log = open();
  ASSERT_TRUE(log->measure(event("a", "1")));
  tpm_.before_extension = [&] { tpm_.unreachable = true; };
  EXPECT_EQ(code_of(log->measure(event("a", "2"))), "TPM-UNREACHABLE");
  tpm_.before_extension = [] {};
  tpm_.unreachable = false;
  ASSERT_TRUE(log->measure(event("a", "2")));
  expect_replay(*log, 2);
}

TEST_F(RuntimeMeasurementsTest, SettlesAnExtensionWhoseAnswerWasLost) {
  const auto log = open();
  tpm_.loses_the_answer = true;
  EXPECT_EQ(code_of(log->measure(event("a", "1"))), "TPM-UNREACHABLE");
  tpm_.loses_the_answer = false;
  ASSERT_TRUE(log->measure(event("a", "2")));
  expect_replay(*log, 2);
}

TEST_F(RuntimeMeasurementsTest, MeasuresAFirstEventAnewWhoseExtensionFailed) {
  const auto log = open();
  tpm_.before_extension = [&] { tpm_.unreachable = true; };
  EXPECT_EQ(code_of(log->measure(event("a", "1"))), "TPM-UNREACHABLE");
  tpm_.before_extension = [] {};
  tpm_.unreachable = false;
  ASSERT_TRUE(log->measure(event("a", "1")));
  expect_replay(*log, 1);
}

TEST_F(RuntimeMeasurementsTest, GivesTheRecordsFromAnyNumberOn) {
  const auto log = open();
  for (const char* content : {"1", "2", "3"})
    ASSERT_TRUE(log->measure(event("a", content)));
  for (std::uint64_t first = 0; first <= 3; ++first) {
    const auto parsed = attestation::parse_runtime_log(*log->records_from(first), first, kPcr);
    ASSERT_TRUE(parsed.has_value()) << describe(parsed.error());
    EXPECT_EQ(parsed->records.size(), 3 - first);
  }
}

TEST_F(RuntimeMeasurementsTest, KeepsOneOrderForManyThreads) {
  const auto log = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (int n = 0; n < 10; ++n) {
        ASSERT_TRUE(log->measure(event("thread " + std::to_string(t), std::to_string(n))));
        ASSERT_TRUE(log->records_from(0).has_value());
      }
    });
  for (auto& thread : threads)
    thread.join();
  expect_replay(*log, 80);
}

}  // namespace
}  // namespace vedette::agent
