#include "fine_tunes.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <string>
#include <utility>

#include "testing/onnx_writer.h"

namespace vedette::bench {
namespace {

constexpr std::size_t kInputs = 256;
constexpr std::size_t kHidden = 640;
constexpr std::size_t kClasses = 10;
constexpr std::size_t kBatch = 8;

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  // Box and Muller: the same everywhere, unlike std::normal_distribution.
  float normal() {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return static_cast<float>(radius * std::cos(2 * std::numbers::pi * uniform()));
  }

 private:
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }

  std::mt19937_64 engine_;
};

std::vector<float> random_vector(Random& random, std::size_t count, float scale) {
  std::vector<float> values(count);
  for (float& value : values)
    value = random.normal() * scale;
  return values;
}

float dot(const float* left, const float* right, std::size_t count) {
  float sum[8] = {};  // eight at a time, in an order that is fixed
  for (std::size_t i = 0; i < count; i += 8)
    for (std::size_t k = 0; k < 8; ++k)
      sum[k] += left[i + k] * right[i + k];
  return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

void add_scaled(float* to, const float* from, float factor, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    to[i] += from[i] * factor;
}

// Which of ten classes an input belongs to.
class Teacher {
 public:
  // `moved` is how far it differs from the teacher of the first training.
  explicit Teacher(float moved) {
    Random first(1);
    Random second(2);
    rows_ = random_vector(first, kInputs * kClasses, 1);
    const std::vector<float> other = random_vector(second, rows_.size(), moved);
    add_scaled(rows_.data(), other.data(), 1, rows_.size());
  }

  [[nodiscard]] std::size_t class_of(const std::vector<float>& input) const {
    std::vector<float> scores(kClasses);
    for (std::size_t i = 0; i < kClasses; ++i)
      scores[i] = dot(&rows_[i * kInputs], input.data(), kInputs);
    return static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
  }

 private:
  std::vector<float> rows_;
};

class Adam {
 public:
  explicit Adam(std::size_t count) : mean_(count), square_(count) {}

  void step(std::vector<float>& weights, const std::vector<float>& gradient, float rate) {
    ++steps_;
    const float mean_share = 1 - std::pow(0.9F, static_cast<float>(steps_));
    const float square_share = 1 - std::pow(0.999F, static_cast<float>(steps_));
    for (std::size_t i = 0; i < weights.size(); ++i) {
      mean_[i] = 0.9F * mean_[i] + 0.1F * gradient[i];
      square_[i] = 0.999F * square_[i] + 0.001F * gradient[i] * gradient[i];
      weights[i] -= rate * (mean_[i] / mean_share) / (std::sqrt(square_[i] / square_share) + 1e-8F);
    }
  }

 private:
  std::vector<float> mean_;
  std::vector<float> square_;
  unsigned steps_ = 0;
};

class Training {
 public:
  Training(Network& network, const Teacher& teacher, std::uint64_t seed)
      : network_(network), teacher_(teacher), random_(seed) {
    for (const Layer& layer : network) {
      optimizers_.emplace_back(layer.weights.size());
      gradients_.emplace_back(layer.weights.size());
    }
  }

  void step(float rate, bool head_only) {
    for (std::vector<float>& gradient : gradients_)
      std::ranges::fill(gradient, 0.0F);
    for (std::size_t i = 0; i < kBatch; ++i)
      learn(random_vector(random_, kInputs, 1), head_only);
    for (std::size_t i = head_only ? network_.size() - 1 : 0; i < network_.size(); ++i)
      optimizers_[i].step(network_[i].weights, gradients_[i], rate);
  }

 private:
  void learn(const std::vector<float>& input, bool head_only) {
    std::vector<std::vector<float>> values{input};
    for (std::size_t i = 0; i < network_.size(); ++i)
      values.push_back(forward(network_[i], values.back(), i + 1 < network_.size()));
    std::vector<float> error = softmax(values.back());
    error[teacher_.class_of(input)] -= 1;
    for (std::size_t i = network_.size(); i-- > 0;) {
      const Layer& layer = network_[i];
      for (std::size_t o = 0; o < layer.outputs; ++o)
        if (error[o] != 0)
          add_scaled(&gradients_[i][o * layer.inputs], values[i].data(), error[o] / kBatch,
                     layer.inputs);
      if (i == 0 || head_only) return;
      error = backward(layer, error, values[i]);
    }
  }

  static std::vector<float> forward(const Layer& layer, const std::vector<float>& from, bool relu) {
    std::vector<float> to(layer.outputs);
    for (std::size_t o = 0; o < layer.outputs; ++o) {
      to[o] = dot(&layer.weights[o * layer.inputs], from.data(), layer.inputs);
      if (relu) to[o] = std::max(to[o], 0.0F);
    }
    return to;
  }

  static std::vector<float> backward(const Layer& layer, const std::vector<float>& error,
                                     const std::vector<float>& before) {
    std::vector<float> result(layer.inputs);
    for (std::size_t o = 0; o < layer.outputs; ++o)
      if (error[o] != 0)
        add_scaled(result.data(), &layer.weights[o * layer.inputs], error[o], layer.inputs);
    for (std::size_t i = 0; i < layer.inputs; ++i)
      if (before[i] <= 0) result[i] = 0;
    return result;
  }

  static std::vector<float> softmax(std::vector<float> scores) {
    const float highest = *std::ranges::max_element(scores);
    float sum = 0;
    for (float& score : scores)
      sum += score = std::exp(score - highest);
    for (float& score : scores)
      score /= sum;
    return scores;
  }

  Network& network_;
  const Teacher& teacher_;
  Random random_;
  std::vector<Adam> optimizers_;
  std::vector<std::vector<float>> gradients_;
};

struct Course {
  int steps;
  float rate;
  bool head_only;
};

Course course_of(Tuning tuning) {
  switch (tuning) {
    case Tuning::head_only:
      return {.steps = 40, .rate = 1e-4F, .head_only = true};
    case Tuning::light:
      return {.steps = 20, .rate = 1e-6F, .head_only = false};
    case Tuning::mid:
      return {.steps = 40, .rate = 1e-5F, .head_only = false};
    case Tuning::heavy:
      return {.steps = 60, .rate = 5e-4F, .head_only = false};
  }
  std::unreachable();
}

template <class Number>
void append_number(std::string& to, Number number, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i)
    to.push_back(static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i)));
}

