// MeasuredPrograms: the programs of this device, as the events by which they are measured.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "agent/config.h"
#include "agent/runtime_measurements.h"
#include "attestation/runtime_log/runtime_event.h"
#include "base/bytes.h"
#include "base/error.h"
#include "inference/host/worker_spawner.h"

namespace vedette::agent {

// This very process: `vedette-agent 0.1.0`, digest of /proc/self/exe. Refuses FILE-*.
[[nodiscard]] Result<attestation::RuntimeEvent> agent_start_event();

// The settings in force: `settings`, digest of AgentConfig::settings_sha256's text.
[[nodiscard]] attestation::RuntimeEvent configuration_event(const AgentConfig& config);

// By its file's name.
[[nodiscard]] attestation::RuntimeEvent worker_event(const std::string& path, ByteView octets);

// The library `libonnxruntime.so*` that the process has mapped to execute, by its file's name: the
// mapped file itself where the kernel hands it out (to root), else what is at its path now. None
// when it has none: then it is part of the program. Refuses FILE-*, and AGT-RUNTIME-LIBRARY when
// the library's file is not at its path any more.
[[nodiscard]] Result<std::optional<attestation::RuntimeEvent>> runtime_library_event(int pid);

// A refusal that is for good (RuntimeMeasurements::broken()) keeps models from starting, not the
// agent: it must live to tell. All others pass.
[[nodiscard]] Result<void> unless_broken(const RuntimeMeasurements& measurements,
                                         Result<void> measured);

struct MeasuredSpawner {
  std::unique_ptr<inference::WorkerSpawner> spawner;
  crypto::Sha256Digest worker_sha256{};
};
// Measures the worker program before it is executed, and the inference runtime of each zygote
// before it makes a worker. `measurements` outlives the spawner.
[[nodiscard]] Result<MeasuredSpawner> start_measured_spawner(const AgentConfig& config,
                                                             RuntimeMeasurements& measurements);

}  // namespace vedette::agent
