#include "ledger/violation.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "codec/base64.h"
#include "crypto/jws.h"

namespace vedette::ledger {
namespace {

using codec::Json;

constexpr std::size_t kMaxPayloadBytes = 8 << 10;
constexpr std::int64_t kMaxNumber = (std::int64_t{1} << 53U) - 1;  // exact in every JSON reader
constexpr codec::JsonLimits kLimits{
    .max_bytes = kMaxPayloadBytes, .max_depth = 6, .max_values = 128};

std::unexpected<Error> invalid(std::string_view claim) {
  return refuse("VIOLATION-CLAIMS", "this is not a violation",
                std::string(claim) + " is not valid");
}

template <class T>
Result<T> as_claims(Result<T> result) {
  if (!result)
    return refuse("VIOLATION-CLAIMS", "this is not a violation", describe(result.error()));
  return result;
}

std::string hex_word(std::uint64_t word) {
  std::array<char, 18> text{'0', 'x'};
  const auto end = std::to_chars(text.data() + 2, text.data() + text.size(), word, 16).ptr;
  return {text.data(), end};
}

// One text for one word: lower case, no leading zero.
Result<std::uint64_t> word_of(const Json* value, const char* name) {
  const std::string* text = value == nullptr ? nullptr : value->if_string();
  if (text == nullptr || !text->starts_with("0x")) return invalid(name);
  std::uint64_t word = 0;
  const char* end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data() + 2, end, word, 16);
  if (parsed.ec != std::errc{} || parsed.ptr != end || hex_word(word) != *text)
    return invalid(name);
  return word;
}

Result<std::uint64_t> count_claim(const Json& json, const char* name) {
  VEDETTE_TRY(const std::int64_t value, as_claims(json.integer(name)));
  if (value < 0 || value > kMaxNumber) return invalid(name);
  return static_cast<std::uint64_t>(value);
}

Result<crypto::Sha256Digest> digest_claim(const Json& json, const char* name) {
  VEDETTE_TRY(const std::string text, as_claims(json.string(name)));
  const auto bytes = codec::from_hex(text);
  crypto::Sha256Digest digest{};
  if (!bytes || bytes->size() != digest.size() || to_hex(*bytes) != text) return invalid(name);
  std::ranges::copy(*bytes, digest.begin());
  return digest;
}

Result<std::optional<crypto::Sha256Digest>> optional_digest(const Json& json, const char* name) {
  if (json.find(name) == nullptr) return std::nullopt;
  VEDETTE_TRY(const crypto::Sha256Digest digest, digest_claim(json, name));
  return digest;
}

Result<SystemCall> parse_call(const Json& json) {
  VEDETTE_CHECK(as_claims(json.only({"architecture", "architecture_name", "number", "name",
                                     "instruction_pointer", "arguments"})));
  SystemCall call;
  VEDETTE_TRY(const std::uint64_t architecture, word_of(json.find("architecture"), "architecture"));
  if (architecture > std::numeric_limits<std::uint32_t>::max()) return invalid("architecture");
  call.architecture = static_cast<std::uint32_t>(architecture);
  VEDETTE_TRY(const std::string architecture_text, as_claims(json.string("architecture_name")));
  if (architecture_text != architecture_name(call.architecture))
    return invalid("architecture_name");
  VEDETTE_TRY(const std::int64_t number, as_claims(json.integer("number")));
  if (number < std::numeric_limits<std::int32_t>::min() ||
      number > std::numeric_limits<std::int32_t>::max())
    return invalid("number");
  call.number = static_cast<std::int32_t>(number);
  VEDETTE_TRY(call.name, as_claims(json.string("name")));
  VEDETTE_TRY(call.instruction_pointer,
              word_of(json.find("instruction_pointer"), "instruction_pointer"));
  VEDETTE_TRY(const Json* arguments, as_claims(json.array("arguments")));
  if (arguments->if_array()->size() != call.arguments.size()) return invalid("arguments");
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    VEDETTE_TRY(call.arguments.at(i), word_of(&arguments->if_array()->at(i), "arguments"));
  }
  return call;
}

Result<void> read_kind_and_phase(const Json& json, Violation& violation) {
  VEDETTE_TRY(const std::string kind_text, as_claims(json.string("kind")));
  const auto kind = parse_violation_kind(kind_text);
  if (!kind) return invalid("kind");
  violation.kind = *kind;
  VEDETTE_TRY(const std::string phase_text, as_claims(json.string("phase")));
  if (phase_text != "load" && phase_text != "serve") return invalid("phase");
  violation.phase = phase_text == "load" ? ViolationPhase::load : ViolationPhase::serve;
  return {};
}

// The kind says which of both must be there.
Result<void> read_call_or_detail(const Json& json, Violation& violation) {
  const bool is_call = violation.kind == ViolationKind::system_call;
  if (json.find(is_call ? "detail" : "system_call") != nullptr) return invalid("kind");
  if (is_call) {
    VEDETTE_TRY(const Json* call, as_claims(json.object("system_call")));
    VEDETTE_TRY(violation.call, parse_call(*call));
  } else {
    VEDETTE_TRY(violation.detail, as_claims(json.string("detail")));
  }
  return {};
}

