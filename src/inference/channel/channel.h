// The two ends of the tensor channel (layout.h): shared memory without a name, futexes as bells.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>

#include "base/error.h"
#include "base/fd.h"
#include "inference/channel/message.h"

namespace vedette::inference::channel {

// A shared mapping; unmapped when it goes.
class Mapping {
 public:
  // Maps `size` octets of `fd` for reading and writing; refuses SBX-CHANNEL.
  [[nodiscard]] static Result<Mapping> map(int fd, std::uint64_t size);
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&&) = delete;
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  ~Mapping();

  [[nodiscard]] std::span<std::uint8_t> bytes() const { return bytes_; }
  [[nodiscard]] ControlBlock& control() const;

 private:
  explicit Mapping(std::span<std::uint8_t> bytes) : bytes_(bytes) {}

  std::span<std::uint8_t> bytes_;
};

// The agent's end. Keeps its own capacities and sequence: nothing of them is read back from memory
// that the worker can write. Not thread-safe.
class HostEnd {
 public:
  // Makes the memfd, fixes and seals its size. Refuses SBX-CHANNEL.
  [[nodiscard]] static Result<HostEnd> create(std::uint64_t request_capacity,
                                              std::uint64_t reply_capacity);

  [[nodiscard]] int fd() const { return fd_.get(); }

  // Put a request and ring. See message.h for the refusals; nothing is rung then.
  void ask_metadata();
  [[nodiscard]] Result<void> ask(std::span<const TensorView> inputs);

  enum class Wait { answered, not_yet, nonsense };
  // Waits at most `patience` for the reply to the last request; may return early with not_yet.
  // `nonsense`: the worker wrote a sequence that it was not asked for.
  [[nodiscard]] Wait wait(std::chrono::microseconds patience);
  [[nodiscard]] Result<Reply> take() const;

 private:
  HostEnd(UniqueFd fd, Mapping mapping, std::uint64_t request_capacity,
          std::uint64_t reply_capacity);
  [[nodiscard]] Slot request_slot() const;
  void ring();

  UniqueFd fd_;
  Mapping mapping_;
  std::uint64_t request_capacity_;
  std::uint64_t reply_capacity_;
  std::uint32_t sequence_ = 0;
};

// The worker's end. It needs only futex once it is attached.
class WorkerEnd {
 public:
  // Refuses SBX-CHANNEL unless `fd` is a memfd whose size is sealed and fits its control block.
  [[nodiscard]] static Result<WorkerEnd> attach(int fd);

  [[nodiscard]] std::uint64_t mapped_bytes() const { return mapping_.bytes().size(); }

  // Waits without limit for a request newer than the last one.
  [[nodiscard]] Result<Request> next();

  // Each answers the last request and rings. A reply that does not fit becomes a refusal.
  void reply(const ModelMetadata& metadata);
  void reply(std::span<const TensorView> outputs);
  void refuse(const Error& error);

 private:
  WorkerEnd(Mapping mapping, std::uint64_t request_capacity, std::uint64_t reply_capacity);
  [[nodiscard]] Slot reply_slot() const;
  void ring();

  Mapping mapping_;
  std::uint64_t request_capacity_;
  std::uint64_t reply_capacity_;
  std::uint32_t sequence_ = 0;
};

}  // namespace vedette::inference::channel
