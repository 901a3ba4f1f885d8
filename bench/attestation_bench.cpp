// What an attestation costs the verifier, beside the one signature that it cannot do without.
//
//   attestation_bench [-o json]
//
// Everything but TLS and the database: JSON in, verdict and memory out. One core, one thread.
#include <cstdlib>
#include <iostream>

#include <malloc.h>

#include "attestation/appraisal/learning.h"
#include "attestation/appraisal/measured_device_scene.h"
#include "attestation/tpm2/tpm2_evidence.h"
#include "codec/base64.h"

#include "report.h"

namespace vedette::bench {
namespace {

using namespace attestation;
using codec::Json;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRound{400};
constexpr int kRounds = 12;
constexpr std::size_t kPolicyPaths = 100'000;
const std::vector<std::uint8_t> kRegisters{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, kAgentRegister};

// A device's evidence as it comes in, ready to be judged any number of times.
struct Case {
  std::string body;
  std::optional<AttestationState> last;
};

class Verifier {
 public:
  explicit Verifier(MeasuredDevice& device)
      : device_(device),
        key_(testing::forge_public(device.tpm.ak.public_key(), device.tpm.ak_shape)) {}

  [[nodiscard]] Json body(const LogWish& wish) {
    device_.tpm.registers = device_.registers();
    auto shape = device_.tpm.quote();
    shape.reset_count = device_.reset_count;
    shape.clock = device_.clock++;
    const auto quote = device_.tpm.evidence(shape);
    Json body = attestation::to_json(quote);
    set_device_logs(body, device_.logs(wish));
    return body.set("kind", "tpm2");
  }

  // As the service does: from the octets of a request to what is kept.
  [[nodiscard]] Result<EvidenceVerdict> judge(const Case& one) const {
    VEDETTE_TRY(const Json json, codec::parse_json(one.body, kLimits));
    VEDETTE_TRY(const Bytes nonce, kind_.nonce_of(json));
    return kind_.judge(json, {.attestation_key = key_,
                              .nonce = nonce,
                              .certificate = device_.tpm.fingerprint,
                              .channel_binding = device_.tpm.channel,
                              .last = one.last,
                              .references = references_ ? &*references_ : nullptr,
                              .is_published = {},
                              .now = {}});
  }

  void hold_to(ReferenceSet references) { references_ = std::move(references); }

 private:
  static constexpr codec::JsonLimits kLimits{
      .max_bytes = std::size_t{16} << 20U, .max_depth = 4, .max_values = 64};

  MeasuredDevice& device_;
  Bytes key_;
  Tpm2Evidence kind_{{kRegisters, kAgentRegister, {}}};
  std::optional<ReferenceSet> references_;
};

// The paths of a whole distribution, of which the device has opened the first few.
ReferenceSet references_for(const MeasuredDevice& device, const EvidenceVerdict& first) {
  const Witness witness{
      .state = first.state,
      .event_log = device.boot.bytes(),
      .ima_list = device.ima_list(0),
      .memory = parse_device_memory(codec::parse_json(first.state.memory).value()).value(),
      .runtime_register = kAgentRegister};
  ReferenceSet set = parse_reference_set(learn_references(witness).value()).value();
  for (auto& [category, values] : set.runtime)
    values.insert(kAnyValue);
  ImaPolicy policy;
  for (std::size_t i = 0; i < kPolicyPaths; ++i) {
    const std::string path = "/usr/lib/file-" + std::to_string(i);
    if (!policy.allow_file(path, sample_digest(path))) std::abort();
  }
  set.ima = std::make_shared<const ImaPolicy>(std::move(policy));
  return set;
}

void open_files(MeasuredDevice& device, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::string path = "/usr/lib/file-" + std::to_string(device.files.size());
    device.files.emplace_back(path, path);
  }
}

template <class Work>
double per_second(const Work& work) {
  const auto begin = steady_clock::now();
  std::size_t count = 0;
  for (; steady_clock::now() - begin < kRound; ++count)
    if (!work()) return 0;
  return static_cast<double>(count) /
         std::chrono::duration<double>(steady_clock::now() - begin).count();
}

struct Scene {
  MeasuredDevice device;
  Verifier verifier{device};
  Case full;    // of a boot
  Case quiet;   // nothing new since
  Case lively;  // ten new files since

