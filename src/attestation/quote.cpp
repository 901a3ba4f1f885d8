#include "attestation/quote.h"

#include <algorithm>

#include "base/secret.h"
#include "crypto/tpm.h"

namespace vedette::attestation {
namespace {

using codec::TpmAttest;
using codec::TpmPublic;
using codec::TpmQuoteInfo;
using crypto::Sha256Digest;

Result<void> check_key(const TpmPublic& key) {
  const auto& is = key.attributes;
  if (!is.fixed_tpm() || !is.fixed_parent() || !is.sensitive_data_origin() || !is.restricted() ||
      !is.sign() || is.decrypt())
    return refuse("ATT-KEY", "the enrolled key is not one that signs what its TPM made alone",
                  "attributes " + std::to_string(is.bits), "enrol the device again");
  return {};
}

// Check 1. Scheme, hash, curve and key size are crypto's to refuse.
Result<void> check_signature(const TpmPublic& key, const QuoteEvidence& evidence) {
  constexpr const char* kMessage = "the quote is not signed by this device's attestation key";
  const auto signature = codec::parse_tpmt_signature(evidence.signature);
  if (!signature) return refuse("ATT-SIGNATURE", kMessage, describe(signature.error()));
  const auto verified = crypto::verify_tpm_signature(key, evidence.attest, *signature);
  if (!verified) return refuse("ATT-SIGNATURE", kMessage, describe(verified.error()));
  return {};
}

// Checks 2, 3 and 11: the reader refuses magic and type before it reads on, and octets behind.
Result<TpmAttest> parse_quote(const Bytes& attest) {
  auto parsed = codec::parse_tpms_attest(attest);
  if (parsed) {
    if (std::holds_alternative<TpmQuoteInfo>(parsed->info)) return *std::move(parsed);
    return refuse("ATT-TYPE", "the TPM's statement is not a quote", "it certifies a key");
  }
  const Error& error = parsed.error();
  if (error.code == "TPM-MAGIC") return refuse("ATT-MAGIC", error.message, error.cause);
  if (error.code == "TPM-ATTEST-TYPE")
    return refuse("ATT-TYPE", "the TPM's statement is not a quote", error.cause);
  return refuse("ATT-SYNTAX", "the quote is malformed", describe(error));
}

// Check 4.
Result<void> check_nonce(const Bytes& extra_data, const Bytes& expected) {
  if (expected.empty() || !equal_constant_time(extra_data, expected))
    return refuse(
        "ATT-NONCE", "the quote does not answer this challenge on this connection",
        "extraData is " + to_hex(extra_data),
        "a replayed or relayed quote looks like this; ask for a challenge and quote anew");
  return {};
}

// Check 5, as far as it goes without the parent's name: see the header.
Result<void> check_signer(const TpmPublic& key, const Bytes& qualified_signer) {
  VEDETTE_TRY(const Bytes name, crypto::tpm_name(key));
  const bool same_form = qualified_signer.size() == name.size() &&
                         equal(ByteView(qualified_signer).first(2), ByteView(name).first(2));
  if (!same_form || qualified_signer == name)
    return refuse("ATT-SIGNER", "the quote names a signer that cannot be the attestation key",
                  to_hex(qualified_signer));
  return {};
}

// Serial number arithmetic: a TPM may add a constant to its counters, so they may wrap around.
bool went_back(std::uint32_t now, std::uint32_t before) {
  constexpr std::uint32_t kHalf = 0x80000000U;
  return now - before >= kHalf;
}

std::unexpected<Error> refuse_clock(const std::string& what, std::uint64_t now,
                                    std::uint64_t before) {
  return refuse("ATT-CLOCK", "the TPM's time went back: an old state or another TPM",
                what + " " + std::to_string(now) + " after " + std::to_string(before),
                "if the TPM was cleared, enrol the device again");
}

// Check 6 (Part 1, 36: resetCount, restartCount and Clock).
Result<void> check_clock(const codec::TpmClockInfo& now,
                         const std::optional<AttestationState>& last) {
  if (!last) return {};
  if (went_back(now.reset_count, last->reset_count))
    return refuse_clock("resetCount", now.reset_count, last->reset_count);
  const bool same_boot = now.reset_count == last->reset_count;
  if (same_boot && went_back(now.restart_count, last->restart_count))
    return refuse_clock("restartCount", now.restart_count, last->restart_count);
  if ((same_boot || now.safe) && now.clock < last->clock)
    return refuse_clock("clock", now.clock, last->clock);
  return {};
}

// Check 7.
Result<void> check_firmware(std::uint64_t version, const FirmwarePolicy& policy) {
  const bool too_old = policy.minimum && version < *policy.minimum;
  if (too_old || std::ranges::find(policy.refused, version) != policy.refused.end())
    return refuse("ATT-FIRMWARE", "the TPM's firmware is not acceptable",
                  "version " + std::to_string(version), "update the TPM's firmware");
  return {};
}

std::string text_of(const std::vector<codec::TpmPcrSelection>& selections) {
  std::string text;
  for (const auto& selection : selections) {
    text += "bank " + std::to_string(static_cast<unsigned>(selection.bank)) + ":";
    for (const auto pcr : selection.registers)
      text += " " + std::to_string(pcr);
    text += "; ";
  }
  return text.empty() ? "nothing" : text;
}

// Check 8: exactly one bank and exactly the registers asked for; SHA-1 is never asked for.
Result<void> check_selection(const TpmQuoteInfo& info, const codec::TpmPcrSelection& requested) {
  const bool asked_well = crypto::is_bank(requested.bank) && !requested.registers.empty();
  if (!asked_well || info.selections.size() != 1 || info.selections.front() != requested)
    return refuse("ATT-SELECTION", "the quote covers other registers than asked for",
                  "quoted " + text_of(info.selections) + "asked for " + text_of({requested}));
  return {};
}

// H_sig of check 9: pcrDigest is made with the hash of the signing scheme (Part 3, 18.4).
Result<crypto::Hash> scheme_hash(const TpmPublic& key) {
  if (const auto hash = crypto::tpm_hash(key.scheme_hash)) return *hash;
  return refuse("ATT-SIGNATURE", "the attestation key's scheme has no acceptable hash");
}

// Check 9.
Result<void> check_values(const TpmPublic& key, const TpmQuoteInfo& info,
                          const std::vector<Bytes>& values) {
  const std::size_t wanted = info.selections.front().registers.size();
  const std::size_t octets = codec::digest_size(info.selections.front().bank);
  Bytes all;
  for (const Bytes& value : values) {
    if (value.size() != octets)
      return refuse("ATT-PCR-VALUES", "a register's value is not a digest of the quoted bank",
                    std::to_string(value.size()) + " octets instead of " + std::to_string(octets));
    append(all, value);
  }
  if (values.size() != wanted)
    return refuse("ATT-PCR-VALUES", "there must be one value for each quoted register",
                  std::to_string(values.size()) + " for " + std::to_string(wanted));
  VEDETTE_TRY(const crypto::Hash hash, scheme_hash(key));
  if (!equal(crypto::digest(hash, all), info.pcr_digest))
    return refuse("ATT-PCR-DIGEST", "the register values are not those that the TPM signed", {},
                  "read the registers and quote again: one may have changed in between");
  return {};
}

// Check 10: register numbers come from the signed selection, values in its order.
Registers registers_of(const TpmQuoteInfo& info, const std::vector<Bytes>& values) {
  const codec::TpmPcrSelection& selection = info.selections.front();
  Registers registers;
  auto value = values.begin();
  for (const std::uint8_t pcr : selection.registers)
    registers.emplace(pcr, crypto::BankDigest::from(selection.bank, *value++).value());
  return registers;
}

bool has_rebooted(const codec::TpmClockInfo& now, const std::optional<AttestationState>& last) {
  return last && (now.reset_count != last->reset_count || now.restart_count != last->restart_count);
}

}  // namespace

Sha256Digest quote_binding(ByteView nonce, const Sha256Digest& certificate_fingerprint,
                           ByteView channel_binding) {
  Bytes message = to_bytes("vedette quote v2");
  message.push_back(0);
  append(message, nonce);
  append(message, certificate_fingerprint);
  append(message, channel_binding);
  return crypto::sha256(message);
}

Result<Verified<Quote>> verify_quote(const QuoteEvidence& evidence,
                                     const QuoteExpectation& expected) {
  const TpmPublic& key = expected.attestation_key;
  VEDETTE_CHECK(check_key(key));
  VEDETTE_CHECK(check_signature(key, evidence));
  VEDETTE_TRY(const TpmAttest attest, parse_quote(evidence.attest));
  VEDETTE_CHECK(check_nonce(attest.extra_data, expected.extra_data));
  VEDETTE_CHECK(check_signer(key, attest.qualified_signer));
  VEDETTE_CHECK(check_clock(attest.clock, expected.last));
  VEDETTE_CHECK(check_firmware(attest.firmware_version, expected.firmware));
  const auto& info = std::get<TpmQuoteInfo>(attest.info);
  VEDETTE_CHECK(check_selection(info, expected.selection));
  VEDETTE_CHECK(check_values(key, info, evidence.values));
  return Verified<Quote>(Quote::VerificationKey(),
                         Quote{registers_of(info, evidence.values), attest.clock,
                               attest.firmware_version, has_rebooted(attest.clock, expected.last)});
}

AttestationState state_after(const Verified<Quote>& quote, TimePoint at, bool affirming) {
  return AttestationState{.at = at,
                          .clock = quote->clock.clock,
                          .reset_count = quote->clock.reset_count,
                          .restart_count = quote->clock.restart_count,
                          .registers = quote->registers,
                          .affirming = affirming};
}

}  // namespace vedette::attestation
