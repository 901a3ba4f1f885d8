// Serving: the models that answer on this device now.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/strong_id.h"
#include "crypto/digest.h"
#include "inference/host/worker_process.h"
#include "inference/tensor.h"

namespace vedette::agent {

// Under which runtime contract a model answers, for logs and status.
struct ServedContract {
  std::optional<crypto::Sha256Digest> sha256{};  // none: the device's own limits alone
  std::vector<std::string> widenings{};
};

// One release in its worker. The release was verified, the model is sealed, the cage is closed.
struct ServedModel {
  ModelName name;
  std::uint64_t release = 0;
  crypto::Sha256Digest model_root{};
  std::unique_ptr<inference::WorkerProcess> worker;
  std::chrono::milliseconds call_deadline{0};  // then the worker is killed
  ServedContract contract{};
};

// Thread-safe. A model that is replaced ends when the last call on it has returned.
class ServingTable {
 public:
  // The model, or AGT-NO-MODEL. Shared: a call in flight keeps its model.
  [[nodiscard]] Result<std::shared_ptr<ServedModel>> find(std::string_view name) const;
  [[nodiscard]] std::vector<std::shared_ptr<ServedModel>> all() const;  // by name

  void put(std::shared_ptr<ServedModel> model);
  // Kills every worker: nothing answers any more.
  void clear();

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<ServedModel>, std::less<>> models_;
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
