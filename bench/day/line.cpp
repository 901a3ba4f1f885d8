#include "line.h"

#include <algorithm>
#include <utility>

#include "attestation/ima/ima_samples.h"
#include "attestation/runtime_log/runtime_log.h"
#include "attestation/runtime_log/runtime_replay.h"

#include "day_settings.h"

namespace vedette::bench {

namespace {

using attestation::RuntimeEvent;
using attestation::RuntimeEventKind;
using codec::Json;
using crypto::Sha256Digest;
using testing::EventLogForge;

std::string path_of(const std::string& folder, std::size_t number) {
  return "/usr/lib/" + folder + "/file-" + std::to_string(number);
}

EventLogForge firmware(const std::string& loader) {
  EventLogForge forge = testing::sound_boot();
  forge.measure(4, EventLogForge::EventType::efi_boot_services_application,
                testing::image_load("\\EFI\\" + loader + ".efi"), to_bytes(loader));
  return forge;
}

std::vector<RuntimeEvent> running() {
  const auto event = [](RuntimeEventKind kind, const std::string& name,
                        std::vector<std::string> powers) {
    return RuntimeEvent{.kind = kind,
                        .name = name,
                        .digest = crypto::sha256(as_bytes(name)),
                        .powers = std::move(powers)};
  };
  return {event(RuntimeEventKind::agent_start, "vedette-agent", {}),
          event(RuntimeEventKind::worker_binary, "vedette-worker", {}),
          event(RuntimeEventKind::model_release, "voice 3", {"threads 4"})};
}

Sha256Digest digest_from(ByteView octets) {
  Sha256Digest digest{};
  std::ranges::copy(octets, digest.begin());
  return digest;
}

}  // namespace

Boot::Boot(const EventLogForge& firmware, const std::string& folder, std::size_t files)
    : event_log_(firmware.bytes()) {
  Bytes all;
  for (const auto& [pcr, value] : firmware.quoted().values)
    if (pcr < 10) {
      registers_[pcr] = digest_from(value);
      append(all, value);
    }
  const auto digest = crypto::sha256(all);
  add(attestation::file_entry(
      attestation::kBootAggregate,
      {.algorithm = codec::TpmAlgorithm::sha256, .octets = to_bytes(ByteView(digest))}));
  for (std::size_t i = 0; i < files; ++i) {
    const std::string path = path_of(folder, i);
    add(attestation::file_entry(path, attestation::sample_digest(path)));
  }
}

void Boot::add(const attestation::ImaEntry& entry) {
  append(list_, encode_ima_binary(entry));
  ends_.push_back(list_.size());
  values_.push_back(extended_by(values_.back(), entry));
}

Bytes Boot::entries(std::size_t from, std::size_t to) const {
  if (from >= to) return {};
  return to_bytes(ByteView(list_).subspan(ends_.at(from), ends_.at(to) - ends_.at(from)));
}

Line::Line(GroupId name, std::size_t count)
    : group(std::move(name)),
      files(count),
      sound(firmware("loader"), group.str(), files),
      changed(firmware("unknown"), group.str(), files) {
  for (const RuntimeEvent& event : running()) {
    append(runtime_log,
           attestation::encode_record(runtime_records, kRuntimeRegister, event).value());
    runtime_value = runtime_value.extended(attestation::digest_of(event, runtime_value.bank()));
    ++runtime_records;
  }
}

Json Line::references(const Json& learnt) const {
  Json::Object accepted;  // not by set(), which looks for a member of that name every time
  for (std::size_t i = 0; i < files; ++i) {
    const std::string path = path_of(group.str(), i);
    const auto digest = crypto::sha256(as_bytes(path));
    accepted.emplace_back(path, Json::Array{Json("sha256:" + to_hex(digest))});
  }
  Json set = learnt;
  Json ima{Json::Object{}};
  ima.set("files", Json(std::move(accepted)));
  set.set("ima", std::move(ima));
  Json runtime = *learnt.object("runtime").value();
  runtime.set("model-release", Json::Array{Json("*")});
  return set.set("runtime", std::move(runtime));
}

attestation::ImaEntry unknown_file() {
  return attestation::file_entry("/tmp/miner", attestation::sample_digest("miner"));
}

Sha256Digest extended_by(const Sha256Digest& value, const attestation::ImaEntry& entry) {
  constexpr auto kBank = codec::TpmAlgorithm::sha256;
  return digest_from(
      attestation::extended(kBank, ByteView(value), attestation::template_digest(entry, kBank)));
}

}  // namespace vedette::bench
