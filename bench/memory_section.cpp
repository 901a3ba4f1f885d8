#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inference/engine/engine.h"

#include "bare_session.h"
#include "cage.h"
#include "program.h"
#include "sections.h"

namespace vedette::bench {

namespace {

using namespace inference;

constexpr std::size_t kReplicas = 4;
constexpr std::chrono::seconds kDeadline{10};
constexpr int kModelFd = 3;

Subject large() {
  return dense("MLP, 6 x 1024", {.layers = 6, .width = 1024, .rows = 1});
}

// Proportional set size: every page counted by the share of one process in it.
Result<double> pss_megabytes(int pid) {
  std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
  for (std::string line; std::getline(rollup, line);)
    if (line.starts_with("Pss:")) return std::strtod(line.c_str() + 4, nullptr) / 1024.0;
  return refuse("BENCH-PSS", "a process's memory cannot be read",
                "/proc/" + std::to_string(pid) + "/smaps_rollup", "this takes root");
}

template <class Process>
Result<double> sum_of(const std::vector<Process>& processes) {
  double sum = 0;
  for (const Process& process : processes) {
    VEDETTE_TRY(const double one, pss_megabytes(process->pid()));
    sum += one;
  }
  return sum;
}

Result<double> measure_processes(const std::string& which, const Subject& subject) {
  VEDETTE_TRY(const SealedModel model, seal(subject.model));
  std::vector<std::unique_ptr<Replica>> replicas;
  for (std::size_t i = 0; i < kReplicas; ++i) {
    VEDETTE_TRY(Replica replica, Replica::start(which, model.fd()));
    replicas.push_back(std::make_unique<Replica>(std::move(replica)));
  }
  return sum_of(replicas);
}

// Each has answered once before it is measured. The zygote counts as what it costs beside them.
Result<double> measure_cages(ByteView model, ModelFormat format, const Subject& subject) {
  VEDETTE_TRY(const auto spawner, start_spawner());
  VEDETTE_TRY(const SealedModel sealed, seal(model));
  WorkerSettings settings = strict_settings();
  settings.format = format;
  std::vector<std::unique_ptr<WorkerProcess>> workers;
  for (std::size_t i = 0; i < kReplicas; ++i) {
    VEDETTE_TRY(auto worker, WorkerProcess::start(*spawner, settings, sealed.fd()));
    VEDETTE_CHECK(worker->infer(subject.inputs, kDeadline));
    workers.push_back(std::move(worker));
  }
  VEDETTE_TRY(const double sum, sum_of(workers));
  VEDETTE_TRY(const double zygote, pss_megabytes(spawner->zygote_pid()));
  return sum + zygote;
}

Result<void> measure(Report& report, const std::string& which, const Subject& subject,
                     bool barred) {
  VEDETTE_TRY(const Bytes ort, to_ort_format(subject.model));
  VEDETTE_TRY(const double processes, measure_processes(which, subject));
  VEDETTE_TRY(const double onnx, measure_cages(subject.model, ModelFormat::onnx, subject));
  VEDETTE_TRY(const double shared, measure_cages(ort, ModelFormat::ort, subject));
  report.section("four replicas: " + subject.name + ", PSS", "MB");
  report.figure("the model itself", static_cast<double>(subject.model.size()) / 1048576.0);
  report.figure("processes with a session each", processes);
  report.figure("cages and zygote, ONNX format", onnx);
  report.figure("cages and zygote, ORT format, used in place", shared);
  report.figure("cages / processes, ONNX format", onnx / processes);
  if (barred)
    report.bar("cages / processes, ORT format", shared / processes, Report::Side::at_most, 0.45,
               "");
  else
    report.figure("cages / processes, ORT format", shared / processes);
  return {};
}

}  // namespace

Result<void> measure_memory(Report& report) {
  VEDETTE_CHECK(measure(report, "dense", large(), true));
  VEDETTE_TRY(const Subject silero, voice());
  return measure(report, "voice", silero, false);
}

// The model's own bytes are unmapped once the session stands, as a program would do.
int be_replica(std::string_view which) {
  auto subject = which == "dense" ? large() : voice().value_or(Subject{});
  subject.model = {};
  const auto size = check_sealed(kModelFd);
  if (!size || subject.inputs.empty()) return EXIT_FAILURE;
  void* const bytes = ::mmap(nullptr, *size, PROT_READ, MAP_SHARED, kModelFd, 0);
  if (bytes == MAP_FAILED) return EXIT_FAILURE;
  BareSession session({static_cast<const std::uint8_t*>(bytes), *size}, subject.inputs);
  ::munmap(bytes, *size);
  session.run();
  ::malloc_trim(0);
  char end = 0;
  if (::write(STDOUT_FILENO, "r", 1) != 1) return EXIT_FAILURE;
  return ::read(STDIN_FILENO, &end, 1) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace vedette::bench
