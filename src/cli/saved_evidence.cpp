#include "cli/saved_evidence.h"

#include <algorithm>
#include <variant>

#include "attestation/measurement/register_bank.h"
#include "codec/base64.h"

namespace vedette::cli {

namespace {

using attestation::Appraisal;
using attestation::DeviceAppraisal;
using attestation::Statement;
using codec::Json;

constexpr std::int64_t kHighestRegister = 23;
constexpr std::size_t kMaxPublished = 100'000;
// Two lists of their greatest size in base64, and a reference set.
constexpr codec::JsonLimits kLimits{
    .max_bytes = std::size_t{128} << 20U, .max_depth = 10, .max_values = 5'000'000};

std::unexpected<Error> malformed(std::string cause) {
  return refuse("CLI-EVIDENCE", "this is no saved evidence", std::move(cause),
                "see 'vedette attest verify --help' for the form");
}

Result<Bytes> octets_of(const Json& json, std::string_view member,
                        Result<Bytes> (*decode)(std::string_view)) {
  const auto text = json.string(member);
  if (!text) return malformed(describe(text.error()));
  auto octets = decode(*text);
  if (!octets) return malformed(std::string(member) + ": " + describe(octets.error()));
  return octets;
}

Result<Bytes> from_base64(std::string_view text) {
  return codec::from_base64(text);
}

Result<Bytes> from_hex(std::string_view text) {
  return codec::from_hex(text);
}

// What the quote had to be bound to: as a value, or as what it is made of.
Result<Bytes> extra_data_of(const Json& json) {
  const Json* const extra = json.find("extra_data");
  if (extra == nullptr) return malformed("'extra_data' is missing");
  if (extra->if_string() != nullptr) return octets_of(json, "extra_data", from_hex);
  if (!extra->only({"nonce", "certificate_sha256", "channel_binding"}))
    return malformed("'extra_data' has more in it than nonce, certificate_sha256, channel_binding");
  VEDETTE_TRY(const Bytes nonce, octets_of(*extra, "nonce", from_base64));
  VEDETTE_TRY(const Bytes certificate, octets_of(*extra, "certificate_sha256", from_hex));
  crypto::Sha256Digest fingerprint{};
  if (certificate.size() != fingerprint.size())
    return malformed("'certificate_sha256' is no SHA-256 digest");
  std::ranges::copy(certificate, fingerprint.begin());
  VEDETTE_TRY(const Bytes channel, octets_of(*extra, "channel_binding", from_hex));
  if (channel.size() != attestation::kChannelBindingOctets)
    return malformed("'channel_binding' is not 32 octets");
  return to_bytes(attestation::quote_binding(nonce, fingerprint, channel));
}

Result<std::uint8_t> register_of(const Json& value) {
  const std::int64_t* const number = value.if_integer();
  if (number == nullptr || *number < 0 || *number > kHighestRegister)
    return malformed("a register is no number from 0 to 23");
  return static_cast<std::uint8_t>(*number);
}

Result<codec::TpmPcrSelection> listed_selection(const Json& registers, const std::string& bank) {
  if (registers.if_array() == nullptr) return malformed("'registers' is no list");
  codec::TpmPcrSelection selection;
  for (const Json& value : *registers.if_array()) {
    VEDETTE_TRY(const std::uint8_t number, register_of(value));
    selection.registers.push_back(number);
  }
  std::ranges::sort(selection.registers);
  if (std::ranges::adjacent_find(selection.registers) != selection.registers.end())
    return malformed("a register is listed twice");
  if (!bank.empty()) {
    const auto known = crypto::bank_named(bank);
    if (!known) return malformed("'bank' is neither sha256 nor sha384");
    selection.bank = *known;
  }
  return selection;
}

// Nobody says what was asked for: what was signed is taken, and the verdict says so.
Result<codec::TpmPcrSelection> signed_selection(ByteView attest) {
  VEDETTE_TRY(const codec::TpmAttest parsed, codec::parse_tpms_attest(attest));
  const auto* const quote = std::get_if<codec::TpmQuoteInfo>(&parsed.info);
  if (quote == nullptr || quote->selections.size() != 1)
    return refuse("ATT-SELECTION", "the quote does not select the registers of one bank");
  return quote->selections.front();
}

Result<std::set<std::string>> published_of(const Json& json) {
  std::set<std::string> published;
  const Json* const list = json.find("published");
  if (list == nullptr) return published;
  if (list->if_array() == nullptr || list->if_array()->size() > kMaxPublished)
    return malformed("'published' is no list");
  for (const Json& value : *list->if_array()) {
    if (value.if_string() == nullptr || !codec::from_hex(*value.if_string()))
      return malformed("'published' has a value that is no digest");
    published.insert(*value.if_string());
  }
  return published;
}

Result<void> read_evidence(const Json& json, SavedEvidence& saved) {
  const auto evidence = json.object("evidence");
  if (!evidence) return malformed(describe(evidence.error()));
  VEDETTE_TRY(saved.quote, attestation::parse_quote_evidence(**evidence));
  VEDETTE_TRY(saved.logs, attestation::parse_device_logs(**evidence));
  return {};
}

Result<void> read_expectation(const Json& json, SavedEvidence& saved) {
  VEDETTE_TRY(const Bytes key, octets_of(json, "attestation_key", from_base64));
  VEDETTE_TRY(saved.expectation.attestation_key, codec::parse_tpmt_public(key));
  VEDETTE_TRY(saved.expectation.extra_data, extra_data_of(json));
  const Json* const registers = json.find("registers");
  saved.registers_expected = registers != nullptr;
  std::string bank;
  if (json.find("bank") != nullptr) {
    VEDETTE_TRY(bank, json.string("bank"));
    if (registers == nullptr) return malformed("'bank' stands without 'registers'");
  }
  VEDETTE_TRY(saved.expectation.selection, registers != nullptr
                                               ? listed_selection(*registers, bank)
                                               : signed_selection(saved.quote.attest));
  return {};
}

// AR4SI 2.3.4 in words, as far as this verifier makes claims.
std::string claim_words(attestation::TrustClaim claim, std::int8_t value) {
  std::string words(attestation::to_string(claim));
  words += ": " + std::string(attestation::to_string(attestation::tier_of(value)));
  return words + " (" + std::to_string(value) + ")";
}

Json claims_json(const attestation::TrustVector& vector) {
  Json::Array claims;
  for (std::size_t i = 0; i < attestation::kTrustClaims; ++i) {
    const auto claim = static_cast<attestation::TrustClaim>(i);
    if (vector[claim] == 0) continue;
    Json json;
    json.set("claim", attestation::to_string(claim)).set("value", int{vector[claim]});
    claims.push_back(json.set("words", claim_words(claim, vector[claim])));
  }
  return claims;
}

Json mismatches_json(const Appraisal& appraisal) {
  Json::Array mismatches;
  for (const auto& mismatch : appraisal.mismatches) {
    const std::string actual = to_string(mismatch.actual);
    Json json;
    json.set("pcr", unsigned{mismatch.pcr}).set("actual", actual);
    json.set("accepted_values", std::uint64_t{mismatch.expected.size()});
    mismatches.push_back(json.set(
        "words", "PCR " + std::to_string(mismatch.pcr) + ": is " + actual + ", which none of " +
                     std::to_string(mismatch.expected.size()) + " accepted values is"));
  }
  return mismatches;
}

Json statements_json(const std::vector<Statement>& statements) {
  Json::Array array;
  for (const Statement& statement : statements) {
    Json json;
    json.set("category", statement.category).set("value", statement.value);
    json.set("pcr", unsigned{statement.pcr});
    array.push_back(
        json.set("words", "PCR " + std::to_string(statement.pcr) + ": " + statement.words));
  }
  return array;
}

Json registers_json(const attestation::Quote& quote) {
  Json::Array registers;
  for (const auto& [pcr, value] : quote.registers)
    registers.emplace_back(unsigned{pcr});
  return registers;
}

Json verdict_json(const SavedEvidence& saved, const attestation::Quote& quote,
                  const DeviceAppraisal& judged) {
  const Appraisal& appraisal = judged.appraisal;
  Json json;
  json.set("status", attestation::to_string(appraisal.status));
  json.set("policy", attestation::kAppraisalPolicy);
  json.set("bank", attestation::name_of_bank(attestation::bank_of(quote.registers)));
  json.set("registers", registers_json(quote));
  json.set("registers_expected", saved.registers_expected);
  json.set("has_references", saved.references.has_value());
  if (saved.references) json.set("references", to_hex(saved.references->id));
  json.set("claims", claims_json(appraisal.vector));
  json.set("mismatches", mismatches_json(appraisal));
  attestation::set_findings(json, judged.memory);
  json.set("boot", statements_json(judged.boot));
  json.set("runtime", statements_json(judged.runtime));
  if (!appraisal.error) return json;
  Json error;
  error.set("code", appraisal.error->code).set("message", appraisal.error->message);
  error.set("cause", appraisal.error->cause);
  return json.set("error", std::move(error));
}

}  // namespace

Result<SavedEvidence> read_saved_evidence(std::string_view text) {
  const auto json = codec::parse_json(text, kLimits);
  if (!json) return malformed(describe(json.error()));
  if (const auto known = json->only({"attestation_key", "extra_data", "evidence", "bank",
                                     "registers", "references", "runtime_register", "published"});
      !known)
    return malformed(describe(known.error()));
  SavedEvidence saved;
  VEDETTE_CHECK(read_evidence(*json, saved));
  VEDETTE_CHECK(read_expectation(*json, saved));
  if (const Json* references = json->find("references")) {
    VEDETTE_TRY(saved.references, attestation::parse_reference_set(*references));
  }
  if (const Json* number = json->find("runtime_register")) {
    VEDETTE_TRY(saved.runtime_register, register_of(*number));
  }
  VEDETTE_TRY(saved.published, published_of(*json));
  return saved;
}

Result<SavedVerdict> judge(const SavedEvidence& saved) {
  VEDETTE_TRY(const auto quote, attestation::verify_quote(saved.quote, saved.expectation));
  const auto is_published = [&saved](attestation::RuntimeEventKind, std::string_view digest) {
    return saved.published.contains(std::string(digest));
  };
  const std::optional<attestation::AttestationState> no_state;
  const std::optional<attestation::DeviceMemory> no_memory;
  const DeviceAppraisal judged =
      attestation::appraise_device({.quote = quote,
                                    .logs = saved.logs,
                                    .last = no_state,
                                    .memory = no_memory,
                                    .references = saved.references ? &*saved.references : nullptr,
                                    .runtime_register = saved.runtime_register,
                                    .is_published = is_published});
  return SavedVerdict{verdict_json(saved, *quote, judged), judged.appraisal.error};
}

}  // namespace vedette::cli
