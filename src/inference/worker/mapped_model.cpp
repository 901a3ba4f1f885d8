#include "inference/worker/mapped_model.h"

#include <sys/mman.h>

#include "base/fd.h"
#include "inference/model_memory.h"

namespace vedette::inference {

Result<ByteView> map_sealed_model(int fd) {
  VEDETTE_TRY(const std::uint64_t size, check_sealed(fd));
  const void* const address =
      ::mmap(nullptr, static_cast<std::size_t>(size), PROT_READ, MAP_PRIVATE, fd, 0);
  if (address == MAP_FAILED)
    return refuse("SBX-MODEL-MEMORY", "the model could not be mapped", errno_text("mmap"));
  return ByteView(static_cast<const std::uint8_t*>(address), static_cast<std::size_t>(size));
}

}  // namespace vedette::inference
