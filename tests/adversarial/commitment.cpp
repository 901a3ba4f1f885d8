#include "commitment.h"

#include <cerrno>

#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::testing {

namespace {

using Words = std::array<std::uint64_t, 6>;

#if defined(__x86_64__)
// Errors come as small negative numbers.
long error_or(long result) {
  constexpr long kLargestError = 4095;
  if (result >= 0 || result < -kLargestError) return result;
  errno = static_cast<int>(-result);
  return -1;
}

long enter_by_int80(long number, const Words& words) {
  std::uint64_t result = 0;
  asm volatile("int $0x80"
               : "=a"(result)
               : "a"(number), "b"(words[0]), "c"(words[1]), "d"(words[2]), "S"(words[3]),
                 "D"(words[4])
               : "memory", "r8", "r9", "r10", "r11");
  return error_or(static_cast<std::int32_t>(result));
}

// time() of the page that the kernel maps into every process.
long enter_by_vsyscall() {
  constexpr std::uintptr_t kTime = 0xFFFF'FFFF'FF60'0400;
  return reinterpret_cast<long (*)(long*)>(kTime)(nullptr);  // NOLINT: a fixed address
}
#endif

long enter(const Call& call, const Words& words) {
#if defined(__x86_64__)
  if (call.entry == Entry::int80) return enter_by_int80(call.number, words);
  if (call.entry == Entry::vsyscall) return enter_by_vsyscall();
#endif
  return ::syscall(call.number, words[0], words[1], words[2], words[3], words[4], words[5]);
}

bool makes_process(const Call& call) {
#if defined(__x86_64__)
  if (call.entry == Entry::native && call.number == SYS_fork) return true;
  if (call.entry == Entry::int80 && call.number == 120) return true;
#endif
  return call.entry == Entry::native && (call.number == SYS_clone || call.number == SYS_clone3);
}

}  // namespace

int commit(const Act& act) {
  if (act.deed != nullptr) act.deed();
  long last = 0;
  for (const Call& call : act.calls) {
    Words words = call.arguments;
    for (auto& word : words)
      if (word == kLastResult) word = static_cast<std::uint64_t>(last);
    last = enter(call, words);
    if (last == -1) return kRefusedBase + errno;
    if (last == 0 && makes_process(call)) ::_exit(0);
  }
  return kSucceeded;
}

}  // namespace vedette::testing
