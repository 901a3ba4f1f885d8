#include "cli/demo/attacks.h"

#include <fcntl.h>
#include <unistd.h>

#include "attestation/quote.h"
#include "base/clock.h"
#include "base/fd.h"
#include "codec/base64.h"
#include "inference/host/drill.h"
#include "ledger/receipt.h"
#include "platform/net/json_api.h"

namespace vedette::cli::demo {

namespace {

using codec::Json;
using namespace std::chrono_literals;

constexpr std::size_t kMaxModelBytes = 64U << 20U;
constexpr std::chrono::milliseconds kRevocationBound = 2s;

std::unexpected<Error> not_refused(const std::string& what) {
  return refuse("DEMO-NOT-REFUSED", "an attack was not refused", what);
}

// What `result` refused; that it did not is the demo's failure.
template <class T>
Result<Error> refusal_of(const Result<T>& result, const std::string& what) {
  if (result) return not_refused(what);
  return result.error();
}

Result<void> flip_bit(const std::string& path) {
  constexpr off_t kSomewhere = 1'000'000;
  const UniqueFd fd{::open(path.c_str(), O_RDWR | O_CLOEXEC)};
  std::uint8_t octet = 0;
  if (!fd.valid() || ::pread(fd.get(), &octet, 1, kSomewhere) != 1)
    return refuse("FILE-OPEN", "a stored blob cannot be opened", errno_text(path));
  octet = static_cast<std::uint8_t>(octet ^ 1U);
  if (::pwrite(fd.get(), &octet, 1, kSomewhere) != 1)
    return refuse("FILE-WRITE", "a stored blob cannot be written", errno_text(path));
  return {};
}

// Waits until the agent tells a refusal with this code.
Result<Error> agent_refusal(Theatre& theatre, ActingDevice& device, const std::string& code) {
  Error met;
  VEDETTE_CHECK(wait_for(device.name + " tells " + code, 20s, [&]() -> Result<bool> {
    VEDETTE_TRY(const Json status, theatre.agent_status(device));
    const auto refusal = newest_refusal(status);
    if (refusal && refusal->code == code) met = *refusal;
    return !met.code.empty();
  }));
  return met;
}

Result<Json> post(platform::HttpClient& client, const std::string& target, const Json& body) {
  VEDETTE_TRY(const auto response, client.send(platform::json_request("POST", target, body)));
  return platform::read_json_answer(response);
}

Result<codec::TpmPcrSelection> selection_of(const Json& question) {
  VEDETTE_TRY(const Json* registers, question.array("registers"));
  codec::TpmPcrSelection selection;
  for (const Json& number : *registers->if_array())
    if (const auto* pcr = number.if_integer())
      selection.registers.push_back(static_cast<std::uint8_t>(*pcr));
  return selection;
}

Result<Json> fresh_evidence(Theatre::Identity& identity) {
  VEDETTE_TRY(const Json question,
              post(*identity.client, "/v1/attestation/challenge", Json::Object{}));
  VEDETTE_TRY(const std::string nonce_text, question.string("nonce"));
  VEDETTE_TRY(const Bytes nonce, codec::from_base64(nonce_text));
  VEDETTE_TRY(const Bytes channel, identity.client->channel_binding());
  const auto binding =
      attestation::quote_binding(nonce, identity.chain.front().fingerprint(), channel);
  VEDETTE_TRY(const auto selection, selection_of(question));
  VEDETTE_TRY(const auto quote, identity.tpm->quote(selection, binding));
  Json::Array values;
  for (const Bytes& value : quote.pcr_values)
    values.emplace_back(to_hex(value));
  Json body;
  body.set("nonce", nonce_text).set("attest", codec::to_base64(quote.attest));
  body.set("signature", codec::to_base64(quote.signature)).set("values", std::move(values));
  return body;
}

}  // namespace

Result<void> attack_flipped_bit(Narrator& narrator, Theatre& theatre, Cast& cast,
                                const Material& material) {
  VEDETTE_TRY(const Bytes model, read_file(material.model, kMaxModelBytes));
  const std::string hash = to_hex(crypto::sha256(model));
  const std::string blob = theatre.path("server/blobs/" + hash.substr(0, 2) + "/" + hash);
  VEDETTE_CHECK(narrator.refusal("drone restarts; one bit of its model flipped in the store",
                                 "REL-DIGEST", [&]() -> Result<Error> {
                                   VEDETTE_CHECK(flip_bit(blob));
                                   VEDETTE_CHECK(theatre.start_agent(*cast.drone));
                                   return agent_refusal(theatre, *cast.drone, "REL-DIGEST");
                                 }));
  return narrator.deed("the bit flipped back: the drone loads its model and answers again",
                       [&]() -> Result<std::string> {
                         VEDETTE_CHECK(flip_bit(blob));
                         VEDETTE_CHECK(wait_for("release 1 serves", 20s, [&]() -> Result<bool> {
                           VEDETTE_TRY(const Json status, theatre.agent_status(*cast.drone));
                           return serves_release(status, 1);
                         }));
                         return std::string{};
                       });
}

Result<void> attack_stranger_signs(Narrator& narrator, Theatre& theatre, const Material& material) {
  const std::string key = theatre.path("stranger.key");
  const std::string bundle = theatre.path("stranger.sig");
  return narrator.refusal("a model signed by a stranger", "OMS-UNTRUSTED", [&]() -> Result<Error> {
    VEDETTE_TRY([[maybe_unused]] const Json generated,
                theatre.vedette({"key", "generate", key, "--insecure-unencrypted"}));
    VEDETTE_TRY(
        [[maybe_unused]] const Json signed_model,
        theatre.vedette({"model", "sign", material.model, "--key", key, "--bundle", bundle}));
    return refusal_of(
        theatre.vedette({"release", "publish", material.model, "--name", "voice", "--release", "2",
                         "--tier", "high", "--bundle", bundle, "--key", key}),
        "a stranger's release");
  });
}

Result<void> attack_unattested_result(Narrator& narrator, Theatre& theatre, Cast& cast) {
  VEDETTE_CHECK(narrator.deed(
      "gateway: enrols, but its group has no reference values", [&]() -> Result<std::string> {
        VEDETTE_TRY(cast.gateway, theatre.power_on("gateway"));
        VEDETTE_TRY(const std::string hash, theatre.endorsement_hash(*cast.gateway));
        VEDETTE_TRY([[maybe_unused]] const Json allowed,
                    theatre.vedette(
                        {"device", "allow", "gateway", "--group", "line-b", "--ek-sha256", hash}));
        VEDETTE_CHECK(theatre.start_agent(*cast.gateway));
        VEDETTE_TRY([[maybe_unused]] const Error met,
                    agent_refusal(theatre, *cast.gateway, "ATT-NO-REFERENCE"));
        return std::string("a valid certificate, no verdict");
      }));
  return narrator.refusal(
      "gateway: sends a result, well signed, without being attested", "AUTH-FORBIDDEN",
      [&]() -> Result<Error> {
        VEDETTE_TRY(auto malware, theatre.impersonate(*cast.gateway));
        VEDETTE_TRY(const DeviceId device, DeviceId::parse("gateway"));
        VEDETTE_TRY(const ModelName model, ModelName::parse("voice"));
        VEDETTE_TRY(
            const std::string receipt,
            ledger::sign_receipt({.device = device,
                                  .epoch = {},
                                  .model = model,
                                  .release = 1,
                                  .model_root = {},
                                  .sequence = 1,
                                  .time = from_unix_seconds(to_unix_seconds(SystemClock().now())),
                                  .request = "forged",
                                  .inputs_sha256 = {},
                                  .outputs_sha256 = {},
                                  .outputs = {}},
                                 malware.key));
        Json body;
        body.set("receipts", Json::Array{receipt});
        return refusal_of(post(*malware.client, "/v1/results", body), "an unattested result");
      });
}

Result<void> attack_replayed_quote(Narrator& narrator, Theatre& theatre, Cast& cast) {
  return narrator.refusal(
      "camera: malware answers a challenge with an old, genuine quote", "ATT-NONCE-UNKNOWN",
      [&]() -> Result<Error> {
        VEDETTE_TRY(auto malware, theatre.impersonate(*cast.camera));
        // The agent's own challenge may come in between, and replaces ours: then the quote is taken
        // anew.
        Json evidence;
        VEDETTE_CHECK(wait_for("one quote is accepted", 10s, [&]() -> Result<bool> {
          VEDETTE_TRY(evidence, fresh_evidence(malware));
          return post(*malware.client, "/v1/attestation/evidence", evidence).has_value();
        }));
        return refusal_of(post(*malware.client, "/v1/attestation/evidence", evidence), "a replay");
      });
}

Result<void> attack_cage(Narrator& narrator, Theatre& theatre) {
  using inference::DrillAct;
  for (const auto& [act, what] : {std::pair{DrillAct::open_file, "a worker opens a file"},
                                  std::pair{DrillAct::socket, "a worker opens a socket"}})
    VEDETTE_CHECK(narrator.refusal(
        std::string(what) + ", from inside its cage", "SBX-SYSCALL-DENIED", [&]() -> Result<Error> {
          VEDETTE_TRY(const auto verdict,
                      inference::run_drill(theatre.program("vedette-worker"), act));
          if (verdict.outcome != inference::DrillVerdict::Outcome::killed)
            return not_refused(verdict.detail);
          return Error{"SBX-SYSCALL-DENIED", "the kernel killed the worker on the spot",
                       verdict.detail, "quarantine the model that was in it"};
        }));
  return {};
}

// The malware has attested over a younger connection than the agent's: an honest device never goes
// back to an older one.
Result<void> attack_cloned_identity(Narrator& narrator, Theatre& theatre, Cast& cast) {
  VEDETTE_CHECK(narrator.refusal(
      "camera: two hold its identity, the device and the malware", "AUTH-QUARANTINED",
      [&]() -> Result<Error> { return agent_refusal(theatre, *cast.camera, "AUTH-QUARANTINED"); }));
  return narrator.deed(
      "vedette device reinstate camera: cleaned, it answers again", [&]() -> Result<std::string> {
        VEDETTE_TRY(const Json before, theatre.agent_status(*cast.camera));
        VEDETTE_TRY(const std::string id, before.string("device"));
        VEDETTE_TRY([[maybe_unused]] const Json reinstated,
                    theatre.vedette({"device", "reinstate", id, "--reason", "cleaned"}));
        VEDETTE_CHECK(wait_for("the camera serves", 30s, [&]() -> Result<bool> {
          VEDETTE_TRY(const Json status, theatre.agent_status(*cast.camera));
          return serves_release(status, 1);
        }));
        return std::string("it was in quarantine, both connections closed");
      });
}

Result<void> attack_changed_state(Narrator& narrator, Theatre& theatre, Cast& cast) {
  VEDETTE_CHECK(narrator.refusal(
      "camera: something unknown is measured into PCR 4", "ATT-PCR-MISMATCH",
      [&]() -> Result<Error> {
        VEDETTE_TRY(
            const auto firmware,
            theatre.stage().open_tpm(cast.camera->tpm->tcti(), cast.camera->folder + "/firmware"));
        VEDETTE_CHECK(
            firmware->extend(4, {crypto::sha256(as_bytes("a boot loader nobody knows"))}));
        return agent_refusal(theatre, *cast.camera, "ATT-PCR-MISMATCH");
      }));
  return narrator.deed("camera: its models stopped answering", [&]() -> Result<std::string> {
    VEDETTE_TRY(const auto response,
                cast.camera->api->send(platform::get_request("/v2/health/ready")));
    if (response.status < 400) return not_refused("an untrusted device still answers");
    return std::string(as_text(response.body)).substr(0, 100) + "…";
  });
}

Result<void> attack_after_revocation(Narrator& narrator, Theatre& theatre, Cast& cast) {
  VEDETTE_TRY(auto drone, theatre.impersonate(*cast.drone));
  VEDETTE_TRY([[maybe_unused]] const Json open,
              post(*drone.client, "/v1/attestation/challenge", Json::Object{}));
  VEDETTE_CHECK(narrator.deed(
      "vedette device revoke drone: its live connection is cut", [&]() -> Result<std::string> {
        const auto start = std::chrono::steady_clock::now();
        VEDETTE_TRY(const Json revoked, theatre.vedette({"device", "revoke", "drone", "--reason",
                                                         "stolen from the hangar"}));
        VEDETTE_CHECK(wait_for("the connection is closed", kRevocationBound,
                               [&]() -> Result<bool> { return !drone.client->connected(); }));
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - start);
        if (took > kRevocationBound)
          return refuse("DEMO-TIMEOUT", "the connection outlived its bound");
        return std::to_string(took.count()) +
               " ms from the operator's command to the closed connection";
      }));
  return narrator.refusal(
      "drone: comes back with its old certificate", "AUTH-REVOKED", [&]() -> Result<Error> {
        return refusal_of(post(*drone.client, "/v1/attestation/challenge", Json::Object{}),
                          "a revoked device");
      });
}

Result<void> check_log(Narrator& narrator, Theatre& theatre) {
  narrator.act("7  What happened cannot be unsaid");
  return narrator.deed(
      "vedette log verify: every decision is a leaf in one Merkle tree",
      [&]() -> Result<std::string> {
        VEDETTE_TRY(const Json verified,
                    theatre.vedette({"log", "verify", "--vkey", theatre.server().log_vkey}));
        VEDETTE_TRY(const std::int64_t size, verified.integer("size"));
        VEDETTE_TRY(const std::string root, verified.string("root"));
        return std::to_string(size) + " decisions, root " + root + ", checkpoint signed";
      });
}

}  // namespace vedette::cli::demo
