// What the links of the chain cost, each beside the bare work that it is made of, in one run.
#include <benchmark/benchmark.h>

#include "base/fd.h"
#include "inference/engine/engine.h"
#include "inference/host/worker_process.h"
#include "inference/model_memory.h"
#include "ledger/receipt.h"

namespace vedette {
namespace {

constexpr std::size_t kModelBytes = std::size_t{64} << 20U;

ledger::ReceiptClaims claims() {
  return {.device = *DeviceId::parse("drone"),
          .epoch = Epoch{1},
          .model = *ModelName::parse("voice"),
          .release = 1,
          .model_root = {},
          .sequence = 1,
          .time = from_unix_seconds(1'795'435'200),
          .request = "r1",
          .inputs_sha256 = {},
          .outputs_sha256 = {},
          .outputs = {}};
}

void raw_ecdsa_verify(benchmark::State& state) {
  const auto key = crypto::PrivateKey::generate_p256();
  const auto public_key = key.public_key();
  const Bytes message(400);
  const Bytes signature = *key.sign(message);
  for (auto _ : state)
    benchmark::DoNotOptimize(public_key.verify(crypto::Hash::sha256, message, signature));
}
BENCHMARK(raw_ecdsa_verify);

void receipt_verify(benchmark::State& state) {
  const auto key = crypto::PrivateKey::generate_p256();
  const auto public_key = key.public_key();
  const std::string receipt = *ledger::sign_receipt(claims(), key);
  for (auto _ : state)
    benchmark::DoNotOptimize(ledger::verify_receipt(receipt, public_key));
}
BENCHMARK(receipt_verify);

inference::Tensor zeros(std::string name, inference::DataType type,
                        std::vector<std::int64_t> shape) {
  const auto size = *inference::byte_size(type, shape);
  return {.name = std::move(name), .type = type, .shape = std::move(shape), .data = Bytes(size)};
}

// One window of 32 ms of silence for the voice model.
std::vector<inference::Tensor> window() {
  using inference::DataType;
  std::vector<inference::Tensor> inputs{zeros("input", DataType::fp32, {1, 576}),
                                        zeros("state", DataType::fp32, {2, 1, 128}),
                                        zeros("sr", DataType::int64, {})};
  inputs[2].data[0] = 0x80;  // 16000, little-endian
  inputs[2].data[1] = 0x3E;
  return inputs;
}

void voice_in_process(benchmark::State& state) {
  const auto model = read_file(VEDETTE_MODELS_DIR "/silero_vad_v5.onnx", kModelBytes);
  auto engine = inference::Engine::create();
  if (!model || !engine || !engine->load(*model)) return state.SkipWithError("no model");
  const auto inputs = window();
  std::vector<inference::IndexedTensor> views;
  for (std::uint32_t i = 0; i < inputs.size(); ++i)
    views.push_back({i, inputs[i].type, inputs[i].shape, inputs[i].data});
  for (auto _ : state)
    benchmark::DoNotOptimize(engine->run(views));
}
BENCHMARK(voice_in_process)->UseRealTime();

void voice_in_cage(benchmark::State& state) {
  const auto model = read_file(VEDETTE_MODELS_DIR "/silero_vad_v5.onnx", kModelBytes);
  auto writer = inference::ModelWriter::create(kModelBytes);
  if (!model || !writer || !writer->append(*model)) return state.SkipWithError("no model");
  const auto sealed = std::move(*writer).seal();
  const auto spawner = inference::WorkerSpawner::start({VEDETTE_BIN_DIR "/vedette-worker"});
  if (!spawner) return state.SkipWithError(describe(spawner.error()).c_str());
  const auto worker =
      inference::WorkerProcess::start(**spawner, inference::strict_settings(), sealed->fd());
  if (!worker) return state.SkipWithError(describe(worker.error()).c_str());
  const auto inputs = window();
  for (auto _ : state)
    benchmark::DoNotOptimize((*worker)->infer(inputs, std::chrono::seconds(5)));
}
BENCHMARK(voice_in_cage)->UseRealTime();

}  // namespace
}  // namespace vedette

BENCHMARK_MAIN();
