#include "inference/engine/engine.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include <malloc.h>
#include <onnxruntime_cxx_api.h>
#include <onnxruntime_session_options_config_keys.h>

namespace vedette::inference {

namespace {

struct TypePair {
  ONNXTensorElementDataType onnx;
  DataType ours;
};

constexpr std::array kTypes = {
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, DataType::boolean},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, DataType::int8},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, DataType::int16},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, DataType::int32},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, DataType::int64},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, DataType::uint8},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, DataType::uint16},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, DataType::uint32},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, DataType::uint64},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, DataType::fp16},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, DataType::fp32},
    TypePair{ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, DataType::fp64},
};

std::optional<DataType> from_onnx(ONNXTensorElementDataType type) {
  const auto* const pair = std::ranges::find(kTypes, type, &TypePair::onnx);
  if (pair == kTypes.end()) return std::nullopt;
  return pair->ours;
}

ONNXTensorElementDataType to_onnx(DataType type) {
  const auto* const pair = std::ranges::find(kTypes, type, &TypePair::ours);
  return pair == kTypes.end() ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED : pair->onnx;
}

// The runtime's words go nowhere: inside the cage a write is a violation.
void discard(void* /*unused*/, OrtLoggingLevel /*unused*/, const char* /*unused*/,
             const char* /*unused*/, const char* /*unused*/, const char* /*unused*/) {}

// y = x + x over FP32[1]: a ModelProto (onnx.proto) of one node.
constexpr std::array<std::uint8_t, 64> kWarmUpModel = {
    0x08, 0x08, 0x3a, 0x38, 0x0a, 0x0e, 0x0a, 0x01, 0x78, 0x0a, 0x01, 0x78, 0x12, 0x01, 0x79, 0x22,
    0x03, 0x41, 0x64, 0x64, 0x12, 0x04, 0x77, 0x61, 0x72, 0x6d, 0x5a, 0x0f, 0x0a, 0x01, 0x78, 0x12,
    0x0a, 0x0a, 0x08, 0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x62, 0x0f, 0x0a, 0x01, 0x79,
    0x12, 0x0a, 0x0a, 0x08, 0x08, 0x01, 0x12, 0x04, 0x0a, 0x02, 0x08, 0x01, 0x42, 0x02, 0x10, 0x0d};

// Keeps malloc to brk and anonymous mmap: a second arena would need mprotect.
void restrain_malloc() {
  ::mallopt(M_ARENA_MAX, 1);
}

// The runtime asks for a thread; it gets one that waits for work since before the cage.
OrtCustomThreadHandle start_parked(void* park, OrtThreadWorkerFn work, void* argument) {
  return static_cast<OrtCustomThreadHandle>(static_cast<ThreadPark*>(park)->start(work, argument));
}
void join_parked(OrtCustomThreadHandle thread) {
  ThreadPark::join(const_cast<OrtCustomHandleType*>(thread));  // NOLINT(*-const-cast): a C API's
}

void use_threads(Ort::SessionOptions& options, ThreadPark* park) {
  options.SetInterOpNumThreads(1);
  options.SetExecutionMode(ORT_SEQUENTIAL);
  options.SetIntraOpNumThreads(park == nullptr ? 1 : static_cast<int>(park->size()) + 1);
  if (park == nullptr) return;
  options.SetCustomCreateThreadFn(start_parked);
  options.SetCustomThreadCreationOptions(park);
  options.SetCustomJoinThreadFn(join_parked);
}

Ort::SessionOptions session_options(const LoadSettings& settings) {
  Ort::SessionOptions options;
  use_threads(options, settings.threads);
  options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  options.AddConfigEntry(kOrtSessionOptionsConfigLoadModelFormat,
                         settings.ort_format ? "ORT" : "ONNX");
  if (!settings.ort_format) return options;
  options.AddConfigEntry(kOrtSessionOptionsConfigUseORTModelBytesDirectly, "1");
  options.AddConfigEntry(kOrtSessionOptionsConfigUseORTModelBytesForInitializers, "1");
  // Packed copies of the weights would be private to each process.
  options.AddConfigEntry(kOrtSessionOptionsConfigDisablePrepacking, "1");
  return options;
}

Result<TensorInfo> describe_value(std::string name, const Ort::TypeInfo& type) {
  if (type.GetONNXType() != ONNX_TYPE_TENSOR)
    return refuse("INF-LOAD", "the model has an input or output that is no tensor", name);
  const auto tensor = type.GetTensorTypeAndShapeInfo();
  const auto element = from_onnx(tensor.GetElementType());
  if (!element)
    return refuse("INF-LOAD", "the model uses an element type that does not cross the cage", name);
  TensorInfo info{std::move(name), *element, tensor.GetShape()};
  if (info.shape.size() > kMaxRank || !is_tensor_name(info.name))
    return refuse("INF-LOAD",
                  "the model has an input or output of too many dimensions, or a bad name");
  std::ranges::replace_if(info.shape, [](std::int64_t dimension) { return dimension < 0; }, -1);
  return info;
}

