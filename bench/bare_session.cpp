#include "bare_session.h"

#include <cstdlib>
#include <vector>

#include <onnxruntime_cxx_api.h>
#include <onnxruntime_session_options_config_keys.h>

namespace vedette::bench {

namespace {

using inference::DataType;

ONNXTensorElementDataType to_onnx(DataType type) {
  return type == DataType::int64 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64
                                 : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

Ort::SessionOptions one_thread() {
  Ort::SessionOptions options;
  options.SetIntraOpNumThreads(1);
  options.SetInterOpNumThreads(1);
  options.SetExecutionMode(ORT_SEQUENTIAL);
  options.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
  return options;
}

Ort::Env& environment() {
  static Ort::Env env = [] {
    ::setenv("ORT_DISABLE_TELEMETRY", "1", 1);
    return Ort::Env(ORT_LOGGING_LEVEL_ERROR, "bench");
  }();
  return env;
}

}  // namespace

struct BareSession::Impl {
  Ort::Session session;
  std::vector<std::string> names;
  std::vector<const char*> input_names;
  std::vector<const char*> output_names;
  std::vector<Ort::Value> inputs;
  std::vector<Ort::Value> outputs;
  std::size_t seen = 0;
};

BareSession::BareSession(ByteView model, std::span<const inference::Tensor> inputs)
    : impl_(new Impl{Ort::Session(environment(), model.data(), model.size(), one_thread()),
                     {},
                     {},
                     {},
                     {},
                     {},
                     0}) {
  Impl& my = *impl_;
  Ort::AllocatorWithDefaultOptions allocator;
  for (std::size_t i = 0; i < my.session.GetOutputCount(); ++i)
    my.names.emplace_back(my.session.GetOutputNameAllocated(i, allocator).get());
  for (const std::string& name : my.names)
    my.output_names.push_back(name.c_str());
  const auto memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
  for (const inference::Tensor& input : inputs) {
    my.input_names.push_back(input.name.c_str());
    my.inputs.push_back(Ort::Value::CreateTensor(
        memory, const_cast<std::uint8_t*>(input.data.data()), input.data.size(), input.shape.data(),
        input.shape.size(), to_onnx(input.type)));
  }
}

BareSession::~BareSession() = default;

void BareSession::run() {
  Impl& my = *impl_;
  my.outputs.clear();
  for (std::size_t i = 0; i < my.output_names.size(); ++i)
    my.outputs.emplace_back(nullptr);
  my.session.Run(Ort::RunOptions{nullptr}, my.input_names.data(), my.inputs.data(),
                 my.inputs.size(), my.output_names.data(), my.outputs.data(), my.outputs.size());
  for (const Ort::Value& output : my.outputs)
    my.seen += *static_cast<const volatile std::uint8_t*>(output.GetTensorRawData());
}

std::string save_in_ort_format(ByteView onnx, const std::string& file) {
  try {
    Ort::SessionOptions options = one_thread();
    // Not the last level: it is laid out for the processor of this machine alone.
    options.SetGraphOptimizationLevel(ORT_ENABLE_EXTENDED);
    options.AddConfigEntry(kOrtSessionOptionsConfigSaveModelFormat, "ORT");
    options.SetOptimizedModelFilePath(file.c_str());
    const Ort::Session session(environment(), onnx.data(), onnx.size(), options);
    return {};
  } catch (const std::exception& exception) {
    return exception.what();
  }
}

}  // namespace vedette::bench
