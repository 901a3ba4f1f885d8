#include "release/hash_pool.h"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include "release/hash_cache.h"

namespace vedette::release {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kMaxThreads = 8;  // a mebibyte each; disks gain no more
constexpr std::uint64_t kToTheEnd = std::numeric_limits<std::int64_t>::max();

std::unexpected<Error> unreadable(const std::string& name) {
  return refuse("OMS-READ", "a file of the model cannot be read", errno_text(name));
}

std::unexpected<Error> changed(const std::string& name) {
  return refuse("OMS-CHANGED", "a file of the model changed while it was read", name,
                "try again when nothing writes to it");
}

Result<struct stat> state_of(int fd, const std::string& name) {
  struct stat state{};
  if (::fstat(fd, &state) != 0) return unreadable(name);
  return state;
}

// False when the system gives no more threads: those that there are do the work.
template <class Task>
bool add(std::vector<std::jthread>& helpers, Task task) {
  try {
    helpers.emplace_back(std::move(task));
  } catch (const std::system_error&) {
    return false;
  }
  return true;
}

}  // namespace

void Tally::add(const std::string& name, std::size_t length) {
  if (!options_.progress) return;
  const std::lock_guard lock(mutex_);
  done_ += length;
  options_.progress({.file = name, .bytes_done = done_, .bytes_total = total_});
}

bool same_content_state(const struct stat& before, const struct stat& after) {
  const auto same = [](const timespec& left, const timespec& right) {
    return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
  };
  return before.st_dev == after.st_dev && before.st_ino == after.st_ino &&
         before.st_size == after.st_size && same(before.st_mtim, after.st_mtim) &&
         same(before.st_ctim, after.st_ctim);
}

Result<struct stat> content_state(const ModelFolder& folder, const std::string& name) {
  VEDETTE_TRY(const UniqueFd fd, folder.open_file(name));
  return state_of(fd.get(), name);
}

Hasher::Hasher(const ModelFolder& folder, Tally& tally)
    : folder_(folder), tally_(tally), buffer_(kPieceBytes) {}

Result<crypto::Sha256Digest> Hasher::hash(const std::string& name, HashCache* cache) {
  VEDETTE_TRY(const UniqueFd fd, folder_.open_file(name));
  VEDETTE_TRY(const struct stat before, state_of(fd.get(), name));
  if (cache != nullptr)
    if (const auto known = cache->find(name, fd.get(), before)) {
      VEDETTE_TRY(const struct stat after, state_of(fd.get(), name));
      if (!same_content_state(before, after)) return changed(name);
      tally_.add(name, static_cast<std::size_t>(before.st_size));
      return *known;
    }
  VEDETTE_CHECK(read_part(fd.get(), name, 0, kToTheEnd));
  VEDETTE_TRY(const struct stat after, state_of(fd.get(), name));
  const crypto::Sha256Digest digest = stream_.finish();
  if (!same_content_state(before, after)) return changed(name);
  if (cache != nullptr) cache->keep(name, fd.get(), before, digest);
  return digest;
}

Result<crypto::Sha256Digest> Hasher::hash_part(const std::string& name, const struct stat& state,
                                               std::uint64_t begin, std::uint64_t end) {
  VEDETTE_TRY(const UniqueFd fd, folder_.open_file(name));
  VEDETTE_TRY(const struct stat before, state_of(fd.get(), name));
  if (!same_content_state(state, before)) return changed(name);
  VEDETTE_CHECK(read_part(fd.get(), name, begin, end));
  VEDETTE_TRY(const struct stat after, state_of(fd.get(), name));
  const crypto::Sha256Digest digest = stream_.finish();
  if (!same_content_state(state, after)) return changed(name);
  return digest;
}

// By place, for all descriptors of a single-file model have one offset.
Result<void> Hasher::read_part(int fd, const std::string& name, std::uint64_t begin,
                               std::uint64_t end) {
  for (std::uint64_t at = begin; at < end;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size(), end - at));
    const ssize_t count = ::pread(fd, buffer_.data(), wanted, static_cast<off_t>(at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return unreadable(name);
    if (count == 0) return {};
    const auto length = static_cast<std::size_t>(count);
    stream_.update(ByteView(buffer_).first(length));
    tally_.add(name, length);
    at += length;
  }
  return {};
}

Result<void> HashPool::run(std::size_t count, const Work& work) {
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t wanted = wanted_ == 0 ? cores : wanted_;
  const std::size_t threads = std::min({wanted, kMaxThreads, count});
  {
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < threads && add(helpers, [&] { take(count, work); }); ++i) {
    }
    take(count, work);
  }
  if (fault_) std::rethrow_exception(fault_);
  return refusal_ ? std::unexpected(*refusal_) : Result<void>{};
}

// What is thrown here, by the progress that somebody shows, must not end the process.
void HashPool::take(std::size_t count, const Work& work) {
  try {
    Hasher hasher(folder_, tally_);
    while (!stopped_) {
      const std::size_t index = next_++;
      if (index >= count) return;
      if (auto done = work(hasher, index); !done) stop(index, std::move(done.error()));
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    fault_ = std::current_exception();
  }
}

void HashPool::stop(std::size_t index, Error error) {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  if (refusal_ && refused_at_ < index) return;
  refusal_ = std::move(error);
  refused_at_ = index;
}

}  // namespace vedette::release
