#include "inference/host/violation.h"

#include <charconv>

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kNative = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kNative = AUDIT_ARCH_AARCH64;
#else
#error "no name for this architecture's system calls"
#endif

std::string hex(std::uint64_t value) {
  std::array<char, 16> digits{};
  const auto [end, fault] = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16);
  return "0x" + std::string(digits.data(), end);
}

std::string name_of_architecture(std::uint32_t architecture) {
  switch (architecture) {
    case AUDIT_ARCH_X86_64:
      return "x86-64";
    case AUDIT_ARCH_AARCH64:
      return "aarch64";
    case AUDIT_ARCH_I386:
      return "i386";
    case AUDIT_ARCH_ARM:
      return "arm";
    default:
      return "architecture " + hex(architecture);
  }
}

}  // namespace

bool Violation::is_memory_shortage() const {
  if (architecture != kNative) return false;
  if (number == SYS_brk) return true;
  const bool anonymous = (arguments[3] & MAP_ANONYMOUS) != 0 && (arguments[2] & PROT_EXEC) == 0;
  return number == SYS_mmap && anonymous;
}

std::optional<Violation> take_violation(int listener) {
  seccomp_notif notification{};
  if (::ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notification) != 0) return std::nullopt;
  Violation violation;
  violation.architecture = notification.data.arch;
  violation.number = notification.data.nr;
  violation.instruction = notification.data.instruction_pointer;
  for (std::size_t i = 0; i < violation.arguments.size(); ++i)
    violation.arguments.at(i) = notification.data.args[i];
  violation.pid = static_cast<std::int32_t>(notification.pid);
  return violation;
}

std::string describe(const Violation& violation) {
  std::string text = "system call " + std::to_string(violation.number) + " (" +
                     name_of_architecture(violation.architecture) + ")";
  const char* separator = " with ";
  for (const std::uint64_t argument : violation.arguments) {
    text += separator + hex(argument);
    separator = ", ";
  }
  return text + " at " + hex(violation.instruction);
}

}  // namespace vedette::inference
