// What a call over shared memory costs an application, beside the same call made by the agent
// itself, in turns in one run: percentiles of single calls, in microseconds.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <functional>
#include <iostream>
#include <vector>

#include <unistd.h>

#include "agent/memory_api.h"
#include "inference/host/worker_process.h"
#include "inference/model_memory.h"
#include "testing/machine_posture.h"
#include "testing/onnx_writer.h"

#include "vedette/client.hpp"

namespace vedette {
namespace {

using inference::Tensor;
using std::chrono::steady_clock;

constexpr std::size_t kModelBytes = std::size_t{1} << 20U;
constexpr std::chrono::seconds kDeadline{5};

class Samples {
 public:
  void measure(const std::function<void()>& call) {
    const auto before = steady_clock::now();
    call();
    taken_.push_back(
        std::chrono::duration<double, std::micro>(steady_clock::now() - before).count());
  }
  void print(const char* what) {
    std::ranges::sort(taken_);
    std::cout << what << ": p50 " << at(50) << " us, p99 " << at(99) << " us\n" << std::flush;
  }

 private:
  [[nodiscard]] double at(std::size_t percent) const {
    return taken_[taken_.size() * percent / 100];
  }

  std::vector<double> taken_;
};

agent::MemoryService service_of(inference::WorkerProcess& worker) {
  return {
      .authorise = [](const agent::Caller& /*caller*/,
                      std::string_view /*model*/) { return Result<void>(); },
      .describe = [&worker](const agent::Caller& /*caller*/, std::string_view /*model*/,
                            std::uint64_t /*release*/) -> Result<agent::MemoryService::Model> {
        return agent::MemoryService::Model{1, worker.metadata()};
      },
      .infer = [&worker](
                   const agent::Caller& /*caller*/, std::string_view /*model*/,
                   std::uint64_t /*release*/,
                   std::span<const Tensor> inputs) { return worker.infer(inputs, kDeadline); },
  };
}

Result<std::unique_ptr<inference::WorkerProcess>> start(inference::WorkerSpawner& spawner,
                                                        std::uint32_t spin) {
  VEDETTE_TRY(auto writer, inference::ModelWriter::create(kModelBytes));
  VEDETTE_CHECK(writer.append(testing::add_model()));
  VEDETTE_TRY(const auto model, std::move(writer).seal());
  auto settings = inference::strict_settings();
  settings.channel.spin_microseconds = spin;
  return inference::WorkerProcess::start(spawner, settings, model.fd());
}

Result<void> compare(inference::WorkerSpawner& spawner, std::uint32_t spin, int calls) {
  VEDETTE_TRY(const auto worker, start(spawner, spin));
  const std::string path = "/tmp/vedette-client-bench." + std::to_string(::getpid());
  agent::MemoryLimits limits;
  limits.spin_microseconds = spin;
  VEDETTE_TRY(const auto api, agent::MemoryApi::start(path, limits, service_of(*worker)));
  client::Model model(path, "add");
  client::Outputs outputs;
  const std::vector<float> values(16, 1.0F);
  Bytes data(values.size() * sizeof(float));
  std::memcpy(data.data(), values.data(), data.size());
  const std::vector<Tensor> inputs{{"x", inference::DataType::fp32, {16}, data}};
  Samples direct;
  Samples by_client;
  for (int i = 0; i < calls; ++i) {
    direct.measure([&] { [[maybe_unused]] const auto answer = worker->infer(inputs, kDeadline); });
    by_client.measure([&] { model.infer({client::input(0, {16}, values)}, outputs, kDeadline); });
  }
  std::cout << (spin == 0 ? "futex\n" : "spinning\n");
  direct.print("  WorkerProcess::infer");
  by_client.print("  vedette::client::Model::infer");
  return {};
}

}  // namespace
}  // namespace vedette

int main(int argc, char** argv) {
  using namespace vedette;
  const std::string worker = argc > 1 ? argv[1] : VEDETTE_BIN_DIR "/vedette-worker";
  const int calls = argc > 2 ? std::max(std::stoi(argv[2]), 100) : 20'000;
  const auto spawner = inference::WorkerSpawner::start({worker, testing::machine_posture()});
  if (!spawner) {
    std::cerr << describe(spawner.error()) << '\n';
    return 1;
  }
  for (const std::uint32_t spin : {0U, 200U})
    if (const auto compared = compare(**spawner, spin, calls); !compared) {
      std::cerr << describe(compared.error()) << '\n';
      return 1;
    }
  return 0;
}
