#include "ledger/receipt.h"

#include <algorithm>
#include <limits>

#include "codec/base64.h"
#include "crypto/jws.h"

namespace vedette::ledger {
namespace {

using codec::Json;

constexpr std::size_t kMaxPayloadBytes = 128 << 10;
constexpr std::size_t kMaxRequestBytes = 128;
constexpr codec::JsonLimits kLimits{
    .max_bytes = kMaxPayloadBytes, .max_depth = 16, .max_values = 65'536};

template <class T>
Result<T> as_claims(Result<T> result) {
  if (!result) return refuse("RECEIPT-CLAIMS", "this is not a receipt", describe(result.error()));
  return result;
}

std::unexpected<Error> invalid(const char* claim) {
  return refuse("RECEIPT-CLAIMS", "this is not a receipt", std::string(claim) + " is not valid");
}

Result<std::string> text_claim(const Json& json, std::string_view name) {
  return as_claims(json.string(name));
}

Result<std::uint64_t> count_claim(const Json& json, const char* name) {
  VEDETTE_TRY(const std::int64_t value, as_claims(json.integer(name)));
  if (value < 0) return invalid(name);
  return static_cast<std::uint64_t>(value);
}

Result<crypto::Sha256Digest> digest_claim(const Json& json, const char* name) {
  VEDETTE_TRY(const std::string text, text_claim(json, name));
  const auto bytes = codec::from_hex(text);
  crypto::Sha256Digest digest{};
  if (!bytes || bytes->size() != digest.size() || to_hex(*bytes) != text) return invalid(name);
  std::ranges::copy(*bytes, digest.begin());
  return digest;
}

bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRequestBytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7F; });
}

Result<void> check_ranges(const ReceiptClaims& claims) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (claims.release < 1 || claims.release > kMax) return invalid("release");
  if (claims.epoch.value > kMax) return invalid("epoch");
  if (claims.sequence > kMax) return invalid("sequence");
  if (!is_request_id(claims.request)) return invalid("request");
  if (claims.outputs && !claims.outputs->is_array()) return invalid("outputs");
  return {};
}

Json to_json_value(const ReceiptClaims& claims) {
  Json json(Json::Object{{"device", claims.device.str()},
                         {"epoch", claims.epoch.value},
                         {"model", claims.model.str()},
                         {"release", claims.release},
                         {"model_root", to_hex(claims.model_root)},
                         {"sequence", claims.sequence},
                         {"time", to_rfc3339(claims.time)},
                         {"request", claims.request},
                         {"inputs_sha256", to_hex(claims.inputs_sha256)},
                         {"outputs_sha256", to_hex(claims.outputs_sha256)}});
  if (claims.outputs) json.set("outputs", *claims.outputs);
  return json;
}

Result<ReceiptClaims> identities(const Json& json) {
  VEDETTE_TRY(const std::string device_text, text_claim(json, "device"));
  VEDETTE_TRY(DeviceId device, as_claims(DeviceId::parse(device_text)));
  VEDETTE_TRY(const std::string model_text, text_claim(json, "model"));
  VEDETTE_TRY(ModelName model, as_claims(ModelName::parse(model_text)));
  return ReceiptClaims{.device = std::move(device), .model = std::move(model)};
}

Result<ReceiptClaims> read_claims(const Json& json) {
  VEDETTE_CHECK(
      as_claims(json.only({"device", "epoch", "model", "release", "model_root", "sequence", "time",
                           "request", "inputs_sha256", "outputs_sha256", "outputs"})));
  VEDETTE_TRY(ReceiptClaims claims, identities(json));
  VEDETTE_TRY(claims.epoch.value, count_claim(json, "epoch"));
  VEDETTE_TRY(claims.release, count_claim(json, "release"));
  VEDETTE_TRY(claims.model_root, digest_claim(json, "model_root"));
  VEDETTE_TRY(claims.sequence, count_claim(json, "sequence"));
  VEDETTE_TRY(const std::string time, text_claim(json, "time"));
  VEDETTE_TRY(claims.time, as_claims(from_rfc3339(time)));
  VEDETTE_TRY(claims.request, text_claim(json, "request"));
  VEDETTE_TRY(claims.inputs_sha256, digest_claim(json, "inputs_sha256"));
  VEDETTE_TRY(claims.outputs_sha256, digest_claim(json, "outputs_sha256"));
  if (const Json* outputs = json.find("outputs")) claims.outputs = *outputs;
  VEDETTE_CHECK(check_ranges(claims));
  return claims;
}

Result<void> check_size(std::string_view payload) {
  if (payload.size() <= kMaxPayloadBytes) return {};
  return refuse("RECEIPT-SIZE", "the receipt is too long",
                std::to_string(payload.size()) + " bytes",
                "send the digest of the outputs without the outputs");
}

}  // namespace

Result<std::string> sign_receipt(const ReceiptClaims& claims, const crypto::PrivateKey& key) {
  VEDETTE_CHECK(check_ranges(claims));
  const std::string payload = codec::to_json(to_json_value(claims));
  VEDETTE_CHECK(check_size(payload));
  return crypto::sign_jws({.type = std::string(kReceiptType), .key_id = {}}, payload, key);
}

Result<VerifiedReceipt> verify_receipt(std::string_view jws, const crypto::PublicKey& device_key) {
  VEDETTE_TRY(const std::string payload, crypto::verify_jws(jws, kReceiptType, device_key));
  VEDETTE_CHECK(check_size(payload));
  VEDETTE_TRY(const Json json, codec::parse_json(payload, kLimits));
  VEDETTE_TRY(ReceiptClaims claims, read_claims(json));
  return VerifiedReceipt(Receipt::VerificationKey(),
                         Receipt{.claims = std::move(claims),
                                 .id = crypto::sha256(as_bytes(payload)),
                                 .jws = std::string(jws)});
}

}  // namespace vedette::ledger
