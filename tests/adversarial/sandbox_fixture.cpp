#include "sandbox_fixture.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#include "testing/machine_posture.h"

namespace vedette::testing {

using namespace inference;

std::string worker_path() {
  return std::string(VEDETTE_BIN_DIR) + "/vedette-worker";
}

Posture posture() {
  static const Posture known = [] {
    const Posture strongest = machine_posture();
    if (strongest != Posture::full)
      std::puts(("the posture of this machine is " + std::string(name_of(strongest))).c_str());
    return strongest;
  }();
  return known;
}

WorkerSettings settings() {
  return strict_settings();
}

WorkerSpawner& spawner() {
  static const auto shared = WorkerSpawner::start({worker_path(), posture()}).value();
  return *shared;
}

SealedModel sealed(ByteView model) {
  auto writer = ModelWriter::create(model.size()).value();
  writer.append(model).value();
  return std::move(writer).seal().value();
}

Result<std::unique_ptr<WorkerProcess>> start(ByteView model) {
  return WorkerProcess::start(spawner(), settings(), sealed(model).fd());
}

Tensor floats(std::string name, std::vector<float> values) {
  Tensor tensor{std::move(name), DataType::fp32, {static_cast<std::int64_t>(values.size())}, {}};
  tensor.data.resize(values.size() * sizeof(float));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

Tensor integers(std::string name, std::vector<std::int64_t> values) {
  Tensor tensor{std::move(name), DataType::int64, {static_cast<std::int64_t>(values.size())}, {}};
  tensor.data.resize(values.size() * sizeof(std::int64_t));
  std::memcpy(tensor.data.data(), values.data(), tensor.data.size());
  return tensor;
}

int as_ordinary_user(const std::function<int()>& work) {
  constexpr unsigned kNobody = 65534;
  const pid_t child = ::fork();
  if (child == 0) {
    const bool changed = ::geteuid() != 0 || (::setgroups(0, nullptr) == 0 &&
                                              ::setresgid(kNobody, kNobody, kNobody) == 0 &&
                                              ::setresuid(kNobody, kNobody, kNobody) == 0);
    ::_exit(changed ? work() : 99);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

std::vector<int> children_of(int pid) {
  std::vector<int> children;
  const std::string number = std::to_string(pid);
  std::ifstream list("/proc/" + number + "/task/" + number + "/children");
  for (int child = 0; list >> child;)
    children.push_back(child);
  return children;
}

bool eventually(const std::function<bool()>& condition) {
  for (int i = 0; i < 1000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace vedette::testing
