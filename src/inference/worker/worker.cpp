#include "inference/worker/worker.h"

#include <string>

#include <sys/syscall.h>
#include <unistd.h>

#include "inference/channel/channel.h"
#include "inference/line/line.h"
#include "inference/policy/drill_act.h"
#include "inference/sandbox/cage.h"
#include "inference/worker/zygote.h"

namespace vedette::inference {

namespace {

WorkerExit complain(const Error& error) {
  // Through stdio's buffer nothing would come out before _exit.
  const std::string line = "vedette-worker: " + describe(error) + "\n";
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
  return error.code == "SBX-ORDER" ? WorkerExit::usage : WorkerExit::refused;
}

// The first report on the control socket tells the agent that orders are taken, or why not.
WorkerExit be_zygote(bool broker, const Conduct& conduct) {
  // Whatever the agent forgot to close does not come along.
  ::syscall(SYS_close_range, static_cast<unsigned>(kControlFd) + 1, ~0U, 0U);
  auto zygote = Zygote::make(kControlFd, conduct);
  const auto ready =
      zygote ? confine_zygote(broker) : Result<void>(std::unexpected(zygote.error()));
  if (!ready) {
    send_report(kControlFd, refusal_report(ready.error()));
    return WorkerExit::refused;
  }
  if (send_report(kControlFd, plain_report(ReportKind::born, ::getpid()))) zygote->run();
  return WorkerExit::done;
}

}  // namespace

WorkerExit run_worker(std::span<const std::string_view> arguments, const Conduct& conduct) {
  const std::string_view command = arguments.size() == 1 ? arguments[0] : "";
  if (command == "--zygote") return be_zygote(false, conduct);
  if (command == "--zygote-broker") return be_zygote(true, conduct);
  return complain({"SBX-ORDER", "vedette-worker does not know what to do", "",
                   "it is started by vedette-agent; see 'vedette doctor' for drills"});
}

}  // namespace vedette::inference
