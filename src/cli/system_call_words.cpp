#include "cli/system_call_words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <string_view>

namespace vedette::cli {

namespace {

using std::uint64_t;

struct Constant {
  uint64_t value;
  std::string_view name;
};

// linux/socket.h, linux/net.h
constexpr std::array kFamilies{
    Constant{0, "AF_UNSPEC"}, Constant{1, "AF_UNIX"},     Constant{2, "AF_INET"},
    Constant{10, "AF_INET6"}, Constant{16, "AF_NETLINK"}, Constant{17, "AF_PACKET"},
    Constant{38, "AF_ALG"},   Constant{40, "AF_VSOCK"},   Constant{44, "AF_XDP"},
};
constexpr std::array kSocketTypes{
    Constant{1, "SOCK_STREAM"}, Constant{2, "SOCK_DGRAM"},     Constant{3, "SOCK_RAW"},
    Constant{4, "SOCK_RDM"},    Constant{5, "SOCK_SEQPACKET"},
};
constexpr std::array kSocketFlags{Constant{02000000, "SOCK_CLOEXEC"},
                                  Constant{04000, "SOCK_NONBLOCK"}};
// asm-generic/fcntl.h; O_DIRECTORY and others differ between architectures and stay numbers.
constexpr std::array kAccess{Constant{0, "O_RDONLY"}, Constant{1, "O_WRONLY"},
                             Constant{2, "O_RDWR"}};
constexpr std::array kOpenFlags{
    Constant{0100, "O_CREAT"},   Constant{0200, "O_EXCL"},      Constant{01000, "O_TRUNC"},
    Constant{02000, "O_APPEND"}, Constant{04000, "O_NONBLOCK"}, Constant{02000000, "O_CLOEXEC"},
};
// asm-generic/mman-common.h
constexpr std::array kProtections{Constant{1, "PROT_READ"}, Constant{2, "PROT_WRITE"},
                                  Constant{4, "PROT_EXEC"}};
constexpr std::array kMappings{Constant{1, "MAP_SHARED"}, Constant{2, "MAP_PRIVATE"},
                               Constant{0x10, "MAP_FIXED"}, Constant{0x20, "MAP_ANONYMOUS"}};
// linux/sched.h
constexpr std::array kCloneFlags{
    Constant{0x100, "CLONE_VM"},           Constant{0x200, "CLONE_FS"},
    Constant{0x400, "CLONE_FILES"},        Constant{0x800, "CLONE_SIGHAND"},
    Constant{0x4000, "CLONE_VFORK"},       Constant{0x10000, "CLONE_THREAD"},
    Constant{0x20000, "CLONE_NEWNS"},      Constant{0x2000000, "CLONE_NEWCGROUP"},
    Constant{0x4000000, "CLONE_NEWUTS"},   Constant{0x8000000, "CLONE_NEWIPC"},
    Constant{0x10000000, "CLONE_NEWUSER"}, Constant{0x20000000, "CLONE_NEWPID"},
    Constant{0x40000000, "CLONE_NEWNET"},
};
// asm-generic/signal.h
constexpr std::array kSignals{
    Constant{1, "SIGHUP"},   Constant{2, "SIGINT"},   Constant{3, "SIGQUIT"},
    Constant{6, "SIGABRT"},  Constant{9, "SIGKILL"},  Constant{11, "SIGSEGV"},
    Constant{15, "SIGTERM"}, Constant{18, "SIGCONT"}, Constant{19, "SIGSTOP"},
};
// linux/ptrace.h
constexpr std::array kTraces{
    Constant{0, "PTRACE_TRACEME"},    Constant{1, "PTRACE_PEEKTEXT"},
    Constant{2, "PTRACE_PEEKDATA"},   Constant{4, "PTRACE_POKETEXT"},
    Constant{5, "PTRACE_POKEDATA"},   Constant{16, "PTRACE_ATTACH"},
    Constant{0x4206, "PTRACE_SEIZE"},
};

// One letter per argument:
//   d number       D file descriptor  p address   u size     m mode
//   f family       t socket type      o open flags
//   r protection   a mapping flags    c clone flags
//   s signal       q ptrace request
struct Shape {
  std::string_view call;
  std::string_view arguments;
};
constexpr std::array kShapes{
    Shape{"accept", "Dpp"},
    Shape{"bind", "Dpu"},
    Shape{"bpf", "dpu"},
    Shape{"brk", "p"},
    Shape{"chdir", "p"},
    Shape{"chmod", "pm"},
    Shape{"chroot", "p"},
    Shape{"clone", "cpppp"},
    Shape{"clone3", "pu"},
    Shape{"close", "D"},
    Shape{"connect", "Dpu"},
    Shape{"dup", "D"},
    Shape{"execve", "ppp"},
    Shape{"execveat", "Dpppd"},
    Shape{"exit", "d"},
    Shape{"fork", ""},
    Shape{"getpid", ""},
    Shape{"getuid", ""},
    Shape{"io_uring_setup", "up"},
    Shape{"ioctl", "Dup"},
    Shape{"kill", "ds"},
    Shape{"listen", "Dd"},
    Shape{"memfd_create", "pd"},
    Shape{"mkdir", "pm"},
    Shape{"mkdirat", "Dpm"},
    Shape{"mmap", "puraDu"},
    Shape{"mount", "pppup"},
    Shape{"mprotect", "pur"},
    Shape{"munmap", "pu"},
    Shape{"open", "pom"},
    Shape{"openat", "Dpom"},
    Shape{"openat2", "Dppu"},
    Shape{"pivot_root", "pp"},
    Shape{"prctl", "duuuu"},
    Shape{"ptrace", "qdpp"},
    Shape{"read", "Dpu"},
    Shape{"readlink", "ppu"},
    Shape{"recvfrom", "Dpudpp"},
    Shape{"rt_sigaction", "sppu"},
    Shape{"sendmsg", "Dpd"},
    Shape{"sendto", "Dpudpu"},
    Shape{"setns", "Dc"},
    Shape{"socket", "ftd"},
    Shape{"socketpair", "ftdp"},
    Shape{"stat", "pp"},
    Shape{"statx", "Dpdup"},
    Shape{"tgkill", "dds"},
    Shape{"uname", "p"},
    Shape{"unlink", "p"},
    Shape{"unshare", "c"},
    Shape{"userfaultfd", "o"},
    Shape{"vfork", ""},
    Shape{"write", "Dpu"},
};
constexpr std::string_view kUnknownShape = "pppppp";

std::string number(uint64_t value, int base, std::string_view prefix) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value, base).ptr;
  return std::string(prefix).append(text.data(), end);
}

