#include "cli/demo/acts.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "base/fd.h"
#include "cli/demo/speech.h"
#include "platform/net/json_api.h"

namespace vedette::cli::demo {

namespace {

using codec::Json;
using namespace std::chrono_literals;

constexpr std::size_t kPictureColumns = 60;
constexpr std::string_view kContract = "memory_bytes = 268_435_456\ncall_deadline_ms = 2000\n";
constexpr std::size_t kMostSamples = 16'000UL * 5;  // five seconds are enough to see it work

Result<bool> is_attested(Theatre& theatre, ActingDevice& device) {
  VEDETTE_TRY(const Json status, theatre.agent_status(device));
  return status.boolean("attested");
}

Result<std::string> certificate_news(Theatre& theatre, ActingDevice& device) {
  VEDETTE_CHECK(wait_for(device.name + " has a certificate", 15s, [&]() -> Result<bool> {
    VEDETTE_TRY(const Json status, theatre.agent_status(device));
    return status.find("device") != nullptr;
  }));
  VEDETTE_TRY(const Bytes pem, read_file(device.folder + "/state/device.pem", 64U << 10U));
  VEDETTE_TRY(const auto leaf, crypto::Certificate::from_pem(as_text(pem)));
  const auto names = leaf.uri_names();
  return (names.empty() ? "no name" : names.front()) + ", until " + to_rfc3339(leaf.not_after()) +
         ", key in the TPM";
}

Result<void> enroll_one(Narrator& narrator, Theatre& theatre, ActingDevice& device,
                        const std::string& how) {
  return narrator.deed(device.name + ": proves its TPM, gets a certificate (" + how + ")",
                       [&] { return certificate_news(theatre, device); });
}

std::string decimal(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.2f", value);
  return text.data();
}

// The model's own line of what PCR 13 was extended with before the model took effect.
Result<std::string> what_has_run(Theatre& theatre, const std::string& device) {
  std::string told;
  VEDETTE_CHECK(wait_for("the model stands in an accepted quote", 15s, [&]() -> Result<bool> {
    VEDETTE_TRY(const Json explained, theatre.vedette({"attest", "explain", device}));
    VEDETTE_TRY(const Json* running, explained.array("running"));
    for (const Json& event : *running->if_array())
      if (event.string("kind").value_or("") == "model-release")
        told = event.string("words").value_or("");
    return !told.empty();
  }));
  return told;
}

}  // namespace

std::optional<Error> newest_refusal(const Json& status) {
  const Json* news = status.find("news");
  const Json::Array* list = news == nullptr ? nullptr : news->if_array();
  if (list == nullptr || list->empty()) return std::nullopt;
  const Json* error = list->back().find("error");
  if (error == nullptr) return std::nullopt;
  return Error{error->string("code").value_or(""), error->string("message").value_or(""),
               error->string("cause").value_or(""), error->string("hint").value_or("")};
}

bool serves_release(const Json& status, std::int64_t release) {
  const Json* models = status.find("models");
  const Json::Array* list = models == nullptr ? nullptr : models->if_array();
  if (list == nullptr) return false;
  return std::ranges::any_of(*list, [&](const Json& model) {
    return model.integer("release").value_or(0) == release &&
           model.boolean("alive").value_or(false);
  });
}

Result<void> act_control_plane(Narrator& narrator, Theatre& theatre) {
  narrator.act("1  The control plane");
  VEDETTE_CHECK(narrator.deed(
      "vedette-server init: a root, an issuing CA, an operator", [&]() -> Result<std::string> {
        VEDETTE_TRY([[maybe_unused]] const Json made,
                    theatre.run("vedette-server", {"init", theatre.path("server"), "--trust-domain",
                                                   "demo.vedette", "--insecure-unencrypted"}));
        VEDETTE_TRY(const Bytes pem, read_file(theatre.path("server/ca/root.pem"), 64U << 10U));
        VEDETTE_TRY(const auto root, crypto::Certificate::from_pem(as_text(pem)));
        return "root " + to_hex(root.fingerprint()).substr(0, 16) + "…, P-256, its key set aside";
      }));
  VEDETTE_CHECK(narrator.deed(
      "vedette key generate: the publisher's signing key", [&]() -> Result<std::string> {
        VEDETTE_TRY(const Json key,
                    theatre.vedette({"key", "generate", theatre.path("publisher.key"),
                                     "--insecure-unencrypted"}));
        VEDETTE_TRY(const std::string hash, key.string("sha256"));
        return "publisher " + hash.substr(0, 16) + "…; the server never sees it";
      }));
  return narrator.deed("vedette-server run: three listeners, TLS 1.3, mutually authenticated",
                       [&]() -> Result<std::string> {
                         VEDETTE_CHECK(theatre.start_server());
                         const ServerFacts& facts = theatre.server();
                         return "enrolment :" + std::to_string(facts.enrollment_port) +
                                "  device :" + std::to_string(facts.device_port) +
                                "  operator :" + std::to_string(facts.operator_port);
                       });
}

Result<void> act_enrollment(Narrator& narrator, Theatre& theatre, Cast& cast) {
  narrator.act("2  Devices with a TPM each enrol");
  const auto power_on = [&](std::unique_ptr<ActingDevice>& device, const std::string& name) {
    return narrator.deed(name + ": powered on, firmware measured into PCR 0, 2, 4, 7",
                         [&]() -> Result<std::string> {
                           VEDETTE_TRY(device, theatre.power_on(name));
                           VEDETTE_CHECK(theatre.start_agent(*device));
                           return "swtpm (insecure_software_tpm), agent API on 127.0.0.1:" +
                                  std::to_string(device->api_port);
                         });
  };
  VEDETTE_CHECK(power_on(cast.drone, "drone"));
  VEDETTE_CHECK(
      narrator.refusal("drone: asks for a certificate before anybody allowed it", "ENR-EK-UNKNOWN",
                       [&]() -> Result<Error> {
                         Error met;
                         VEDETTE_CHECK(wait_for("the drone is refused", 15s, [&]() -> Result<bool> {
                           VEDETTE_TRY(const Json status, theatre.agent_status(*cast.drone));
                           const auto refusal = newest_refusal(status);
                           if (refusal) met = *refusal;
                           return refusal.has_value();
                         }));
                         return met;
                       }));
  VEDETTE_CHECK(narrator.deed("vedette device allow drone: by the hash of its endorsement key",
                              [&]() -> Result<std::string> {
                                VEDETTE_TRY(const std::string hash,
                                            theatre.endorsement_hash(*cast.drone));
                                VEDETTE_TRY([[maybe_unused]] const Json allowed,
                                            theatre.vedette({"device", "allow", "drone", "--group",
                                                             "line-a", "--ek-sha256", hash}));
                                return "EK " + hash.substr(0, 16) + "…";
                              }));
  VEDETTE_CHECK(enroll_one(narrator, theatre, *cast.drone, "MakeCredential, EST"));
  VEDETTE_CHECK(power_on(cast.camera, "camera"));
  for (const std::string& pem : {cast.camera->tpm->issuer_path(), cast.camera->tpm->root_path()}) {
    VEDETTE_TRY([[maybe_unused]] const Json admitted,
                theatre.vedette({"device", "admit-maker", "--group", "line-a", "--root", pem}));
  }
  return enroll_one(narrator, theatre, *cast.camera, "its TPM's maker is trusted");
}

Result<void> act_attestation(Narrator& narrator, Theatre& theatre, Cast& cast) {
  narrator.act("3  They attest, and attest again");
  VEDETTE_CHECK(
      narrator.refusal("drone: quotes its PCRs before anybody said what is right",
                       "ATT-NO-REFERENCE", [&]() -> Result<Error> {
                         Error met;
                         VEDETTE_CHECK(wait_for("the first quote", 15s, [&]() -> Result<bool> {
                           VEDETTE_TRY(const Json status, theatre.agent_status(*cast.drone));
                           const auto refusal = newest_refusal(status);
                           if (refusal) met = *refusal;
                           return refusal && refusal->code.starts_with("ATT-");
                         }));
                         return met;
                       }));
  VEDETTE_CHECK(narrator.deed(
      "vedette reference learn line-a: the drone is the golden device",
      [&]() -> Result<std::string> {
        VEDETTE_TRY(const Json learnt,
                    theatre.vedette({"reference", "learn", "line-a", "--from", "drone"}));
        VEDETTE_TRY(const Json* registers, learnt.object("registers"));
        std::string text = "accepted: PCR";
        for (const auto& [number, values] : *registers->if_object())
          text += " " + number;
        return text;
      }));
  for (ActingDevice* device : {cast.drone.get(), cast.camera.get()})
    VEDETTE_CHECK(
        narrator.deed(device->name + ": attested, its verdict (EAR) bound to its certificate",
                      [&]() -> Result<std::string> {
                        VEDETTE_CHECK(wait_for(device->name + " is attested", 20s,
                                               [&] { return is_attested(theatre, *device); }));
                        VEDETTE_TRY(const Json status, theatre.agent_status(*device));
                        return "until " + status.string("attested_until").value_or("?") +
                               "; it quotes again every 2 s by itself";
                      }));
  return {};
}

Result<void> act_release(Narrator& narrator, Theatre& theatre, Cast& cast,
                         const Material& material) {
  narrator.act("4  A real model is signed, published, fetched, verified, caged");
  const std::string bundle = theatre.path("voice.sig");
  VEDETTE_CHECK(narrator.deed(
      "vedette model sign: Silero voice activity detection", [&]() -> Result<std::string> {
        VEDETTE_TRY([[maybe_unused]] const Json signed_model,
                    theatre.vedette({"model", "sign", material.model, "--key",
                                     theatre.path("publisher.key"), "--bundle", bundle}));
        return "an OpenSSF Model Signing bundle that model_signing and "
               "sigstore accept";
      }));
  VEDETTE_CHECK(narrator.deed(
      "vedette release publish voice/1 --contract: verified again by the server",
      [&]() -> Result<std::string> {
        const std::string contract = theatre.path("voice.toml");
        VEDETTE_CHECK(write_file_atomically(contract, as_bytes(kContract), 0600));
        VEDETTE_TRY(
            [[maybe_unused]] const Json published,
            theatre.vedette({"release", "publish", material.model, "--name", "voice", "--release",
                             "1", "--tier", "high", "--bundle", bundle, "--key",
                             theatre.path("publisher.key"), "--contract", contract}));
        return "tier high: given to attested devices alone; 256 MiB and 2 s a call, "
               "signed by its author";
      }));
  for (ActingDevice* device : {cast.drone.get(), cast.camera.get()})
    VEDETTE_CHECK(
        narrator.deed(device->name + ": fetched, verified on the way in, sealed, caged",
                      [&]() -> Result<std::string> {
                        VEDETTE_CHECK(wait_for("release 1 serves", 20s, [&]() -> Result<bool> {
                          VEDETTE_TRY(const Json status, theatre.agent_status(*device));
                          return serves_release(status, 1);
                        }));
                        return "the worker has no network, no files, no capabilities";
                      }));
  return {};
}

Result<void> act_inference(Narrator& narrator, Theatre& theatre, Cast& cast,
                           const Material& material) {
  narrator.act("5  It answers, and the cloud believes it");
  VEDETTE_TRY(auto samples, load_wav(material.recording));
  samples.resize(std::min(samples.size(), kMostSamples));
  SpeechResult heard;
  VEDETTE_CHECK(narrator.deed(
      "drone: hears recorded speech, window by window of 32 ms", [&]() -> Result<std::string> {
        VEDETTE_TRY(heard, detect_speech(*cast.drone->api, "voice", samples));
        return std::to_string(heard.probabilities.size()) +
               " calls by the Open Inference Protocol, median " +
               decimal(heard.milliseconds_per_call) + " ms each";
      }));
  narrator.picture(draw(samples, heard.probabilities, kPictureColumns));
  const auto wanted = static_cast<std::int64_t>(heard.probabilities.size());
  VEDETTE_CHECK(narrator.deed(
      "server: certificate, verdict, release and epoch hold; results kept",
      [&]() -> Result<std::string> {
        VEDETTE_CHECK(wait_for("every receipt is accepted", 20s, [&]() -> Result<bool> {
          VEDETTE_TRY(const Json status, theatre.agent_status(*cast.drone));
          VEDETTE_TRY(const Json* receipts, status.object("receipts"));
          return receipts->integer("accepted").value_or(0) >= wanted;
        }));
        return std::to_string(wanted) + " receipts, each signed inside the drone's TPM";
      }));
  return narrator.deed(
      "vedette attest explain drone: its TPM vouches for what has run since boot",
      [&]() -> Result<std::string> { return what_has_run(theatre, cast.drone->name); });
}

}  // namespace vedette::cli::demo
