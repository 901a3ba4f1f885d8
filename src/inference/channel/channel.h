// The two ends of the tensor channel (layout.h): shared memory without a name, futexes as bells.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
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
  [[nodiscard]] Slot metadata() const;
  [[nodiscard]] Slot request(const ChannelShape& shape, std::uint32_t number) const;
  [[nodiscard]] Slot reply(const ChannelShape& shape, std::uint32_t number) const;

 private:
  explicit Mapping(std::span<std::uint8_t> bytes) : bytes_(bytes) {}

  std::span<std::uint8_t> bytes_;
};

// How much of a slot a message fills: what the next one will likely fill, too.
struct Extent {
  std::uint32_t tensors = 0;
  std::uint32_t bytes = 0;  // of the payload
};

// The end that asks: the agent's towards a worker, an application's towards the agent. Keeps its
// own shape and numbers: nothing of them is read back from memory that the other side can write.
class HostEnd {
 public:
  // Makes the memfd, fixes and seals its size. Refuses SBX-CHANNEL, also for a shape out of range.
  [[nodiscard]] static Result<std::unique_ptr<HostEnd>> create(const ChannelShape& shape);
  // Takes an unused channel that the answering side made. Refuses as WorkerEnd::attach() does.
  [[nodiscard]] static Result<std::unique_ptr<HostEnd>> attach(UniqueFd fd);

  [[nodiscard]] int fd() const { return fd_.get(); }
  [[nodiscard]] const ChannelShape& shape() const { return shape_; }
  [[nodiscard]] std::span<std::uint8_t> memory() const { return mapping_.bytes(); }

  enum class Wait { answered, not_yet, nonsense };

  // Waits at most `patience` until the worker has said how loading went; may return early.
  [[nodiscard]] Wait wait_loaded(std::chrono::nanoseconds patience);
  [[nodiscard]] Result<LoadAnswer> take_loaded() const;

  // Posts the next request; its number names it from now on. One caller at a time, and never more
  // than shape().slots requests that were not taken yet. Refuses what write_request() refuses;
  // then nothing was posted.
  [[nodiscard]] Result<std::uint32_t> post(const ModelMetadata& model,
                                           std::span<const TensorView> inputs);

  // From any thread, for a number that post() gave. Waits at most `patience`; may return early with
  // not_yet. `nonsense`: the worker claims to have answered what it was not asked.
  [[nodiscard]] Wait wait(std::uint32_t number, std::chrono::nanoseconds patience);
  [[nodiscard]] Result<void> take(std::uint32_t number, const ModelMetadata& model, Reply& into);
  // The same, each output copied to where `sink` wants it.
  [[nodiscard]] Result<void> take(std::uint32_t number, const ModelMetadata& model,
                                  OutputSink& sink, std::optional<Refusal>& refusal);

  // Lets everybody in wait() look again.
  void wake_waiters();

 private:
  HostEnd(UniqueFd fd, Mapping mapping, const ChannelShape& shape);
  [[nodiscard]] Wait judge(std::uint32_t number, std::uint32_t answered) const;

  UniqueFd fd_;
  Mapping mapping_;
  ChannelShape shape_;
  std::atomic<std::uint32_t> posted_ = 0;
  std::atomic<Extent> replied_;  // of the last reply
};

// The end that answers: a worker's towards the agent, the agent's towards an application. It needs
// no system call but futex once it is attached, and that only to sleep. Its shape and number are
// its own as well.
class WorkerEnd {
 public:
  // Refuses SBX-CHANNEL unless `fd` is a memfd whose size is sealed and fits its control block.
  [[nodiscard]] static Result<WorkerEnd> attach(int fd);

  [[nodiscard]] std::uint64_t mapped_bytes() const { return mapping_.bytes().size(); }
  [[nodiscard]] std::span<std::uint8_t> memory() const { return mapping_.bytes(); }

  // For a clock that steps: a wait spins for one step more, so that no step ends it early.
  void expect_steps(std::chrono::microseconds step) {
    if (spin_.count() > 0) spin_ += step;
  }

  // How loading went; one of them, once.
  void loaded(const ModelMetadata& metadata);
  void refuse_load(const Error& error);

  // Waits without limit for the next request. Each must be answered before the next is asked for.
  [[nodiscard]] Result<void> next(Request& request);
  [[nodiscard]] bool is_answered() const;

  // next() for a host that is not trusted. wait() waits at most `patience` and may return early;
  // `nonsense`: the host claims more requests than there are slots. After `asked`, take() reads the
  // request without waiting, whatever the host does meanwhile.
  enum class Wait { asked, not_yet, nonsense };
  [[nodiscard]] Wait wait(std::chrono::nanoseconds patience);
  [[nodiscard]] Result<void> take(Request& request);
  // From any thread: lets wait() look again.
  void wake_waiter();

  // Each answers the last request and rings. A reply that does not fit becomes a refusal.
  void reply(std::span<const IndexedTensor> outputs);
  void refuse(const Error& error);

 private:
  WorkerEnd(Mapping mapping, const ChannelShape& shape);
  void say_loaded(LoadState state);
  void ring();

  Mapping mapping_;
  ChannelShape shape_;
  std::chrono::microseconds spin_;
  std::uint32_t number_ = 0;  // of the last request
  Extent requested_;          // of the last request
};

}  // namespace vedette::inference::channel
