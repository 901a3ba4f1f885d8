// Logs of real machines, judged as their README says.
#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "attestation/event_log/boot_facts.h"
#include "attestation/event_log/replay.h"
#include "attestation/event_log/words.h"
#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "testing/event_log_forge.h"

namespace vedette::attestation {
namespace {

using codec::Json;
using codec::TpmAlgorithm;

const std::string kFolder = std::string(VEDETTE_VECTORS) + "/tpm-eventlog/";
const std::string kQuotes = std::string(VEDETTE_VECTORS) + "/tpm-quote/";

Bytes file(const std::string& path) {
  return read_file(path, 4 << 20).value();
}

Json json_file(const std::string& path) {
  return codec::parse_json(as_text(file(path))).value();
}

std::string expected_file(const std::string& log) {
  std::string path = kFolder;
  return path.append("expected/").append(log).append(".json");
}

bool is_of_a_guest(const std::string& name) {
  return name.starts_with("ccel/");
}

ParseOptions options_for(const std::string& name) {
  if (is_of_a_guest(name)) return {LogKind::confidential, true};
  return {};
}

// Names of the logs that have expected values.
std::vector<std::string> logs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder + "expected"))
    if (entry.is_regular_file())
      names.push_back(json_file(entry.path().string()).string("log").value());
  std::ranges::sort(names);
  return names;
}

constexpr std::uint8_t kImaRegister = 10;
constexpr const char* kOneEvent = "tpm2-tools/event.bin";

// Firmware that announces four algorithms and logs two or three: what a replay of a bank that some
// events lack would prove is unclear, so it is refused.
bool lacks_digests(const std::string& name) {
  return name == "tpm2-tools/event-uefivar.bin";
}

TpmAlgorithm bank_named(const std::string& name) {
  for (const auto bank :
       {TpmAlgorithm::sha1, TpmAlgorithm::sha256, TpmAlgorithm::sha384, TpmAlgorithm::sha512})
    if (name_of_bank(bank) == name) return bank;
  ADD_FAILURE() << "the bank " << name;
  return TpmAlgorithm::null;
}

EventLog parsed(const std::string& name) {
  auto log = parse_event_log(file(kFolder + name), options_for(name));
  EXPECT_TRUE(log.has_value()) << name << ": " << describe(log.error());
  return *std::move(log);
}

QuotedRegisters replayed(const EventLog& log, TpmAlgorithm bank) {
  const RegisterBank registers = replay(log, bank).value();
  QuotedRegisters quoted{bank, {}};
  for (const std::uint8_t pcr : registers.extended())
    quoted.values[pcr] = to_bytes(registers.value(pcr));
  return quoted;
}

// The facts of a log whose replay was quoted.
Result<BootFacts> facts_of(const std::string& name, TpmAlgorithm bank = TpmAlgorithm::sha256) {
  EventLog log = parsed(name);
  const QuotedRegisters quoted = replayed(log, bank);
  VEDETTE_TRY(const Verified<BootLog> boot, verify_event_log(std::move(log), quoted, {}));
  return read_boot_facts(boot);
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

class CapturedLog : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kFolder))
      GTEST_SKIP() << "no vectors in " << kFolder << ": captured logs are not judged";
  }
};

TEST_F(CapturedLog, RefusesTheMalformedOnes) {
  EXPECT_EQ(code_of(parse_event_log(file(kFolder + "malformed/binary_bios_measurements-empty"))),
            "ATT-LOG-EMPTY");
  for (const char* const name :
       {"malformed/binary_bios_measurements-bogus", "malformed/event-size-too-large.bin"})
    EXPECT_EQ(code_of(parse_event_log(file(kFolder + name))), "ATT-LOG-SYNTAX") << name;
}

TEST_F(CapturedLog, RefusesEventsThatLackAnnouncedDigests) {
  EXPECT_EQ(code_of(parse_event_log(file(kFolder + "tpm2-tools/event-uefivar.bin"))),
            "ATT-LOG-SYNTAX");
}

// Too little to be a boot: the quote of such a machine is of registers that nothing extended.
TEST_F(CapturedLog, RefusesALogOfOneEventAsABoot) {
  EXPECT_EQ(code_of(facts_of(kOneEvent)), "ATT-LOG-REGISTERS");
}

TEST_F(CapturedLog, RefusesAHeaderWhoseSizeLeavesOutItsVendorsOctets) {
  EXPECT_EQ(code_of(parse_event_log(file(kFolder + "tpm2-tools/specid-vendordata.bin"))),
            "ATT-LOG-SYNTAX");
}

