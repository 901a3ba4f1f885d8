#include "attestation/conceptual_message.h"

#include "codec/base64.h"

namespace vedette::attestation {
namespace {

using codec::Json;

constexpr codec::JsonLimits kLimits{.max_bytes = 16U << 10U, .max_depth = 4, .max_values = 64};

std::unexpected<Error> refuse_message(std::string cause) {
  return refuse("ATT-SYNTAX", "the attestation evidence is malformed", std::move(cause));
}

}  // namespace

std::string wrap_evidence(const Json& evidence) {
  return codec::to_json(Json::Array{std::string(kEvidenceMediaType),
                                    codec::to_base64url(as_bytes(codec::to_json(evidence)))});
}

Result<Json> unwrap_evidence(std::string_view message) {
  const auto wrapped = codec::parse_json(message, kLimits);
  if (!wrapped) return refuse_message(describe(wrapped.error()));
  const Json::Array* const parts = wrapped->if_array();
  const bool is_pair = parts != nullptr && parts->size() == 2;
  const std::string* const type = is_pair ? (*parts)[0].if_string() : nullptr;
  const std::string* const value = is_pair ? (*parts)[1].if_string() : nullptr;
  if (type == nullptr || value == nullptr)
    return refuse_message("no array of a media type and a text");
  if (*type != kEvidenceMediaType)
    return refuse_message("of the media type " + type->substr(0, 80));
  const auto octets = codec::from_base64url(*value);
  if (!octets) return refuse_message(describe(octets.error()));
  auto evidence = codec::parse_json(as_text(*octets), kLimits);
  if (!evidence) return refuse_message(describe(evidence.error()));
  return *std::move(evidence);
}

}  // namespace vedette::attestation
