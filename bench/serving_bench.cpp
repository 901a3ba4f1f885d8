// What the scheduler adds to a call: a replica that does nothing, called bare, through its server,
// and through the table with I/O rules, in one run. Prints nanoseconds per call; each is timed
// singly, so the clock's own cost (printed first) is in all of them.
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <functional>
#include <latch>
#include <thread>
#include <vector>

#include "inference/serving/element_check.h"
#include "inference/serving/serving_table.h"

namespace vedette::inference::serving {
namespace {

constexpr int kCalls = 200'000;

class NoReplica final : public Replica {
 public:
  [[nodiscard]] const ModelMetadata& metadata() const override { return metadata_; }
  [[nodiscard]] Result<std::vector<Tensor>> infer(std::span<const TensorView> /*inputs*/,
                                                  microseconds /*deadline*/) override {
    return {};
  }
  [[nodiscard]] bool alive() override { return true; }
  void kill() override {}

 private:
  ModelMetadata metadata_{.inputs = {{"x", DataType::fp32, {-1, 4}}}, .outputs = {}};
};

using Nanoseconds = std::vector<std::int64_t>;

Nanoseconds timed(int calls, const std::function<void()>& call) {
  Nanoseconds times;
  times.reserve(static_cast<std::size_t>(calls));
  for (int i = 0; i < calls; ++i) {
    const auto start = std::chrono::steady_clock::now();
    call();
    times.push_back((std::chrono::steady_clock::now() - start).count());
  }
  return times;
}

Nanoseconds timed_by_threads(int threads, const std::function<void()>& call) {
  std::vector<Nanoseconds> parts(static_cast<std::size_t>(threads));
  std::latch ready(threads);
  {
    std::vector<std::jthread> running;
    for (Nanoseconds& part : parts)
      running.emplace_back([&] {
        ready.arrive_and_wait();
        part = timed(kCalls / threads, call);
      });
  }
  Nanoseconds all;
  for (const Nanoseconds& part : parts)
    all.insert(all.end(), part.begin(), part.end());
  return all;
}

void report(const char* what, Nanoseconds times) {
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  std::printf("%-46s p50 %7lld   p99 %7lld   p99.9 %8lld\n", what, static_cast<long long>(at(0.5)),
              static_cast<long long>(at(0.99)), static_cast<long long>(at(0.999)));
}

std::unique_ptr<ModelServer> serve(const MonotonicClock& clock, std::size_t replicas) {
  ServerSettings settings;
  settings.replicas = replicas;
  return ModelServer::start(
             settings, {.factory = [] { return std::make_unique<NoReplica>(); }, .clock = clock})
      .value();
}

void measure_calls() {
  const SystemMonotonicClock clock;
  const std::vector<float> values{1, 2, 3, 4};
  Bytes data(values.size() * sizeof(float));
  std::memcpy(data.data(), values.data(), data.size());
  const std::vector<TensorView> inputs{{"x", DataType::fp32, {1, 4}, data}};
  std::atomic<int> failed = 0;
  const auto check = [&failed](const Answer& answer) { failed += answer ? 0 : 1; };

  NoReplica bare;
  Replica& replica = bare;
  report("the clock alone", timed(kCalls, [] {}));
  report("the replica, called bare",
         timed(kCalls, [&] { check(replica.infer(inputs, std::chrono::seconds(1))); }));
  const auto one = serve(clock, 1), two = serve(clock, 2);
  const auto infer = [&](ModelServer& server) {
    return [&] { check(server.infer(inputs, std::chrono::seconds(1))); };
  };
  report("ModelServer::infer, 1 replica, 1 thread", timed(kCalls, infer(*one)));
  report("ModelServer::infer, 1 replica, 8 threads", timed_by_threads(8, infer(*one)));
  report("ModelServer::infer, 2 replicas, 8 threads", timed_by_threads(8, infer(*two)));

  ServingTable table(clock, {}, {});
  if (!table.publish(
          {.model = "m", .version = 1, .factory = [] { return std::make_unique<NoReplica>(); }}))
    ++failed;
  const auto through_table = [&] {
    const auto lease = table.find("m");
    check((*lease)->infer(inputs, std::chrono::seconds(1), OutputView::everything()));
  };
  report("find and infer with rules, 1 thread", timed(kCalls, through_table));
  report("find and infer with rules, 8 threads", timed_by_threads(8, through_table));
  const auto posted = [&] {
    std::atomic<bool> done = false;
    one->post({}, std::chrono::seconds(1), [&done](const Answer&) {
      done = true;
      done.notify_one();
    });
    done.wait(false);
  };
  report("ModelServer::post and wait (two hops)", timed(kCalls / 20, posted));
  std::printf("calls that failed: %d\n", failed.load());
}

void measure_elements() {
  constexpr std::size_t kElements = std::size_t{1} << 20U;
  const Bytes data(kElements * sizeof(float));
  const auto rate = [&](const char* what, const std::function<bool()>& check) {
    Nanoseconds times = timed(50, [&] {
      if (!check()) std::puts("an element is bad");
    });
    std::ranges::sort(times);
    std::printf("%-46s %.1f GB/s\n", what,
                static_cast<double>(data.size()) / static_cast<double>(times[times.size() / 2]));
  };
  rate("range of 4 MiB of FP32",
       [&] { return !first_out_of_range(DataType::fp32, data, {.minimum = -1, .maximum = 1}); });
  rate("finite, 4 MiB of FP32", [&] { return !first_not_finite(DataType::fp32, data); });
  rate("range of 4 MiB of UINT8",
       [&] { return !first_out_of_range(DataType::uint8, data, {.minimum = 0, .maximum = 200}); });
  rate("range of 4 MiB of FP16",
       [&] { return !first_out_of_range(DataType::fp16, data, {.minimum = -1, .maximum = 1}); });
}

}  // namespace
}  // namespace vedette::inference::serving

int main() {
  vedette::inference::serving::measure_calls();
  vedette::inference::serving::measure_elements();
}