  explicit Scene(std::size_t files) {
    device.files.clear();
    open_files(device, files);
    const auto first = verifier.judge({codec::to_json(verifier.body({.event_log = true})), {}});
    verifier.hold_to(references_for(device, *first));
    full = {codec::to_json(verifier.body({.event_log = true})), {}};
    const auto booted = verifier.judge(full);
    if (!booted || booted->appraisal.error) fail(booted);
    const auto records = device.running.size();
    quiet = {codec::to_json(verifier.body(
                 {.event_log = false, .ima_from = files + 1, .runtime_from = records})),
             booted->state};
    open_files(device, 10);
    lively = {codec::to_json(verifier.body(
                  {.event_log = false, .ima_from = files + 1, .runtime_from = records})),
              booted->state};
    for (const Case* one : {&quiet, &lively})
      if (const auto judged = verifier.judge(*one); !judged || judged->appraisal.error)
        fail(judged);
  }

  [[noreturn]] static void fail(const Result<EvidenceVerdict>& judged) {
    std::cerr << describe(judged ? *judged->appraisal.error : judged.error()) << '\n';
    std::exit(EXIT_FAILURE);
  }
  [[nodiscard]] bool accepts(const Case& one) const {
    const auto judged = verifier.judge(one);
    return judged && !judged->appraisal.error;
  }
};

void measure_rates(Report& report, const Scene& small, const Scene& large) {
  const Bytes message(130, 7);
  const auto& key = small.device.tpm.ak;
  const Bytes signature = key.sign(message).value();
  const auto public_key = key.public_key();
  Samples raw, quiet, lively, full, huge, share;
  for (int round = 0; round < kRounds; ++round) {
    const double bare = per_second(
        [&] { return public_key.verify(crypto::Hash::sha256, message, signature).has_value(); });
    const double again = per_second([&] { return small.accepts(small.quiet); });
    raw.add(bare);
    quiet.add(again);
    share.add(again / bare);
    lively.add(per_second([&] { return small.accepts(small.lively); }));
    full.add(per_second([&] { return small.accepts(small.full); }));
    huge.add(per_second([&] { return large.accepts(large.full); }));
  }
  report.section("attestations on one core", "1/s");
  report.line("a bare ECDSA P-256 verification", raw);
  report.line("again, without news", quiet);
  report.line("again, with 10 new files", lively);
  report.line("a boot: event log and 1,000 files", full);
  report.line("a boot: event log and 10,000 files", huge);
  report.bar("again without news / bare verification", share.median(), Report::Side::at_least, 0.5,
             "");
  // A day: every 120 s, one in a hundred with news, one in a thousand after a boot.
  constexpr double kPerDay = 100'000.0 * 86'400 / 120;
  const double seconds =
      kPerDay * (0.989 / quiet.median() + 0.01 / lively.median() + 0.001 / full.median());
  report.figure("a day of 100,000 devices, by these rates: cores", seconds / 86'400);
}

std::size_t heap_in_use() {
  return ::mallinfo2().uordblks;
}

void measure_memory(Report& report, const Scene& scene) {
  const auto judged = scene.verifier.judge(scene.quiet).value();
  const auto memory = parse_device_memory(codec::parse_json(judged.state.memory).value()).value();
  constexpr std::size_t kDevices = 10'000;
  const std::size_t before = heap_in_use();
  std::vector<std::pair<AttestationState, DeviceMemory>> devices(kDevices, {judged.state, memory});
  const auto each = static_cast<double>(heap_in_use() - before) / kDevices;
  report.section("memory of one device on the verifier", "octets");
  report.figure("stored: its memory as JSON", static_cast<double>(judged.state.memory.size()));
  report.bar("resident: state and memory, of 10,000", each, Report::Side::at_most, 4096, "octets");
}

}  // namespace
}  // namespace vedette::bench

int main(int argc, char** argv) {
  using namespace vedette::bench;
  const bool json =
      argc == 3 && argv[1] == std::string_view("-o") && argv[2] == std::string_view("json");
  if (argc != 1 && !json) {
    std::cerr << "usage: attestation_bench [-o json]\n";
    return 2;
  }
  Report report;
  const Scene small(1'000);
  const Scene large(10'000);
  measure_rates(report, small, large);
  measure_memory(report, small);
  std::cout << (json ? to_pretty_json(report.json()) : report.text()) << '\n';
  return EXIT_SUCCESS;
}
