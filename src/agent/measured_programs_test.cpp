#include "agent/measured_programs.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/fd.h"
#include "testing/register_tpm.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

using attestation::RuntimeEventKind;

TEST(MeasuredPrograms, RefuseAProcessThatIsNotThere) {
  EXPECT_EQ(runtime_library_event(0x3FFFFFFF).error().code, "FILE-OPEN");
}

TEST(MeasuredPrograms, KnowNoRuntimeInAProcessWithoutOne) {
  const auto event = runtime_library_event(::getpid());
  ASSERT_TRUE(event.has_value()) << describe(event.error());
  EXPECT_FALSE(event->has_value());
}

TEST(MeasuredPrograms, LetOnlyARefusalForGoodPass) {
  const TemporaryFolder folder;
  testing::RegisterTpm tpm;
  const auto log = RuntimeMeasurements::open(folder.path(), 13, tpm).value();
  EXPECT_FALSE(unless_broken(*log, refuse("TPM-UNREACHABLE", "no")));
  ASSERT_TRUE(log->measure(worker_event("/a/b", as_bytes("program"))));
  tpm.value = crypto::sha256(as_bytes("stranger"));
  const auto refused = log->measure(worker_event("/a/c", as_bytes("program")));
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(unless_broken(*log, refused));
}

TEST(MeasuredPrograms, NameThisProgramByItsOctets) {
  const auto event = agent_start_event();
  ASSERT_TRUE(event.has_value()) << describe(event.error());
  EXPECT_EQ(event->kind, RuntimeEventKind::agent_start);
  EXPECT_TRUE(event->name.starts_with("vedette-agent "));
  EXPECT_EQ(event->digest, crypto::sha256(read_file("/proc/self/exe", 1U << 30U).value()));
}

}  // namespace
}  // namespace vedette::agent
