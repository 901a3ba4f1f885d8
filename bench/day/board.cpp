#include "board.h"

#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"

namespace vedette::bench {

Result<DayBoard> DayBoard::open(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!file.valid() || ::ftruncate(file.get(), sizeof(Page)) != 0)
    return refuse("BENCH-BOARD", "the shared page cannot be made", errno_text(path));
  void* page = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (page == MAP_FAILED)
    return refuse("BENCH-BOARD", "the shared page cannot be mapped", errno_text(path));
  return DayBoard(static_cast<Page*>(page));  // a new file's zeros are a valid page
}

DayBoard::DayBoard(DayBoard&& other) noexcept : page_(std::exchange(other.page_, nullptr)) {}

DayBoard::~DayBoard() {
  if (page_ != nullptr) ::munmap(page_, sizeof(Page));
}

}  // namespace vedette::bench
