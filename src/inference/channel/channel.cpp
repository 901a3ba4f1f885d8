#include "inference/channel/channel.h"

#include <atomic>
#include <cerrno>
#include <climits>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::inference::channel {

namespace {

constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;

// Shared futexes (not FUTEX_PRIVATE_FLAG): the other side is another process.
void futex_wait(std::uint32_t* word, std::uint32_t seen, const timespec* timeout) {
  ::syscall(SYS_futex, word, FUTEX_WAIT, seen, timeout, nullptr, 0);
}

void futex_wake(std::uint32_t* word) {
  ::syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

std::uint32_t load(std::uint32_t& word) {
  return std::atomic_ref<std::uint32_t>(word).load(std::memory_order_acquire);
}

void publish(std::uint32_t& word, std::uint32_t value) {
  std::atomic_ref<std::uint32_t>(word).store(value, std::memory_order_release);
  futex_wake(&word);
}

bool allowed_capacity(std::uint64_t capacity) {
  return capacity > 0 && capacity <= kMaxPayload;
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

HostEnd::HostEnd(UniqueFd fd, Mapping mapping, std::uint64_t request_capacity,
                 std::uint64_t reply_capacity)
    : fd_(std::move(fd)),
      mapping_(std::move(mapping)),
      request_capacity_(request_capacity),
      reply_capacity_(reply_capacity) {}

Result<HostEnd> HostEnd::create(std::uint64_t request_capacity, std::uint64_t reply_capacity) {
  if (!allowed_capacity(request_capacity) || !allowed_capacity(reply_capacity))
    return vedette::refuse("SBX-CHANNEL", "the tensor channel's capacity is out of range",
                           "1 to " + std::to_string(kMaxPayload) + " bytes each way");
  UniqueFd fd{::memfd_create("vedette-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  const std::uint64_t size = channel_size(request_capacity, reply_capacity);
  if (!fd.valid() || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
      ::fcntl(fd.get(), F_ADD_SEALS, kSizeSeals) != 0)
    return vedette::refuse("SBX-CHANNEL", "the tensor channel could not be made",
                           errno_text("memfd"));
  VEDETTE_TRY(Mapping mapping, Mapping::map(fd.get(), size));
  mapping.control().magic = kMagic;
  mapping.control().request_capacity = request_capacity;
  mapping.control().reply_capacity = reply_capacity;
  return HostEnd(std::move(fd), std::move(mapping), request_capacity, reply_capacity);
}

Slot HostEnd::request_slot() const {
  return mapping_.bytes().subspan(kPage, kPayloadOffset + request_capacity_);
}

void HostEnd::ring() {
  ++sequence_;
  publish(mapping_.control().request_word, sequence_);
}

void HostEnd::ask_metadata() {
  write_describe(request_slot(), sequence_ + 1);
  ring();
}

Result<void> HostEnd::ask(std::span<const TensorView> inputs) {
  VEDETTE_CHECK(write_tensors(request_slot(), MessageKind::infer, sequence_ + 1, inputs));
  ring();
  return {};
}

HostEnd::Wait HostEnd::wait(std::chrono::microseconds patience) {
  std::uint32_t& word = mapping_.control().reply_word;
  const auto verdict = [this](std::uint32_t value) {
    if (value == sequence_) return Wait::answered;
    return value == sequence_ - 1 ? Wait::not_yet : Wait::nonsense;
  };
  const Wait before = verdict(load(word));
  if (before != Wait::not_yet || patience.count() <= 0) return before;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timespec timeout{
      .tv_sec = static_cast<time_t>(seconds.count()),
      .tv_nsec = static_cast<long>(std::chrono::nanoseconds(patience - seconds).count())};
  futex_wait(&word, sequence_ - 1, &timeout);
  return verdict(load(word));
}

Result<Reply> HostEnd::take() const {
  return read_reply(mapping_.bytes().subspan(reply_slot_offset(request_capacity_),
                                             kPayloadOffset + reply_capacity_),
                    sequence_);
}

WorkerEnd::WorkerEnd(Mapping mapping, std::uint64_t request_capacity, std::uint64_t reply_capacity)
    : mapping_(std::move(mapping)),
      request_capacity_(request_capacity),
      reply_capacity_(reply_capacity) {}

Result<WorkerEnd> WorkerEnd::attach(int fd) {
  const int seals = ::fcntl(fd, F_GET_SEALS);
  struct stat about{};
  if (seals < 0 || (seals & kSizeSeals) != kSizeSeals || ::fstat(fd, &about) != 0)
    return vedette::refuse("SBX-CHANNEL", "the tensor channel is not memory of a sealed size");
  const auto size = static_cast<std::uint64_t>(about.st_size);
  if (size < kPage) return vedette::refuse("SBX-CHANNEL", "the tensor channel is too small");
  VEDETTE_TRY(Mapping mapping, Mapping::map(fd, size));
  const ControlBlock control = mapping.control();
  if (control.magic != kMagic || !allowed_capacity(control.request_capacity) ||
      !allowed_capacity(control.reply_capacity) ||
      channel_size(control.request_capacity, control.reply_capacity) != size)
    return vedette::refuse("SBX-CHANNEL", "the tensor channel's sizes disagree");
  return WorkerEnd(std::move(mapping), control.request_capacity, control.reply_capacity);
}

Result<Request> WorkerEnd::next() {
  std::uint32_t& word = mapping_.control().request_word;
  while (load(word) == sequence_)
    futex_wait(&word, sequence_, nullptr);
  ++sequence_;
  return read_request(mapping_.bytes().subspan(kPage, kPayloadOffset + request_capacity_),
                      sequence_);
}

Slot WorkerEnd::reply_slot() const {
  return mapping_.bytes().subspan(reply_slot_offset(request_capacity_),
                                  kPayloadOffset + reply_capacity_);
}

void WorkerEnd::ring() {
  publish(mapping_.control().reply_word, sequence_);
}

void WorkerEnd::reply(const ModelMetadata& metadata) {
  if (const auto written = write_metadata(reply_slot(), sequence_, metadata); !written)
    return refuse(written.error());
  ring();
}

void WorkerEnd::reply(std::span<const TensorView> outputs) {
  const auto written = write_tensors(reply_slot(), MessageKind::outputs, sequence_, outputs);
  if (!written) return refuse(written.error());
  ring();
}

void WorkerEnd::refuse(const Error& error) {
  write_refusal(reply_slot(), sequence_, error);
  ring();
}

}  // namespace vedette::inference::channel
