// The worker program and its inference runtime, as the agent measures them.
#include <csignal>

#include <gtest/gtest.h>

#include "agent/measured_programs.h"
#include "attestation/runtime_log/runtime_log.h"
#include "base/fd.h"
#include "testing/onnx_writer.h"
#include "testing/register_tpm.h"
#include "testing/temporary_folder.h"

#include "sandbox_fixture.h"

namespace vedette::agent {
namespace {

template <class T>
std::string code(const Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

TEST(MeasuredWorker, IsNotExecutedWhenItCannotBeMeasured) {
  bool has_zygote = false;
  inference::SpawnerSettings settings{.worker_path = testing::worker_path(),
                                      .posture = testing::posture()};
  settings.on_program = [](ByteView /*octets*/) -> Result<void> {
    return refuse("TPM-UNREACHABLE", "the TPM does not answer");
  };
  settings.on_zygote = [&](int /*pid*/) -> Result<void> {
    has_zygote = true;
    return {};
  };
  EXPECT_EQ(code(inference::WorkerSpawner::start(settings)), "TPM-UNREACHABLE");
  EXPECT_FALSE(has_zygote);
}

TEST(MeasuredWorker, TakesNoOrderWhenItsRuntimeCannotBeMeasured) {
  inference::SpawnerSettings settings{.worker_path = testing::worker_path(),
                                      .posture = testing::posture()};
  settings.on_zygote = [](int /*pid*/) -> Result<void> {
    return refuse("AGT-RUNTIME-LIBRARY", "no");
  };
  EXPECT_EQ(code(inference::WorkerSpawner::start(settings)), "AGT-RUNTIME-LIBRARY");
}

TEST(MeasuredWorker, StaysWhatItWasWhenItsFileChanges) {
  const TemporaryFolder folder;
  const std::string path = folder / "worker";
  ASSERT_TRUE(
      write_file_atomically(path, read_file(testing::worker_path(), 1U << 30U).value(), 0700));
  const auto spawner = inference::WorkerSpawner::start({path, testing::posture()}).value();
  const int first = spawner->zygote_pid();
  ASSERT_TRUE(write_file_atomically(path, as_bytes("#!/bin/false\n"), 0700));
  ::kill(first, SIGKILL);
  ASSERT_TRUE(testing::eventually([&] {
    return inference::WorkerProcess::start(*spawner, testing::settings(),
                                           testing::sealed(testing::add_model()).fd())
        .has_value();
  }));
  EXPECT_NE(spawner->zygote_pid(), first);
}

TEST(MeasuredWorker, IsMeasuredWithItsRuntimeBeforeAnyOrder) {
  AgentConfig config;
  config.worker_path = testing::worker_path();
  config.posture = testing::posture();
  const TemporaryFolder folder;
  testing::RegisterTpm tpm;
  const auto log = RuntimeMeasurements::open(folder.path(), 13, tpm).value();
  const auto started = start_measured_spawner(config, *log);
  ASSERT_TRUE(started.has_value()) << describe(started.error());
  const auto octets = read_file(config.worker_path, 1U << 30U).value();
  EXPECT_EQ(started->worker_sha256, crypto::sha256(octets));
  const auto library = runtime_library_event(started->spawner->zygote_pid());
  ASSERT_TRUE(library.has_value() && library->has_value());
  EXPECT_TRUE((*library)->name.starts_with("libonnxruntime.so"));
  const auto records = attestation::parse_runtime_log(log->records_from(0).value(), 0, 13).value();
  ASSERT_EQ(records.records.size(), 2U);
  EXPECT_EQ(records.records[0].event, worker_event("vedette-worker", octets));
  EXPECT_EQ(records.records[1].event, **library);
}

}  // namespace
}  // namespace vedette::agent