// What bounded() would change was not made by it.
Result<void> check_ranges(const Violation& violation) {
  if (violation.release < 1 || violation.release > std::uint64_t{kMaxNumber})
    return invalid("release");
  if (bounded(violation) != violation) return invalid("what happened");
  return {};
}

Result<void> check_ranges(const ViolationClaims& claims) {
  if (claims.epoch.value > std::uint64_t{kMaxNumber}) return invalid("epoch");
  if (claims.sequence < 1 || claims.sequence > std::uint64_t{kMaxNumber})
    return invalid("sequence");
  return check_ranges(claims.event);
}

}  // namespace

Json to_json(const SystemCall& call) {
  Json::Array arguments;
  for (const std::uint64_t argument : call.arguments)
    arguments.emplace_back(hex_word(argument));
  return Json::Object{{"architecture", hex_word(call.architecture)},
                      {"architecture_name", architecture_name(call.architecture)},
                      {"number", std::int64_t{call.number}},
                      {"name", call.name},
                      {"instruction_pointer", hex_word(call.instruction_pointer)},
                      {"arguments", std::move(arguments)}};
}

Json to_json(const Violation& violation) {
  Json json(Json::Object{{"model", violation.model.str()},
                         {"release", violation.release},
                         {"model_root", to_hex(violation.model_root)},
                         {"profile_sha256", to_hex(violation.profile_sha256)}});
  if (violation.contract_sha256) json.set("contract_sha256", to_hex(*violation.contract_sha256));
  if (violation.worker_sha256) json.set("worker_sha256", to_hex(*violation.worker_sha256));
  json.set("kind", to_string(violation.kind)).set("phase", to_string(violation.phase));
  json.set("time", to_rfc3339(violation.time));
  if (violation.call)
    json.set("system_call", to_json(*violation.call));
  else
    json.set("detail", violation.detail);
  return json;
}

Result<Violation> parse_violation(const Json& json) {
  VEDETTE_CHECK(
      as_claims(json.only({"model", "release", "model_root", "profile_sha256", "contract_sha256",
                           "worker_sha256", "kind", "phase", "time", "system_call", "detail"})));
  VEDETTE_TRY(const std::string model_text, as_claims(json.string("model")));
  VEDETTE_TRY(ModelName model, as_claims(ModelName::parse(model_text)));
  Violation violation{.model = std::move(model)};
  VEDETTE_TRY(violation.release, count_claim(json, "release"));
  VEDETTE_TRY(violation.model_root, digest_claim(json, "model_root"));
  VEDETTE_TRY(violation.profile_sha256, digest_claim(json, "profile_sha256"));
  VEDETTE_TRY(violation.contract_sha256, optional_digest(json, "contract_sha256"));
  VEDETTE_TRY(violation.worker_sha256, optional_digest(json, "worker_sha256"));
  VEDETTE_CHECK(read_kind_and_phase(json, violation));
  VEDETTE_TRY(const std::string time, as_claims(json.string("time")));
  VEDETTE_TRY(violation.time, as_claims(from_rfc3339(time)));
  VEDETTE_CHECK(read_call_or_detail(json, violation));
  VEDETTE_CHECK(check_ranges(violation));
  return violation;
}

Result<ViolationClaims> parse_violation_claims(const Json& payload) {
  VEDETTE_CHECK(as_claims(payload.only({"device", "epoch", "sequence", "event"})));
  VEDETTE_TRY(const std::string device_text, as_claims(payload.string("device")));
  VEDETTE_TRY(DeviceId device, as_claims(DeviceId::parse(device_text)));
  VEDETTE_TRY(const Json* event_json, as_claims(payload.object("event")));
  VEDETTE_TRY(Violation event, parse_violation(*event_json));
  ViolationClaims claims{.device = std::move(device), .event = std::move(event)};
  VEDETTE_TRY(claims.epoch.value, count_claim(payload, "epoch"));
  VEDETTE_TRY(claims.sequence, count_claim(payload, "sequence"));
  VEDETTE_CHECK(check_ranges(claims));
  return claims;
}

Result<std::string> sign_violation(const ViolationClaims& claims, const crypto::PrivateKey& key) {
  VEDETTE_CHECK(check_ranges(claims));
  const Json payload(Json::Object{{"device", claims.device.str()},
                                  {"epoch", claims.epoch.value},
                                  {"sequence", claims.sequence},
                                  {"event", to_json(claims.event)}});
  return crypto::sign_jws({.type = std::string(kViolationType), .key_id = {}},
                          codec::to_json(payload), key);
}

Result<VerifiedViolation> verify_violation(std::string_view jws,
                                           const crypto::PublicKey& device_key) {
  VEDETTE_TRY(const std::string payload, crypto::verify_jws(jws, kViolationType, device_key));
  if (payload.size() > kMaxPayloadBytes)
    return refuse("VIOLATION-SIZE", "the violation is too long",
                  std::to_string(payload.size()) + " bytes");
  VEDETTE_TRY(const Json json, codec::parse_json(payload, kLimits));
  VEDETTE_TRY(ViolationClaims claims, parse_violation_claims(json));
  return VerifiedViolation(SignedViolation::VerificationKey(),
                           SignedViolation{.claims = std::move(claims),
                                           .id = crypto::sha256(as_bytes(payload)),
                                           .jws = std::string(jws)});
}

}  // namespace vedette::ledger