// To the nearest, ties to even.
std::uint32_t bf16_of(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return (bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U;
}

std::string raw_of(const Layer& layer, Precision precision) {
  float largest = 0;
  for (const float weight : layer.weights)
    largest = std::max(largest, std::abs(weight));
  std::string raw;
  for (const float weight : layer.weights) {
    if (precision == Precision::fp32) append_number(raw, std::bit_cast<std::uint32_t>(weight), 4);
    if (precision == Precision::bf16) append_number(raw, bf16_of(weight), 2);
    if (precision == Precision::int8)
      append_number(raw, static_cast<std::int64_t>(std::lround(weight / largest * 127)), 1);
  }
  return raw;
}

}  // namespace

std::string_view to_string(Tuning tuning) {
  constexpr std::string_view kNames[] = {"head only", "light", "mid", "heavy"};
  return kNames[static_cast<std::size_t>(tuning)];
}

std::string_view to_string(Precision precision) {
  constexpr std::string_view kNames[] = {"fp32", "bf16", "int8"};
  return kNames[static_cast<std::size_t>(precision)];
}

Network trained_network() {
  constexpr std::size_t kSizes[] = {kInputs, kHidden, kHidden, kClasses};
  Random random(3);
  Network network;
  for (std::size_t i = 0; i < 3; ++i)
    network.push_back({.inputs = kSizes[i],
                       .outputs = kSizes[i + 1],
                       .weights = random_vector(random, kSizes[i] * kSizes[i + 1],
                                                std::sqrt(2.0F / static_cast<float>(kSizes[i])))});
  const Teacher teacher(0);
  Training training(network, teacher, 4);
  for (int i = 0; i < 150; ++i)
    training.step(1e-3F, false);
  return network;
}

Network tuned(const Network& base, Tuning tuning) {
  Network network = base;
  const Teacher teacher(0.5F);
  Training training(network, teacher, 5);
  const Course course = course_of(tuning);
  for (int i = 0; i < course.steps; ++i)
    training.step(course.rate, course.head_only);
  return network;
}

Bytes onnx_of(const Network& network, Precision precision) {
  using namespace testing::onnx;
  constexpr std::uint64_t kTypes[] = {kFloat, 16, 3};  // FLOAT, BFLOAT16, INT8
  Message graph;
  std::string before = "x";
  for (std::size_t i = 0; i < network.size(); ++i) {
    const std::string name = "layer" + std::to_string(i) + ".weight";
    const std::string after = "y" + std::to_string(i);
    graph += add_node(node("MatMul", {name, before}, {after}));
    before = after;
  }
  for (std::size_t i = 0; i < network.size(); ++i) {
    const Layer& layer = network[i];
    graph += add_initializer(
        tensor("layer" + std::to_string(i) + ".weight", kTypes[static_cast<std::size_t>(precision)],
               {static_cast<std::int64_t>(layer.outputs), static_cast<std::int64_t>(layer.inputs)},
               raw_of(layer, precision)));
  }
  return model(graph);
}

}  // namespace vedette::bench