std::string hexadecimal(uint64_t value) {
  return number(value, 16, "0x");
}

// The kernel reads the lower half of the register alone.
std::int32_t as_int(uint64_t value) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
}

std::string decimal(uint64_t value) {
  return std::to_string(as_int(value));
}

std::string one_of(std::span<const Constant> constants, uint64_t value) {
  const auto found = std::ranges::find(constants, value, &Constant::value);
  return found == constants.end() ? decimal(value) : std::string(found->name);
}

// `base` and the names of the bits in `value`, and what has no name as a number.
std::string with_bits(std::string base, std::span<const Constant> bits, uint64_t value) {
  for (const Constant& bit : bits) {
    if ((value & bit.value) != bit.value) continue;
    value &= ~bit.value;
    base += (base.empty() ? "" : "|") + std::string(bit.name);
  }
  if (value != 0 || base.empty())
    base += (base.empty() ? "" : "|") + (value == 0 ? std::string("0") : hexadecimal(value));
  return base;
}

std::string socket_type(uint64_t value) {
  constexpr uint64_t kTypeMask = 0xF;
  const uint64_t low = value & 0xFFFF'FFFFU;
  return with_bits(one_of(kSocketTypes, low & kTypeMask), kSocketFlags, low & ~kTypeMask);
}

std::string open_flags(uint64_t value) {
  constexpr uint64_t kAccessMask = 3;
  const uint64_t low = value & 0xFFFF'FFFFU;
  return with_bits(one_of(kAccess, low & kAccessMask), kOpenFlags, low & ~kAccessMask);
}

// The low octet of clone's flags is the signal at the child's end.
std::string clone_flags(uint64_t value) {
  constexpr uint64_t kSignalMask = 0xFF;
  const uint64_t signal = value & kSignalMask;
  std::string text = with_bits("", kCloneFlags, value & ~kSignalMask);
  if (signal == 0) return text;
  return (text == "0" ? "" : text + "|") + (signal == 17 ? "SIGCHLD" : one_of(kSignals, signal));
}

std::string descriptor(uint64_t value) {
  constexpr std::int32_t kWorkingDirectory = -100;  // linux/fcntl.h
  return as_int(value) == kWorkingDirectory ? "AT_FDCWD" : decimal(value);
}

std::string argument(char form, uint64_t value) {
  switch (form) {
    case 'D':
      return descriptor(value);
    case 'a':
      return with_bits("", kMappings, value);
    case 'c':
      return clone_flags(value);
    case 'd':
      return decimal(value);
    case 'f':
      return one_of(kFamilies, value & 0xFFFF'FFFFU);
    case 'm':
      return number(value, 8, "0");
    case 'o':
      return open_flags(value);
    case 'q':
      return one_of(kTraces, value);
    case 'r':
      return value == 0 ? "PROT_NONE" : with_bits("", kProtections, value);
    case 's':
      return one_of(kSignals, value & 0xFFFF'FFFFU);
    case 't':
      return socket_type(value);
    case 'u':
      return number(value, 10, "");
    default:
      return hexadecimal(value);
  }
}

}  // namespace

std::string in_words(const ledger::SystemCall& call) {
  const auto* const shape = std::ranges::find(kShapes, call.name, &Shape::call);
  const std::string_view forms = shape == kShapes.end() ? kUnknownShape : shape->arguments;
  std::string text = call.name + "(";
  for (std::size_t i = 0; i < forms.size(); ++i)
    text += (i == 0 ? "" : ", ") + argument(forms[i], call.arguments.at(i));
  return text + ")";
}

}  // namespace vedette::cli