Result<ModelMetadata> describe_session(const Ort::Session& session) {
  Ort::AllocatorWithDefaultOptions allocator;
  ModelMetadata metadata;
  if (session.GetInputCount() + session.GetOutputCount() > kMaxTensors)
    return refuse("INF-LOAD", "the model has too many inputs and outputs");
  for (std::size_t i = 0; i < session.GetInputCount(); ++i) {
    VEDETTE_TRY(TensorInfo info, describe_value(session.GetInputNameAllocated(i, allocator).get(),
                                                session.GetInputTypeInfo(i)));
    metadata.inputs.push_back(std::move(info));
  }
  for (std::size_t i = 0; i < session.GetOutputCount(); ++i) {
    VEDETTE_TRY(TensorInfo info, describe_value(session.GetOutputNameAllocated(i, allocator).get(),
                                                session.GetOutputTypeInfo(i)));
    metadata.outputs.push_back(std::move(info));
  }
  return metadata;
}

// The runtime reads inputs in place and its C API takes them as mutable; it does not write them.
Ort::Value to_value(const Ort::MemoryInfo& memory, const IndexedTensor& tensor) {
  auto* const data = const_cast<std::uint8_t*>(tensor.data.data());  // NOLINT(*-const-cast)
  return Ort::Value::CreateTensor(memory, data, tensor.data.size(), tensor.shape.data(),
                                  tensor.shape.size(), to_onnx(tensor.type));
}

// A tensor of the runtime's; `shape` is kept by the caller for as long as the result is used.
Result<IndexedTensor> to_tensor(std::size_t index, const Ort::Value& value,
                                std::vector<std::int64_t>& shape) {
  if (!value.HasValue() || !value.IsTensor())
    return refuse("INF-MODEL", "the model left an output empty", "output " + std::to_string(index));
  const auto about = value.GetTensorTypeAndShapeInfo();
  const auto type = from_onnx(about.GetElementType());
  if (!type) return refuse("INF-MODEL", "an output's element type does not cross the cage");
  shape.resize(about.GetDimensionsCount());
  Ort::ThrowOnError(Ort::GetApi().GetDimensions(about, shape.data(), shape.size()));
  VEDETTE_TRY(const std::uint64_t size, byte_size(*type, shape));
  return IndexedTensor{static_cast<std::uint32_t>(index), *type, shape,
                       ByteView(static_cast<const std::uint8_t*>(value.GetTensorRawData()),
                                static_cast<std::size_t>(size))};
}

// Runs `work` where the runtime may throw: a hostile model is a refusal, not a fault.
template <class Work>
auto guarded(const char* code, const char* sentence, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& exception) {
    return refuse(code, sentence, exception.what());
  } catch (...) {
    return refuse(code, sentence, "an exception of an unknown kind");
  }
}

}  // namespace

// An input as the runtime wants it. It only points to its bytes: as long as type, shape and address
// are the same, it serves the next run too.
struct PreparedInput {
  std::uint32_t index;
  DataType type;
  std::vector<std::int64_t> shape;
  ByteView data;
  Ort::Value value;

  [[nodiscard]] bool is_for(const IndexedTensor& tensor) const {
    return tensor.index == index && tensor.type == type && tensor.data.data() == data.data() &&
           tensor.data.size() == data.size() && std::ranges::equal(tensor.shape, shape);
  }
};

// Inputs of more slots than a channel usually has; beyond that they are made anew.
constexpr std::size_t kMaxPrepared = 2 * kMaxTensors;

// Everything a run needs is laid out by load(), and what it needs of its inputs by the first run on
// them: a run allocates nothing of ours.
struct Engine::Impl {
  Ort::Env env{ORT_LOGGING_LEVEL_FATAL, "vedette", discard, nullptr};
  Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  std::optional<Ort::Session> session;
  ModelMetadata metadata;
  std::vector<const char*> output_names;  // point into metadata
  std::vector<const char*> input_names;   // of this run
  std::vector<PreparedInput> prepared;
  std::vector<const OrtValue*> inputs;  // point into prepared
  std::vector<OrtValue*> raw_outputs;
  std::vector<Ort::Value> outputs;
  std::vector<std::vector<std::int64_t>> shapes;  // of the outputs
  std::vector<IndexedTensor> results;

