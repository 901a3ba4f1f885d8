// kill -9 while the agent measures: what was acknowledged is in the log and in the register, and
// the log leads to the register.
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <random>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/runtime_measurements.h"
#include "attestation/runtime_log/runtime_log.h"
#include "attestation/runtime_log/runtime_replay.h"
#include "testing/register_tpm.h"
#include "testing/temporary_folder.h"

#include "doomed_child.h"

namespace vedette::crash {
namespace {

using agent::RuntimeMeasurements;

constexpr std::uint8_t kPcr = 13;
constexpr int kKills = 24;
constexpr std::size_t kMostAcknowledgements = 40;
constexpr int kLongestDelayMicroseconds = 3'000;

struct BothBanks {
  crypto::BankDigest value;
  crypto::BankDigest value_384{codec::TpmAlgorithm::sha384};
};

// The TPM outlives the agent: its register is shared with the doomed process. A register changes
// within one command, so the new value becomes the valid one by a single store.
struct SharedRegister {
  volatile std::uint32_t valid = 0;
  BothBanks values[2]{};
};

class SharedTpm final {
 public:
  explicit SharedTpm(SharedRegister& shared) : shared_(shared) {}

  testing::RegisterTpm& tpm() {
    tpm_.value = shared_.values[shared_.valid].value;
    tpm_.value_384 = shared_.values[shared_.valid].value_384;
    return tpm_;
  }
  void keep() {
    const std::uint32_t next = 1 - shared_.valid;
    shared_.values[next] = {.value = tpm_.value, .value_384 = *tpm_.value_384};
    shared_.valid = next;
  }

 private:
  SharedRegister& shared_;
  testing::RegisterTpm tpm_;
};

attestation::RuntimeEvent event_of(std::uint64_t number) {
  return {.kind = attestation::RuntimeEventKind::model_release,
          .name = "model " + std::to_string(number),
          .digest = {},
          .powers = {}};
}

void live(const std::string& folder, SharedRegister& shared, std::uint64_t first,
          const Acknowledge& acknowledge) {
  SharedTpm outer(shared);
  testing::RegisterTpm& tpm = outer.tpm();
  tpm.after_extension = [&] { outer.keep(); };
  const auto log = RuntimeMeasurements::open(folder, kPcr, tpm);
  if (!log) std::abort();
  for (std::uint64_t number = first; number < first + 2 * kMostAcknowledgements; ++number) {
    if (!(*log)->measure(event_of(number))) std::abort();
    acknowledge(number);
  }
  for (;;)
    ::pause();
}

TEST(RuntimeLogCrash, LogAndRegisterAgreeAfterKill9) {
  const auto seed = std::random_device{}();
  std::cout << "seed " << seed << "\n";
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::size_t> enough(0, kMostAcknowledgements);
  std::uniform_int_distribution<int> delay(0, kLongestDelayMicroseconds);
  void* const memory = ::mmap(nullptr, sizeof(SharedRegister), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto& shared = *new (memory) SharedRegister;
  const TemporaryFolder folder;
  std::uint64_t records = 0;
  for (int kill = 0; kill < kKills; ++kill) {
    const Doom doom{enough(random), std::chrono::microseconds(delay(random))};
    const auto acknowledged = run_and_kill(doom, [&](const Acknowledge& acknowledge) {
      live(folder.path(), shared, records, acknowledge);
    });
    SharedTpm outer(shared);
    testing::RegisterTpm& tpm = outer.tpm();
    const auto log = RuntimeMeasurements::open(folder.path(), kPcr, tpm);
    ASSERT_TRUE(log.has_value()) << describe(log.error());
    outer.keep();  // a record may have been extended by open()
    ASSERT_FALSE((*log)->broken().has_value());
    const auto parsed =
        attestation::parse_runtime_log((*log)->records_from(0).value(), 0, kPcr).value();
    for (const crypto::BankDigest& value : {tpm.value, *tpm.value_384}) {
      const auto advanced = attestation::advance({}, parsed, value);
      ASSERT_TRUE(advanced.has_value()) << describe(advanced.error());
      ASSERT_EQ((*advanced)->replay.records, parsed.records.size());
    }
    for (std::size_t i = 0; i < parsed.records.size(); ++i)
      ASSERT_EQ(parsed.records[i].event, event_of(i));
    ASSERT_TRUE(acknowledged.empty() || parsed.records.size() > acknowledged.back());
    records = parsed.records.size();
  }
  std::cout << records << " records, " << kKills << " kills\n";
  ::munmap(memory, sizeof(SharedRegister));
}

}  // namespace
}  // namespace vedette::crash
