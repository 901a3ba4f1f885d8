// The body of an attestation, from octets to JSON and back.
#include <algorithm>

#include "attestation/quote.h"
#include "codec/base64.h"

namespace vedette::attestation {
namespace {

using codec::Json;

constexpr std::size_t kMaxOctets = 4096;
constexpr std::size_t kMaxRegisters = 24;

std::unexpected<Error> refuse_syntax(std::string cause) {
  return refuse("ATT-SYNTAX", "the attestation evidence is malformed", std::move(cause));
}

Result<Bytes> read_octets(const Json& body, std::string_view member) {
  const auto text = body.string(member);
  if (!text) return refuse_syntax(describe(text.error()));
  if (text->size() > kMaxOctets) return refuse_syntax(std::string(member) + " is too long");
  auto octets = codec::from_base64(*text);
  if (!octets) return refuse_syntax(std::string(member) + ": " + describe(octets.error()));
  return *std::move(octets);
}

// Of which bank, the quote says.
bool is_lower_hex_digest(const std::string& text) {
  const bool is_as_long = std::ranges::any_of(
      crypto::kBanks, [&text](auto bank) { return text.size() == 2 * codec::digest_size(bank); });
  return is_as_long && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Result<std::vector<Bytes>> read_values(const Json& body) {
  const auto array = body.array("values");
  if (!array) return refuse_syntax(describe(array.error()));
  const Json::Array& items = *(*array)->if_array();
  if (items.size() > kMaxRegisters) return refuse_syntax("more values than registers");
  std::vector<Bytes> values;
  for (const Json& item : items) {
    const std::string* text = item.if_string();
    if (text == nullptr || !is_lower_hex_digest(*text))
      return refuse_syntax("a value is no digest of a bank in lower-case hexadecimal");
    VEDETTE_TRY(Bytes value, codec::from_hex(*text));
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace

Json to_json(const QuoteEvidence& evidence) {
  Json::Array values;
  for (const Bytes& value : evidence.values)
    values.emplace_back(to_hex(value));
  Json body;
  body.set("nonce", codec::to_base64(evidence.nonce));
  body.set("attest", codec::to_base64(evidence.attest));
  body.set("signature", codec::to_base64(evidence.signature));
  return body.set("values", std::move(values));
}

Result<QuoteEvidence> parse_quote_evidence(const Json& body) {
  if (const auto known = body.only({"nonce", "attest", "signature", "values", "kind", "event_log",
                                    "kernel_command_line", "ima", "runtime"});
      !known)
    return refuse_syntax(describe(known.error()));
  QuoteEvidence evidence;
  VEDETTE_TRY(evidence.nonce, read_octets(body, "nonce"));
  VEDETTE_TRY(evidence.attest, read_octets(body, "attest"));
  VEDETTE_TRY(evidence.signature, read_octets(body, "signature"));
  VEDETTE_TRY(evidence.values, read_values(body));
  return evidence;
}

}  // namespace vedette::attestation
