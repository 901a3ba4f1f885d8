#include "platform/tpm/esys/evidence.h"

#include <algorithm>
#include <functional>
#include <string>

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

TPML_PCR_SELECTION to_tpml(const codec::TpmPcrSelection& selection) {
  TPML_PCR_SELECTION list{};
  list.count = 1;
  TPMS_PCR_SELECTION& only = list.pcrSelections[0];
  only.hash = static_cast<TPMI_ALG_HASH>(selection.bank);
  only.sizeofSelect = kRegisters / 8;
  for (const unsigned pcr : selection.registers)
    only.pcrSelect[pcr / 8] = static_cast<BYTE>(only.pcrSelect[pcr / 8] | 1U << (pcr % 8));
  return list;
}

bool contains(const TPML_PCR_SELECTION& list, std::uint8_t pcr) {
  const TPMS_PCR_SELECTION& only = list.pcrSelections[0];
  if (list.count != 1 || pcr / 8 >= only.sizeofSelect) return false;
  const unsigned octet = only.pcrSelect[pcr / 8];
  return (octet >> (pcr % 8U) & 1U) != 0;
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
    VEDETTE_CHECK(check("Esys_PCR_Read",
                        Esys_PCR_Read(context, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &wanted,
                                      &update_counter, given.out(), digests.out())));
    // The lowest registers come first; anything else would put values into wrong places.
    std::size_t count = 0;
    while (count < missing.registers.size() && contains(*given, missing.registers[count]))
      ++count;
    if (count == 0 || count != digests->count)
      return refuse("TPM-PCR-BANK", "the TPM does not keep the registers that were asked for",
                    "bank " + std::to_string(static_cast<unsigned>(missing.bank)),
                    "choose a bank that is active in this TPM");
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

// Part 2, 10.12.1: the digest is over the values in the order of the selection.
Result<bool> quotes_values(ByteView attest, const std::vector<Bytes>& values) {
  VEDETTE_TRY(const auto parsed, codec::parse_tpms_attest(attest));
  const auto* info = std::get_if<codec::TpmQuoteInfo>(&parsed.info);
  if (info == nullptr)
    return refuse("TPM-COMMAND", "the TPM answered a quote with something else", "Esys_Quote");
  Bytes joined;
  for (const auto& value : values)
    append(joined, value);
  return equal(info->pcr_digest, crypto::sha256(joined));
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
    VEDETTE_TRY(const bool same, quotes_values(made.attest, values));
    if (same) return TpmQuote{std::move(made.attest), std::move(made.signature), std::move(values)};
  }
  return refuse("TPM-PCR-UNSTABLE", "the measured state keeps changing while it is quoted",
                std::to_string(kAttempts) + " attempts", "try again when the device is quieter");
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

Result<void> extend(ESYS_CONTEXT* context, std::uint8_t pcr, const crypto::Sha256Digest& digest) {
  if (pcr >= kRegisters)
    return refuse("TPM-PCR-SELECTION", "there is no such register", std::to_string(pcr));
  TPML_DIGEST_VALUES values{};
  values.count = 1;
  values.digests[0].hashAlg = TPM2_ALG_SHA256;
  std::ranges::copy(digest, values.digests[0].digest.sha256);
  return check("Esys_PCR_Extend", Esys_PCR_Extend(context, ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD,
                                                  ESYS_TR_NONE, ESYS_TR_NONE, &values));
}

}  // namespace vedette::platform::esys
