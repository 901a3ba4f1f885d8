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

// Keeps malloc to brk and anonymous mmap: a second arena would need mprotect.
void restrain_malloc() {
  ::mallopt(M_ARENA_MAX, 1);
}

Ort::SessionOptions session_options() {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  options.SetInterOpNumThreads(1);
  options.SetExecutionMode(ORT_SEQUENTIAL);
  options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  options.AddConfigEntry(kOrtSessionOptionsConfigLoadModelFormat, "ONNX");
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
Ort::Value to_value(const Ort::MemoryInfo& memory, const TensorView& view) {
  auto* const data = const_cast<std::uint8_t*>(view.data.data());
  return Ort::Value::CreateTensor(memory, data, view.data.size(), view.shape.data(),
                                  view.shape.size(), to_onnx(view.type));
}

Result<TensorView> to_view(const std::string& name, const Ort::Value& value) {
  if (!value.IsTensor()) return refuse("INF-MODEL", "the model left an output empty", name);
  const auto about = value.GetTensorTypeAndShapeInfo();
  const auto type = from_onnx(about.GetElementType());
  if (!type) return refuse("INF-MODEL", "an output's element type does not cross the cage", name);
  TensorView view{name, *type, about.GetShape(), {}};
  VEDETTE_TRY(const std::uint64_t size, byte_size(view.type, view.shape));
  view.data = {static_cast<const std::uint8_t*>(value.GetTensorRawData()),
               static_cast<std::size_t>(size)};
  return view;
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

struct Engine::Impl {
  Ort::Env env{ORT_LOGGING_LEVEL_FATAL, "vedette", discard, nullptr};
  Ort::MemoryInfo memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  std::optional<Ort::Session> session;
  ModelMetadata metadata;
  std::vector<const char*> output_names;  // point into metadata
  std::vector<Ort::Value> outputs;        // of the last run
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

Result<void> Engine::load(ByteView model) {
  return guarded("INF-LOAD", "ONNX Runtime refused the model", [&]() -> Result<void> {
    Ort::Session session(impl_->env, model.data(), model.size(), session_options());
    VEDETTE_TRY(impl_->metadata, describe_session(session));
    impl_->output_names.clear();
    for (const TensorInfo& output : impl_->metadata.outputs)
      impl_->output_names.push_back(output.name.c_str());
    impl_->session = std::move(session);
    return {};
  });
}

const ModelMetadata& Engine::metadata() const {
  return impl_->metadata;
}

Result<std::vector<TensorView>> Engine::run(std::span<const TensorView> inputs) {
  if (!impl_->session) return refuse("INF-MODEL", "no model is loaded");
  return guarded(
      "INF-MODEL", "the model refused this input", [&]() -> Result<std::vector<TensorView>> {
        impl_->outputs.clear();
        std::vector<const char*> names;
        std::vector<Ort::Value> values;
        for (const TensorView& input : inputs) {
          names.push_back(input.name.c_str());
          values.push_back(to_value(impl_->memory, input));
        }
        impl_->outputs = impl_->session->Run(Ort::RunOptions{nullptr}, names.data(), values.data(),
                                             values.size(), impl_->output_names.data(),
                                             impl_->output_names.size());
        std::vector<TensorView> views;
        for (std::size_t i = 0; i < impl_->outputs.size(); ++i) {
          VEDETTE_TRY(TensorView view,
                      to_view(impl_->metadata.outputs.at(i).name, impl_->outputs.at(i)));
          views.push_back(std::move(view));
        }
        return views;
      });
}

}  // namespace vedette::inference
