// A worker that forges its answers, against the host that asks it: every forgery of the table ends
// in the refusal that it deserves, and what is the model's to say is passed on.
#include "forgery.h"

#include <atomic>
#include <cmath>
#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include <gtest/gtest.h>

#include "testing/onnx_writer.h"

#include "sandbox_fixture.h"
#include "trial.h"

namespace vedette::inference {
namespace {

using namespace testing;
using std::chrono_literals::operator""ms;  // NOLINT(misc-unused-using-decls): it is used

Result<std::unique_ptr<WorkerProcess>> start_hostile(const WorkerSettings& how) {
  return WorkerProcess::start(hostile_spawner(), how, sealed(add_model()).fd());
}

WorkerSettings hostile_settings() {
  WorkerSettings how = settings();
  how.profile = strict_profile();
  return how;
}

Result<std::vector<Tensor>> ask(WorkerProcess& worker, std::string_view forgery,
                                std::chrono::milliseconds deadline = 5000ms) {
  const Tensor input = floats("x", {number_of(forgery)});
  return worker.infer(std::span(&input, 1), deadline);
}

// Of a process: R, S, T (stopped), Z, ... (proc(5)).
char state_of(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  const auto name_end = text.rfind(')');
  return name_end == std::string::npos ? '?' : text[name_end + 2];
}

class EveryForgery : public ::testing::TestWithParam<Forgery> {};

TEST_P(EveryForgery, EndsAsItDeserves) {
  const auto worker = start_hostile(hostile_settings());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const bool endless = GetParam().code == "SBX-DEADLINE";
  const auto answer = ask(**worker, GetParam().name, endless ? 100ms : 5000ms);
  EXPECT_EQ(code_of(answer), GetParam().code) << refusal_of(answer);
  // Whoever is caught is dead, and stays so.
  if (!GetParam().code.starts_with("SBX-")) return;
  EXPECT_FALSE((*worker)->alive());
  EXPECT_EQ(code_of(ask(**worker, "not-a-number")), "SBX-WORKER-DIED");
}

INSTANTIATE_TEST_SUITE_P(OfTheTable, EveryForgery, ::testing::ValuesIn(forgeries()),
                         [](const auto& forgery) {
                           std::string name(forgery.param.name);
                           std::erase_if(name, [](char c) { return c == '-' || c == '\''; });
                           return name;
                         });

TEST(ForgedReply, IsToldOfBeforeItsWorkerDies) {
  WorkerSettings how = hostile_settings();
  WorkerProcess* culprit = nullptr;
  std::vector<std::string> told;
  how.on_malformed_reply = [&](const Error& reply) {
    told.push_back(reply.code);
    EXPECT_TRUE(culprit->alive());
    EXPECT_TRUE(eventually([&] { return state_of(culprit->pid()) == 'T'; }))
        << "what has lied once is not to answer other calls meanwhile";
  };
  const auto worker = start_hostile(how);
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  culprit = worker->get();
  EXPECT_EQ(code_of(ask(**worker, forgeries().front().name)), "SBX-REPLY");
  EXPECT_EQ(code_of(ask(**worker, "not-a-number")), "SBX-WORKER-DIED");
  EXPECT_EQ(told, std::vector<std::string>{"SBX-REPLY"});
  EXPECT_FALSE(culprit->alive());
}

// A worker that has lied is stopped, its forks are not: one of them answers another call well.
TEST(ForgedReply, KeepsAnHonestAnswerFromWhoeverElseAsked) {
  WorkerSettings how = hostile_settings();
  grant(how.profile, ForkPerRequestPower{}).value();
  how.channel.slots = 2;
  std::atomic<int> finished = 0;
  bool other_was_told_first = false;
  how.on_malformed_reply = [&](const Error&) {
    other_was_told_first = eventually([&] { return finished == 1; });
  };
  const auto worker = start_hostile(how);
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  std::multiset<std::string> codes;
  std::mutex mutex;
  const auto call = [&] {
    const Tensor input = floats("x", {number_of_two_answers()});
    const auto answer = (*worker)->infer(std::span(&input, 1), 5000ms);
    const std::scoped_lock lock(mutex);
    codes.insert(code_of(answer));
    ++finished;
  };
  std::thread one(call);
  std::thread other(call);
  one.join();
  other.join();
  EXPECT_TRUE(other_was_told_first);
  EXPECT_EQ(codes, (std::multiset<std::string>{"SBX-REPLY", "SBX-WORKER-DIED"}));
}

TEST(ForgedRefusal, ReachesNoTerminalAsItIs) {
  const auto worker = start_hostile(hostile_settings());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const auto answer = ask(**worker, "refusal-that-paints-the-terminal");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().cause, "?[2J?root# ");
}

TEST(NotANumber, IsTheModelsToSay) {
  const auto worker = start_hostile(hostile_settings());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const auto answer = ask(**worker, "not-a-number");
  ASSERT_TRUE(answer.has_value()) << describe(answer.error());
  float value = 0;
  std::memcpy(&value, answer->at(0).data.data(), sizeof value);
  EXPECT_TRUE(std::isnan(value));
}

TEST(WithoutABell, TheHostLooksByItself) {
  const auto worker = start_hostile(hostile_settings());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const auto begin = std::chrono::steady_clock::now();
  const auto answer = ask(**worker, "without-a-bell");
  EXPECT_EQ(refusal_of(answer), "");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2000ms);
}

// --- What a request leaves behind.

std::vector<float> three_answers(const WorkerSettings& how, std::string_view forgery) {
  const auto worker = start_hostile(how);
  EXPECT_TRUE(worker.has_value()) << refusal_of(worker);
  std::vector<float> values;
  for (int i = 0; worker && i < 3; ++i) {
    const auto answer = ask(**worker, forgery);
    EXPECT_EQ(refusal_of(answer), "");
    float value = -1;
    if (answer) std::memcpy(&value, answer->at(0).data.data(), sizeof value);
    values.push_back(value);
  }
  return values;
}

WorkerSettings forking_settings() {
  WorkerSettings how = hostile_settings();
  grant(how.profile, ForkPerRequestPower{}).value();
  return how;
}

// The models answers twice the count of the requests that its process remembers.
TEST(Leftovers, AreInAnOrdinaryWorker) {
  EXPECT_EQ(three_answers(hostile_settings(), "count-in-the-process"),
            (std::vector<float>{0, 2, 4}));
}

TEST(Leftovers, AreNotWhereEachRequestHasItsProcess) {
  EXPECT_EQ(three_answers(forking_settings(), "count-in-the-process"),
            (std::vector<float>{0, 0, 0}));
}

// The limit of that promise: the channel is one for all requests, and whoever has taken over the
// process of one can leave something in it for the next (docs/sandbox-matrix.md says so).
TEST(Leftovers, InTheChannelAreBeyondAProcessPerRequest) {
  EXPECT_EQ(three_answers(forking_settings(), "count-in-the-channel"),
            (std::vector<float>{0, 2, 4}));
}

}  // namespace
}  // namespace vedette::inference
