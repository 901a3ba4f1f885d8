// A memory API over a model in this process that gives back what it is given.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include <gtest/gtest.h>

#include "agent/memory_api.h"
#include "inference/client/client_session.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {

// Input `x` and output `y`: bytes, as many as there are.
[[nodiscard]] inference::ModelMetadata echo_model();
// Knows the model `echo`, release 7; its calls allow everybody.
[[nodiscard]] MemoryService echo_service();
[[nodiscard]] inference::SessionWish wish_for(std::string_view model);

// Where a call waits until the test has seen it.
class Gate {
 public:
  void pass();        // the call's
  void await_call();  // until a call has come to the gate
  void open();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool called_ = false;
  bool open_ = false;
};
[[nodiscard]] MemoryService gated_service(Gate& gate);

[[nodiscard]] Result<std::unique_ptr<inference::ClientSession>> connect(
    const std::string& path, const inference::SessionWish& wish = wish_for("echo"));
[[nodiscard]] Result<Bytes> ask(inference::ClientSession& client, const Bytes& input,
                                std::chrono::microseconds timeout = std::chrono::seconds(20));

// An application without the library.
[[nodiscard]] UniqueFd dial(const std::string& path);  // none: errno says why
[[nodiscard]] Result<std::uint64_t> greet(int socket, ByteView hello);
struct RawClient {
  UniqueFd lifeline;
  UniqueFd channel;
};
[[nodiscard]] RawClient raw_client(const std::string& path);

// Runs `act` in a child as another user than the agent's; its return is the child's exit code.
[[nodiscard]] int as_another_user(const std::function<int()>& act);

class MemoryApiTest : public testing::Test {
 protected:
  void start(MemoryService service = echo_service()) {
    api_ = MemoryApi::start(path_, limits_, std::move(service)).value();
  }
  // False when it does not come to that.
  [[nodiscard]] bool comes_to(std::size_t sessions) const;

  TemporaryFolder folder_;
  std::string path_ = folder_ / "memory.sock";
  MemoryLimits limits_;
  std::unique_ptr<MemoryApi> api_;
};

}  // namespace vedette::agent
