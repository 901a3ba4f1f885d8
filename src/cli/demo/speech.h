// Speech: real sound through a real model, by the Open Inference Protocol.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "platform/net/http.h"

namespace vedette::cli::demo {

// Mono samples in [-1, 1] at 16 kHz. Refuses DEMO-WAV for any other kind of file.
[[nodiscard]] Result<std::vector<float>> load_wav(const std::string& path);

struct SpeechResult {
  std::vector<float> probabilities;  // of speech, one for each window of 32 ms
  double milliseconds_per_call = 0;  // median, as the caller of the API sees it
};

// Asks the model `name` (Silero VAD: input, state, sr) window by window, carrying its state along,
// like any client of the agent's API would.
[[nodiscard]] Result<SpeechResult> detect_speech(platform::HttpClient& agent,
                                                 const std::string& name,
                                                 std::span<const float> samples);

// Two lines of `width` columns: loudness, and the probability of speech below it.
[[nodiscard]] std::string draw(std::span<const float> samples, std::span<const float> probabilities,
                               std::size_t width);

}  // namespace vedette::cli::demo
