// What the tests of ModelServer share: a server over fake replicas, and callers of it.
#pragma once

#include <algorithm>
#include <future>
#include <thread>

#include <gtest/gtest.h>

#include "inference/serving/model_server.h"
#include "testing/fake_monotonic_clock.h"
#include "testing/replica_fakes.h"

namespace vedette::inference::serving {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline std::string code_of(const Answer& answer) {
  return answer ? "answered" : answer.error().code;
}

class ServerScene : public ::testing::Test {
 protected:
  void start() {
    auto started = ModelServer::start(settings_, parts());
    ASSERT_TRUE(started) << describe(started.error());
    server_ = *std::move(started);
  }
  ServerParts parts() {
    return {.factory = fleet_.factory(),
            .clock = clock_,
            .on_quarantine = [this](const Error& error) { quarantine_.set_value(error); }};
  }

  Answer infer(std::uint8_t value, microseconds deadline = kLong) {
    const auto inputs = row(value);
    return server_->infer(views_of(inputs), deadline);
  }
  std::future<Answer> infer_elsewhere(std::uint8_t value, microseconds deadline = kLong) {
    return std::async(std::launch::async, [=, this] { return infer(value, deadline); });
  }
  std::future<Answer> post(std::uint8_t value, microseconds deadline = kLong,
                           PostedCall* call = nullptr) {
    auto promise = std::make_shared<std::promise<Answer>>();
    auto future = promise->get_future();
    auto posted = server_->post(
        row(value), deadline, [promise](Answer answer) { promise->set_value(std::move(answer)); });
    if (call != nullptr) *call = posted;
    return future;
  }
  // Waits until the server's own view is so; it changes after what a fake can see.
  template <class Condition>
  bool eventually(Condition condition) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (!condition(server_->stats())) {
      if (std::chrono::steady_clock::now() > until) return false;
      std::this_thread::yield();
    }
    return true;
  }
  bool wait_for_depth(std::size_t depth) {
    return eventually([depth](const ServingStats& stats) { return stats.queue_depth == depth; });
  }
  bool wait_for_state(HealthState state) {
    return eventually([state](const ServingStats& stats) {
      return std::ranges::all_of(stats.replicas,
                                 [state](const ReplicaStatus& r) { return r.state == state; });
    });
  }

  static constexpr microseconds kLong = seconds(5);

  FakeMonotonicClock clock_;
  FakeFleet fleet_;
  ServerSettings settings_;
  std::promise<Error> quarantine_;
  std::unique_ptr<ModelServer> server_;  // first to go: its threads use all of the above
};

}  // namespace vedette::inference::serving
