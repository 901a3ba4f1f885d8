// A provenance with every part, for tests.
#pragma once

#include "release/provenance/provenance.h"

namespace vedette::release::samples {

inline Provenance full_provenance() {
  const auto training = crypto::sha256(as_bytes("training data"));
  const auto held_back = crypto::sha256(as_bytes("held back"));
  Provenance result;
  result.build = Build{.type = "https://example.org/train/v1",
                       .builder = "https://ci.example.org/gpu-pool",
                       .invocation = "run-4711",
                       .parameters = codec::Json::Object{{"epochs", 12}, {"seed", 7}},
                       .dependencies = {{"git+https://example.org/train@3f2c", std::nullopt},
                                        {"pkg:pypi/torch@2.4", crypto::sha256(as_bytes("torch"))}},
                       .started = from_unix_seconds(1'790'000'000),
                       .finished = from_unix_seconds(1'790'003'600)};
  result.datasets = {{"speech-de", "train", "CC-BY-4.0", training, 120'000},
                     {"speech-de", "test", "CC-BY-4.0", held_back, 4'000}};
  result.lineage = Lineage{.base = "silero-vad 5",
                           .base_root = crypto::sha256(as_bytes("base")),
                           .method = "fine-tuning",
                           .recipe_sha256 = crypto::sha256(as_bytes("recipe"))};
  result.evaluations = {{"f1", 0.93, held_back, 0.85}, {"latency_ms", 3, held_back, std::nullopt}};
  return result;
}

}  // namespace vedette::release::samples
