#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <malloc.h>
#include <sys/resource.h>

#include "base/fd.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {

namespace {

// Text of the libraries, stacks and the kernel's own mappings, beside what is granted.
constexpr std::uint64_t kProgramBytes = std::uint64_t{256} << 20U;

// Sanitizers reserve terabytes of shadow, which these two limits would count. Programs built with
// one are for tests and never shipped.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kShadowMemory = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kShadowMemory = true;
#else
constexpr bool kShadowMemory = false;
#endif
#else
constexpr bool kShadowMemory = false;
#endif

// A limit that is lower already stays: an unprivileged process cannot raise it.
Result<void> set_limit(__rlimit_resource resource, std::uint64_t value, const char* name) {
  rlimit now{};
  if (::getrlimit(resource, &now) == 0) {
    const rlim_t lowered = std::min<rlim_t>(now.rlim_max, value);
    const rlimit limit{lowered, lowered};
    if (::setrlimit(resource, &limit) == 0 && ::getrlimit(resource, &now) == 0 &&
        now.rlim_cur == lowered && now.rlim_max == lowered)
      return {};
  }
  return refuse("SBX-CAGE-LIMITS", "a resource limit could not be set", errno_text(name));
}

}  // namespace

// The whole heap is taken from the kernel now, as address space: pages come when they are touched.
// From then on the allocator lives on it, and gives nothing back.
Result<void> reserve_heap(std::uint64_t bytes) {
  ::mallopt(M_ARENA_MAX, 1);
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, -1);
  void* const heap = std::malloc(static_cast<std::size_t>(bytes));
  std::free(heap);
  if (heap != nullptr) return {};
  return refuse("SBX-CAGE-MEMORY", "there is no memory for the worker's heap",
                std::to_string(bytes >> 20U) + " MiB", "lower its memory ceiling");
}

Result<void> limit_resources(const ResourceLimits& limits, std::uint64_t mapped) {
  VEDETTE_CHECK(set_limit(RLIMIT_FSIZE, limits.file_bytes, "RLIMIT_FSIZE"));
  VEDETTE_CHECK(set_limit(RLIMIT_CORE, limits.core_bytes, "RLIMIT_CORE"));
  VEDETTE_CHECK(set_limit(RLIMIT_MEMLOCK, 0, "RLIMIT_MEMLOCK"));
  VEDETTE_CHECK(set_limit(RLIMIT_MSGQUEUE, 0, "RLIMIT_MSGQUEUE"));
  VEDETTE_CHECK(set_limit(RLIMIT_RTPRIO, 0, "RLIMIT_RTPRIO"));
  if (kShadowMemory) return {};
  VEDETTE_CHECK(set_limit(RLIMIT_DATA, limits.memory_bytes, "RLIMIT_DATA"));
  return set_limit(RLIMIT_AS, limits.memory_bytes + mapped + kProgramBytes, "RLIMIT_AS");
}

}  // namespace vedette::inference::sandbox
