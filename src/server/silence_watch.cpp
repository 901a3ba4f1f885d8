#include "server/silence_watch.h"

#include "base/strong_id.h"

namespace vedette::server {

namespace {

using platform::UnitOfWork;

Error silence(const attestation::AttestationState& state) {
  return {"ATT-SILENT", "the device has stopped attesting",
          "last accepted at " + to_rfc3339(state.at), "see whether it is reachable, and its agent"};
}

Result<void> withdraw(UnitOfWork& unit, Chronicle& chronicle, const DeviceId& device) {
  VEDETTE_TRY(auto state, unit.attestations().last(device));
  if (!state) return {};
  state->affirming = false;
  VEDETTE_CHECK(unit.attestations().save(device, *state));
  const Matter matter{.kind = "silence",
                      .subject = "device/" + device.str(),
                      .actor = "server",
                      .rule = {},
                      .details = codec::Json::Object{}};
  return chronicle.enter(unit, matter, silence(*state));
}

}  // namespace

Result<std::size_t> SilenceWatch::sweep() {
  const TimePoint cutoff = clock_.now() - limit_;
  std::vector<DeviceId> silent;
  VEDETTE_CHECK(store_.read([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(silent, unit.attestations().affirming_before(cutoff, kMostAtOnce));
    return {};
  }));
  if (silent.empty()) return 0U;
  // Looked up again: some may have attested since.
  VEDETTE_CHECK(store_.write([&](UnitOfWork& unit) -> Result<void> {
    VEDETTE_TRY(silent, unit.attestations().affirming_before(cutoff, kMostAtOnce));
    for (const DeviceId& device : silent)
      VEDETTE_CHECK(withdraw(unit, chronicle_, device));
    return chronicle_.seal(unit);
  }));
  return silent.size();
}

void SilenceWatch::start(std::chrono::seconds period) {
  thread_ = std::jthread([this, period](const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stopped_.wait_for(lock, stop, period, [&stop] { return stop.stop_requested(); })) {
      // What the store refuses now, it is asked for again; more than fit at once, too.
      while (true) {
        const auto found = sweep();
        if (!found || *found < kMostAtOnce || stop.stop_requested()) break;
      }
    }
  });
}

}  // namespace vedette::server