TEST_F(CapturedLog, RefusesPaddingWhereItIsNotAllowed) {
  const Bytes padded = file(kFolder + "ccel/cos-113-intel-tdx-dupe-separator.bin");
  EXPECT_EQ(code_of(parse_event_log(padded, {LogKind::confidential, false})), "ATT-LOG-PADDING");
  const Bytes exact = file(kFolder + "ccel/cos-113-intel-tdx-dupe-separator-unpadded.bin");
  EXPECT_EQ(code_of(parse_event_log(exact, {LogKind::confidential, false})), "accepted");
}

TEST_F(CapturedLog, ReadsTheFragmentsAsTheirReadmeSays) {
  EXPECT_EQ(code_of(parse_event_log(file(kFolder + "fragments/event1-size-zero.bin"))), "accepted");
  const auto header = [](const char* name) {
    return code_of(parse_event_log(vedette::testing::log_header(file(kFolder + name))));
  };
  EXPECT_EQ(header("fragments/specid-sha1_and_sha256.bin"), "accepted");
  EXPECT_EQ(header("fragments/specid-malicious_number_of_algs.bin"), "ATT-LOG-SYNTAX");
}

TEST_F(CapturedLog, RefusesSha1AloneByName) {
  for (const char* const name :
       {"debian-10.bin", "tpm2-tools/event-uefi-sha1-log.bin", "short_no_action_eventlog"}) {
    const QuotedRegisters quoted{TpmAlgorithm::sha256, {{0, Bytes(32, 1)}, {4, Bytes(32, 1)}}};
    EXPECT_EQ(code_of(verify_event_log(parsed(name), quoted)), "ATT-LOG-SHA1") << name;
  }
}

// Replay matches, but the log has two separators in one register; a guest's log is no boot log yet.
TEST_F(CapturedLog, RefusesAGuestsLogAsATpms) {
  const std::string name = "ccel/cos-113-intel-tdx-dupe-separator-unpadded.bin";
  EXPECT_EQ(code_of(facts_of(name, TpmAlgorithm::sha384)), "ATT-LOG-KIND");
}

TEST_F(CapturedLog, ReplaysATpm12sLogAndRefusesIt) {
  const Json json = json_file(kFolder + "linux_tpm12.json");
  const Json& dump = *json.find("Log");
  EventLog log =
      parse_event_log(codec::from_base64(dump.string("Raw").value()).value(), {LogKind::tpm, true})
          .value();
  const RegisterBank bank = replay(log, TpmAlgorithm::sha1).value();
  for (const Json& pcr : *dump.find("PCRs")->if_array()) {
    const auto index = static_cast<std::uint8_t>(*pcr.find("Index")->if_integer());
    if (!bank.extended().contains(index) || index == kImaRegister) continue;
    EXPECT_EQ(to_bytes(bank.value(index)), codec::from_base64(pcr.string("Digest").value()).value())
        << int{index};
  }
  const QuotedRegisters quoted{TpmAlgorithm::sha1, {{0, to_bytes(bank.value(0))}}};
  EXPECT_EQ(code_of(verify_event_log(std::move(log), quoted)), "ATT-LOG-SHA1");
}

TEST_F(CapturedLog, ReplaysToEveryExpectedValue) {
  std::size_t compared = 0;
  for (const std::string& name : logs()) {
    if (lacks_digests(name)) continue;
    const Json expected = json_file(expected_file(name));
    const EventLog log = parsed(name);
    EXPECT_EQ(log.events.size(), *expected.find("events")->if_integer()) << name;
    const Json* banks = expected.find(is_of_a_guest(name) ? "registers" : "banks");
    for (const auto& [bank, values] : *banks->if_object()) {
      const RegisterBank registers = replay(log, bank_named(bank)).value();
      for (const auto& [index, value] : *values.if_object()) {
        const auto pcr = static_cast<std::uint8_t>(std::stoi(index));
        EXPECT_EQ(to_hex(registers.value(pcr)), *value.if_string()) << name << bank << index;
        ++compared;
      }
    }
  }
  EXPECT_GE(compared, 300U);
}

// Each log with the registers of its own replay: what its machine would have quoted.
TEST_F(CapturedLog, TellsTheFactsOfEveryMachine) {
  std::size_t read = 0;
  for (const std::string& name : logs()) {
    if (lacks_digests(name) || is_of_a_guest(name) || name == kOneEvent) continue;
    if (parsed(name).format == LogFormat::sha1_only) continue;
    const auto facts = facts_of(name);
    ASSERT_TRUE(facts.has_value()) << name << ": " << describe(facts.error());
    EXPECT_TRUE(facts->secure_boot.has_value()) << name;
    EXPECT_EQ(facts->databases.size(), 4U) << name;
    EXPECT_FALSE(facts->images.empty()) << name;
    ++read;
  }
  EXPECT_EQ(read, 15U);
}

