#include "inference/channel/channel.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "inference/channel/cache_lines.h"
#include "inference/channel/futex.h"
#include "inference/channel/shared_copy.h"

namespace vedette::inference::channel {

namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

bool is_allowed(const ChannelShape& shape) {
  const auto fits = [](std::uint64_t bytes) { return bytes > 0 && bytes <= kMaxPayload; };
  return fits(shape.request_bytes) && fits(shape.reply_bytes) && std::has_single_bit(shape.slots) &&
         shape.slots <= kMaxSlots && shape.spin_microseconds <= kMaxSpin;
}

std::chrono::microseconds spin_of(const ChannelShape& shape) {
  return std::chrono::microseconds(shape.spin_microseconds);
}

template <class Tensors>
Extent extent_of(const Tensors& tensors) {
  std::uint64_t bytes = 0;
  for (const auto& tensor : tensors)
    bytes += round_up(tensor.data.size(), kPayloadAlignment);
  return {static_cast<std::uint32_t>(tensors.size()), static_cast<std::uint32_t>(bytes)};
}

// Hints at what a message of that extent occupies.
template <class Hint>
void hint_at(ReadOnlySlot slot, Extent extent, Hint hint) {
  const ReadOnlySlot payload = slot.subspan(kPayloadOffset);
  hint(slot.first(sizeof(SlotHeader)));
  hint(slot.subspan(kRecordsOffset,
                    std::min<std::size_t>(extent.tensors, kMaxTensors) * sizeof(TensorRecord)));
  hint(payload.first(std::min<std::size_t>(extent.bytes, payload.size())));
}

struct MappedChannel {
  Mapping mapping;
  ChannelShape shape;
};

Result<MappedChannel> map_channel(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  struct stat about{};
  if (seals < 0 || (seals & kSizeSeals) != kSizeSeals || ::fstat(fd, &about) != 0)
    return vedette::refuse("SBX-CHANNEL", "the tensor channel is not memory of a sealed size");
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (size < kSlotsOffset) return vedette::refuse("SBX-CHANNEL", "the tensor channel is too small");
  VEDETTE_TRY(Mapping mapping, Mapping::map(fd, size));
  const auto control = copy_shared<ControlBlock>(mapping.bytes().data());
  const ChannelShape& shape = control.shape;
  if (control.magic != kMagic || !is_allowed(shape) || channel_size(shape) != size)
    return vedette::refuse("SBX-CHANNEL", "the tensor channel's sizes disagree");
  return MappedChannel{std::move(mapping), shape};
}

}  // namespace

Result<Mapping> Mapping::map(int fd, std::uint64_t size) {
  void* const address =
      ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED)
    return vedette::refuse("SBX-CHANNEL", "the tensor channel could not be mapped",
                           errno_text("mmap"));
  return Mapping(std::span(static_cast<std::uint8_t*>(address), static_cast<std::size_t>(size)));
}

