// What the tests of ServingTable share: a table, and a fleet of fakes for each version.
#pragma once

#include <future>
#include <map>

#include <gtest/gtest.h>

#include "inference/serving/serving_table.h"
#include "testing/fake_monotonic_clock.h"
#include "testing/replica_fakes.h"

namespace vedette::inference::serving {

using std::chrono::milliseconds;
using std::chrono::seconds;

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "fine" : result.error().code;
}

class TableScene : public ::testing::Test {
 protected:
  // The fleet of a version answers with its version's number.
  Release release(std::uint64_t version, const std::string& model = "gauge") {
    FakeFleet& made = fleet(version);
    made.reply_with([version](std::span<const TensorView> inputs) {
      auto outputs = plus_one(inputs);
      std::ranges::fill(outputs[0].data, static_cast<std::uint8_t>(version));
      return outputs;
    });
    return {.model = model,
            .version = version,
            .note = "note of " + std::to_string(version),
            .settings = settings_,
            .factory = made.factory()};
  }
  FakeFleet& fleet(std::uint64_t version) {
    const std::scoped_lock lock(fleets_mutex_);
    return fleets_[version];
  }

  std::string publish(std::uint64_t version, const std::string& model = "gauge") {
    return code_of(table_->publish(release(version, model)));
  }
  static Answer ask(const VersionLease& lease) {
    const auto inputs = row(1);
    return lease->infer(views_of(inputs), seconds(5), OutputView::everything());
  }
  std::future<std::string> ask_elsewhere(VersionLease lease) {
    return std::async(std::launch::async,
                      [lease = std::move(lease)] { return code_of(ask(lease)); });
  }
  // The number of the version that answers, or the code of the refusal.
  std::string answers(const Result<VersionLease>& lease) {
    if (!lease) return lease.error().code;
    const auto answer = ask(*lease);
    return answer ? std::to_string((*answer)[0].data.at(0)) : answer.error().code;
  }
  std::string answers() { return answers(table_->find("gauge")); }

  FakeMonotonicClock clock_;
  std::mutex fleets_mutex_;
  std::map<std::uint64_t, FakeFleet> fleets_;
  ServerSettings settings_;
  TablePolicy policy_;
  std::promise<std::string> quarantined_;
  std::unique_ptr<ServingTable> table_ = make_table();

  std::unique_ptr<ServingTable> make_table() {
    return std::make_unique<ServingTable>(
        clock_, policy_,
        [this](const std::string& model, std::uint64_t version, const Error& error) {
          quarantined_.set_value(model + " " + std::to_string(version) + " " + error.code);
        });
  }
};

}  // namespace vedette::inference::serving
