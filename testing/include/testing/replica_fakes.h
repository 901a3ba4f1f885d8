// Fakes of sandboxed replicas: a fleet that the test steers, and a gate instead of any sleep.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "inference/serving/replica.h"

namespace vedette::inference::serving {

// How long a test waits for what must come; only a broken test ever waits that long.
inline constexpr std::chrono::seconds kPatience{20};

// One input of a row or more, and the fake model's answer to it: every octet plus one.
inline std::vector<Tensor> row(std::uint8_t value, std::int64_t rows = 1) {
  return {{"x", DataType::uint8, {rows, 1}, Bytes(static_cast<std::size_t>(rows), value)}};
}
inline std::vector<Tensor> plus_one(std::span<const TensorView> inputs) {
  Tensor y{"y", DataType::uint8, inputs[0].shape, to_bytes(inputs[0].data)};
  for (std::uint8_t& octet : y.data)
    ++octet;
  return {y};
}

// Everything that the fake replicas of one release have in common. Thread-safe.
class FakeFleet {
 public:
  using Reply = std::function<Result<std::vector<Tensor>>(std::span<const TensorView>)>;
  struct Seen {
    std::vector<Tensor> inputs;
    microseconds deadline;
  };

  [[nodiscard]] ReplicaFactory factory();

  // While the gate is shut, every call of a replica stands before it.
  void shut_gate() {
    change([this] { open_ = false; });
  }
  void open_gate() {
    change([this] { open_ = true; });
  }
  // Lets `count` calls through a shut gate.
  void let_pass(int count) {
    change([this, count] { passes_ += count; });
  }
  // The same for starts.
  void shut_starts() {
    change([this] { starts_open_ = false; });
  }
  void open_starts() {
    change([this] { starts_open_ = true; });
  }

  // What the calls from now on answer; at first plus_one.
  void reply_with(Reply reply) {
    change([&] { reply_ = std::move(reply); });
  }
  // Calls from now on refuse with this code; a dead replica's later calls SBX-WORKER-DIED.
  void refuse_with(const std::string& code) {
    reply_with([code](std::span<const TensorView>) { return refuse(code, "by the fake"); });
  }
  // Starts from now on refuse with this code; empty: they succeed.
  void refuse_starts(std::string code) { refuse_starts_after(0, std::move(code)); }
  // But for the first `fine` of all starts.
  void refuse_starts_after(int fine, std::string code) {
    change([&] {
      fine_starts_ = fine;
      start_code_ = std::move(code);
    });
  }
  void declare(ModelMetadata metadata) {
    change([&] { metadata_ = std::move(metadata); });
  }
  // Replicas that are alive say that they are not.
  void die_idle() {
    change([this] { dying_ = true; });
  }

  // Each waits for its count and is false when it does not come.
  [[nodiscard]] bool wait_for_entered(int count) {
    return wait([this, count] { return entered_ >= count; });
  }
  [[nodiscard]] bool wait_for_starts(int count) {
    return wait([this, count] { return starts_ >= count; });
  }
  [[nodiscard]] bool wait_for_gone(int count) {
    return wait([this, count] { return gone_ >= count; });
  }

  [[nodiscard]] int starts() const { return get(starts_); }
  [[nodiscard]] int gone() const { return get(gone_); }
  [[nodiscard]] int kills() const { return get(kills_); }
  [[nodiscard]] std::vector<Seen> seen() const { return get(seen_); }

 private:
  friend class FakeReplica;

  template <class Change>
  void change(Change apply) {
    const std::scoped_lock lock(mutex_);
    apply();
    changed_.notify_all();
  }
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, condition);
  }
  template <class T>
  T get(const T& value) const {
    const std::scoped_lock lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  bool starts_open_ = true;
  bool dying_ = false;
  int passes_ = 0;
  int entered_ = 0;  // calls that have reached the gate
  int starts_ = 0;   // starts that were tried
  int gone_ = 0;     // replicas that were destroyed
  int kills_ = 0;
  int fine_starts_ = 0;
  std::string start_code_;
  Reply reply_ = [](std::span<const TensorView> inputs) { return plus_one(inputs); };
  std::vector<Seen> seen_;
  ModelMetadata metadata_{.inputs = {{"x", DataType::uint8, {-1, 1}}},
                          .outputs = {{"y", DataType::uint8, {-1, 1}}}};
};

class FakeReplica final : public Replica {
 public:
  FakeReplica(FakeFleet& fleet, ModelMetadata metadata)
      : fleet_(fleet), metadata_(std::move(metadata)) {}
  ~FakeReplica() override {
    fleet_.change([this] { ++fleet_.gone_; });
  }

  [[nodiscard]] const ModelMetadata& metadata() const override { return metadata_; }

  [[nodiscard]] Result<std::vector<Tensor>> infer(std::span<const TensorView> inputs,
                                                  microseconds deadline) override {
    std::unique_lock lock(fleet_.mutex_);
    FakeFleet::Seen seen{.inputs = {}, .deadline = deadline};
    for (const TensorView& view : inputs)
      seen.inputs.push_back({view.name, view.type, view.shape, to_bytes(view.data)});
    fleet_.seen_.push_back(std::move(seen));
    ++fleet_.entered_;
    fleet_.changed_.notify_all();
    fleet_.changed_.wait(lock, [this] { return killed_ || fleet_.open_ || fleet_.passes_ > 0; });
    if (killed_) return refuse("SBX-WORKER-DIED", "the fake was killed");
    if (!fleet_.open_) --fleet_.passes_;
    const auto reply = fleet_.reply_;
    lock.unlock();
    auto answer = reply(inputs);
    if (!answer && answer.error().code.starts_with("SBX-")) kill();
    return answer;
  }

  [[nodiscard]] bool alive() override {
    const std::scoped_lock lock(fleet_.mutex_);
    return !killed_ && !fleet_.dying_;
  }

  void kill() override {
    fleet_.change([this] {
      if (!killed_) ++fleet_.kills_;
      killed_ = true;
    });
  }

 private:
  FakeFleet& fleet_;
  const ModelMetadata metadata_;
  bool killed_ = false;
};

inline ReplicaFactory FakeFleet::factory() {
  return [this]() -> Result<std::unique_ptr<Replica>> {
    std::unique_lock lock(mutex_);
    const int number = ++starts_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return starts_open_; });
    if (!start_code_.empty() && number > fine_starts_) return refuse(start_code_, "by the fake");
    return std::make_unique<FakeReplica>(*this, metadata_);
  };
}

}  // namespace vedette::inference::serving