Mapping::Mapping(Mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

Mapping::~Mapping() {
  if (!bytes_.empty()) ::munmap(bytes_.data(), bytes_.size());
}

ControlBlock& Mapping::control() const {
  return *reinterpret_cast<ControlBlock*>(bytes_.data());
}

Slot Mapping::metadata() const {
  return bytes_.subspan(kMetadataOffset, kMetadataBytes);
}

Slot Mapping::request(const ChannelShape& shape, std::uint32_t number) const {
  const std::uint64_t at = kSlotsOffset + (number % shape.slots) * slot_size(shape.request_bytes);
  return bytes_.subspan(at, kPayloadOffset + shape.request_bytes);
}

Slot Mapping::reply(const ChannelShape& shape, std::uint32_t number) const {
  const std::uint64_t at =
      replies_offset(shape) + (number % shape.slots) * slot_size(shape.reply_bytes);
  return bytes_.subspan(at, kPayloadOffset + shape.reply_bytes);
}

HostEnd::HostEnd(UniqueFd fd, Mapping mapping, const ChannelShape& shape)
    : fd_(std::move(fd)), mapping_(std::move(mapping)), shape_(shape) {}

Result<std::unique_ptr<HostEnd>> HostEnd::create(const ChannelShape& shape) {
  if (!is_allowed(shape))
    return vedette::refuse("SBX-CHANNEL", "the tensor channel's shape is out of range",
                           std::to_string(shape.slots) + " slots of " +
                               std::to_string(shape.request_bytes) + " and " +
                               std::to_string(shape.reply_bytes) + " bytes",
                           "slots are a power of two up to " + std::to_string(kMaxSlots) +
                               ", payloads at most " + std::to_string(kMaxPayload) + " bytes");
  UniqueFd fd{::memfd_create("vedette-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  const std::uint64_t size = channel_size(shape);
  if (!fd.valid() || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, kSizeSeals) != 0)
    return vedette::refuse("SBX-CHANNEL", "the tensor channel could not be made",
                           errno_text("memfd"));
  VEDETTE_TRY(Mapping mapping, Mapping::map(fd.get(), size));
  mapping.control().magic = kMagic;
  mapping.control().shape = shape;
  return std::unique_ptr<HostEnd>(new HostEnd(std::move(fd), std::move(mapping), shape));
}

Result<std::unique_ptr<HostEnd>> HostEnd::attach(UniqueFd fd) {
  VEDETTE_TRY(MappedChannel channel, map_channel(fd.get()));
  return std::unique_ptr<HostEnd>(
      new HostEnd(std::move(fd), std::move(channel.mapping), channel.shape));
}

HostEnd::Wait HostEnd::wait_loaded(std::chrono::nanoseconds patience) {
  ControlBlock& control = mapping_.control();
  const std::uint32_t state =
      await_change(control.load_state, 0, control.host_sleeps, spin_of(shape_), &patience);
  return state == 0 ? Wait::not_yet : Wait::answered;
}

Result<LoadAnswer> HostEnd::take_loaded() const {
  return read_metadata(mapping_.metadata(),
                       static_cast<LoadState>(load(mapping_.control().load_state)));
}

Result<std::uint32_t> HostEnd::post(const ModelMetadata& model,
                                    std::span<const TensorView> inputs) {
  const std::uint32_t number = posted_.load(std::memory_order_relaxed) + 1;
  VEDETTE_CHECK(write_request(mapping_.request(shape_, number), number, model, inputs));
  posted_.store(number);
  ControlBlock& control = mapping_.control();
  publish(control.posted, number, control.worker_sleeps);
  if (shape_.slots > 1)
    hint_at(mapping_.request(shape_, number + 1), extent_of(inputs), expect_to_write);
  return number;
}

// Numbers wrap; what counts is how far apart they are.
HostEnd::Wait HostEnd::judge(std::uint32_t number, std::uint32_t answered) const {
  const std::uint32_t open = posted_.load() - answered;
  if (open > shape_.slots) return Wait::nonsense;
  return static_cast<std::int32_t>(answered - number) >= 0 ? Wait::answered : Wait::not_yet;
}

HostEnd::Wait HostEnd::wait(std::uint32_t number, std::chrono::nanoseconds patience) {
  ControlBlock& control = mapping_.control();
  const std::uint32_t seen = load(control.answered);
  const Wait verdict = judge(number, seen);
  if (verdict != Wait::not_yet || patience.count() <= 0) return verdict;
  return judge(number, await_change(control.answered, seen, control.host_sleeps, spin_of(shape_),
                                    &patience));
}

Result<void> HostEnd::take(std::uint32_t number, const ModelMetadata& model, Reply& into) {
  const Slot slot = mapping_.reply(shape_, number);
  hint_at(slot, replied_.load(std::memory_order_relaxed), expect_to_read);
  VEDETTE_CHECK(read_reply(slot, number, model, into));
  replied_.store(extent_of(into.outputs), std::memory_order_relaxed);
  return {};
}

Result<void> HostEnd::take(std::uint32_t number, const ModelMetadata& model, OutputSink& sink,
                           std::optional<Refusal>& refusal) {
  return read_reply(mapping_.reply(shape_, number), number, model, sink, refusal);
}

void HostEnd::wake_waiters() {
  wake_all(mapping_.control().answered);
  wake_all(mapping_.control().load_state);
}

WorkerEnd::WorkerEnd(Mapping mapping, const ChannelShape& shape)
    : mapping_(std::move(mapping)), shape_(shape), spin_(spin_of(shape)) {}

Result<WorkerEnd> WorkerEnd::attach(int fd) {
  VEDETTE_TRY(MappedChannel channel, map_channel(fd));
  return WorkerEnd(std::move(channel.mapping), channel.shape);
}

void WorkerEnd::say_loaded(LoadState state) {
  ControlBlock& control = mapping_.control();
  publish(control.load_state, static_cast<std::uint32_t>(state), control.host_sleeps);
}

void WorkerEnd::loaded(const ModelMetadata& metadata) {
  const auto written = write_metadata(mapping_.metadata(), metadata);
  if (written)
    say_loaded(LoadState::loaded);
  else
    refuse_load(written.error());
}

void WorkerEnd::refuse_load(const Error& error) {
  write_load_refusal(mapping_.metadata(), error);
  say_loaded(LoadState::refused);
}

Result<void> WorkerEnd::next(Request& request) {
  ControlBlock& control = mapping_.control();
  while (await_change(control.posted, number_, control.worker_sleeps, spin_, nullptr) == number_) {
  }
  return take(request);
}

WorkerEnd::Wait WorkerEnd::wait(std::chrono::nanoseconds patience) {
  ControlBlock& control = mapping_.control();
  const std::uint32_t open =
      await_change(control.posted, number_, control.worker_sleeps, spin_, &patience) - number_;
  if (open > shape_.slots) return Wait::nonsense;
  return open == 0 ? Wait::not_yet : Wait::asked;
}

Result<void> WorkerEnd::take(Request& request) {
  ++number_;
  const Slot slot = mapping_.request(shape_, number_);
  hint_at(slot, requested_, expect_to_read);
  VEDETTE_CHECK(request.read(slot, number_));
  requested_ = extent_of(request.inputs());
  return {};
}

void WorkerEnd::wake_waiter() {
  wake_all(mapping_.control().posted);
}

bool WorkerEnd::is_answered() const {
  return load(mapping_.control().answered) == number_;
}

void WorkerEnd::ring() {
  ControlBlock& control = mapping_.control();
  publish(control.answered, number_, control.host_sleeps);
}

void WorkerEnd::reply(std::span<const IndexedTensor> outputs) {
  const auto written = write_outputs(mapping_.reply(shape_, number_), number_, outputs);
  if (!written) {
    refuse(written.error());
    return;
  }
  ring();
  if (shape_.slots > 1)
    hint_at(mapping_.reply(shape_, number_ + 1), extent_of(outputs), expect_to_write);
}

void WorkerEnd::refuse(const Error& error) {
  write_refusal(mapping_.reply(shape_, number_), number_, error);
  ring();
}

}  // namespace vedette::inference::channel
