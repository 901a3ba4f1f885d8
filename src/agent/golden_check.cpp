#include "agent/golden_check.h"

#include <algorithm>
#include <cstring>

#include "inference/serving/element_check.h"
#include "inference/serving/replica_health.h"

namespace vedette::agent {

namespace {

using inference::DataType;
using inference::Tensor;
using release::GoldenPair;
using release::GoldenTensor;

std::unexpected<Error> not_as_seen(std::string cause) {
  return refuse("AGT-CONTRACT-GOLDEN",
                "the model does not answer as its contract's author saw it answer",
                std::move(cause), "is it the model, or this device's processor or runtime?");
}

template <class T>
void put(Bytes& to, double value) {
  const auto one = static_cast<T>(value);
  const std::size_t at = to.size();
  to.resize(at + sizeof one);
  std::memcpy(to.data() + at, &one, sizeof one);
}

// The contract's reader has seen to it that the type holds the value.
void put_value(Bytes& to, DataType type, double value) {
  switch (type) {
    case DataType::boolean:
    case DataType::uint8:
      return put<std::uint8_t>(to, value);
    case DataType::int8:
      return put<std::int8_t>(to, value);
    case DataType::int16:
      return put<std::int16_t>(to, value);
    case DataType::int32:
      return put<std::int32_t>(to, value);
    case DataType::int64:
      return put<std::int64_t>(to, value);
    case DataType::uint16:
      return put<std::uint16_t>(to, value);
    case DataType::uint32:
      return put<std::uint32_t>(to, value);
    case DataType::uint64:
      return put<std::uint64_t>(to, value);
    case DataType::fp32:
      return put<float>(to, value);
    case DataType::fp64:
      return put<double>(to, value);
    case DataType::fp16:
      return;  // has no golden values
  }
}

Result<Tensor> tensor_of(const GoldenTensor& golden) {
  const auto type = inference::data_type_from_name(golden.datatype);
  if (!type) return not_as_seen("no tensor can be of type " + golden.datatype);
  Tensor tensor{.name = golden.name, .type = *type, .shape = golden.shape, .data = {}};
  for (const double value : golden.values)
    put_value(tensor.data, *type, value);
  return tensor;
}

// As an element of that type, which is what a model can answer: 0.1 is no FP32.
double as_element(DataType type, double value) {
  return type == DataType::fp32 ? static_cast<double>(static_cast<float>(value)) : value;
}

// Each by itself, since each has bounds of its own.
std::optional<std::size_t> first_that_differs(const Tensor& answer, const GoldenTensor& golden,
                                              double tolerance) {
  const std::size_t octets = inference::element_size(answer.type);
  for (std::size_t i = 0; i < golden.values.size(); ++i) {
    const ByteView element = ByteView(answer.data).subspan(i * octets, octets);
    const double wanted = as_element(answer.type, golden.values[i]);
    if (inference::serving::first_out_of_range(answer.type, element,
                                               {wanted - tolerance, wanted + tolerance}))
      return i;
  }
  return std::nullopt;
}

Result<void> compare(const std::vector<Tensor>& answers, const GoldenTensor& golden,
                     double tolerance) {
  const auto answer = std::ranges::find(answers, golden.name, &Tensor::name);
  if (answer == answers.end()) return not_as_seen("there is no output '" + golden.name + "'");
  VEDETTE_TRY(const Tensor wanted, tensor_of(golden));
  if (answer->type != wanted.type || answer->shape != wanted.shape ||
      answer->data.size() != wanted.data.size())
    return not_as_seen("'" + golden.name + "' is " +
                       inference::describe(answer->type, answer->shape) + " instead of " +
                       inference::describe(wanted.type, wanted.shape));
  if (const auto at = first_that_differs(*answer, golden, tolerance))
    return not_as_seen("'" + golden.name + "' differs at element " + std::to_string(*at));
  return {};
}

Result<void> check_pair(inference::serving::Replica& replica, const GoldenPair& pair,
                        std::chrono::microseconds deadline) {
  std::vector<Tensor> inputs;
  for (const GoldenTensor& golden : pair.inputs) {
    VEDETTE_TRY(Tensor input, tensor_of(golden));
    inputs.push_back(std::move(input));
  }
  std::vector<inference::TensorView> views;
  views.reserve(inputs.size());
  for (const Tensor& input : inputs)
    views.push_back({input.name, input.type, input.shape, input.data});
  const auto answers = replica.infer(views, deadline);
  if (!answers && inference::serving::ends_replica(answers.error()))
    return std::unexpected(answers.error());
  if (!answers) return not_as_seen(describe(answers.error()));
  for (const GoldenTensor& golden : pair.outputs)
    VEDETTE_CHECK(compare(*answers, golden, pair.tolerance));
  return {};
}

}  // namespace

Result<void> check_golden(inference::serving::Replica& replica, std::span<const GoldenPair> pairs,
                          std::chrono::microseconds deadline) {
  for (const GoldenPair& pair : pairs)
    VEDETTE_CHECK(check_pair(replica, pair, deadline));
  return {};
}

}  // namespace vedette::agent
