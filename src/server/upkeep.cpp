#include "server/upkeep.h"

#include <iostream>

namespace vedette::server {

namespace {

void run_all(const std::vector<Upkeep::Chore>& chores, std::vector<std::string>& refusals) {
  for (std::size_t i = 0; i < chores.size(); ++i) {
    const auto done = chores[i].work();
    const std::string refusal = done ? std::string() : describe(done.error());
    if (!refusal.empty() && refusal != refusals[i])
      std::cerr << "vedette-server: " << chores[i].name << ": " << refusal << '\n';
    refusals[i] = refusal;
  }
}

}  // namespace

void Upkeep::start(std::vector<Chore> chores, std::chrono::milliseconds period) {
  thread_ = std::jthread([this, chores = std::move(chores), period](const std::stop_token& stop) {
    std::vector<std::string> refusals(chores.size());
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, stop, period, [&stop] { return stop.stop_requested(); }))
      run_all(chores, refusals);
  });
}

}  // namespace vedette::server
