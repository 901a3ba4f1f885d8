#include "agent/measured_programs.h"

#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include "base/fd.h"

namespace vedette::agent {

namespace {

using attestation::RuntimeEvent;
using attestation::RuntimeEventKind;

constexpr const char* kAgentName = "vedette-agent " VEDETTE_VERSION;
constexpr std::size_t kMaxProgramBytes = std::size_t{256} << 20U;
constexpr std::size_t kMaxMapsBytes = std::size_t{4} << 20U;
constexpr std::string_view kRuntimeLibrary = "libonnxruntime.so";

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

// A line of /proc/<pid>/maps (proc(5)): `range permissions offset device inode path`.
struct Mapping {
  std::string range;
  std::string permissions;
  std::string path;
};

Mapping read_mapping(const std::string& line) {
  std::istringstream words(line);
  Mapping mapping;
  std::string ignored;
  words >> mapping.range >> mapping.permissions >> ignored >> ignored >> ignored >> std::ws;
  std::getline(words, mapping.path);
  return mapping;
}

bool is_runtime(const Mapping& mapping) {
  return mapping.permissions.find('x') != std::string::npos &&
         file_name(mapping.path).starts_with(kRuntimeLibrary);
}

std::optional<Mapping> find_runtime(ByteView maps) {
  std::istringstream lines{std::string(as_text(maps))};
  for (std::string line; std::getline(lines, line);)
    if (Mapping mapping = read_mapping(line); is_runtime(mapping)) return mapping;
  return std::nullopt;
}

RuntimeEvent binary_event(const std::string& path, ByteView octets) {
  return {.kind = RuntimeEventKind::worker_binary,
          .name = file_name(path),
          .digest = crypto::sha256(octets),
          .powers = {}};
}

}  // namespace

Result<RuntimeEvent> agent_start_event() {
  VEDETTE_TRY(const Bytes program, read_file("/proc/self/exe", kMaxProgramBytes));
  return RuntimeEvent{.kind = RuntimeEventKind::agent_start,
                      .name = kAgentName,
                      .digest = crypto::sha256(program),
                      .powers = {}};
}

RuntimeEvent configuration_event(const AgentConfig& config) {
  return {.kind = RuntimeEventKind::agent_configuration,
          .name = "settings",
          .digest = config.settings_sha256,
          .powers = {}};
}

RuntimeEvent worker_event(const std::string& path, ByteView octets) {
  return binary_event(path, octets);
}

Result<std::optional<RuntimeEvent>> runtime_library_event(int pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  VEDETTE_TRY(const Bytes maps, read_file(process + "/maps", kMaxMapsBytes));
  const auto mapping = find_runtime(maps);
  if (!mapping) return std::nullopt;
  const auto mapped = read_file(process + "/map_files/" + mapping->range, kMaxProgramBytes);
  if (mapped) return binary_event(mapping->path, *mapped);
  const auto at_path = read_file(mapping->path, kMaxProgramBytes);
  if (at_path) return binary_event(mapping->path, *at_path);
  return refuse("AGT-RUNTIME-LIBRARY", "the worker's inference runtime cannot be measured",
                describe(at_path.error()),
                "was it replaced while the worker ran? restart the agent");
}

Result<void> unless_broken(const RuntimeMeasurements& measurements, Result<void> measured) {
  if (!measured && measurements.broken()) return {};
  return measured;
}

Result<MeasuredSpawner> start_measured_spawner(const AgentConfig& config,
                                               RuntimeMeasurements& measurements) {
  MeasuredSpawner started;
  inference::SpawnerSettings settings{.worker_path = config.worker_path, .posture = config.posture};
  settings.on_program = [&](ByteView octets) {
    const RuntimeEvent event = worker_event(config.worker_path, octets);
    started.worker_sha256 = event.digest;
    return unless_broken(measurements, measurements.measure(event));
  };
  settings.on_zygote = [&measurements](int pid) -> Result<void> {
    VEDETTE_TRY(const auto event, runtime_library_event(pid));
    if (!event) return {};
    return unless_broken(measurements, measurements.measure(*event));
  };
  VEDETTE_TRY(started.spawner, inference::WorkerSpawner::start(settings));
  return started;
}

}  // namespace vedette::agent
