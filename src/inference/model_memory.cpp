#include "inference/model_memory.h"

#include <cerrno>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

constexpr int kSeals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
// MFD_NOEXEC_SEAL (Linux 6.3): the memory can never be executed, whatever its descriptor meets.
constexpr unsigned kNoExecSeal = 0x0008U;

int make_memfd() {
  constexpr unsigned kFlags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
  const int fd = ::memfd_create("vedette-model", kFlags | kNoExecSeal);
  if (fd >= 0 || errno != EINVAL) return fd;
  return ::memfd_create("vedette-model", kFlags);
}

}  // namespace

Result<std::uint64_t> check_sealed(int fd) {
  // Only shared memory files know seals: a regular file, a pipe or a socket gives EINVAL here.
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0)
    return refuse("SBX-MODEL-UNSEALED", "the model is not in sealable memory",
                  errno_text("F_GET_SEALS"));
  if ((seals & kSeals) != kSeals)
    return refuse("SBX-MODEL-UNSEALED", "the model's memory could still be changed",
                  "seals " + std::to_string(seals) + ", needed " + std::to_string(kSeals));
  struct stat about{};
  if (::fstat(fd, &about) != 0)
    return refuse("SBX-MODEL-UNSEALED", "the model's size is unknown", errno_text("fstat"));
  if (about.st_size <= 0) return refuse("SBX-MODEL-EMPTY", "the model has no bytes");
  return static_cast<std::uint64_t>(about.st_size);
}

Result<SealedModel> SealedModel::adopt(UniqueFd fd) {
  VEDETTE_TRY(const std::uint64_t size, check_sealed(fd.get()));
  return SealedModel(std::move(fd), size);
}

Result<ModelView> ModelView::map(const SealedModel& model) {
  const auto size = static_cast<std::size_t>(model.size());
  const void* const address = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, model.fd(), 0);
  if (address == MAP_FAILED)
    return refuse("SBX-MODEL-MEMORY", "the model could not be mapped", errno_text("mmap"));
  return ModelView(ByteView(static_cast<const std::uint8_t*>(address), size));
}

ModelView::ModelView(ModelView&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}

ModelView::~ModelView() {
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

Result<ModelWriter> ModelWriter::create(std::uint64_t max_bytes) {
  constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<off_t>::max());
  UniqueFd fd{make_memfd()};
  if (!fd.valid())
    return refuse("SBX-MODEL-MEMORY", "there is no memory for the model",
                  errno_text("memfd_create"));
  return ModelWriter(std::move(fd), std::min(max_bytes, kLargest));
}

Result<void> ModelWriter::append(ByteView bytes) {
  if (bytes.size() > max_bytes_ - size_)
    return refuse("SBX-MODEL-SIZE", "the model is larger than it may be",
                  "more than " + std::to_string(max_bytes_) + " bytes");
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0)
      return refuse("SBX-MODEL-MEMORY", "there is no memory for the model", errno_text("write"));
    size_ += static_cast<std::uint64_t>(written);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<SealedModel> ModelWriter::seal() && {
  if (::fcntl(fd_.get(), F_ADD_SEALS, kSeals) != 0)
    return refuse("SBX-MODEL-UNSEALED", "the model could not be sealed", errno_text("F_ADD_SEALS"));
  return SealedModel::adopt(std::move(fd_));
}

}  // namespace vedette::inference
