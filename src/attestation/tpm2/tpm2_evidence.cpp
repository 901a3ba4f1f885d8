#include "attestation/tpm2/tpm2_evidence.h"

#include <utility>

#include "attestation/appraisal/device_appraisal.h"
#include "attestation/measurement/register_bank.h"
#include "codec/base64.h"

namespace vedette::attestation {

namespace {

using codec::Json;

// Memory that cannot be read is none: then everything is asked for and judged anew.
std::optional<DeviceMemory> memory_of(const std::optional<AttestationState>& state) {
  if (!state || state->memory.empty()) return std::nullopt;
  const auto json = codec::parse_json(state->memory);
  if (!json) return std::nullopt;
  auto memory = parse_device_memory(*json);
  if (!memory) return std::nullopt;
  return *std::move(memory);
}

Json registers_of(const Quote& quote) {
  Json registers{Json::Object{}};
  for (const auto& [number, value] : quote.registers)
    registers.set(std::to_string(number), to_string(value));
  return registers;
}

Json details_of(const Quote& quote, const DeviceAppraisal& judged, const ReferenceSet* references) {
  Json details;
  details.set("registers", registers_of(quote)).set("rebooted", quote.rebooted);
  details.set("status", to_string(judged.appraisal.status));
  if (references != nullptr) details.set("references", to_hex(references->id));
  if (judged.runtime.empty()) return details;
  Json::Array running;
  for (const RuntimeEvent& event : judged.memory.running)
    running.emplace_back(in_words(event));
  return details.set("running", std::move(running));
}

// Of a device that is not accepted, or whose group has no rules for files yet: to learn from.
std::optional<Bytes> ima_list_of(const DeviceLogs& logs, const ReferenceSet* references,
                                 bool affirming) {
  constexpr std::size_t kMostKept = std::size_t{4} << 20U;
  if (affirming && references != nullptr && references->ima != nullptr) return Bytes{};
  if (!logs.ima || logs.ima->from != 0 || logs.ima->octets.size() > kMostKept) return std::nullopt;
  return logs.ima->octets;
}

AttestationState state_of(const Verified<Quote>& quote, const DeviceAppraisal& judged,
                          TimePoint now) {
  AttestationState state = state_after(quote, now, !judged.appraisal.error.has_value());
  state.memory = codec::to_json(to_json(judged.memory));
  state.event_log = judged.memory.event_log;
  state.good_event_log = judged.memory.good_event_log;
  return state;
}

}  // namespace

Json Tpm2Evidence::ask(const std::optional<AttestationState>& last,
                       const ReferenceSet* references) const {
  // What was believed of another bank's registers is of no use for this one's.
  const bool goes_on = last && bank_of(last->registers) == settings_.bank;
  const LogWish wish = wish_for(goes_on ? memory_of(last) : std::nullopt, references);
  Json::Array registers;
  for (const std::uint8_t number : settings_.registers)
    registers.emplace_back(std::int64_t{number});
  Json members;
  members.set("bank", name_of_bank(settings_.bank)).set("registers", std::move(registers));
  members.set("logs", to_json(wish));
  return members.set("runtime_register", unsigned{settings_.runtime_register});
}

Result<Bytes> Tpm2Evidence::nonce_of(const Json& evidence) const {
  const auto text = evidence.string("nonce");
  if (!text) return refuse("ATT-SYNTAX", "the attestation evidence is malformed", "no nonce");
  auto nonce = codec::from_base64(*text);
  if (!nonce)
    return refuse("ATT-SYNTAX", "the attestation evidence is malformed",
                  "nonce: " + describe(nonce.error()));
  return nonce;
}

Result<Verified<Quote>> Tpm2Evidence::verify(const QuoteEvidence& evidence,
                                             const EvidenceContext& context) const {
  VEDETTE_TRY(codec::TpmPublic key, codec::parse_tpmt_public(context.attestation_key));
  if (context.channel_binding.size() != kChannelBindingOctets)
    return refuse("ATT-NONCE", "this connection has nothing to bind a quote to",
                  std::to_string(context.channel_binding.size()) + " octets instead of 32",
                  "attest over TLS 1.3, without a proxy that ends it");
  const auto binding = quote_binding(context.nonce, context.certificate, context.channel_binding);
  return verify_quote(evidence,
                      {.attestation_key = std::move(key),
                       .extra_data = to_bytes(ByteView(binding)),
                       .selection = {.bank = settings_.bank, .registers = settings_.registers},
                       .last = context.last,
                       .firmware = settings_.firmware});
}

Result<EvidenceVerdict> Tpm2Evidence::judge(const Json& evidence,
                                            const EvidenceContext& context) const {
  VEDETTE_TRY(const QuoteEvidence quoted, parse_quote_evidence(evidence));
  VEDETTE_TRY(DeviceLogs logs, parse_device_logs(evidence));
  VEDETTE_TRY(const auto quote, verify(quoted, context));
  DeviceAppraisal judged = appraise_device({.quote = quote,
                                            .logs = logs,
                                            .last = context.last,
                                            .memory = memory_of(context.last),
                                            .references = context.references,
                                            .runtime_register = settings_.runtime_register,
                                            .is_published = context.is_published});
  const bool affirming = !judged.appraisal.error.has_value();
  EvidenceVerdict verdict{.appraisal = {},
                          .state = state_of(quote, judged, context.now),
                          .event_log = {},
                          .ima_list = ima_list_of(logs, context.references, affirming),
                          .details = details_of(*quote, judged, context.references)};
  verdict.state.attestation_key = crypto::sha256(context.attestation_key);
  if (!judged.boot.empty()) verdict.event_log = std::move(logs.event_log);
  verdict.appraisal = std::move(judged.appraisal);
  return verdict;
}

}  // namespace vedette::attestation
