#include "cli/demo/speech.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "base/fd.h"
#include "codec/json.h"
#include "platform/net/json_api.h"

namespace vedette::cli::demo {

namespace {

using codec::Json;

constexpr std::size_t kMaxWavBytes = 16U << 20U;
constexpr std::size_t kHeaderBytes = 44;
constexpr std::size_t kWindow = 512;  // samples that the model takes at once: 32 ms
constexpr std::size_t kContext = 64;  // and those before them that it wants to see again
constexpr std::int64_t kRate = 16'000;
constexpr std::size_t kStateValues = 2UL * 1 * 128;

std::uint32_t little_endian(ByteView bytes, std::size_t at, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = count; i-- > 0;)
    value = (value << 8U) | bytes[at + i];
  return value;
}

Json tensor(const char* name, const char* type, Json::Array shape, Json::Array data) {
  Json json;
  json.set("name", name).set("datatype", type);
  json.set("shape", std::move(shape)).set("data", std::move(data));
  return json;
}

Json::Array numbers(std::span<const float> values) {
  Json::Array list;
  list.reserve(values.size());
  for (const float value : values)
    list.emplace_back(static_cast<double>(value));
  return list;
}

Result<std::vector<float>> output_data(const Json& answer, std::string_view name) {
  VEDETTE_TRY(const Json* outputs, answer.array("outputs"));
  for (const Json& output : *outputs->if_array()) {
    VEDETTE_TRY(const std::string found, output.string("name"));
    if (found != name) continue;
    VEDETTE_TRY(const Json* data, output.array("data"));
    std::vector<float> values;
    for (const Json& element : *data->if_array()) {
      const double* real = element.if_double();
      const std::int64_t* whole = element.if_integer();
      if (real == nullptr && whole == nullptr)
        return refuse("DEMO-OUTPUT", "the model answered something else than numbers");
      values.push_back(real != nullptr ? static_cast<float>(*real) : static_cast<float>(*whole));
    }
    return values;
  }
  return refuse("DEMO-OUTPUT", "the model did not answer as expected", std::string(name));
}

// One call; `state` goes in and comes back changed.
Result<float> ask(platform::HttpClient& agent, const std::string& target,
                  std::span<const float> window, std::vector<float>& state) {
  const auto width = static_cast<std::int64_t>(window.size());
  Json body;
  body.set("inputs", Json::Array{tensor("input", "FP32", {1, width}, numbers(window)),
                                 tensor("state", "FP32", {2, 1, 128}, numbers(state)),
                                 tensor("sr", "INT64", {}, {kRate})});
  VEDETTE_TRY(const auto response, agent.send(platform::json_request("POST", target, body)));
  VEDETTE_TRY(const Json answer, platform::read_json_answer(response));
  VEDETTE_TRY(const auto probability, output_data(answer, "output"));
  VEDETTE_TRY(state, output_data(answer, "stateN"));
  if (probability.size() != 1 || state.size() != kStateValues)
    return refuse("DEMO-OUTPUT", "the model's answer has another shape than expected");
  return probability.front();
}

std::string_view block(double height) {
  constexpr std::array<std::string_view, 9> kBlocks{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const double bounded = std::clamp(height, 0.0, 1.0);
  return kBlocks[static_cast<std::size_t>(std::lround(bounded * 8.0))];
}

// The largest of the values that fall into each of `width` columns.
std::string columns(std::span<const float> values, std::size_t width, double scale) {
  std::string line;
  for (std::size_t column = 0; column < width; ++column) {
    const std::size_t from = column * values.size() / width;
    const std::size_t to = std::max(from + 1, (column + 1) * values.size() / width);
    double highest = 0;
    for (std::size_t i = from; i < std::min(to, values.size()); ++i)
      highest = std::max(highest, std::fabs(static_cast<double>(values[i])));
    line += block(highest * scale);
  }
  return line;
}

}  // namespace

Result<std::vector<float>> load_wav(const std::string& path) {
  VEDETTE_TRY(const Bytes bytes, read_file(path, kMaxWavBytes));
  const bool is_wanted_kind = bytes.size() > kHeaderBytes && as_text(bytes).starts_with("RIFF") &&
                              little_endian(bytes, 22, 2) == 1 &&
                              little_endian(bytes, 24, 4) == kRate &&
                              little_endian(bytes, 34, 2) == 16;
  if (!is_wanted_kind) return refuse("DEMO-WAV", "not a mono 16-bit WAV file at 16 kHz", path);
  std::vector<float> samples;
  for (std::size_t at = kHeaderBytes; at + 1 < bytes.size(); at += 2) {
    const auto value = static_cast<std::int16_t>(little_endian(bytes, at, 2));
    samples.push_back(static_cast<float>(value) / 32768.0F);
  }
  return samples;
}

Result<SpeechResult> detect_speech(platform::HttpClient& agent, const std::string& name,
                                   std::span<const float> samples) {
  using Stopwatch = std::chrono::steady_clock;
  const std::string target = "/v2/models/" + name + "/infer";
  std::vector<float> state(kStateValues, 0.0F);
  std::vector<float> window(kContext + kWindow, 0.0F);
  std::vector<double> times;
  SpeechResult result;
  for (std::size_t at = 0; at + kWindow <= samples.size(); at += kWindow) {
    std::copy(window.end() - kContext, window.end(), window.begin());
    std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(at), kWindow,
                window.begin() + kContext);
    const auto start = Stopwatch::now();
    VEDETTE_TRY(const float probability, ask(agent, target, window, state));
    times.push_back(std::chrono::duration<double, std::milli>(Stopwatch::now() - start).count());
    result.probabilities.push_back(probability);
  }
  if (times.empty()) return refuse("DEMO-WAV", "the recording is too short");
  std::ranges::nth_element(times, times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2));
  result.milliseconds_per_call = times[times.size() / 2];
  return result;
}

std::string draw(std::span<const float> samples, std::span<const float> probabilities,
                 std::size_t width) {
  float loudest = 1e-6F;
  for (const float sample : samples)
    loudest = std::max(loudest, std::fabs(sample));
  return "      sound   " + columns(samples, width, 1.0 / static_cast<double>(loudest)) +
         "\n      speech  " + columns(probabilities, width, 1.0);
}

}  // namespace vedette::cli::demo