TEST_F(CapturedLog, TellsWhatACloudsMachineBooted) {
  for (const TpmAlgorithm bank : {TpmAlgorithm::sha256, TpmAlgorithm::sha384}) {
    const auto facts = facts_of("ubuntu-2404-amd-sevsnp.bin", bank);
    ASSERT_TRUE(facts.has_value()) << describe(facts.error());
    EXPECT_EQ(facts->secure_boot, false);
    EXPECT_EQ(facts->s_crtm_version, "GCE Virtual Firmware v2");
    ASSERT_EQ(facts->images.size(), 2U);
    EXPECT_TRUE(facts->images[1].from_boot_option);
    ASSERT_EQ(facts->kernel_command_lines.size(), 1U);
    ASSERT_EQ(facts->load_options.size(), 1U);
    EXPECT_EQ(facts->load_options[0].text, facts->kernel_command_lines[0]);
    EXPECT_TRUE(facts->exit_boot_services);
    EXPECT_EQ(facts->mok_lists.size(), 3U);
  }
}

TEST_F(CapturedLog, DisbelievesAVersionThatWasNotMeasured) {
  const auto facts = facts_of("gdc-host.bin");
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  EXPECT_EQ(facts->s_crtm_version, std::nullopt);
  EXPECT_EQ(facts->contradicted, std::vector<std::size_t>{3});
  EXPECT_EQ(facts->images.size(), 38U);
  EXPECT_EQ(facts->initrds.size(), 1U);
}

TEST_F(CapturedLog, HasWordsForEveryEvent) {
  for (const std::string& name : logs()) {
    if (lacks_digests(name)) continue;
    for (const Event& event : parsed(name).events) {
      const std::string words = in_words(event);
      EXPECT_FALSE(words.empty());
      EXPECT_LT(words.size(), 700U) << name << event.number;
    }
  }
}

// google/go-tpm-tools: quotes of three banks and the log behind them.
class QuotedLog : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kQuotes))
      GTEST_SKIP() << "no vectors in " << kQuotes << ": a quoted log is not judged";
    const Json json = json_file(kQuotes + "gce-cos-85-nonce9009.json");
    log_ = codec::from_base64(json.string("event_log").value()).value();
    for (const Json& quote : *json.find("quotes")->if_array())
      quotes_.push_back(registers(quote));
  }

  static QuotedRegisters registers(const Json& quote) {
    QuotedRegisters quoted{bank_named(quote.string("bank").value()), {}};
    for (const auto& [index, value] : *quote.find("pcrs")->if_object())
      quoted.values[static_cast<std::uint8_t>(std::stoi(index))] =
          codec::from_base64(*value.if_string()).value();
    return quoted;
  }

  Bytes log_;
  std::vector<QuotedRegisters> quotes_;
};

TEST_F(QuotedLog, ReplaysToPcr0To9InThreeBanks) {
  const EventLog log = parse_event_log(log_).value();
  ASSERT_EQ(quotes_.size(), 3U);
  for (const QuotedRegisters& quoted : quotes_) {
    const RegisterBank bank = replay(log, quoted.bank).value();
    for (std::uint8_t pcr = 0; pcr < 10; ++pcr)
      EXPECT_EQ(to_hex(bank.value(pcr)), to_hex(quoted.values.at(pcr))) << int{pcr};
  }
}

TEST_F(QuotedLog, IsVerifiedInItsSha256AndSha384BanksAlone) {
  for (const QuotedRegisters& quoted : quotes_) {
    const auto boot = verify_event_log(parse_event_log(log_).value(), quoted);
    if (quoted.bank == TpmAlgorithm::sha1) {
      EXPECT_EQ(code_of(boot), "ATT-LOG-SHA1");
      continue;
    }
    ASSERT_TRUE(boot.has_value()) << describe(boot.error());
    const auto facts = read_boot_facts(*boot);
    ASSERT_TRUE(facts.has_value()) << describe(facts.error());
    EXPECT_EQ(facts->secure_boot, true);
    EXPECT_EQ(facts->images.size(), 3U);
  }
}

TEST_F(QuotedLog, IsRefusedWhereAnotherLogsRegisterIsNotNamed) {
  for (const QuotedRegisters& quoted : quotes_) {
    if (quoted.bank == TpmAlgorithm::sha1) continue;
    EXPECT_EQ(code_of(verify_event_log(parse_event_log(log_).value(), quoted, {})),
              "ATT-LOG-NO-EVENTS");
  }
}

TEST_F(QuotedLog, IsNotAnotherBootsLog) {
  for (const QuotedRegisters& quoted : quotes_) {
    if (quoted.bank == TpmAlgorithm::sha1) continue;
    EXPECT_EQ(code_of(verify_event_log(parsed("cos-85-amd-sev.bin"), quoted)), "ATT-LOG-MISMATCH");
  }
}

}  // namespace
}  // namespace vedette::attestation
