// Serving: the models that answer on this device now, as those see them who ask.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"
#include "inference/tensor.h"

namespace vedette::agent {

// Under which runtime contract a model answers, for logs and status.
struct ServedContract {
  std::optional<crypto::Sha256Digest> sha256{};  // none: the device's own limits alone
  std::vector<std::string> widenings{};
  std::optional<TimePoint> valid_until{};
};

// An output that the contract shows to some local users only.
struct OutputAudience {
  std::string output;
  std::vector<std::uint32_t> uids;  // of those users that this device has
};

// A release that answers: verified, admitted, sealed, in its cages. Immutable.
struct ServedModel {
  ModelName name;
  std::uint64_t release = 0;
  crypto::Sha256Digest model_root{};
  crypto::Sha256Digest file_sha256{};
  std::chrono::milliseconds call_deadline{0};  // then the worker is killed
  ServedContract contract{};
  std::vector<OutputAudience> audiences{};  // outputs that are not named here: everybody

  [[nodiscard]] bool shows(std::string_view output, std::optional<std::uint32_t> uid) const;
  // Refuses AGT-CONTRACT-TIME from the contract's end on.
  [[nodiscard]] Result<void> check_time(TimePoint now) const;
};

// What a caller may ask of one call, within what the device allows.
struct CallTerms {
  std::chrono::milliseconds deadline{0};  // above 0; waiting included
  std::uint32_t priority = 0;  // 0: none given; 1 is the most urgent. A wish that binds nobody
};

// A hold on a release: while it lasts, a newer one may take over, but this one still answers.
class ModelHold {
 public:
  ModelHold() = default;
  ModelHold(const ModelHold&) = delete;
  ModelHold& operator=(const ModelHold&) = delete;
  virtual ~ModelHold() = default;

  [[nodiscard]] virtual const ServedModel& model() const = 0;
  [[nodiscard]] virtual inference::ModelMetadata metadata() const = 0;
  // Refuses with the reason why it would not answer now.
  [[nodiscard]] virtual Result<void> ready() const = 0;
  // Blocks. The inputs are borrowed for the time of the call, at any alignment.
  [[nodiscard]] virtual Result<std::vector<inference::Tensor>> infer(
      std::span<const inference::TensorView> inputs, const CallTerms& terms) = 0;
};

// Whoever runs the models. Thread-safe.
class ModelSource {
 public:
  ModelSource() = default;
  ModelSource(const ModelSource&) = delete;
  ModelSource& operator=(const ModelSource&) = delete;
  virtual ~ModelSource() = default;

  // The release that answers by default, or that one. Refuses AGT-NO-MODEL and AGT-NO-VERSION.
  [[nodiscard]] virtual Result<std::unique_ptr<ModelHold>> find(
      std::string_view name, std::optional<std::uint64_t> release) = 0;
  [[nodiscard]] virtual std::vector<std::unique_ptr<ModelHold>> all() = 0;  // by name and release
};

// What one inference was, for the receipt.
struct Inference {
  const ServedModel& model;
  const std::string& request_id;
  std::span<const inference::TensorView> inputs;
  std::span<const inference::Tensor> outputs;
};

// Is told of every inference before its answer leaves the device; its refusal stops the answer.
class InferenceWitness {
 public:
  InferenceWitness() = default;
  InferenceWitness(const InferenceWitness&) = delete;
  InferenceWitness& operator=(const InferenceWitness&) = delete;
  virtual ~InferenceWitness() = default;

  [[nodiscard]] virtual Result<void> witness(const Inference& inference) = 0;
};

}  // namespace vedette::agent
