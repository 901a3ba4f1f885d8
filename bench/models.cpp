#include "models.h"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <random>

#include <stdlib.h>

#include "base/fd.h"

#include "bare_session.h"

namespace vedette::bench {

namespace {

using inference::DataType;
using inference::Tensor;

constexpr std::size_t kMaxModel = std::size_t{256} << 20U;

// --- protobuf wire format, as much as onnx/onnx.proto takes here
void put_varint(std::string& to, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U)
    to += static_cast<char>(static_cast<unsigned char>(value | 0x80U));
  to += static_cast<char>(static_cast<unsigned char>(value));
}
std::string number(unsigned field, std::uint64_t value) {
  std::string out;
  put_varint(out, std::uint64_t{field} << 3U);
  put_varint(out, value);
  return out;
}
std::string bytes(unsigned field, std::string_view value) {
  std::string out;
  put_varint(out, (std::uint64_t{field} << 3U) | 2U);
  put_varint(out, value.size());
  out += value;
  return out;
}

constexpr std::uint64_t kFloat = 1;

std::string node(std::string_view op, const std::vector<std::string>& inputs,
                 const std::string& output) {
  std::string out;
  for (const std::string& input : inputs)
    out += bytes(1, input);
  return out + bytes(2, output) + bytes(4, op);
}

std::string matrix_info(std::string_view name, std::size_t rows, std::size_t columns) {
  const std::string shape = bytes(1, number(1, rows)) + bytes(1, number(1, columns));
  return bytes(1, name) + bytes(2, bytes(1, number(1, kFloat) + bytes(2, shape)));
}

// Of a size that keeps sums of products near one.
std::string random_matrix(const std::string& name, std::size_t width, std::mt19937& random) {
  const float bound = std::sqrt(3.0F / static_cast<float>(width));
  std::uniform_real_distribution<float> distribution(-bound, bound);
  std::vector<float> weights(width * width);
  for (float& weight : weights)
    weight = distribution(random);
  std::string raw(weights.size() * sizeof(float), '\0');
  std::memcpy(raw.data(), weights.data(), raw.size());
  return number(1, width) + number(1, width) + number(2, kFloat) + bytes(8, name) + bytes(9, raw);
}

Tensor zeros(std::string name, DataType type, std::vector<std::int64_t> shape) {
  const auto size = static_cast<std::size_t>(byte_size(type, shape).value());
  return {.name = std::move(name), .type = type, .shape = std::move(shape), .data = Bytes(size)};
}

}  // namespace

Subject dense(std::string name, const DenseShape& shape) {
  std::mt19937 random(1);  // NOLINT: the same weights in every run, on purpose
  std::string graph;
  std::string from = "x";
  for (std::size_t i = 0; i < shape.layers; ++i) {
    const std::string at = std::to_string(i);
    const std::string to = i + 1 == shape.layers ? "y" : "r" + at;
    graph += bytes(1, node("MatMul", {from, "w" + at}, "m" + at));
    graph += bytes(1, node("Relu", {"m" + at}, to));
    graph += bytes(5, random_matrix("w" + at, shape.width, random));
    from = to;
  }
  graph += bytes(2, "dense") + bytes(11, matrix_info("x", shape.rows, shape.width)) +
           bytes(12, matrix_info("y", shape.rows, shape.width));
  Tensor input =
      zeros("x", DataType::fp32,
            {static_cast<std::int64_t>(shape.rows), static_cast<std::int64_t>(shape.width)});
  const float one = 1.0F;
  for (std::size_t at = 0; at < input.data.size(); at += sizeof one)
    std::memcpy(input.data.data() + at, &one, sizeof one);
  return {std::move(name),
          to_bytes(as_bytes(number(1, 8) + bytes(7, graph) + bytes(8, number(2, 13)))),
          {std::move(input)}};
}

Result<Subject> voice() {
  VEDETTE_TRY(Bytes model, read_file(VEDETTE_MODELS_DIR "/silero_vad_v5.onnx", kMaxModel));
  std::vector<Tensor> inputs{zeros("input", DataType::fp32, {1, 576}),
                             zeros("state", DataType::fp32, {2, 1, 128}),
                             zeros("sr", DataType::int64, {})};
  inputs[2].data[0] = 0x80;  // 16000, little-endian
  inputs[2].data[1] = 0x3E;
  return Subject{"Silero VAD", std::move(model), std::move(inputs)};
}

Result<Bytes> to_ort_format(ByteView onnx) {
  char pattern[] = "/tmp/vedette-bench-XXXXXX";
  if (::mkdtemp(pattern) == nullptr)
    return refuse("BENCH-ORT", "no temporary folder", errno_text(pattern));
  const std::string file = std::string(pattern) + "/model.ort";
  const std::string trouble = save_in_ort_format(onnx, file);
  auto converted = read_file(file, kMaxModel);
  std::filesystem::remove_all(pattern);
  if (!trouble.empty()) return refuse("BENCH-ORT", "the model could not be converted", trouble);
  return converted;
}

Result<inference::SealedModel> seal(ByteView model) {
  VEDETTE_TRY(auto writer, inference::ModelWriter::create(model.size()));
  VEDETTE_CHECK(writer.append(model));
  return std::move(writer).seal();
}

std::vector<inference::IndexedTensor> indexed(std::span<const Tensor> inputs) {
  std::vector<inference::IndexedTensor> tensors;
  for (std::uint32_t i = 0; i < inputs.size(); ++i)
    tensors.push_back({i, inputs[i].type, inputs[i].shape, inputs[i].data});
  return tensors;
}

std::vector<inference::TensorView> views(std::span<const Tensor> inputs) {
  std::vector<inference::TensorView> tensors;
  for (const Tensor& input : inputs)
    tensors.push_back({input.name, input.type, input.shape, input.data});
  return tensors;
}

}  // namespace vedette::bench
