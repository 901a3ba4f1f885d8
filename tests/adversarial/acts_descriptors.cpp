// Group 5: descriptors. The worker has none, whatever number it guesses, and gets none.
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "act.h"

namespace vedette::testing {

namespace {

// What the order brought, in the order in which a program gets them: line, channel, model.
constexpr int kLine = 4;
constexpr int kChannel = 5;
constexpr int kModel = 6;

Acts standard_streams() {
  const std::uint64_t room = scratch(256);
  return {
      act("read-stdin", call(SYS_read, 0, room, 1)),
      act("write-stdout", call(SYS_write, 1, text("x"), 1)),
      act("write-stderr", call(SYS_write, 2, text("x"), 1)),
      act("write-by-vector", call(SYS_writev, 1, put(iovec{nullptr, 0}), 1)),
      act("close-stdin", call(SYS_close, 0)),
      act("duplicate-stdout", call(SYS_dup, 1)),
      act("duplicate-onto", call(SYS_dup3, 1, 9, 0)),
      act("duplicate-by-fcntl", call(SYS_fcntl, 1, F_DUPFD, 0)),
      act("size-of-stdin", call(SYS_lseek, 0, 0, SEEK_END)),
      act("control-of-stdin", call(SYS_ioctl, 0, 0x5401, room)),  // TCGETS
  };
}

Acts inherited() {
  const std::uint64_t room = scratch(256);
  constexpr int kShared = PROT_READ | PROT_WRITE;
  return {
      act("write-to-the-line", call(SYS_write, kLine, room, 16)),
      act("map-the-channel-again", call(SYS_mmap, 0, 4096, kShared, MAP_SHARED, kChannel, 0)),
      act("map-the-channel-executable",
          call(SYS_mmap, 0, 4096, kShared | PROT_EXEC, MAP_SHARED, kChannel, 0)),
      act("shrink-the-channel", call(SYS_ftruncate, kChannel, 0)),
      act("grow-the-channel", call(SYS_fallocate, kChannel, 0, 0, 1U << 30U)),
      act("seal-the-channel", call(SYS_fcntl, kChannel, F_ADD_SEALS, F_SEAL_WRITE)),
      act("write-to-the-model-file", call(SYS_pwrite64, kModel, room, 1, 0)),
      act("map-the-model-writable", call(SYS_mmap, 0, 4096, kShared, MAP_SHARED, kModel, 0)),
      act("map-the-model-executable",
          call(SYS_mmap, 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, kModel, 0)),
      act("shrink-the-model", call(SYS_ftruncate, kModel, 0)),
      act("unseal-the-model", call(SYS_fcntl, kModel, F_ADD_SEALS, 0)),
      act("read-the-model-file", call(SYS_pread64, kModel, room, 16, 0)),
      act("lock-a-file", call(SYS_flock, kModel, 2)),
      act("flush-a-file", call(SYS_fsync, kModel)),
      act("mode-of-a-file", call(SYS_fchmod, kModel, 0777)),
      act("status-of-a-file", call(SYS_fstat, kModel, room)),
  };
}

Acts transfers() {
  return {
      act("send-a-file", call(SYS_sendfile, 1, kModel, 0, 16)),
      act("splice", call(SYS_splice, kModel, 0, 1, 0, 16, 0)),
      act("tee", call(SYS_tee, kModel, 1, 16, 0)),
      act("splice-memory", call(SYS_vmsplice, 1, put(iovec{nullptr, 0}), 1, 0)),
      act("copy-a-range", call(SYS_copy_file_range, kModel, 0, 1, 0, 16, 0)),
      act("read-by-vector", call(SYS_preadv2, kModel, put(iovec{nullptr, 0}), 1, 0, 0, 0)),
  };
}

Acts watches() {
  return {
      act("epoll", call(SYS_epoll_create1, EPOLL_CLOEXEC)),
      act("epoll-on", call(SYS_epoll_ctl, 3, EPOLL_CTL_ADD, 0, put(epoll_event{}))),
      filtered("poll-nothing", call(SYS_ppoll, 0, 0, put(timespec{0, 1}), 0, 8)),
      filtered("close-a-range", call(SYS_close_range, 0, ~0U, 0)),
  };
}

}  // namespace

Acts descriptor_acts() {
  Acts acts;
  for (const auto& part : {standard_streams(), inherited(), transfers(), watches()})
    acts.insert(acts.end(), part.begin(), part.end());
  return acts;
}

}  // namespace vedette::testing
