#include "platform/tpm/esys/evidence.h"

#include <algorithm>
#include <functional>
#include <span>
#include <string>

#include "crypto/tpm.h"
#include "platform/tpm/esys/marshal.h"

namespace vedette::platform::esys {

namespace {

constexpr std::size_t kRegisters = 24;
constexpr std::size_t kLongestQualifyingData = 32;
constexpr int kAttempts = 5;

Result<void> check_selection(const codec::TpmPcrSelection& selection) {
  const auto& registers = selection.registers;
  const bool ascending =
      std::ranges::adjacent_find(registers, std::greater_equal<>{}) == registers.end();
  if (registers.empty() || !ascending || registers.back() >= kRegisters)
    return refuse("TPM-PCR-SELECTION", "not a selection of registers",
                  std::to_string(registers.size()) + " registers",
                  "name registers from 0 to 23 in ascending order, each once");
  return {};
}

TPMS_PCR_SELECTION to_tpms(const codec::TpmPcrSelection& selection) {
  TPMS_PCR_SELECTION made{};
  made.hash = static_cast<TPMI_ALG_HASH>(selection.bank);
  made.sizeofSelect = kRegisters / 8;
  for (const unsigned pcr : selection.registers)
    made.pcrSelect[pcr / 8] = static_cast<BYTE>(made.pcrSelect[pcr / 8] | 1U << (pcr % 8));
  return made;
}

TPML_PCR_SELECTION to_tpml(const codec::TpmPcrSelection& selection) {
  TPML_PCR_SELECTION list{};
  list.count = 1;
  list.pcrSelections[0] = to_tpms(selection);
  return list;
}

bool contains(const TPMS_PCR_SELECTION& one, std::uint8_t pcr) {
  if (pcr / 8 >= one.sizeofSelect) return false;
  const unsigned octet = one.pcrSelect[pcr / 8];
  return (octet >> (pcr % 8U) & 1U) != 0;
}

bool contains(const TPML_PCR_SELECTION& list, std::uint8_t pcr) {
  return list.count == 1 && contains(list.pcrSelections[0], pcr);
}

std::unexpected<Error> no_bank(std::string cause) {
  return refuse("TPM-PCR-BANK", "the TPM does not keep the registers that were asked for",
                std::move(cause),
                "choose a bank that is active in this TPM, or activate it in the firmware's setup");
}

// TPM2_PCR_Read returns a few registers at a time and says which (Part 3, 22.4).
Result<std::vector<Bytes>> read_registers(ESYS_CONTEXT* context,
                                          const codec::TpmPcrSelection& selection) {
  std::vector<Bytes> values;
  codec::TpmPcrSelection missing = selection;
  while (!missing.registers.empty()) {
    const TPML_PCR_SELECTION wanted = to_tpml(missing);
    UINT32 update_counter = 0;
    Received<TPML_PCR_SELECTION> given;
    Received<TPML_DIGEST> digests;
    const TSS2_RC code = Esys_PCR_Read(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted,
                                       &update_counter, given.out(), digests.out());
    const std::string bank = "bank " + std::to_string(static_cast<unsigned>(missing.bank));
    if (tpm_says(code, TPM2_RC_HASH)) return no_bank(bank + ": this TPM has no such algorithm");
    VEDETTE_CHECK(check("Esys_PCR_Read", code));
    // The lowest registers come first; anything else would put values into wrong places.
    std::size_t count = 0;
    while (count < missing.registers.size() && contains(*given, missing.registers[count]))
      ++count;
    if (count == 0 || count != digests->count) return no_bank(bank);
    for (std::size_t i = 0; i < count; ++i)
      values.emplace_back(digests->digests[i].buffer,
                          digests->digests[i].buffer + digests->digests[i].size);
    missing.registers.erase(missing.registers.begin(),
                            missing.registers.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return values;
}

Result<TPM2B_DATA> to_qualifying_data(ByteView bytes) {
  if (bytes.size() > kLongestQualifyingData)
    return refuse("TPM-QUALIFYING-DATA", "more than 32 octets to bind a quote to",
                  std::to_string(bytes.size()) + " octets");
  return sized_buffer<TPM2B_DATA>(bytes);
}

// Those of ours that hold the register (Part 3, 30.2: TPM_CAP_PCRS).
Result<TPML_PCR_SELECTION> kept_banks(ESYS_CONTEXT* context, std::uint8_t pcr) {
  TPMI_YES_NO more = TPM2_NO;
  Received<TPMS_CAPABILITY_DATA> data;
  VEDETTE_CHECK(check("Esys_GetCapability(registers)",
                      Esys_GetCapability(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                         TPM2_CAP_PCRS, 0, 1, &more, data.out())));
  const TPML_PCR_SELECTION& kept = data->data.assignedPCR;
  TPML_PCR_SELECTION list{};
  for (const codec::TpmAlgorithm bank : crypto::kBanks) {
    const auto holds = [&](const TPMS_PCR_SELECTION& one) {
      return one.hash == static_cast<TPMI_ALG_HASH>(bank) && contains(one, pcr);
    };
    if (std::ranges::any_of(std::span(kept.pcrSelections, kept.count), holds))
      list.pcrSelections[list.count++] = to_tpms({bank, {pcr}});
  }
  return list;
}

TPMT_SIG_SCHEME scheme_of_key() {
  TPMT_SIG_SCHEME scheme{};
  scheme.scheme = TPM2_ALG_NULL;
  return scheme;
}

struct Signed {
  Bytes attest;
  Bytes signature;
};

Result<Signed> to_signed(const TPM2B_ATTEST& attest, const TPMT_SIGNATURE& signature) {
  VEDETTE_TRY(Bytes encoded, marshal(Tss2_MU_TPMT_SIGNATURE_Marshal, signature));
  return Signed{Bytes(attest.attestationData, attest.attestationData + attest.size),
                std::move(encoded)};
}

Result<Signed> quote_once(ESYS_CONTEXT* context, ESYS_TR key, const TPML_PCR_SELECTION& selection,
                          const TPM2B_DATA& qualifying_data) {
  const TPMT_SIG_SCHEME scheme = scheme_of_key();
  Received<TPM2B_ATTEST> attest;
  Received<TPMT_SIGNATURE> signature;
  VEDETTE_CHECK(check("Esys_Quote", Esys_Quote(context, key, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                               ESYS_TR_NONE, &qualifying_data, &scheme, &selection,
                                               attest.out(), signature.out())));
  return to_signed(*attest, *signature);
}

// Part 2, 10.12.1: the digest is over the values in the order of the selection, by the hash of the
// signing scheme (Part 3, 18.4).
Result<bool> quotes_values(const Signed& made, const std::vector<Bytes>& values) {
  VEDETTE_TRY(const auto parsed, codec::parse_tpms_attest(made.attest));
  VEDETTE_TRY(const auto signature, codec::parse_tpmt_signature(made.signature));
  const auto* info = std::get_if<codec::TpmQuoteInfo>(&parsed.info);
  const auto hash = crypto::tpm_hash(signature.hash);
  if (info == nullptr || !hash)
    return refuse("TPM-COMMAND", "the TPM answered a quote with something else", "Esys_Quote");
  Bytes joined;
  for (const auto& value : values)
    append(joined, value);
  return equal(info->pcr_digest, crypto::digest(*hash, joined));
}

}  // namespace

Result<TpmQuote> quote(ESYS_CONTEXT* context, ESYS_TR attestation_key,
                       const codec::TpmPcrSelection& selection, ByteView qualifying_data) {
  VEDETTE_CHECK(check_selection(selection));
  VEDETTE_TRY(const TPM2B_DATA bound, to_qualifying_data(qualifying_data));
  const TPML_PCR_SELECTION list = to_tpml(selection);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    VEDETTE_TRY(auto values, read_registers(context, selection));
    VEDETTE_TRY(auto made, quote_once(context, attestation_key, list, bound));
    VEDETTE_TRY(const bool same, quotes_values(made, values));
    if (same) return TpmQuote{std::move(made.attest), std::move(made.signature), std::move(values)};
  }
  return refuse("TPM-PCR-UNSTABLE", "the measured state keeps changing while it is quoted",
                std::to_string(kAttempts) + " attempts", "try again when the device is quieter");
}

Result<codec::TpmClockInfo> read_clock(ESYS_CONTEXT* context) {
  Received<TPMS_TIME_INFO> time;
  VEDETTE_CHECK(check("Esys_ReadClock", Esys_ReadClock(context, ESYS_TR_NONE, ESYS_TR_NONE,
                                                       ESYS_TR_NONE, time.out())));
  const TPMS_CLOCK_INFO& info = time->clockInfo;
  return codec::TpmClockInfo{.clock = info.clock,
                             .reset_count = info.resetCount,
                             .restart_count = info.restartCount,
                             .safe = info.safe == TPM2_YES};
}

Result<std::vector<crypto::BankDigest>> read_register(ESYS_CONTEXT* context, std::uint8_t pcr) {
  VEDETTE_CHECK(check_selection({codec::TpmAlgorithm::sha256, {pcr}}));
  VEDETTE_TRY(const TPML_PCR_SELECTION wanted, kept_banks(context, pcr));
  if (wanted.count == 0) return no_bank("neither SHA-256 nor SHA-384 is active");
  UINT32 update_counter = 0;
  Received<TPML_PCR_SELECTION> given;
  Received<TPML_DIGEST> digests;
  VEDETTE_CHECK(
      check("Esys_PCR_Read", Esys_PCR_Read(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                           &wanted, &update_counter, given.out(), digests.out())));
  std::vector<crypto::BankDigest> values;
  for (UINT32 i = 0; i < std::min(wanted.count, digests->count); ++i) {
    const TPM2B_DIGEST& digest = digests->digests[i];
    const auto bank = static_cast<codec::TpmAlgorithm>(wanted.pcrSelections[i].hash);
    const auto value = crypto::BankDigest::from(bank, ByteView(digest.buffer, digest.size));
    if (value) values.push_back(*value);
  }
  if (values.size() != wanted.count || digests->count != wanted.count)
    return refuse("TPM-COMMAND", "the TPM answered a read with something else", "Esys_PCR_Read");
  return values;
}

Result<TpmCertification> certify(ESYS_CONTEXT* context, ESYS_TR object, ESYS_TR attestation_key,
                                 ByteView qualifying_data) {
  VEDETTE_TRY(const TPM2B_DATA bound, to_qualifying_data(qualifying_data));
  const TPMT_SIG_SCHEME scheme = scheme_of_key();
  Received<TPM2B_ATTEST> attest;
  Received<TPMT_SIGNATURE> signature;
  VEDETTE_CHECK(
      check("Esys_Certify",
            Esys_Certify(context, object, attestation_key, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD,
                         ESYS_TR_NONE, &bound, &scheme, attest.out(), signature.out())));
  VEDETTE_TRY(auto made, to_signed(*attest, *signature));
  return TpmCertification{std::move(made.attest), std::move(made.signature)};
}

Result<void> extend(ESYS_CONTEXT* context, std::uint8_t pcr,
                    const std::vector<crypto::BankDigest>& digests) {
  if (pcr >= kRegisters)
    return refuse("TPM-PCR-SELECTION", "there is no such register", std::to_string(pcr));
  TPML_DIGEST_VALUES values{};
  for (const crypto::BankDigest& digest : digests) {
    if (values.count == crypto::kBanks.size())
      return refuse("TPM-PCR-BANK", "more digests than there are banks",
                    std::to_string(digests.size()));
    TPMT_HA& value = values.digests[values.count++];
    value.hashAlg = static_cast<TPMI_ALG_HASH>(digest.bank());
    // All digests of TPMU_HA begin where it begins.
    std::ranges::copy(digest.octets(), reinterpret_cast<BYTE*>(&value.digest));
  }
  return check("Esys_PCR_Extend", Esys_PCR_Extend(context, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD,
                                                  ESYS_TR_NONE, ESYS_TR_NONE, &values));
}

}  // namespace vedette::platform::esys