  void adopt(Ort::Session loaded, ModelMetadata about) {
    metadata = std::move(about);
    session = std::move(loaded);
    prepared.clear();
    output_names.clear();
    for (const TensorInfo& output : metadata.outputs)
      output_names.push_back(output.name.c_str());
    input_names.reserve(metadata.inputs.size());
    inputs.reserve(metadata.inputs.size());
    outputs.reserve(metadata.outputs.size());
    shapes.resize(metadata.outputs.size());
    results.reserve(metadata.outputs.size());
  }

  const OrtValue* prepare(const IndexedTensor& tensor) {
    auto found = std::ranges::find_if(
        prepared, [&tensor](const PreparedInput& one) { return one.is_for(tensor); });
    if (found == prepared.end())
      found = prepared.insert(found, {tensor.index,
                                      tensor.type,
                                      {tensor.shape.begin(), tensor.shape.end()},
                                      tensor.data,
                                      to_value(memory, tensor)});
    return found->value;
  }

  [[nodiscard]] Result<void> take_inputs(std::span<const IndexedTensor> given) {
    input_names.clear();
    inputs.clear();
    if (prepared.size() + given.size() > kMaxPrepared) prepared.clear();
    for (const IndexedTensor& input : given) {
      if (input.index >= metadata.inputs.size())
        return refuse("INF-MODEL", "the model has no such input", std::to_string(input.index));
      input_names.push_back(metadata.inputs[input.index].name.c_str());
      inputs.push_back(prepare(input));
    }
    return {};
  }

  void run() {
    outputs.clear();
    raw_outputs.assign(output_names.size(), nullptr);
    Ort::ThrowOnError(Ort::GetApi().Run(*session, nullptr, input_names.data(), inputs.data(),
                                        inputs.size(), output_names.data(), output_names.size(),
                                        raw_outputs.data()));
    for (OrtValue* const output : raw_outputs)
      outputs.emplace_back(output);
  }

  [[nodiscard]] Result<std::span<const IndexedTensor>> give_outputs() {
    results.clear();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      VEDETTE_TRY(const IndexedTensor tensor, to_tensor(i, outputs[i], shapes[i]));
      results.push_back(tensor);
    }
    return results;
  }
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Result<Engine> Engine::create() {
  // Read by the runtime before its first environment; the API call alone comes too late.
  ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);
  ::unsetenv("ORT_LOAD_CONFIG_FROM_MODEL");
  restrain_malloc();
  return guarded("INF-RUNTIME", "ONNX Runtime could not be started", []() -> Result<Engine> {
    auto impl = std::make_unique<Impl>();
    impl->env.DisableTelemetryEvents();
    return Engine(std::move(impl));
  });
}

Result<void> Engine::warm_up() {
  return guarded("INF-RUNTIME", "ONNX Runtime could not be warmed up", [&]() -> Result<void> {
    const Ort::Session session(impl_->env, kWarmUpModel.data(), kWarmUpModel.size(),
                               session_options({}));
    return {};
  });
}

Result<void> Engine::load(ByteView model, const LoadSettings& settings) {
  return guarded("INF-LOAD", "ONNX Runtime refused the model", [&]() -> Result<void> {
    Ort::Session session(impl_->env, model.data(), model.size(), session_options(settings));
    VEDETTE_TRY(ModelMetadata about, describe_session(session));
    impl_->adopt(std::move(session), std::move(about));
    return {};
  });
}

Result<void> Engine::convert(ByteView model, const char* path) {
  return guarded("INF-LOAD", "ONNX Runtime could not convert the model", [&]() -> Result<void> {
    Ort::SessionOptions options = session_options({});
    options.SetGraphOptimizationLevel(ORT_ENABLE_EXTENDED);
    options.SetOptimizedModelFilePath(path);
    options.AddConfigEntry(kOrtSessionOptionsConfigSaveModelFormat, "ORT");
    const Ort::Session session(impl_->env, model.data(), model.size(), options);
    VEDETTE_TRY(impl_->metadata, describe_session(session));
    return {};
  });
}

const ModelMetadata& Engine::metadata() const {
  return impl_->metadata;
}

Result<std::span<const IndexedTensor>> Engine::run(std::span<const IndexedTensor> inputs) {
  if (!impl_->session) return refuse("INF-MODEL", "no model is loaded");
  return guarded("INF-MODEL", "the model refused this input",
                 [&]() -> Result<std::span<const IndexedTensor>> {
                   VEDETTE_CHECK(impl_->take_inputs(inputs));
                   impl_->run();
                   return impl_->give_outputs();
                 });
}

void Engine::drop_outputs() {
  impl_->results.clear();
  impl_->outputs.clear();
}

}  // namespace vedette::inference
