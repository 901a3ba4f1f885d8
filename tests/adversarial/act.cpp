#include "act.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <sys/mman.h>

namespace vedette::testing {

namespace {

constexpr std::uint64_t kScratchAt = 0x2000'0000;
constexpr std::size_t kScratchSize = std::size_t{1} << 20U;
constexpr std::uint64_t kAlignment = 64;

std::uint64_t map_scratch() {
  void* const wanted = reinterpret_cast<void*>(kScratchAt);  // NOLINT: a fixed address
  if (::mmap(wanted, kScratchSize, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == wanted)
    return kScratchAt;
  std::perror("the scratch memory could not be mapped");
  std::abort();
}

Acts all_acts() {
  Acts acts;
  const auto add = [&acts](Group group, Acts more) {
    for (Act& one : more) {
      one.group = group;
      acts.push_back(std::move(one));
    }
  };
  add(Group::files, file_acts());
  add(Group::network, network_acts());
  add(Group::kernel, kernel_acts());
  add(Group::memory, memory_acts());
  add(Group::descriptors, descriptor_acts());
  add(Group::machine, machine_acts());
  add(Group::side_channels, side_channel_acts());
  return acts;
}

}  // namespace

std::string_view name_of(Group group) {
  switch (group) {
    case Group::files:
      return "Files";
    case Group::network:
      return "Network and IPC";
    case Group::kernel:
      return "Kernel surface";
    case Group::memory:
      return "Memory and CPU";
    case Group::descriptors:
      return "Descriptors";
    case Group::machine:
      return "Other doors of x86-64";
    case Group::side_channels:
      return "Side channels";
  }
  return "unknown";
}

const std::vector<Act>& catalogue() {
  static const Acts acts = all_acts();
  return acts;
}

const Act* find_act(std::string_view name) {
  const auto found = std::ranges::find(catalogue(), name, &Act::name);
  return found == catalogue().end() ? nullptr : &*found;
}

std::uint64_t scratch(std::size_t size) {
  static std::uint64_t next = map_scratch();
  const std::uint64_t address = next;
  next += (size + kAlignment - 1) / kAlignment * kAlignment;
  if (next <= kScratchAt + kScratchSize) return address;
  std::fputs("the scratch memory is used up\n", stderr);
  std::abort();
}

std::uint64_t text(std::string_view text) {
  const std::uint64_t address = scratch(text.size() + 1);
  std::memcpy(reinterpret_cast<void*>(address), text.data(), text.size());  // NOLINT: as put()
  return address;
}

}  // namespace vedette::testing
